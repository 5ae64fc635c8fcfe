// A whole clinic in a seed: hub, desks, cards, the line, patients and staff; what is true of it at every moment is
// checked where it happens.
#pragma once

#include "tests/world/support_outside.hpp"

#include "actors/consent_session/session.hpp"
#include "actors/desks/board.hpp"
#include "actors/eligibility_gateway/questions.hpp"
#include "actors/reader/card_stay.hpp"
#include "actors/screen/pages.hpp"

#include <deque>

namespace world_test {

struct plan {
  std::uint64_t seed = 1;
  std::size_t desks = 2;
  std::uint64_t open_ms = 15 * 60'000; ///< patients come and things break; then everything comes to rest
  bool faults = true;                  ///< losses, repeats, outages, crashes
  std::string pin = "1234";            ///< of every card
  bool record = false;                 ///< keep every frame
  std::uint64_t twins_percent = 0;     ///< of the patients: hold a copy of the card that another one holds
  std::uint64_t unplugs = 0;           ///< of readers, at most, while open
};

/// SIMULATED: the national system and the line to it.
class simulated_centre {
public:
  explicit simulated_centre(timetable& time) : time_(time) {}
  using told = std::function<void(const result<eligibility_gateway::line_answer>&)>;

  void obtain_challenge(std::uint32_t wait_ms, std::function<void(const result<eligibility_gateway::challenge>&)> done);
  void ask(const eligibility_gateway::line_request& request, told done);

  bool down = false, silent = false;
  std::map<id, std::string> asked; ///< identifier → the words it was asked with

private:
  result<eligibility_gateway::line_answer> judge(const eligibility_gateway::line_request& request);
  void note_identifier(const eligibility_gateway::line_request& request);

  timetable& time_;
  std::map<std::string, std::uint64_t> challenges_; ///< when it was given
  std::map<std::string, id> challenge_used_by_;
  std::map<id, id> card_question_of_; ///< by check-in
  std::map<id, eligibility_gateway::line_answer> answered_;
};

/// SIMULATED: a card. Outlives the desk's process. Two patients may hold it at once: a copy that counts with it.
struct card {
  std::string pin;
  std::int64_t tries_left = 3;
  id mark;
  certificate_standing standing = certificate_standing::valid;
};

class clinic;

/// The hub's process, from its start to its death.
class hub_process {
public:
  explicit hub_process(clinic& all);
  ~hub_process();
  bool at_rest() const;

  consent_session::session session;
  eligibility_gateway::questions questions;
  desks::board board;
  screen::pages pages;

private:
  void act_on(eligibility_gateway::decision d);
  void act_on(screen::decision d);

  clinic& all_;
  shell session_shell_, questions_shell_, board_shell_, pages_shell_;
  friend class staff;
};

/// A desk's process.
class desk_process {
public:
  desk_process(clinic& all, std::size_t number);
  ~desk_process();

  void on_hub(bool there);
  void placed();
  void lifted();
  void unplug();
  void plug();
  void press(const std::string& digits) { slot_ = digits; }
  void say(const std::string& line);
  std::string slot_; ///< where the digits wait
  reader::card_stay stay;
  screen::pages pages;

private:
  void act_on(reader::decision d);
  void act_on(screen::decision d);
  void act(reader::port_action action);
  void queue_port(std::uint64_t takes_ms, std::function<void()> what);
  void identify();
  void verify();
  void sign();

  clinic& all_;
  std::size_t number_;
  bool plugged_ = true;
  shell reader_shell_, pages_shell_;
  std::uint64_t port_free_at_ms_ = 0;
  std::int64_t tries_reported_ = -1;
  id attempt_; ///< of the last permission that was delivered
};

/// A place in front of a desk: the patient there reacts to what the page shows, in a human way.
class seat {
public:
  seat(clinic& all, std::size_t number) : all_(all), number_(number) {}
  void read(const std::string& line);
  void look();
  void leave(); ///< takes the card and goes
  const std::shared_ptr<card>& held() const { return mine_; }

  std::shared_ptr<card> on_reader;
  std::uint64_t placing = 0; ///< counts cards placed: tells one stay from the next
  prompt shown = prompt::please_wait;

private:
  void react();
  void enter_pin(bool wrong);
  void confirm(std::uint64_t sequence);
  void lift();
  void place();
  std::shared_ptr<card> a_card();
  void say(std::string_view topic, const std::string& fields);
  std::string any_choice() const;

  clinic& all_;
  std::size_t number_;
  std::shared_ptr<card> mine_;
  bool here_ = false;
  std::string checkin_;
  std::int64_t tries_left_ = -1;
  std::uint64_t sequence_ = 0; ///< of what is shown
  std::uint64_t shown_since_ms_ = 0;
};

/// Reception: reads its board, registers numbers, keeps walk-ins, helps at the window.
class staff {
public:
  explicit staff(clinic& all) : all_(all) {}
  void read(const std::string& line);
  void read_row(const value& row);

private:
  void react(const std::string& checkin, const std::string& state, const std::string& outcome);
  clinic& all_;
};

class clinic {
public:
  explicit clinic(plan how);
  void run();

  plan how;
  timetable time;
  simulated_journal journal{time};
  simulated_bus bus{time};
  simulated_centre centre{time};
  std::unique_ptr<hub_process> hub;
  std::vector<std::unique_ptr<desk_process>> desk;
  std::vector<seat> seats;
  staff reception{*this};
  bool open = true; ///< patients come

  // -- what was seen -----------------------------------------------------------------------------------------------
  std::set<id> verified; ///< attempts whose VERIFY reached a card
  std::set<id> presses;  ///< commands of key presses that led to a VERIFY
  std::size_t crashes = 0, unplugged = 0, twins = 0;
  std::int64_t tries_lost = 0, last_tries = 0; ///< by wrong PINs; VERIFYs at the last try
  std::set<std::uint64_t> warnings; ///< sequences of the prompts last_try that a patient saw

  std::string desk_name(std::size_t number) const { return "desk-" + std::to_string(number + 1); }
  /// A VERIFY reaches a card that has @p tries_left, at @p desk.
  void note_verify(id attempt, const std::string& desk, std::int64_t tries_left);

private:
  void start_hub();
  void start_desk(std::size_t number);
  void plan_faults();
  void crash_hub();
  void crash_desk(std::size_t number);
  void check_acknowledged(const command_envelope& command, const command_envelope& reply);
  void check_journal() const;
  void check_rest() const;
};

} // namespace world_test
