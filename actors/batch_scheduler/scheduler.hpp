// Who is asked about before they come, when and why; how each request fares; what changed. Pure: no CAF, no line, no
// clock. The shell carries `work` out on its clerk's thread, one thing at a time, and brings back what came.
#pragma once

#include "actors/batch_scheduler/calendar.hpp"
#include "actors/batch_scheduler/transitions.hpp"
#include "actors/pure/effects.hpp"
#include "messages/last_answer.hpp"

#include <deque>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace batch_scheduler {

/// Which people a planned time asks about.
struct named_schedule {
  std::string name; ///< of its key in the configuration
  messages::asking_reason why{};
  schedule when;
};

struct options {
  clinic_calendar calendar{};
  std::vector<named_schedule> schedules{};
  std::size_t rows_per_file = 5'000; ///< how many a real request may hold is not public: a careful guess
  std::size_t visits_max = 600'000;
  std::size_t rows_of_command_max = 500, page_max = 200;
  std::size_t changes_max = 50'000;      ///< open ones; more are in the journal and not on the list
  std::uint32_t again_ms_first = 30'000; ///< between two uploads that did not leave, and two looks for a result:
  std::uint32_t again_ms_max = 600'000;  ///< doubles up to
  std::uint32_t result_hours_max = 12;   ///< from acceptance
  std::uint32_t unsent_hours_max = 12;   ///< an upload that never left is given up: the night is over
  std::uint32_t saved_days_max = 7;      ///< a file for upload by hand
  std::uint32_t doubt_hours_max = 18;    ///< the next evening asks about its persons anew
  std::uint32_t consent_days = 2;        ///< a look for consents goes back so many days
  bool by_hand_possible = false;         ///< there is a folder for files by hand
  std::size_t singly_max = 0;            ///< home visits and consultations: so few are asked about one by one
};

/// What is known of somebody beyond this memory: read from the journal's views, a person at a time.
struct known_visitor {
  messages::visitor who;
  messages::last_answer last;
};
class visit_book {
public:
  virtual ~visit_book() = default;
  virtual std::optional<known_visitor> of(const messages::id& patient) const = 0;
  /// The clinic's patient with this 照会番号 (診察券番号), if there is exactly one.
  virtual std::optional<messages::id> with_number(const std::string& number) const = 0;
};

/// One visit, or one standing visit.
struct expected_visit {
  messages::id visit, patient;
  messages::care how{};
  std::string day, until, repeats, desk;
};

/// A person as they are remembered here: what tells whether they are the same.
struct remembered_visitor {
  messages::id patient;
  messages::personal<messages::visitor> who;
};

/// A change as the view keeps it.
struct remembered_change {
  messages::change_row row; ///< without number, name, desk and day: they are looked up when it is listed
};

/// What an earlier process left.
struct left_over {
  std::vector<messages::batch_status> batches{};
  std::vector<std::pair<messages::id, std::vector<messages::planned_row>>> rows{}; ///< by batch, in order
  std::vector<expected_visit> visits{};
  std::vector<messages::change_row> changes{};
  std::map<std::string, std::string> runs{}; ///< schedule → night of its last run
};

/// What the clerk does for a batch; one at a time, in order.
struct work {
  enum class kind : std::uint8_t {
    build,   ///< gather the rows and check each; `by_hand` also saves the file
    upload,  ///< what was built
    collect, ///< ask for the result
    take,    ///< read the downloaded `file`
    read,    ///< go on reading the result, row by row
    find,    ///< look whether the answer to a doubtful upload came late
    ask,     ///< about one person after another; goes on with `read`
  } what{};
  messages::batch_status batch;
  std::shared_ptr<const std::vector<messages::planned_row>> rows{};
  messages::id question{}; ///< identifier of a collection
  std::string file{};
};

struct decision : actors::effects {
  std::vector<work> clerk; ///< binding: after the journal
};

/// One row that cannot be sent.
struct unfit_row {
  messages::id patient;
  messages::error why;
};
/// What the clerk made of the rows.
struct built {
  std::uint64_t rows = 0; ///< that can be sent
  std::vector<unfit_row> unfit;
  std::string file; ///< that was saved for upload by hand
};
/// What a result says of one person.
struct answered_unit {
  std::optional<std::size_t> row;    ///< number in the request; none in the result of a period
  messages::insured_number searched; ///< of a period: the person's own insurance
  messages::eligibility_answer answer;
  messages::consent_end ended{};
  std::string ticket_month, reference_number;
  bool limit_changed = false;
  std::optional<known_visitor> known{}; ///< of the row's person, where it was looked up already
  std::optional<messages::error> refused{}; ///< the question about this person was read and refused
};

class scheduler {
public:
  scheduler(options how, actors::id_source make_id, const visit_book* book);

  /// Everybody who is remembered, one after another; before resume().
  void remember(const remembered_visitor& who);
  decision resume(left_over left, std::uint64_t now_ms);
  decision on_command(const messages::command_envelope& command, std::uint64_t now_ms);
  decision on_built(const messages::id& batch, const messages::result<built>& came, std::uint64_t now_ms);
  /// The reception number.
  decision on_uploaded(const messages::id& batch, const messages::result<std::string>& came, std::uint64_t now_ms);
  /// The reception number of a doubtful upload, which came late; or why none was found.
  decision on_found(const messages::id& batch, const messages::result<std::string>& came, std::uint64_t now_ms);
  /// How many persons the result tells of; nothing while the centre still works on it.
  decision on_collected(const messages::id& batch, const messages::result<std::optional<std::uint64_t>>& came,
                        std::uint64_t now_ms);
  /// The next persons of the result; the clerk reads on when this is durable.
  decision on_units(const messages::id& batch, std::vector<answered_unit> units, std::uint64_t now_ms);
  /// The result was read to its end, or could not be.
  decision on_read(const messages::id& batch, const messages::result<void>& how, std::uint64_t now_ms);
  decision on_tick(std::uint64_t now_ms);
  std::optional<std::uint64_t> next_tick_ms() const;

