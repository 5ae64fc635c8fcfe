// Whose an answer is, what staff decide about it, and Face files.
#include "actors/eligibility_gateway/questions.hpp"

#include <algorithm>

namespace eligibility_gateway {

using namespace messages;

// -- Face files ----------------------------------------------------------------------------------------------------

/// A certified reader's check-in. The same file twice is the same check-in, also after a restart.
decision questions::on_face_file(const face_file& came, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  out.kept.push_back(came.arrival);
  if (face_files_.contains(came.arrival)) return out;
  if (face_files_.size() >= options_.face_files_max) face_files_.erase(face_files_.begin());
  if (questions_.size() >= options_.questions_max) forget_oldest_settled();
  auto& q = questions_[came.arrival];
  q.key = came.arrival;
  q.checkin = make_id_();
  q.patient = make_id_();
  q.desk = came.desk;
  q.kind = question_kind::card;
  q.now = state::asked; // by the reader
  q.file = came.file;
  face_files_[q.key] = {q.checkin, q.patient, q.desk};
  out.write(face_file_taken{q.key, q.patient, came.file}, q.desk, q.checkin);
  if (came.read)
    fire(q, {.on = event::answer_came, .answer = &*came.read}, out);
  else
    fire(q, {.on = event::refusal, .why = came.read.error(), .original = &came.original}, out);
  send_next(out);
  return out;
}

void questions::handle(const claim_face_file& m, const command_envelope& command, decision& out) {
  const auto found = face_files_.find(m.question);
  if (found == face_files_.end()) return out.refuse(command, {error_code::wrong_value, {"question", "no Face file"}});
  if (m.desk.empty()) return out.refuse(command, {error_code::missing_value, {"desk"}});
  auto& face = found->second;
  if (!face.desk.empty() && face.desk != m.desk)
    return out.refuse(command, {error_code::not_now, {"claim", face.desk}});
  if (face.desk.empty()) {
    face.desk = m.desk;
    out.write(face_file_claimed{m.question, face.patient}, m.desk, face.checkin, command.id);
    if (const auto q = questions_.find(m.question); q != questions_.end()) q->second.desk = m.desk;
  }
  out.reply(command, done{});
}

// -- matching ------------------------------------------------------------------------------------------------------

void questions::match_answer(const question& q, const eligibility_answer& answer, decision& out) {
  if (!book_ || answer.insurances.reveal().empty()) return;
  const auto found = find_patient(answer, q.patient, *book_, options_.weigh);
  if (found.by != match_basis::none) return confirm(q, answer, found.candidates.front(), found.by, out);
  std::vector<id> candidates;
  for (const auto& c : found.candidates)
    candidates.push_back(c.patient);
  out.write(match_stopped{q.key, q.patient, found.why, std::move(candidates)}, q.desk, q.checkin);
}

/// It is theirs. A number that the clinic has given and the centre does not know yet is registered meanwhile.
void questions::confirm(const question& q, const eligibility_answer& answer, const patient_record& kept, match_basis by,
                        decision& out) {
  out.write(answer_matched{q.key, q.patient, kept.patient, by, personal{differences(kept, answer, options_.weigh)}},
            q.desk, q.checkin);
  const auto& first = answer.insurances.reveal().front();
  if (kept.reference_number.empty() || !first.reference_number.empty() || first.number.empty()) return;
  const insured_number person{first.insurer, first.symbol, first.number, first.branch, first.birth_date};
  const number_wanted wanted{make_id_(), q.patient, personal{kept.reference_number}, personal{person}};
  if (!is_known(wanted)) begin_registration(wanted, &q, {}, out);
}

void questions::handle(const find_match& m, const command_envelope& command, decision& out) {
  const auto asked = book_ ? book_->undecided(m.question) : std::nullopt;
  if (!asked) return out.refuse(command, {error_code::wrong_value, {"question", m.question.text()}});
  const auto& answer = asked->answer.reveal();
  const auto found = find_patient(answer, asked->patient, *book_, options_.weigh);
  std::vector<match_candidate> beside;
  for (const auto& c : found.candidates)
    beside.push_back({c, differences(c, answer, options_.weigh)});
  const auto record = found.by == match_basis::none ? id{} : found.candidates.front().patient;
  out.reply(command, match_report{found.by, found.why, record, personal{std::move(beside)},
                                  personal{record_of(answer, asked->patient)}});
}

void questions::handle(const decide_match& m, const command_envelope& command, decision& out) {
  const auto asked = book_ ? book_->undecided(m.question) : std::nullopt;
  if (!asked) return out.refuse(command, {error_code::wrong_value, {"question", m.question.text()}});
  const auto& answer = asked->answer.reveal();
  if (answer.insurances.reveal().empty())
    return out.refuse(command, {error_code::several_patients, {name(match_stop::answer_names_nobody).data()}});
  patient_record kept, record;
  if (m.record.empty()) {
    record = record_of(answer, asked->patient.empty() ? make_id_() : asked->patient);
    if (!m.reference_number.empty()) record.reference_number = m.reference_number;
    const auto same = alike(record, *book_);
    if (!same.empty() && !m.although_alike)
      return out.refuse(command, {error_code::possible_duplicate, {std::to_string(same.size())}});
  } else {
    const auto known = book_->of_handle(m.record);
    if (known.size() != 1) return out.refuse(command, {error_code::wrong_value, {"record", m.record.text()}});
    kept = known.front();
    record = accept(kept, answer, m.accepted);
  }
  if (record != kept)
    out.write(patient_recorded{record.patient, m.question, personal{record}}, asked->desk, asked->checkin, command.id);
  question q; // of an earlier process, perhaps: all that is needed stands in the undecided answer
  q.key = m.question;
  q.checkin = asked->checkin;
  q.patient = asked->patient;
  q.desk = asked->desk;
  confirm(q, answer, record, match_basis::staff, out);
  out.reply(command, done{});
}

} // namespace eligibility_gateway
