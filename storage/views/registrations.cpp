// How events change the view `registrations`.
#include "storage/views/registrations.hpp"

#include "storage/views/ended_rows.hpp"

namespace storage {

using namespace messages;

namespace {

std::string key_for(const id& registration) { return std::string{registration_prefix} + key_of(registration); }

/// Changes the row of @p registration if it is one; most questions are not.
template <class Change> void change(const folded_event& event, const id& registration, rows& into, Change&& how) {
  const auto key = key_for(registration);
  const auto stored = into.get(key);
  auto row = stored ? decode_row<registration_status>(*stored) : std::nullopt;
  if (!row || row->outcome == question_outcome::answered || row->outcome == question_outcome::refused) return;
  how(*row);
  row->changed_ms = event.time_ms;
  into.put(key, encode_row(*row));
  if (row->outcome == question_outcome::answered || row->outcome == question_outcome::refused)
    note_ended(key, event.time_ms, ended_registration_kept_ms, into, [&](const std::string& old) { into.erase(old); });
}

} // namespace

void fold_registrations(const folded_event& event, rows& into) {
  if (const auto* m = event.as<registration_begun>()) {
    const registration_status row{m->registration, m->patient, m->number, question_outcome::open, "", event.time_ms};
    into.put(key_for(m->registration), encode_row(row));
  } else if (const auto* registered = event.as<reference_number_registered>()) {
    change(event, registered->question, into, [](registration_status& row) {
      row.outcome = question_outcome::answered;
      row.error.clear();
    });
  } else if (const auto* refused = event.as<question_refused>()) {
    change(event, refused->question, into, [&](registration_status& row) {
      row.outcome = question_outcome::refused;
      row.error = refused->error;
    });
  } else if (const auto* unknown = event.as<outcome_unknown>()) {
    change(event, unknown->question, into, [&](registration_status& row) {
      row.outcome = question_outcome::unknown;
      row.error = unknown->error;
    });
  }
}

} // namespace storage
