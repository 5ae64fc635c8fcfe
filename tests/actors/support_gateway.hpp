// The gateway's pure part with a journal and a line that answers when it is told to.
#pragma once

#include "tests/actors/support.hpp"

#include "actors/eligibility_gateway/questions.hpp"

namespace actors_test {

using eligibility_gateway::line_answer;
using eligibility_gateway::questions;

inline messages::ask_eligibility a_question(id key) {
  messages::ask_eligibility m;
  m.question = key;
  m.checkin = numbered(500);
  m.patient = numbered(600);
  m.desk = "desk-1";
  m.challenge_id = "challenge-1";
  return m;
}

inline ask_typed a_typed_question(id key) {
  ask_typed m;
  m.question = key;
  m.checkin = numbered(500);
  m.patient = numbered(600);
  return m;
}

inline line_answer an_answer(const std::string& number = "") {
  line_answer a;
  a.answer.judged = validity::valid;
  insurance i;
  i.insurer = "01130012";
  i.number = "3456";
  i.name = "somebody";
  i.reference_number = number;
  a.answer.insurances = personal<std::vector<insurance>>{{i}};
  return a;
}

/// The gateway with a journal and a line that answers when it is told to.
struct gateway {
  explicit gateway(eligibility_gateway::options o = {}, const eligibility_gateway::patient_book* known = nullptr)
      : how(std::move(o)), book(known) {}
  eligibility_gateway::options how;
  const eligibility_gateway::patient_book* book;
  questions all{how, counting_ids(), book};
  kept_journal journal;
  std::uint64_t now_ms = start_ms;
  eligibility_gateway::decision last;
  std::vector<eligibility_gateway::line_request> asked; ///< everything that ever went to the line
  std::vector<actors::outgoing> told;
  std::vector<eligibility_gateway::hand_over_request> handed;
  std::vector<eligibility_gateway::batch_request> batches; ///< everything that ever went as one request

  const eligibility_gateway::decision& take(eligibility_gateway::decision d) {
    journal.take(d.journal, now_ms);
    asked.insert(asked.end(), d.line.begin(), d.line.end());
    handed.insert(handed.end(), d.handovers.begin(), d.handovers.end());
    batches.insert(batches.end(), d.batches.begin(), d.batches.end());
    told.insert(told.end(), d.binding.begin(), d.binding.end());
    last = std::move(d);
    return last;
  }
  template <class M> const auto& say(const M& m) {
    return take(all.on_command(command_of("consent_session@hub", m, now_ms), now_ms));
  }
  /// On behalf of an account.
  template <class M> const auto& say_as(const std::string& account, const M& m) {
    auto command = command_of("screen@hub", m, now_ms);
    command.account = account;
    return take(all.on_command(command, now_ms));
  }
  const auto& fetched(id key, const result<eligibility_gateway::fetched_records>& came) {
    return take(all.on_records(key, came, now_ms));
  }
  const auto& line(id key, const result<line_answer>& came, const personal<bytes>& original = {}) {
    return take(all.on_line(key, came, now_ms, original));
  }
  const auto& pass(std::uint64_t ms) {
    now_ms += ms;
    return take(all.on_tick(now_ms));
  }
  /// The process dies; another goes on from the outbox (and the view's settled rows, given here).
  const auto& restart(std::vector<eligibility_gateway::question> known = {}, eligibility_gateway::left_over left = {}) {
    all = questions{how, counting_ids(restarts += 5000), book};
    all.remember(std::move(left), now_ms);
    return take(all.resume(std::move(known), journal.outbox, now_ms));
  }
  std::uint64_t restarts = 0;
  question_state now(id key) const { return all.all().at(key).now; }
};

} // namespace actors_test
