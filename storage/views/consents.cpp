// How events change the view `consents`.
#include "storage/views/consents.hpp"

#include "messages/japanese_time.hpp"
#include "messages/registry.hpp"

namespace storage {

namespace {

/// One kind of consent: where it stands among the choices, in an answer and in the row.
struct consent_kind {
  messages::choice messages::consent_choices::*chosen;
  messages::consent_flag messages::eligibility_answer::*answered;
  kept_consent consent_row::*kept;
};

constexpr consent_kind all_kinds[] = {
    {&messages::consent_choices::surgery, &messages::eligibility_answer::surgery, &consent_row::surgery},
    {&messages::consent_choices::treatment, &messages::eligibility_answer::treatment, &consent_row::treatment},
    {&messages::consent_choices::drugs, &messages::eligibility_answer::drugs, &consent_row::drugs},
    {&messages::consent_choices::checkup, &messages::eligibility_answer::checkup, &consent_row::checkup},
    {&messages::consent_choices::limit, &messages::eligibility_answer::limit, &consent_row::limit},
    {&messages::consent_choices::specified_disease, &messages::eligibility_answer::specified_disease,
     &consent_row::specified_disease},
};

void record(const folded_event& event, const messages::consents_recorded& recorded, rows& into) {
  auto row = row_or_new<consent_row>(into, key_of(recorded.patient));
  row.patient = recorded.patient;
  row.question = recorded.question;
  row.checkin = event.checkin;
  row.recorded_ms = event.time_ms;
  for (const auto& kind : all_kinds) {
    const auto chosen = recorded.choices.*kind.chosen;
    if (chosen == messages::choice::not_chosen) continue;
    row.choices.*kind.chosen = chosen;
    if (chosen == messages::choice::refused) row.*kind.kept = {};
  }
  into.put(key_of(recorded.patient), encode_row(row));
}

/// An answer about a patient's consents, whichever question it came to.
struct stated {
  messages::id patient, question;
  messages::care how{};
  const std::string& appointment;
  const messages::eligibility_answer& answer;
};

/// The flag as it counts here: a consent older than its withdrawal is over, whatever a late answer says.
kept_consent judged(const folded_event& event, const stated& answered, const messages::consent_flag& said,
                    const std::string& withdrawn) {
  kept_consent now{said.flag, said.consented, said.available_until, answered.how, answered.appointment, event.index};
  const bool home_visit = answered.how == messages::care::home_visit;
  if (home_visit && now.flag == 1 && !withdrawn.empty() && now.consented <= withdrawn) now.flag = 2;
  return now;
}

void answer(const folded_event& event, const stated& answered, rows& into) {
  auto row = row_or_new<consent_row>(into, key_of(answered.patient));
  const auto before = row;
  const bool to_newest = !row.question.empty() && row.question == answered.question;
  for (const auto& kind : all_kinds) {
    const auto& said = answered.answer.*kind.answered;
    const bool chosen = row.choices.*kind.chosen != messages::choice::not_chosen;
    if (said.flag != 0 || (to_newest && chosen)) row.*kind.kept = judged(event, answered, said, row.withdrawn);
  }
  if (!to_newest && before == row) return; // it states nothing about viewing
  row.patient = answered.patient;
  row.answered_ms = event.time_ms;
  const auto& insurances = answered.answer.insurances.reveal();
  if (!insurances.empty()) {
    const auto& first = insurances.front();
    row.person = messages::personal{
        messages::insured_number{first.insurer, first.symbol, first.number, first.branch, first.birth_date}};
  }
  into.put(key_of(answered.patient), encode_row(row));
}

void withdraw(const folded_event& event, const messages::id& patient, rows& into) {
  auto row = row_or_new<consent_row>(into, key_of(patient));
  row.patient = patient;
  row.withdrawn = messages::japanese_time(event.time_ms);
  for (const auto& kind : all_kinds) {
    auto& kept = row.*kind.kept;
    if (kept.how != messages::care::home_visit || kept.flag != 1) continue;
    kept.flag = 2;
    kept.index = event.index;
  }
  into.put(key_of(patient), encode_row(row));
}

} // namespace

void fold_consents(const folded_event& event, rows& into) {
  if (const auto* recorded = event.as<messages::consents_recorded>()) {
    if (!recorded->patient.empty()) record(event, *recorded, into);
  } else if (const auto* answered = event.as<messages::eligibility_answered>()) {
    const bool by_document =
        answered->kind == messages::question_kind::typed && answered->how == messages::care::outpatient;
    if (!answered->patient.empty() && !by_document)
      answer(event, {answered->patient, answered->question, answered->how, answered->appointment, answered->answer},
             into);
  } else if (const auto* listed = event.as<messages::batch_row_answered>()) {
    if (listed->how != messages::care::outpatient) // a batch of outpatients states no consents and opens nothing
      answer(event, {listed->patient, {}, listed->how, listed->appointment, listed->answer}, into);
  } else if (const auto* withdrawn = event.as<messages::consent_withdrawn>()) {
    if (!withdrawn->patient.empty()) withdraw(event, withdrawn->patient, into);
  } else if (const auto* forgotten = event.as<messages::patient_forgotten>()) {
    into.erase(key_of(forgotten->patient));
  }
}

} // namespace storage