  /// A batch as it is shown.
  std::vector<messages::batch_status> batches() const;
  std::size_t visits() const { return visits_.size(); }
  std::size_t visitors() const { return by_identity_.size(); }

private:
  struct batch {
    messages::batch_status status;
    std::shared_ptr<const std::vector<messages::planned_row>> rows;
    std::uint64_t again_at_ms = 0, accepted_ms = 0;
    std::uint32_t again_ms = 0;
    std::vector<bool> taken;                         ///< rows of which the result has told
    std::unordered_set<messages::id> told;           ///< of a period: persons of whom it has told
    std::optional<messages::command_envelope> asker; ///< who waits for the collection
    bool at_clerk = false;
  };
  struct visit_key {
    messages::id patient;
    messages::care how{};
    std::string day, repeats;
    friend auto operator<=>(const visit_key&, const visit_key&) = default;
  };
  struct visit_entry {
    expected_visit is;
    std::optional<day_pattern> days; ///< of a standing visit
    day first{}, last{};
  };
  /// Who is to be asked about, in the order of files.
  struct due {
    messages::id patient;
    messages::asking_reason why{};
    messages::batch_kind kind{};
    day confirmed{};
    std::string visit_day;
  };
  struct plan {
    std::vector<due> people;
    std::vector<messages::batch_planned> periods;
    std::uint64_t asked_already = 0;
  };

  // expecting.cpp: who is expected
  void handle(const messages::take_visits&, const messages::command_envelope&, decision&);
  void handle(const messages::list_visits&, const messages::command_envelope&, decision&);
  messages::result<std::pair<messages::id, bool>> visitor_for(const messages::visitor& who, decision& out);
  const char* take_visit(const messages::visit_wanted& row, messages::visits_taken& taken, decision& out);
  void put_visit(expected_visit visit);
  void index(const messages::visitor& who, const messages::id& patient);
  void let_pass(decision& out);
  bool is_expected(const visit_entry& visit, day d) const;
  messages::visitor_standing standing_of(const messages::id& patient) const;

  // planning.cpp: who is asked about
  void handle(const messages::plan_batches&, const messages::command_envelope&, decision&);
  void handle(const messages::send_batches&, const messages::command_envelope&, decision&);
  plan plan_for(const std::vector<messages::asking_reason>& why) const;
  void plan_visits(messages::asking_reason why, plan& into, std::unordered_map<messages::id, std::size_t>& there) const;
  std::vector<messages::asking_reason> due_tonight() const;
  enum class way : std::uint8_t { usual, by_hand, singly };
  messages::batches_begun begin(const plan& what, const std::string& schedule, way how, decision& out);
  void begin_batch(messages::batch_planned what, std::vector<messages::planned_row> rows, decision& out);
  void run_due_schedules(decision& out);
  std::vector<messages::planned_time> times() const;
  void turn_night();

  // scheduler.cpp: how a batch fares
  void handle(const messages::list_batches&, const messages::command_envelope&, decision&);
  void handle(const messages::collect_batch&, const messages::command_envelope&, decision&);
  void handle(const messages::settle_batch&, const messages::command_envelope&, decision&);
  /// The batch, with the clerk's hands free of it; nullptr when it is gone.
  batch* back_from_clerk(const messages::id& batch_id, std::uint64_t now_ms);
  bool step(batch& b, event on);
  void to_clerk(batch& b, work::kind what, decision& out, std::string file = {});
  void retry(batch& b);
  void fail(batch& b, const messages::error& why, decision& out);
  void accept(batch& b, const std::string& number, bool by_staff, decision& out);
  void collect(batch& b, decision& out);
  void answer_asker(batch& b, decision& out);
  void work_on(batch& b, decision& out);
  void give_up_late(batch& b, decision& out);
  void forget_asked(const batch& b);

  // listing.cpp: what changed
  void handle(const messages::list_changes&, const messages::command_envelope&, decision&);
  void handle(const messages::decide_change&, const messages::command_envelope&, decision&);
  void take_unit(batch& b, answered_unit& unit, decision& out);
  std::optional<messages::id> patient_of(batch& b, const answered_unit& unit, decision& out);
  std::optional<messages::id> find_insured(const messages::insured_number& person) const;

  options options_;
  actors::id_source make_id_;
  const visit_book* book_;
  std::uint64_t now_ms_ = 0;
  std::map<messages::id, batch> batches_;
  std::map<visit_key, visit_entry> visits_;
  std::unordered_map<messages::id, std::vector<const visit_entry*>> visits_of_; ///< by patient
  struct identity {
    messages::id patient;
    std::uint64_t details = 0; ///< fingerprint of everything known
  };
  std::unordered_map<std::string, identity> by_identity_;        ///< 診察券番号, else the insurance
  std::unordered_map<std::uint64_t, messages::id> by_insurance_; ///< fingerprint of the number on the card
  std::map<messages::id, messages::change_row> changes_;
  std::unordered_map<messages::id, std::vector<messages::id>> changes_of_; ///< by patient
  std::map<std::string, std::string> runs_;
  day night_{};
  std::unordered_map<messages::id, messages::id> asked_in_; ///< patient → the newest batch they are in
  std::unordered_set<messages::id> asked_tonight_;
};

} // namespace batch_scheduler
