// Every check-in from card to goodbye: decides, by the table in transitions.hpp, what is written, asked and shown.
// Pure: no CAF, no clock, no I/O. One object, many check-ins; not thread-safe (the actor's shell owns it).
#pragma once

#include "actors/consent_session/transitions.hpp"
#include "actors/consent_session/visual_check.hpp"
#include "actors/pure/effects.hpp"
#include "messages/checkin.hpp"

#include <deque>
#include <map>

namespace consent_session {

struct options {
  std::string hub = "hub"; ///< the node of the gateway and of reception's page
  patience waits = {};
  std::uint32_t resume_ms_max = 10'000; ///< after a restart: how long a silent desk is waited for
  std::uint32_t ask_again_ms = 100;     ///< a challenge, when the gateway is being started again
  std::uint32_t retry_ms = 1'000;       ///< between two deliveries of the same question to the gateway
  std::size_t checkins_max = 1'000;     ///< open at once
  std::size_t undelivered_max = 10'000; ///< questions that the gateway has not taken over; then no new check-in begins
  std::size_t past_max = 1'000;         ///< ended and not asked; the oldest go first
  std::size_t desks_max = 200;          ///< whose page has not yet acknowledged what it should show
  std::uint32_t show_again_ms_max = 30'000; ///< between two repeats of a prompt: doubles from retry_ms up to here
  /// The national system can be asked for a card that its owner's PIN did not open, by face or by sight: the simulated
  /// profile only (design.md §6).
  bool asks_without_pin = false;
  std::vector<std::string> may_vouch{};    ///< accounts that may compare photos; empty: everybody who is signed in
  std::uint32_t fallback_kept_ms = 180'000; ///< how long the card of a check-in that fell back is waited for
  unsigned face_failures_max = 5;           ///< of one card in a row; then its face waits for:
  std::uint64_t face_delay_ms = 30'000;     ///< doubling with each further failure up to
  std::uint64_t face_delay_ms_max = 3'600'000;
};

/// How often in a row the face before the camera was not the one on this card.
struct face_failures {
  messages::id patient;
  unsigned failures = 0;
  std::uint64_t last_ms = 0;
};

/// A check-in in progress: its journalled row, and what needs no journal because a restart asks for it again.
struct visit {
  messages::open_checkin row;
  state now{};
  messages::bytes challenge;
  std::string challenge_id;
  std::int64_t tries_left = -1; ///< as last read; the row holds what was last written
  bool pin_was_wrong = false;   ///< the last attempt of this check-in was, and the patient is told so
  bool warned = false;          ///< these digits are the last try, and wait for the patient's confirmation
  messages::id comparison;      ///< of the face, whose report is awaited
  messages::prompt_note note{}; ///< what the patient is told beside the prompt
  bool forgotten = false;       ///< the alarm was raised
  bool is_other_card = false;   ///< than the one for which the desk was switched to visual check
  messages::consent_choices choices;
  std::string language, text_version; ///< in which the consents were asked
  std::string number_refused;         ///< name of errors.def: why the reference number was not taken
  messages::personal<std::string> name, reference_number; ///< for reception's board
  messages::ending how = messages::ending::completed;
  messages::personal<messages::bytes> seen_certificate; ///< of a card whose owner staff vouched for
  std::uint64_t since_ms = 0; ///< when the present step began
  std::uint64_t until_ms = 0; ///< when patience ends
  bool resuming = false;      ///< restarted: the desk has not yet said whether the card is still there
  std::uint64_t ask_again_ms = 0;
};

/// The choices of a patient whose card opens no medical information.
void offer_nothing_medical(visit& v);

/// A question that the gateway has not yet taken over.
struct undelivered {
  messages::outbox_row row;
  messages::id question; ///< inside the row: the question's or the registration's identifier
  std::uint64_t retry_at_ms = 0;
};

/// What a desk's page should show and has not yet acknowledged: repeated until it has, or until something newer is
/// shown.
struct unshown {
  messages::show_prompt prompt;
  std::uint64_t again_at_ms = 0;
  std::uint32_t again_ms = 0;
};

/// A check-in that could not be asked: whose it is, for the details that staff write down, during it or afterwards.
struct past_visit {
  messages::id checkin, patient;
  std::string desk;
  messages::personal<messages::insured_number> kept; ///< the details that are asked with: the same again is no question
};

/// 目視確認 of one desk, from the press that switched it to the return to 無人運転.
struct visual_check {
  visual_stage stage{};
  messages::id card;      ///< the only one that is taken; empty: any
  std::string vouched_by; ///< account; empty: nobody has looked yet
  messages::id checkin;   ///< under_way: whose it is
  std::uint64_t until_ms = 0; ///< when patience ends; under_way: until when a lifted card is awaited again
};

/// The card of a check-in whose patient could not prove who it is, and was sent to the window.
struct fallen_back {
  messages::id card;
  std::uint64_t until_ms = 0;
};

/// One permission whose outcome is not known yet, also when its check-in is over.
struct attempt_under_way {
  messages::id attempt;
  std::string desk;
  std::uint64_t until_ms = 0;
};

class session {
public:
  session(options how, actors::id_source make_id);

