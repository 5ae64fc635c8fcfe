// Every question to the national system: decides what is written, asked and told. Pure: no CAF, no line, no clock. The
// shell carries `line` requests out and brings back what came.
#pragma once

#include "actors/eligibility_gateway/matching.hpp"
#include "actors/eligibility_gateway/traffic.hpp"
#include "actors/eligibility_gateway/transitions.hpp"
#include "actors/pure/effects.hpp"

#include <deque>
#include <limits>
#include <map>
#include <set>

namespace eligibility_gateway {

struct options {
  std::string hub = "hub";
  std::uint32_t answer_wait_ms_max = 8'000; ///< one exchange with the centre
  std::uint32_t challenge_wait_ms_max = 5'000;
  std::uint32_t again_ms_first = 1'000; ///< between two deliveries of an unknown question: doubles up to
  std::uint32_t again_ms_max = 30'000;
  std::size_t questions_max = 20'000; ///< remembered; settled ones are forgotten first
  std::size_t challenges_in_flight_max = 200;
  std::size_t waiting_max = 8; ///< commands that wait for the same question
  traffic_limits traffic{};
  std::uint32_t place_wait_ms_max = 8'000; ///< a patient's question that finds no place by then is told as not sent
  std::vector<std::string> receipt_computers{}; ///< each gets the file of every answer
  std::string institution{};                    ///< 医療機関コード, inside the files' names
  std::uint32_t look_ms = 2'000;                ///< from one look whether a file was taken to the next; doubles
  std::size_t face_files_max = 20'000;          ///< remembered so that none is taken twice
  std::size_t original_bytes_max = 128 * 1024;  ///< of what was refused: it has to fit into one event
  std::size_t numbers_max = 1'000;              ///< rows of one bulk registration
  std::size_t bulk_from = 2;                    ///< as many numbers at once go as one request (muimm)
  weights weigh{};                              ///< of differences
  viewing_windows viewing{};                    ///< how long consents last where the answer does not say it
  std::uint32_t records_months = 12;            ///< asked for when the asker names no months
  std::size_t records_bytes_max = 200 * 1024;   ///< of one view: it has to fit into one frame
};

/// What is to be fetched for whoever views it.
struct records_wanted {
  messages::information_kind kind{};
  messages::care how{};         ///< how the consent was given
  std::uint64_t consent = 0;    ///< index of what it rests on
  std::string from_month, to_month; ///< yyyyMM
  std::string desk;
};

/// What the shell asks of the line. `body` is the packed command that the question came with.
struct line_request {
  enum class kind : std::uint8_t { challenge, card, typed, registration, withdrawal, records } what{};
  messages::id key; ///< the question's identifier; of a challenge: the asking command's id
  std::string body;
  messages::personal<messages::insured_number> person; ///< of a registration, a withdrawal, and of records
  std::uint32_t wait_ms_max = 0;
  std::optional<records_wanted> records{};
};

/// 照会番号一括登録 on the line: first its rows are sent, then its result is collected.
struct batch_request {
  messages::id batch; ///< the request's identifier
  std::vector<messages::number_wanted> rows{};
  messages::id collection{};      ///< identifier of this asking for the result
  std::string reception_number{}; ///< empty: the rows are sent
  std::uint32_t wait_ms_max = 0;
};

/// What a result says of one row.
struct registered_row {
  std::string number; ///< 照会番号
  messages::insured_number person;
  bool registered = false;
  std::string code, message;
};

/// A file on its way to a receipt computer.
struct hand_over_request {
  messages::id handover;
  std::string receipt_computer, file;
  messages::personal<messages::bytes> octets;
};

struct decision : actors::effects {
  std::vector<line_request> line;           ///< binding: after the journal
  std::vector<line_request> line_at_once;   ///< challenges: nothing rests on them
  std::vector<batch_request> batches;       ///< binding: after the journal
  std::vector<hand_over_request> handovers; ///< binding: after the journal
  std::vector<hand_over_request> looks;     ///< without octets: does the file still lie there?
  std::vector<messages::id> kept;           ///< binding: what came to these is durable now, the line may forget it
};

/// What came back for a question.
struct line_answer {
  messages::eligibility_answer answer; ///< empty for a registration
  messages::personal<messages::bytes> original;
};

struct challenge {
  std::string id;
  messages::bytes value;
};

/// Drug, treatment or check-up information as it came.
struct fetched_records {
  messages::personal<messages::medical_records> found;
  messages::personal<messages::bytes> original;
};

/// A check-in of a certified reader, as a file brought it.
struct face_file {
  messages::id arrival; ///< the same file again has the same
  std::string file;     ///< its name
  std::string desk;     ///< the folder's; empty where readers share it
  messages::result<line_answer> read = line_answer{};
  messages::personal<messages::bytes> original{}; ///< of one that was refused
};

/// A Face file as it is remembered.
struct face_checkin {
  messages::id checkin, patient;
  std::string desk; ///< empty: nobody has claimed it
};

/// A question as it is remembered; after a restart from the view and the outbox.
struct question {
  messages::id key;
  messages::id checkin, patient;
  std::string desk;
  messages::question_kind kind{};
  state now{};
  bool was_unknown = false;
  std::string body; ///< packed command, while it is not settled
  messages::question_report report;
  messages::personal<messages::insured_number> person; ///< of its answer: for a registration
  std::vector<messages::command_envelope> waiting;     ///< to be answered when it is known
  std::uint64_t again_at_ms = 0;
  std::uint32_t again_ms = 0;
  bool in_flight = false;
  bool background = false;
  messages::id batch{};            ///< a registration that goes with 照会番号一括登録: it is not asked by itself
  messages::care how{};            ///< of a typed question: which consents its answer speaks of
  std::string appointment{};       ///< yyyyMMdd, of an online consultation
  std::optional<records_wanted> records{}; ///< it is a fetch: asked once, and never again by itself
  std::string file;                ///< of a Face file: its own name is kept on the way to receipt computers
  bool may_have_been_sent = false; ///< by an earlier process, or in silence
  std::uint64_t place_wanted_ms = 0;
};

/// 照会番号一括登録 under way.
struct batch {
  messages::id effect; ///< its row in the outbox
  std::string reception_number;
  std::vector<messages::id> rows;
  bool in_flight = false;
  std::uint64_t again_at_ms = 0;
  std::uint32_t again_ms = 0;
};

/// A file that a receipt computer has not taken yet.
struct handover {
  hand_over_request file; ///< its octets only until it was written
  bool written = false;
  std::uint64_t again_at_ms = 0;
  std::uint32_t again_ms = 0;
};

/// What an earlier process left, beside questions and outbox.
struct left_over {
  std::uint64_t line_lost_ms = 0;                    ///< since when the line is lost; 0: it is not
  std::vector<hand_over_request> written{};          ///< files not taken yet, without octets
  std::map<messages::id, face_checkin> face_files{}; ///< by arrival
};

class questions {
public:
  /// @p book outlives this; none: nobody is known here, and every answer is a new patient's.
  questions(options how, actors::id_source make_id, const patient_book* book = nullptr);

