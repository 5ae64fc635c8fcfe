// What goes out and what a reply means, whatever carries it.
#include "drivers/line/exchange.hpp"

#include "drivers/line/profile.hpp"
#include "drivers/line/text.hpp"
#include "drivers/line/xml.hpp"
#include "drivers/line/xml_messages.hpp"

namespace drivers::line {
namespace {

using messages::error_code;
using messages::failure;
using messages::result;

result<void> judge(const wire::header& header) {
  if (header.segment.is(segment::abnormal)) {
    if (header.error_code == profile::expired_challenge.code) return failure(error_code::challenge_expired);
    if (header.error_code == profile::too_busy.code) return failure(error_code::busy, "centre");
    return failure(error_code::line_refused, header.error_code, header.error_message);
  }
  // 処理中: it was accepted and has no answer yet, which is what an unknown outcome is
  if (header.segment.is(segment::in_progress)) return failure(error_code::line_silent, "SegmentOfResult 2");
  if (!header.segment.is(segment::normal))
    return failure(error_code::line_unreadable, "SegmentOfResult is none of 1, 2, 9");
  return {};
}

wire::header header_of(const message_header& from) {
  wire::header h;
  h.segment.text = from.segment == 0 ? "" : std::to_string(from.segment);
  h.error_code = from.error_code;
  h.error_message = from.error_message;
  return h;
}
const wire::header& header_of(const wire::header& from) { return from; }

/// Believes or doubts what @p parsed says in a reply of this status. One other than 200 is believed only together with
/// a readable refusal: a gateway between us and the centre speaks for itself, not about what the centre has done.
template <class M> result<M> believed(const asker& who, const incoming& reply, result<M> parsed) {
  if (reply.simulated && !who.simulated_allowed) return failure(error_code::simulated_centre);
  const bool refused = parsed && header_of(parsed->header).segment.is(segment::abnormal);
  const auto status = "HTTP " + std::to_string(reply.status);
  if (reply.status >= 500 && !refused) return failure(error_code::line_silent, status);
  if (reply.status != 200 && !refused) return failure(error_code::line_unreadable, status);
  return parsed;
}
template <class M> result<M> judged(const asker& who, const incoming& reply, result<M> parsed) {
  auto m = believed(who, reply, std::move(parsed));
  if (!m) return m;
  if (auto ok = judge(header_of(m->header)); !ok) return failure(ok.error());
  return m;
}

messages::personal<messages::bytes> original_of(const std::string& octets) {
  return messages::personal{messages::bytes(octets.begin(), octets.end())};
}

result<wire::confirmation> read_confirmation(const std::string& octets, const facts& names,
                                             const expected_result& expected) {
  // the answer and these bytes become one event; a larger one would end the node at each of its starts
  if (octets.size() > names.answer_bytes_max)
    return failure(error_code::line_unreadable, "larger than " + std::to_string(names.answer_bytes_max) + " bytes");
  return read_message<wire::confirmation>(octets, names, expected);
}

answer answer_of(wire::confirmation full, const std::string& octets) {
  auto typed = to_answer(full);
  return {std::move(typed), original_of(octets), messages::personal{std::move(full)}};
}

function function_for(messages::care kind) {
  if (kind == messages::care::home_visit) return function::home_visit;
  return kind == messages::care::online ? function::online : function::eligibility;
}

wire::header request_header(const asker& who, const messages::id& question) {
  wire::header h;
  h.institution = who.institution;
  h.identifier = question.text();
  return h;
}

result<std::string> withdrawal_body(const asker& who, const withdrawal& what) {
  auto person = to_search(what.person.reveal(), "");
  if (!person) return failure(person.error());
  person->treatment = treatment_kind::home_visit;
  return write_message(wire::question{request_header(who, what.question), {*person}, {}}, *who.names);
}

result<std::string> records_body(const asker& who, const records_question& q) {
  const auto person = to_search(q.person.reveal(), "");
  if (!person) return failure(person.error());
  const bool months = is_digits(q.from_month, 6) && is_digits(q.to_month, 6) && q.from_month <= q.to_month;
  if (!q.checkup && !months) return failure(error_code::wrong_value, "months", "not yyyyMM to yyyyMM");
  if (q.checkup && q.category > file_category::drugs_xml)
    return failure(error_code::wrong_value, "category", "no category of a check-up");
  wire::records_request r;
  r.header = {who.institution, person->insurer, person->symbol, person->number, person->branch, q.question.text(), {}};
  if (!q.checkup) r.from_month = q.from_month;
  if (!q.checkup) r.to_month = q.to_month;
  r.category = q.category;
  r.classification = "1"; // the only value ever seen (§2.10)
  r.treatment.text = std::to_string(static_cast<int>(q.how) + 1);
  return write_message(r, *who.names);
}

result<records_answer> read_records(const asker& who, const incoming& reply, bool checkup) {
  if (reply.simulated && !who.simulated_allowed) return failure(error_code::simulated_centre);
  if (reply.status >= 500) return failure(error_code::line_silent, "HTTP " + std::to_string(reply.status));
  const auto limit = who.names->records_bytes_max; // the bytes become one event
  if (reply.body.size() > limit)
    return failure(error_code::too_large, "records: ask for fewer months", std::to_string(limit));
  records found;
  const auto refused = [](const std::string& code, const std::string& message) {
    return failure(error_code::line_refused, code, message);
  };
  if (reply.body.starts_with("%PDF")) {
    found.pdf = true;
  } else if (checkup) {
    auto read = read_message<wire::checkup_history>(reply.body, *who.names);
    if (!read) return failure(read.error());
    if (!read->result_code.empty() && read->result_code != "1") return refused(read->result_code, read->message);
    found.checkups = std::move(*read);
  } else {
    auto read = read_message<wire::drug_history>(reply.body, *who.names);
    if (!read) return failure(read.error());
    if (read->result_code.empty()) return failure(error_code::line_unreadable, "no ResultCode");
    if (read->result_code != "1") return refused(read->result_code, read->message);
    found.drugs = std::move(*read);
  }
  return records_answer{messages::personal{std::move(found)}, original_of(reply.body)};
}

result<bulk_answer> read_bulk(const asker& who, const bulk_collection& what, const incoming& reply) {
  if (reply.simulated && !who.simulated_allowed) return failure(error_code::simulated_centre);
  if (reply.status >= 500) return failure(error_code::line_silent, "HTTP " + std::to_string(reply.status));
  const auto octets = reply.document ? reply.document : octets_in_memory(reply.body);
  auto opened =
      bulk_document::open(octets, function_of(what.kind), who.names, {who.institution, {}, what.reception_number});
  if (!opened) return failure(opened.error());
  const auto& header = (*opened)->header();
  if (header.segment.is(segment::in_progress)) return bulk_answer{header, nullptr};
  if (auto ok = judge(header); !ok) return failure(ok.error());
  return bulk_answer{header, *opened};
}

} // namespace

result<answer> to_checked_answer(const std::string& octets, const facts& names, const expected_result& expected) {
  auto full = read_confirmation(octets, names, expected);
  if (!full) return failure(full.error());
  if (auto ok = judge(full->header); !ok) return failure(ok.error());
  return answer_of(std::move(*full), octets);
}

template <class T, class Read> void carried_line::exchange(call what, const messages::id& question,
                                                           result<std::string> body, std::uint32_t wait_ms_max,
                                                           completion<T> done, Read read) {
  if (!body) return done(failure(body.error()));
  carry({what, who_.names->path_of(what), std::move(*body), question}, wait_ms_max,
        [who = who_, refused = refused_, question, done = std::move(done),
         read = std::move(read)](result<incoming> came) {
          if (!came) return done(failure(came.error()));
          auto said = read(who, *came);
          if (!said && came->body.size() <= who.names->answer_bytes_max) refused->note(question, came->body);
          done(std::move(said));
        });
}

void carried_line::refused_replies::note(const messages::id& question, const std::string& octets) {
  if (question.empty() || octets.empty()) return;
  const std::lock_guard lock{mutex_};
  all_.insert_or_assign(question, original_of(octets));
  if (all_.size() > refused_originals_max) all_.erase(all_.begin());
}

messages::personal<messages::bytes> carried_line::refused_replies::of(const messages::id& question) const {
  const std::lock_guard lock{mutex_};
  const auto found = all_.find(question);
  return found == all_.end() ? messages::personal<messages::bytes>{} : found->second;
}

void carried_line::refused_replies::forget(const messages::id& question) {
  const std::lock_guard lock{mutex_};
  all_.erase(question);
}

messages::personal<messages::bytes> carried_line::refused_original(const messages::id& question) const {
  return refused_->of(question);
}

void carried_line::kept(const messages::id& question) { refused_->forget(question); }

result<challenge> read_challenge(const asker& who, const incoming& reply) {
  auto m = judged(who, reply, parse_challenge(reply.body, {who.institution, {}}));
  if (!m) return failure(m.error());
  return std::move(m->body);
}

void carried_line::obtain_challenge(std::uint32_t wait_ms_max, completion<challenge> done) {
  exchange<challenge>({function::challenge}, {}, build_challenge_request(who_.institution), wait_ms_max,
                      std::move(done), read_challenge);
}

namespace {

/// What every question about one person is answered with.
auto reading_answer(messages::id question) {
  return [question](const asker& who, const incoming& reply) -> result<answer> {
    auto m = judged(who, reply, read_confirmation(reply.body, *who.names, {who.institution, question.text(), {}}));
    if (!m) return failure(m.error());
    return answer_of(std::move(*m), reply.body);
  };
}

} // namespace

void carried_line::ask(card_question q, std::uint32_t wait_ms_max, completion<answer> done) {
  // No real system takes our word for who is there.
  if (q.method != messages::identity_method::pin && !who_.simulated_allowed)
    return done(failure(error_code::not_offered, std::string{messages::name(q.method)}));
  exchange<answer>({function::card_question}, q.question, build_card_question(who_.institution, q), wait_ms_max,
                   std::move(done), reading_answer(q.question));
}

void carried_line::ask(typed_question q, std::uint32_t wait_ms_max, completion<answer> done) {
  exchange<answer>({function_for(q.kind)}, q.question, build_typed_question(who_.institution, q), wait_ms_max,
                   std::move(done), reading_answer(q.question));
}

void carried_line::register_reference_number(reference_registration r, std::uint32_t wait_ms_max,
                                             completion<void> done) {
  exchange<void>({function::registration}, r.question, build_registration(who_.institution, r), wait_ms_max,
                 std::move(done), [id = r.question](const asker& who, const incoming& reply) -> result<void> {
                   const expected_result ours{who.institution, id.text(), {}};
                   const auto m =
                       judged(who, reply, read_message<wire::registration_result>(reply.body, *who.names, ours));
                   if (!m) return failure(m.error());
                   if (!m->status.stated()) return failure(error_code::line_unreadable, "no ProcessingResultStatus");
                   if (!m->status.is(person_status::normal))
                     return failure(error_code::line_refused, m->result_code, m->message);
                   return {};
                 });
}

void carried_line::withdraw(withdrawal w, std::uint32_t wait_ms_max, completion<answer> done) {
  exchange<answer>({function::withdrawal}, w.question, withdrawal_body(who_, w), wait_ms_max, std::move(done),
                   reading_answer(w.question));
}

namespace {

result<bulk_acceptance> read_acceptance(const asker& who, const messages::id& question, const incoming& reply) {
  const expected_result ours{who.institution, question.text(), {}};
  const auto m = believed(who, reply, read_message<wire::acceptance>(reply.body, *who.names, ours));
  if (!m) return failure(m.error());
  // an acceptance need not state a segment (§2.6); an error it does
  if (m->header.segment.stated() || !m->header.error_code.empty()) {
    auto header = m->header;
    if (!header.segment.stated()) header.segment = segment::abnormal;
    if (auto ok = judge(header); !ok) return failure(ok.error());
  }
  if (m->status.is(person_status::error)) return failure(error_code::line_refused, m->result_code, m->message);
  if (m->reception_number.empty()) return failure(error_code::line_unreadable, "no ReceptionNumber");
  return bulk_acceptance{m->reception_number, m->received_at, original_of(reply.body)};
}

} // namespace

void carried_line::request_bulk(bulk_request r, std::uint32_t wait_ms_max, completion<bulk_acceptance> done) {
  exchange<bulk_acceptance>(
      {function_of(r.kind), 1}, r.question, build_bulk_request(who_.institution, r, *who_.names), wait_ms_max,
      std::move(done), [id = r.question](const asker& who, const incoming& reply) {
        return read_acceptance(who, id, reply);
      });
}

void carried_line::find_bulk(bulk_kind kind, messages::id question, std::uint32_t wait_ms_max,
                             completion<bulk_acceptance> done) {
  const call what{function_of(kind), 1};
  if (!keeps_late_replies()) return done(failure(error_code::not_offered, "find_bulk"));
  carry({what, who_.names->path_of(what), {}, question, true}, wait_ms_max,
        [who = who_, question, done = std::move(done)](result<incoming> came) {
          if (!came) return done(failure(came.error()));
          done(read_acceptance(who, question, *came));
        });
}

void carried_line::collect_bulk(bulk_collection c, std::uint32_t wait_ms_max, completion<bulk_answer> done) {
  wire::header header;
  header.institution = who_.institution; // §2.6: a 02req has nothing else in its header
  exchange<bulk_answer>({function_of(c.kind), 2}, c.question,
                        write_message(wire::collection{header, c.reception_number, {}}, *who_.names), wait_ms_max,
                        std::move(done),
                        [c](const asker& who, const incoming& reply) { return read_bulk(who, c, reply); });
}

void carried_line::ask(records_question q, std::uint32_t wait_ms_max, completion<records_answer> done) {
  exchange<records_answer>(
      {q.checkup ? function::checkup : function::drugs}, q.question, records_body(who_, q), wait_ms_max,
      std::move(done),
      [checkup = q.checkup](const asker& who, const incoming& reply) { return read_records(who, reply, checkup); });
}

void carried_line::obtain_url(url_question q, std::uint32_t wait_ms_max, completion<access_url> done) {
  const wire::url_request request{
      request_header(who_, q.question), q.purpose, q.format, q.renew ? url_change::renew : url_change::keep, {}};
  exchange<access_url>(
      {function::access_url}, q.question, write_message(request, *who_.names), wait_ms_max, std::move(done),
      [id = q.question](const asker& who, const incoming& reply) -> result<access_url> {
        const expected_result ours{who.institution, id.text(), {}};
        const auto m = judged(who, reply, read_message<wire::url_result>(reply.body, *who.names, ours));
        if (!m) return failure(m.error());
        if (!m->status.is(person_status::normal)) return failure(error_code::line_refused, m->result_code, m->message);
        auto image = from_base64(m->image);
        if (!image || m->url.empty()) return failure(error_code::line_unreadable, "no AccessUrl or image");
        return access_url{m->url, std::move(*image)};
      });
}

} // namespace drivers::line
