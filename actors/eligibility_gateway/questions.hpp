// Every question to the national system: decides what is written, asked and told. Pure: no CAF, no line, no clock. The
// shell carries `line` requests out and brings back what came.
#pragma once

#include "actors/eligibility_gateway/transitions.hpp"
#include "actors/pure/effects.hpp"

#include <map>

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
};

/// What the shell asks of the line. `body` is the packed command that the question came with.
struct line_request {
  enum class kind : std::uint8_t { challenge, card, typed, registration } what{};
  messages::id key; ///< the question's identifier; of a challenge: the asking command's id
  std::string body;
  messages::personal<messages::insured_number> person; ///< of a registration
  std::uint32_t wait_ms_max = 0;
};

struct decision : actors::effects {
  std::vector<line_request> line;         ///< binding: after the journal
  std::vector<line_request> line_at_once; ///< challenges: nothing rests on them
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
};

class questions {
public:
  questions(options how, actors::id_source make_id);

  /// Settled questions of the last days as the view holds them, and what the outbox says is not settled.
  decision resume(std::vector<question> settled, std::vector<messages::outbox_row> open, std::uint64_t now_ms);
  decision on_command(const messages::command_envelope& command, std::uint64_t now_ms);
  decision on_reply(const actors::tag& who, const messages::result<std::string>& body, std::uint64_t v,
                    std::uint64_t now_ms);
  decision on_challenge(messages::id key, const messages::result<challenge>& came, std::uint64_t now_ms);
  decision on_line(messages::id key, const messages::result<line_answer>& came, std::uint64_t now_ms);
  decision on_tick(std::uint64_t now_ms);
  std::optional<std::uint64_t> next_tick_ms() const;

  const std::map<messages::id, question>& all() const { return questions_; }

private:
  /// What came with a happening.
  struct happening {
    event on{};
    messages::id cause{};
    const messages::command_envelope* command = nullptr;
    const line_answer* answer = nullptr;
    messages::error why{};
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
  question* want(messages::id key, const messages::command_envelope& command, decision& out);

  void fire(question& q, const happening& what, decision& out);
  void write_and_ask(question& q, const happening& what, decision& out);
  void take_answer(question& q, const happening& what, decision& out);
  void note_unknown(question& q, const happening& what, decision& out);
  void take_refusal(question& q, const happening& what, decision& out);
  void ask_line(question& q, decision& out);
  void tell(question& q, decision& out);
  void tell_consent_session(const question& q, decision& out);
  void send_settlement(untold& u, decision& out);
  void forget_oldest_settled();

  enum step : std::uint16_t { settlement_told };

  options options_;
  actors::id_source make_id_;
  std::uint64_t now_ms_ = 0;
  std::map<messages::id, question> questions_;
  std::map<messages::id, messages::command_envelope> challenges_; ///< by the asking command's id
  std::map<messages::id, untold> untold_;                         ///< by effect
};

} // namespace eligibility_gateway
