// What goes out and what a reply means, whatever carries it.
#include "drivers/line/exchange.hpp"

#include "drivers/line/profile.hpp"
#include "drivers/line/xml.hpp"

namespace drivers::line {
namespace {

using messages::error_code;
using messages::failure;
using messages::result;

result<void> judge_header(const message_header& header) {
  if (header.segment == 9) {
    if (header.error_code == profile::expired_challenge.code) return failure(error_code::challenge_expired);
    if (header.error_code == profile::too_busy.code) return failure(error_code::busy, "centre");
    return failure(error_code::line_refused, header.error_code, header.error_message);
  }
  // 処理中: it was accepted and has no answer yet, which is what an unknown outcome is
  if (header.segment == 2) return failure(error_code::line_silent, "SegmentOfResult 2");
  if (header.segment != 1) return failure(error_code::line_unreadable, "SegmentOfResult is none of 1, 2, 9");
  return {};
}

/// Reads @p reply by @p parse. A status other than 200 is believed only together with a readable refusal: a gateway
/// between us and the centre speaks for itself, and says nothing about what the centre has done.
template <class Parse> auto read(const asker& who, const incoming& reply, Parse parse) -> decltype(parse(reply.body)) {
  if (reply.simulated && !who.simulated_allowed) return failure(error_code::simulated_centre);
  auto parsed = parse(reply.body);
  const bool refused = parsed && parsed->header.segment == 9;
  const auto status = "HTTP " + std::to_string(reply.status);
  if (reply.status >= 500 && !refused) return failure(error_code::line_silent, status);
  if (reply.status != 200 && !refused) return failure(error_code::line_unreadable, status);
  if (!parsed) return parsed;
  if (auto ok = judge_header(parsed->header); !ok) return failure(ok.error());
  return parsed;
}

} // namespace

result<challenge> read_challenge(const asker& who, const incoming& reply) {
  auto parsed = read(who, reply, [&](const std::string& body) { return parse_challenge(body, {who.institution, {}}); });
  if (!parsed) return failure(parsed.error());
  return std::move(parsed->body);
}

result<answer> read_answer(const asker& who, const messages::id& question, const incoming& reply) {
  auto parsed = read(who, reply, [&](const std::string& body) {
    return parse_answer(body, {who.institution, question.text()});
  });
  if (!parsed) return failure(parsed.error());
  return answer{std::move(parsed->body), messages::personal{messages::bytes(reply.body.begin(), reply.body.end())}};
}

result<void> read_registration(const asker& who, const messages::id& question, const incoming& reply) {
  auto parsed = read(who, reply, [&](const std::string& body) {
    return parse_registration_answer(body, {who.institution, question.text()});
  });
  if (!parsed) return failure(parsed.error());
  if (parsed->body.status != 1) return failure(error_code::line_refused, parsed->body.code, parsed->body.message);
  return {};
}

void carried_line::obtain_challenge(std::uint32_t wait_ms_max, completion<challenge> done) {
  carry({profile::challenge_path, build_challenge_request(who_.institution)}, wait_ms_max,
        [who = who_, done = std::move(done)](result<incoming> came) {
          done(came ? read_challenge(who, *came) : failure(came.error()));
        });
}

void carried_line::ask(card_question question, std::uint32_t wait_ms_max, completion<answer> done) {
  auto body = build_card_question(who_.institution, question);
  if (!body) return done(failure(body.error()));
  carry({profile::card_question_path, std::move(*body)}, wait_ms_max,
        [who = who_, id = question.question, done = std::move(done)](result<incoming> came) {
          done(came ? read_answer(who, id, *came) : failure(came.error()));
        });
}

void carried_line::ask(typed_question question, std::uint32_t wait_ms_max, completion<answer> done) {
  auto body = build_typed_question(who_.institution, question);
  if (!body) return done(failure(body.error()));
  carry({profile::typed_question_path, std::move(*body)}, wait_ms_max,
        [who = who_, id = question.question, done = std::move(done)](result<incoming> came) {
          done(came ? read_answer(who, id, *came) : failure(came.error()));
        });
}

void carried_line::register_reference_number(reference_registration registration, std::uint32_t wait_ms_max,
                                             completion<void> done) {
  auto body = build_registration(who_.institution, registration);
  if (!body) return done(failure(body.error()));
  carry({profile::registration_path, std::move(*body)}, wait_ms_max,
        [who = who_, id = registration.question, done = std::move(done)](result<incoming> came) {
          done(came ? read_registration(who, id, *came) : failure(came.error()));
        });
}

} // namespace drivers::line
