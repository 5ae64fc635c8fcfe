// What each effect of the question's table does.
#include "actors/eligibility_gateway/questions.hpp"

#include <algorithm>

namespace eligibility_gateway {

using namespace messages;

void questions::fire(question& q, const happening& what, decision& out) {
  const bool no_answer = what.on == event::silence || what.on == event::nothing_sent;
  if (q.records && no_answer) return fire(q, {.on = event::refusal, .why = what.why}, out); // nobody waits longer
  const auto* row = find(q.now, what.on);
  if (!row) return; // an answer to a settled question: the centre said the same before
  if (what.command && row->then != effect::tell_known) q.waiting.push_back(*what.command);
  q.now = row->to;
  if (q.now == state::asked || q.now == state::doubtful)
    open_.insert(q.key);
  else
    open_.erase(q.key);
  switch (row->then) {
  case effect::write_and_ask:
    write_and_ask(q, what, out);
    break;
  case effect::take_answer:
    take_answer(q, what, out);
    break;
  case effect::note_unknown:
    note_unknown(q, what, out);
    break;
  case effect::take_refusal:
    take_refusal(q, what, out);
    break;
  case effect::ask_same_again:
    ask_or_doubt(q, out);
    break;
  case effect::tell_known:
    out.reply(*what.command, q.report);
    break;
  case effect::wait_on:
    if (what.on == event::silence &&
        q.report.outcome == question_outcome::not_asked) { // something may have been sent now
      q.may_have_been_sent = true;
      q.report.outcome = question_outcome::unknown;
      q.report.error = describe(what.why.code).name;
    }
    q.again_ms = std::min(std::max(2 * q.again_ms, options_.again_ms_first), options_.again_ms_max);
    q.again_at_ms = now_ms_ + q.again_ms;
    break;
  }
}

void questions::write_and_ask(question& q, const happening& what, decision& out) {
  if (q.records) return ask_or_doubt(q, out); // its event is written, and no row: a restart does not ask it again
  out.write(question_asked{q.key, q.patient, q.kind}, q.desk, q.checkin, what.cause);
  if (q.kind == question_kind::registration)
    out.write(registration_begun{q.key, q.patient, q.report.reference_number, q.background}, q.desk, q.checkin);
  std::string topic{ask_eligibility::topic};
  if (q.kind == question_kind::typed) topic = ask_typed::topic;
  if (q.kind == question_kind::registration) topic = register_number::topic;
  if (q.kind == question_kind::withdrawal) topic = withdraw_consent::topic;
  out.journal.outbox.push_back({q.key, "eligibility_gateway", topic, q.body, q.checkin, q.desk});
  ask_or_doubt(q, out);
}

void questions::take_answer(question& q, const happening& what, decision& out) {
  q.report.outcome = question_outcome::answered;
  q.report.error.clear();
  if (q.kind == question_kind::registration) {
    out.write(reference_number_registered{q.key, q.patient, q.report.reference_number}, q.desk, q.checkin);
  } else if (q.kind == question_kind::withdrawal) {
    const auto& a = what.answer->answer;
    const auto code = a.status == 1 ? std::string{} : a.code;
    if (!code.empty()) { // the centre had nothing to withdraw: told as a refusal; viewing stays closed here
      q.report.outcome = question_outcome::refused;
      q.report.error = describe(error_code::line_refused).name;
    }
    out.write(withdrawal_ended{q.key, q.patient, code, a.message, what.answer->original}, q.desk, q.checkin);
  } else {
    const auto& a = what.answer->answer;
    q.report.judged = a.judged;
    const auto& all = a.insurances.reveal();
    if (!all.empty()) { // the first block names the person; several insurances are reception's to choose from
      const auto& first = all.front();
      q.report.name = personal<std::string>{first.name};
      q.report.reference_number = personal<std::string>{first.reference_number};
      q.report.has_reference_number = !first.reference_number.empty();
      q.person = personal<insured_number>{{first.insurer, first.symbol, first.number, first.branch, first.birth_date}};
    }
    const eligibility_answered answered{q.key,  q.patient, q.was_unknown, a, what.answer->original,
                                        q.kind, q.how,     q.appointment};
    out.write(answered, q.desk, q.checkin);
    hand_over(q, *what.answer, q.file, out);
    match_answer(q, a, out);
  }
  out.journal.settled.push_back(q.key);
  out.kept.push_back(q.key);
  q.body.clear();
  tell(q, out);
}

void questions::take_refusal(question& q, const happening& what, decision& out) {
  if (q.records) return end_fetch(q, failure(what.why), out);
  q.report.outcome = question_outcome::refused;
  q.report.error = describe(what.why.code).name;
  const personal words{what.why.args}; // a message about a person is the person's, in a refusal as in an answer
  question_refused refused{q.key, q.patient, q.report.error, {}, words};
  if (what.original && what.original->reveal().size() <= options_.original_bytes_max) refused.original = *what.original;
  out.write(refused, q.desk, q.checkin);
  out.journal.settled.push_back(q.key);
  out.kept.push_back(q.key);
  q.body.clear();
  tell(q, out);
}

void questions::note_unknown(question& q, const happening& what, decision& out) {
  // Typed questions of walk-ins wait for the line to come back: nothing was sent, and they say so.
  const bool not_sent = what.on == event::nothing_sent;
  q.report.outcome =
      not_sent && q.kind == question_kind::typed ? question_outcome::not_asked : question_outcome::unknown;
  q.report.error = describe(what.why.code).name;
  out.write(outcome_unknown{q.key, q.patient, q.report.error}, q.desk, q.checkin);
  q.again_ms = options_.again_ms_first;
  q.again_at_ms = now_ms_ + q.again_ms;
  tell(q, out);
  q.was_unknown = true;
}

/// Tells whoever waits; and once "unknown" was told, consent_session hears how it ended.
void questions::tell(question& q, decision& out) {
  for (const auto& command : q.waiting)
    out.reply(command, q.report);
  q.waiting.clear();
  const bool settled = q.now == state::answered || q.now == state::refused;
  // What runs in the background, or for no check-in, is read from the events.
  if (settled && q.was_unknown && !q.background && !q.checkin.empty()) tell_consent_session(q, out);
}

void questions::tell_consent_session(const question& q, decision& out) {
  untold u;
  u.row = {make_id_(),
           "eligibility_gateway",
           std::string{settle_checkin::topic},
           encode_body(settle_checkin{q.checkin, q.key, q.kind, q.report}),
           q.checkin,
           q.desk};
  out.journal.outbox.push_back(u.row);
  auto& kept = untold_[u.row.effect] = std::move(u);
  send_settlement(kept, out);
}

void questions::send_settlement(untold& u, decision& out) {
  u.again_at_ms = now_ms_ + 2 * options_.again_ms_first;
  out.binding.push_back({{"consent_session", options_.hub},
                         u.row.topic,
                         settle_checkin::version,
                         u.row.body,
                         options_.again_ms_first,
                         {},
                         actors::tag{settlement_told, u.row.effect}});
}

} // namespace eligibility_gateway