  /// Before resume(): what an earlier process knew of check-ins that are over.
  void remember(std::vector<past_visit> past);
  void remember_failures(std::vector<face_failures> rows);

  void remember(std::map<std::string, visual_check> by_desk) { visual_ = std::move(by_desk); }

  /// Goes on after a start: open check-ins and undelivered effects as the journal holds them.
  actors::effects resume(std::vector<messages::open_checkin> rows, std::vector<messages::outbox_row> effects,
                         std::uint64_t now_ms);
  actors::effects on_command(const messages::command_envelope& command, std::uint64_t now_ms);
  /// @p body: the packed map of the reply to the request that carried @p who, or why there is none.
  actors::effects on_reply(const actors::tag& who, const messages::result<std::string>& body, std::uint64_t v,
                           std::uint64_t now_ms);
  actors::effects on_tick(std::uint64_t now_ms);
  /// When on_tick wants to be called next; none: not before something else happens.
  std::optional<std::uint64_t> next_tick_ms() const;

  const std::map<messages::id, visit>& visits() const { return visits_; }

private:
  enum step : std::uint16_t {
    challenge_wanted,
    attempt_made,
    question_put,
    registration_put,
    presence_asked,
    answer_recalled,
    prompt_shown,
    certificate_wanted,
    face_compared,
    proof_wanted
  };

  /// One step of the table, and what belongs to it.
  struct happening {
    event on{};
    messages::id cause{};
    messages::pin_report pin{};
    messages::question_report report{};
    messages::personal<std::string> number{};
    messages::reference_outcome reference{};
    messages::face_report face{};
    messages::face_proof proof{};
    std::optional<messages::ending> how{}; ///< when the reason is not the table's own
    std::string account{};                 ///< who vouches
    std::string desk{};                    ///< where the patient goes on
  };

  // session.cpp: what comes in
  void handle(const messages::report_card_placed&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::report_card_removed&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::choose_method&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::enter_pin&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::answer_consents&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::provide_information&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::extend_time&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::show_again&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::stop_checkin&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::register_reference_number&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::skip_reference_number&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::finish_at_window&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::keep_walk_in&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::decide_face&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::enter_check_number&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::settle_checkin&, const messages::command_envelope&, actors::effects&);
  event event_of(const messages::report_card_placed& m, const std::string& desk, messages::id checkin,
                 actors::effects& out);
  visit* find_for(const messages::command_envelope& command, messages::id checkin, actors::effects& out);
  visit* find_for_reception(const messages::command_envelope& command, messages::id checkin, actors::effects& out);
  bool confirms_last_try(const visit& v, std::uint64_t sequence) const;
  void fire_and_reply(visit& v, happening what, const messages::command_envelope& command, actors::effects& out);

  // visual_check.cpp: 目視確認, and patients who go on at another desk
  void handle(const messages::begin_visual_check&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::vouch&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::end_visual_check&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::move_patient&, const messages::command_envelope&, actors::effects&);
  std::optional<messages::error> may_not_compare(const messages::command_envelope& command) const;
  bool may_switch(const std::string& desk, const messages::command_envelope& command, actors::effects& out) const;
  bool fire_visual(const std::string& desk, visual_event on, const happening& what, actors::effects& out);
  void switch_back(const std::string& desk, messages::id cause, actors::effects& out);
  void end_visual_check_of(const visit& v, const happening& what, actors::effects& out);
  void give_up_late_visual_checks(actors::effects& out);
  void show_visual_check(const std::string& desk, actors::effects& out);
  visit* card_lying_at(const std::string& desk);
  messages::id card_for(const std::string& desk, const visit* there) const;
  void ask_to_prepare(visit& v, actors::effects& out);
  void on_certificate(visit& v, const messages::result<std::string>& body, std::uint64_t version,
                      actors::effects& out);
  void go_on_by_sight(visit& v, actors::effects& out);
  messages::prompt prompt_of_free_desk(const std::string& desk) const;

  // replies.cpp: what others answered
  void on_challenge(visit& v, const messages::result<std::string>& body, std::uint64_t version, actors::effects& out);
  void on_attempt(visit& v, const messages::result<std::string>& body, std::uint64_t version, actors::effects& out);
  void on_report(const actors::tag& who, const messages::result<std::string>& body, std::uint64_t version,
                 actors::effects& out);
  bool take_report(visit& v, messages::id question, const messages::question_report& report, messages::id cause,
                   actors::effects& out);
  void note_settled(messages::id checkin, const std::string& desk, messages::id question,
                    const messages::question_report& report, messages::id cause, actors::effects& out);
  void deliver(messages::outbox_row row, messages::id question, std::uint32_t wait_ms, actors::effects& out);
  void deliver_no_more(messages::id question, actors::effects& out);
  void on_presence(visit& v, const messages::result<std::string>& body, std::uint64_t version, actors::effects& out);
  void go_on_with(visit& v, std::int64_t tries_left, actors::effects& out);
  void deliver_again(actors::effects& out);