  /// Before resume().
  void remember(left_over left, std::uint64_t now_ms);

  /// Settled questions of the last days as the view holds them, and what the outbox says is not settled.
  decision resume(std::vector<question> settled, std::vector<messages::outbox_row> open, std::uint64_t now_ms);
  decision on_command(const messages::command_envelope& command, std::uint64_t now_ms);
  decision on_reply(const actors::tag& who, const messages::result<std::string>& body, std::uint64_t v,
                    std::uint64_t now_ms);
  decision on_challenge(messages::id key, const messages::result<challenge>& came, std::uint64_t now_ms);
  /// @p original: the bytes of a reply that was refused or could not be read, if one came.
  decision on_line(messages::id key, const messages::result<line_answer>& came, std::uint64_t now_ms,
                   const messages::personal<messages::bytes>& original = {});
  decision on_records(messages::id key, const messages::result<fetched_records>& came, std::uint64_t now_ms);
  decision on_face_file(const face_file& came, std::uint64_t now_ms);
  /// The reception number of a request that was taken in.
  decision on_batch_sent(messages::id batch, const messages::result<std::string>& came, std::uint64_t now_ms);
  /// Nothing while the centre still works on it.
  decision on_batch_collected(messages::id batch,
                              const messages::result<std::optional<std::vector<registered_row>>>& came,
                              std::uint64_t now_ms);
  decision on_handed_over(messages::id handover, const messages::result<void>& went, std::uint64_t now_ms);
  decision on_looked(messages::id handover, bool still_there, std::uint64_t now_ms);
  decision on_tick(std::uint64_t now_ms);
  std::optional<std::uint64_t> next_tick_ms() const;

  const std::map<messages::id, question>& all() const { return questions_; }
  const std::map<messages::id, handover>& handovers() const { return handovers_; }
  bool line_up() const { return !traffic_.circuit_open(); }
  const weights& weigh() const { return options_.weigh; }

private:
  /// What came with a happening.
  struct happening {
    event on{};
    messages::id cause{};
    const messages::command_envelope* command = nullptr;
    const line_answer* answer = nullptr;
    messages::error why{};
    const messages::personal<messages::bytes>* original = nullptr; ///< of a refusal
  };
  struct untold { ///< an outcome that consent_session has not yet acknowledged
    messages::outbox_row row;
    std::uint64_t again_at_ms = 0;
  };

