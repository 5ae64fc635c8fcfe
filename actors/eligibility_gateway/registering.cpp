// 照会番号: one by one in the background, and many as one request (照会番号一括登録) whose result is collected.
#include "actors/eligibility_gateway/questions.hpp"

#include "messages/spelling.hpp"

#include <algorithm>

namespace eligibility_gateway {

using namespace messages;

/// The patient's newest registration, if it is of this very number and was not refused: it is not asked twice.
question* questions::same_registration(const id& patient, const std::string& number) {
  const auto newest = registration_of_.find(patient);
  const auto found = newest == registration_of_.end() ? questions_.end() : questions_.find(newest->second);
  if (found == questions_.end()) return nullptr;
  auto& r = found->second;
  return r.now != state::refused && r.report.reference_number.reveal() == number ? &r : nullptr;
}

bool questions::is_known(const number_wanted& wanted) {
  return questions_.contains(wanted.registration) || same_registration(wanted.patient, wanted.number.reveal());
}

void questions::begin_registration(const number_wanted& wanted, const question* like, const id& batch, decision& out) {
  if (questions_.size() >= options_.questions_max) forget_oldest_settled();
  register_number m{wanted.registration, {}, {}, wanted.patient, {}, wanted.number, wanted.person, true, batch};
  if (like) {
    m.answered_question = like->key;
    m.checkin = like->checkin;
    m.desk = like->desk;
  }
  if (m.patient.empty()) m.patient = make_id_(); // sealed under a key of its own
  auto& q = questions_[m.registration];
  q.key = m.registration;
  q.kind = question_kind::registration;
  q.checkin = m.checkin;
  q.patient = m.patient;
  q.desk = m.desk;
  q.person = m.person;
  q.background = true;
  q.batch = batch;
  q.report.reference_number = m.number;
  q.body = encode_body(m);
  registration_of_[q.patient] = q.key;
  fire(q, {.on = event::wanted}, out);
}

namespace {

/// Why @p wanted cannot be sent; nullptr when it can.
const char* wrong_in(const number_wanted& wanted) {
  const auto& number = wanted.number.reveal();
  const auto& person = wanted.person.reveal();
  if (wanted.registration.empty()) return "registration";
  if (number.empty() || number.size() > 50) return "number";
  if (!std::ranges::all_of(number, [](char c) { return c > 0x20 && c < 0x7f; })) return "number";
  if (person.insurer.empty()) return "insurer";
  if (person.number.empty()) return "person";
  return nullptr;
}

} // namespace

void questions::handle(const register_numbers& m, const command_envelope& command, decision& out) {
  if (m.rows.size() > options_.numbers_max)
    return out.refuse(command, {error_code::too_large, {"rows", std::to_string(options_.numbers_max)}});
  if (questions_.size() - open_.size() + m.rows.size() > options_.questions_max ||
      open_.size() >= options_.questions_max)
    return out.refuse(command, {error_code::busy, {"eligibility_gateway"}});
  const auto fresh =
      std::ranges::count_if(m.rows, [&](const auto& row) { return !wrong_in(row) && !is_known(row); });
  const auto together = static_cast<std::size_t>(fresh) >= options_.bulk_from ? make_id_() : id{};
  numbers_taken taken;
  std::vector<id> begun;
  for (std::size_t n = 0; n < m.rows.size(); ++n) {
    if (const auto* wrong = wrong_in(m.rows[n]))
      taken.refused.push_back("row " + std::to_string(n + 1) + ": " + wrong);
    else if (is_known(m.rows[n]))
      ++taken.known;
    else {
      begin_registration(m.rows[n], nullptr, together, out);
      begun.push_back(m.rows[n].registration);
    }
  }
  taken.begun = begun.size();
  if (!together.empty()) begin_batch(together, std::move(begun), out);
  out.reply(command, taken);
}

// -- many as one request -------------------------------------------------------------------------------------------

void questions::begin_batch(const id& key, std::vector<id> rows, decision& out) {
  auto& b = batches_[key];
  b.rows = std::move(rows);
  out.write(registrations_sent{key, b.rows}, {}, {});
  put_batch_row(key, b, out);
  go(key, b);
}

/// What stands for it in the outbox: the rows are in their registrations' own.
void questions::put_batch_row(const id& key, batch& b, decision& out) {
  if (!b.effect.empty()) out.journal.settled.push_back(b.effect);
  b.effect = make_id_();
  out.journal.outbox.push_back({b.effect,
                                "eligibility_gateway",
                                std::string{send_registrations::topic},
                                encode_body(send_registrations{key, b.reception_number}),
                                {},
                                {}});
}

/// To the line in its turn; while that is lost, on_tick does it.
void questions::go(const id& key, batch& b) {
  b.again_at_ms = now_ms_;
  if (line_up()) traffic_.wait(key, lane::background);
}

void questions::send(const id& key, batch& b, decision& out) {
  b.in_flight = true;
  batch_request r{.batch = key, .reception_number = b.reception_number, .wait_ms_max = options_.answer_wait_ms_max};
  if (b.reception_number.empty())
    for (const auto& row : b.rows)
      if (const auto q = questions_.find(row); q != questions_.end())
        r.rows.push_back({row, q->second.patient, q->second.report.reference_number, q->second.person});
  if (!b.reception_number.empty()) r.collection = make_id_(); // it asks how things stand now
  out.batches.push_back(std::move(r));
}

void questions::retry_batch(batch& b) {
  b.again_ms = std::min(std::max(2 * b.again_ms, options_.again_ms_first), options_.again_ms_max);
  b.again_at_ms = now_ms_ + b.again_ms;
}

decision questions::on_batch_sent(id key, const result<std::string>& came, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  const auto found = batches_.find(key);
  if (found == batches_.end() || !found->second.reception_number.empty()) return out;
  auto& b = found->second;
  b.in_flight = false;
  if (came) {
    b.reception_number = *came;
    b.again_ms = 0;
    retry_batch(b);
    out.write(registrations_accepted{key, *came}, {}, {});
    put_batch_row(key, b, out);
    out.kept.push_back(key);
  } else
    batch_failed(key, came.error(), out);
  note_arrival(key, came ? nullptr : &came.error(), out);
  send_next(out);
  return out;
}

void questions::batch_failed(const id& key, const error& why, decision& out) {
  auto& b = batches_.at(key);
  if (describe(why.code).retry != retry_class::never) return retry_batch(b);
  // Nothing of it was done: a line without this function, or a row that spoils it for all. Each is asked by itself.
  const bool was_sent = why.code == error_code::line_refused || why.code == error_code::line_unprocessed;
  if (!was_sent) return release(key, out);
  for (const auto& row : b.rows)
    if (const auto q = questions_.find(row); q != questions_.end())
      fire(q->second, {.on = event::refusal, .why = why}, out);
  end_batch(key, {0, b.rows.size(), 0}, out);
}

void questions::release(const id& key, decision& out) {
  const auto b = std::move(batches_.at(key));
  batches_.erase(key);
  if (!b.effect.empty()) out.journal.settled.push_back(b.effect);
  for (const auto& row : b.rows)
    if (const auto q = questions_.find(row); q != questions_.end()) {
      q->second.batch = {};
      ask_or_doubt(q->second, out);
    }
}

void questions::end_batch(const id& key, const batch_counts& how, decision& out) {
  out.write(registrations_collected{key, how.registered, how.refused, how.missing}, {}, {});
  out.journal.settled.push_back(batches_.at(key).effect);
  out.kept.push_back(key);
  batches_.erase(key);
}

namespace {

/// What the centre gives back of a row, as it is compared.
std::string row_text(const std::string& number, const insured_number& person) {
  return number + '|' + normal_number(person.insurer) + '|' + normal_number(person.symbol) + '|' +
         normal_number(person.number) + '|' + normal_number(person.branch);
}

} // namespace

decision questions::on_batch_collected(id key, const result<std::optional<std::vector<registered_row>>>& came,
                                       std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  const auto found = batches_.find(key);
  if (found == batches_.end()) return out;
  auto& b = found->second;
  b.in_flight = false;
  if (!came)
    batch_failed(key, came.error(), out);
  else if (!*came)
    retry_batch(b);
  else
    take_rows(key, **came, out);
  note_arrival(key, came ? nullptr : &came.error(), out);
  send_next(out);
  return out;
}

/// A row that the result does not tell of is refused: whether it was registered is not known, and staff see it.
void questions::take_rows(const id& key, const std::vector<registered_row>& told, decision& out) {
  std::multimap<std::string, const registered_row*> by_text;
  for (const auto& row : told)
    by_text.emplace(row_text(row.number, row.person), &row);
  batch_counts how;
  const auto rows = batches_.at(key).rows;
  for (const auto& row : rows) {
    const auto q = questions_.find(row);
    if (q == questions_.end()) continue;
    const auto at = by_text.find(row_text(q->second.report.reference_number.reveal(), q->second.person.reveal()));
    static const line_answer nothing_to_add;
    if (at != by_text.end() && at->second->registered) {
      ++how.registered;
      fire(q->second, {.on = event::answer_came, .answer = &nothing_to_add}, out);
      continue;
    }
    ++how.refused;
    how.missing += at == by_text.end();
    const auto why = at == by_text.end()
                         ? error{error_code::line_unreadable, {"not in the result of the bulk registration"}}
                         : error{error_code::line_refused, {at->second->code, at->second->message}};
    fire(q->second, {.on = event::refusal, .why = why}, out);
  }
  end_batch(key, how, out);
}

/// After a restart: what was sent is looked for under the same identifier, or its result asked for.
void questions::resume_batches(decision& out) {
  std::vector<id> keys;
  for (const auto& [key, b] : batches_)
    keys.push_back(key);
  for (const auto& key : keys) {
    auto& b = batches_.at(key);
    if (b.effect.empty())
      release(key, out); // they were to be asked one by one
    else if (b.rows.empty())
      end_batch(key, {}, out);
    else
      go(key, b);
  }
}

} // namespace eligibility_gateway