  // face.cpp: the face in the frame
  std::uint64_t face_delay_ms(messages::id patient) const;
  void note_face_failure(messages::id patient);
  bool may_show_face(visit& v, const messages::command_envelope& command, actors::effects& out);
  void carry_out_face(visit& v, effect then, const happening& what, actors::effects& out);
  void compare_face(visit& v, const happening& what, actors::effects& out);
  void stop_comparison(visit& v, const happening& what, actors::effects& out);
  void on_face_report(visit& v, const messages::result<std::string>& body, std::uint64_t version, actors::effects& out);
  void prove_by_face(visit& v, const happening& what, actors::effects& out);
  void let_card_sign(visit& v, actors::effects& out);
  void on_face_proof(visit& v, const messages::result<std::string>& body, std::uint64_t version, actors::effects& out);
  void fall_to_pin(visit& v, const happening& what, actors::effects& out);

  // steps.cpp: what the table's effects do. False: the table has no row for this; nothing was done.
  bool fire(visit& v, const happening& what, actors::effects& out);
  void carry_out(visit& v, effect then, const happening& what, actors::effects& out);
  void settle_number(visit& v, effect then, const happening& what, actors::effects& out);
  void note_proof(visit& v, effect then, const happening& what, actors::effects& out);
  void help_at_desk(visit& v, effect then, const happening& what, actors::effects& out);
  void prepare(visit& v, const happening& what, actors::effects& out);
  void allow_attempt(visit& v, const happening& what, actors::effects& out);
  void end_attempt(visit& v, const happening& what, actors::effects& out);
  void ask_eligibility(visit& v, const happening& what, actors::effects& out);
  void register_number(visit& v, const happening& what, actors::effects& out);
  void note_answer(visit& v, const happening& what, actors::effects& out);
  std::optional<std::string> attempt_elsewhere(const visit& v);
  void give_card_back(visit& v, const happening& what, actors::effects& out);
  void end(visit& v, const happening& what, actors::effects& out);
  void keep_past(past_visit past);
  past_visit of_walk_in(messages::id checkin);
  void show(const visit& v, actors::effects& out);
  void show_patient(const std::string& desk, messages::show_prompt shown, actors::effects& out);
  void show_desk(const std::string& desk, messages::prompt shown, actors::effects& out);
  void send_prompt(const std::string& desk, unshown& page, actors::effects& out);
  void on_shown(std::uint64_t sequence, const messages::result<std::string>& body);
  void show_again(actors::effects& out);
  void show_reception(const visit& v, actors::effects& out);
  template <class M> void record(visit& v, const M& event, messages::id cause, actors::effects& out);

  messages::address gateway() const { return {"eligibility_gateway", options_.hub}; }
  messages::address reader_of(const visit& v) const { return {"reader", v.row.desk}; }
  messages::address matcher_of(const visit& v) const { return {"face_matcher", v.row.desk}; }

  options options_;
  actors::id_source make_id_;
  std::uint64_t now_ms_ = 0;
  std::uint64_t sequence_ = 0; ///< of what is shown: later ones win
  std::map<messages::id, visit> visits_;
  std::map<messages::id, undelivered> undelivered_; ///< by effect
  /// By card mark: the VERIFY that may be under way at some desk, until its report comes or patience is over.
  std::map<messages::id, attempt_under_way> attempts_;
  std::map<messages::id, face_failures> face_failures_; ///< by card mark
  std::map<std::string, unshown> unshown_;             ///< by desk
  std::map<std::string, messages::show_prompt> shown_; ///< by desk: the last one, for a screen that starts again
  std::map<std::string, visual_check> visual_;         ///< by desk; a desk in 無人運転 has none
  std::map<std::string, fallen_back> fell_back_;       ///< by desk: the last one
  std::deque<past_visit> past_;                        ///< ended, and nobody could be asked
  std::deque<messages::id> gone_;                      ///< reader sessions whose card is known to be lifted
};

/// Writes the event and folds it into the visit's row: the row is always what the journal will say.
template <class M> void session::record(visit& v, const M& m, messages::id cause, actors::effects& out) {
  out.write(m, v.row.desk, v.row.checkin, cause);
  const auto& d = out.journal.events.back();
  messages::event_envelope e;
  e.v = d.v;
  e.topic = d.topic;
  e.desk = d.desk;
  e.checkin = d.checkin;
  e.body = d.body;
  e.time_ms = now_ms_;
  apply(e, v.row);
}

} // namespace consent_session