  void handle(const messages::obtain_challenge&, const messages::command_envelope&, decision&);
  void handle(const messages::ask_eligibility&, const messages::command_envelope&, decision&);
  void handle(const messages::ask_typed&, const messages::command_envelope&, decision&);
  void handle(const messages::register_number&, const messages::command_envelope&, decision&);
  void handle(const messages::recall_answer&, const messages::command_envelope&, decision&);
  void handle(const messages::claim_face_file&, const messages::command_envelope&, decision&);
  void handle(const messages::find_match&, const messages::command_envelope&, decision&);
  void handle(const messages::decide_match&, const messages::command_envelope&, decision&);
  void handle(const messages::register_numbers&, const messages::command_envelope&, decision&);
  void handle(const messages::obtain_records&, const messages::command_envelope&, decision&);
  void handle(const messages::withdraw_consent&, const messages::command_envelope&, decision&);
  question* want(messages::id key, const messages::command_envelope& command, decision& out);

  void fire(question& q, const happening& what, decision& out);
  void write_and_ask(question& q, const happening& what, decision& out);
  void take_answer(question& q, const happening& what, decision& out);
  void note_unknown(question& q, const happening& what, decision& out);
  void take_refusal(question& q, const happening& what, decision& out);
  void tell(question& q, decision& out);
  void tell_consent_session(const question& q, decision& out);
  void send_settlement(untold& u, decision& out);
  bool waits_to_be_asked(const question& q) const;
  void forget_oldest_settled();
  void resume_row(messages::outbox_row row, decision& out);

  // outage.cpp: places on the line, and when it is lost
  void ask_or_doubt(question& q, decision& out);
  void send_next(decision& out);
  void send(question& q, decision& out);
  void note_arrival(messages::id key, const messages::error* why, decision& out);
  void try_line(decision& out);
  void try_with_question(decision& out);
  void ask_all_again(decision& out);
  void tell_those_without_a_place(decision& out);

  // handing_over.cpp
  void hand_over(const question& q, const line_answer& came, std::string file, decision& out);
  void look_and_retry(decision& out);

  // whose.cpp: whose an answer is
  void match_answer(const question& q, const messages::eligibility_answer& answer, decision& out);
  void confirm(const question& q, const messages::eligibility_answer& answer, const messages::patient_record& kept,
               messages::match_basis by, decision& out);
  question* same_registration(const messages::id& patient, const std::string& number);
  void begin_registration(const messages::number_wanted& wanted, const question* like, const messages::id& batch,
                          decision& out);
  bool is_known(const messages::number_wanted& wanted);

  // registering.cpp: many registrations as one request
  struct batch_counts {
    std::uint64_t registered = 0, refused = 0, missing = 0;
  };
  void begin_batch(const messages::id& key, std::vector<messages::id> rows, decision& out);
  void put_batch_row(const messages::id& key, batch& b, decision& out);
  void go(const messages::id& key, batch& b);
  void send(const messages::id& key, batch& b, decision& out);
  void retry_batch(batch& b);
  void batch_failed(const messages::id& key, const messages::error& why, decision& out);
  void release(const messages::id& key, decision& out);
  void end_batch(const messages::id& key, const batch_counts& how, decision& out);
  void take_rows(const messages::id& key, const std::vector<registered_row>& told, decision& out);
  void resume_batches(decision& out);
  bool is_due(const messages::id& key, const batch& b) const;

  enum step : std::uint16_t { settlement_told };
  // records.cpp: what is viewed within a consent
  messages::result<viewing_consent> consent_in_force(const messages::id& patient, messages::information_kind kind,
                                                     std::uint64_t as_seen) const;
  void refuse_view(const messages::obtain_records& m, const messages::command_envelope& command, messages::error why,
                   decision& out);
  void end_fetch(question& q, const messages::result<fetched_records>& came, decision& out);
  void show_records(const question& q, const viewing_consent& consent, const messages::medical_records& found,
                    const messages::command_envelope& command, decision& out);

  static constexpr auto never_ms = std::numeric_limits<std::uint64_t>::max();

  options options_;
  actors::id_source make_id_;
  std::uint64_t now_ms_ = 0;
  std::map<messages::id, question> questions_;
  std::set<messages::id> open_;                                   ///< of them: asked or doubtful
  std::map<messages::id, messages::command_envelope> challenges_; ///< by the asking command's id
  std::map<messages::id, untold> untold_;                         ///< by effect
  traffic traffic_;
  messages::id trial_; ///< the challenge, or question, that is asked to see whether the line is back; empty: none
  bool challenges_offered_ = true; ///< by this line, as far as it is known
  const patient_book* book_;
  std::map<messages::id, batch> batches_;                  ///< by the request's identifier
  std::map<messages::id, messages::id> registration_of_;   ///< by patient: the newest
  std::map<messages::id, handover> handovers_;
  std::uint64_t look_at_ms_ = 0;
  std::map<messages::id, face_checkin> face_files_; ///< by arrival
  std::map<messages::id, std::string> withdrawn_; ///< by patient, when (JST): closed before the view can say so
};

} // namespace eligibility_gateway
