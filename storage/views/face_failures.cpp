// How events change the view `face_failures`.
#include "storage/views/face_failures.hpp"

#include "messages/registry.hpp"
#include "storage/views/ended_rows.hpp"

namespace storage {

using namespace messages;

namespace {

std::string key_of_card(const id& patient) { return std::string{face_failures_prefix} + key_of(patient); }

void note_failure(const id& patient, std::uint64_t now_ms, rows& into) {
  const auto key = key_of_card(patient);
  auto row = row_or_new<face_failures_row>(into, key);
  row.patient = patient;
  ++row.failures;
  row.last_ms = now_ms;
  into.put(key, encode_row(row));
  note_ended(key, now_ms, face_failures_kept_ms, into, [&](const std::string& old) {
    const auto bytes = into.get(old);
    const auto kept = bytes ? decode_row<face_failures_row>(*bytes) : std::nullopt;
    if (kept && kept->last_ms + face_failures_kept_ms <= now_ms) into.erase(old); // not failed again since
  });
}

} // namespace

void fold_face_failures(const folded_event& event, rows& into) {
  if (const auto* ended = event.as<face_attempt_ended>(); ended && ended->outcome == face_outcome::different)
    note_failure(ended->patient, event.time_ms, into);
  else if (const auto* decided = event.as<face_decided>(); decided && !decided->same_person)
    note_failure(decided->patient, event.time_ms, into);
  else if (const auto* proven = event.as<identity_proven>())
    into.erase(key_of_card(proven->patient));
}

} // namespace storage
