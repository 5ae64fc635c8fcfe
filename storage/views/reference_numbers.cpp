// How events change the view `reference_numbers`.
#include "storage/views/reference_numbers.hpp"

#include "messages/registry.hpp"

namespace storage {

namespace {

void put_number(const folded_event& event, const messages::id& patient, const messages::personal<std::string>& number,
                rows& into) {
  if (patient.empty()) return;
  const auto key = key_of(patient);
  const auto before = row_or_new<reference_number_row>(into, key);
  if (before.number == number) return;
  into.put(key, encode_row(reference_number_row{patient, number, event.time_ms}));
}

} // namespace

void fold_reference_numbers(const folded_event& event, rows& into) {
  if (const auto* registered = event.as<messages::reference_number_registered>()) {
    put_number(event, registered->patient, registered->number, into);
  } else if (const auto* answered = event.as<messages::eligibility_answered>()) {
    const auto& insurances = answered->answer.insurances.reveal();
    if (answered->answer.judged == messages::validity::several || insurances.empty()) return;
    if (insurances.front().reference_number.empty()) return; // unregistered: the last known one stays
    put_number(event, answered->patient, messages::personal{insurances.front().reference_number}, into);
  } else if (const auto* forgotten = event.as<messages::patient_forgotten>()) {
    into.erase(key_of(forgotten->patient));
  }
}

} // namespace storage
