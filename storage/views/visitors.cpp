// How events change the view `visitors`.
#include "storage/views/visitors.hpp"

namespace storage {

using namespace messages;

std::string visitor_key(const id& patient) { return std::string{visitor_prefix} + key_of(patient); }

namespace {

std::string visit_key(const id& visit) { return std::string{visit_prefix} + key_of(visit); }

} // namespace

void fold_visitors(const folded_event& event, rows& into) {
  if (const auto* recorded = event.as<visitor_recorded>()) {
    auto row = row_or_new<visitor_row>(into, visitor_key(recorded->patient));
    row.patient = recorded->patient;
    row.who = recorded->who;
    into.put(visitor_key(recorded->patient), encode_row(row));
  } else if (const auto* answered = event.as<batch_row_answered>()) {
    auto row = row_or_new<visitor_row>(into, visitor_key(answered->patient));
    row.patient = answered->patient;
    row.last = personal{after(row.last.reveal(), *answered, event.time_ms)};
    into.put(visitor_key(answered->patient), encode_row(row));
  } else if (const auto* expected = event.as<visit_expected>()) {
    into.put(visit_key(expected->visit),
             encode_row(visit_kept{expected->visit, expected->patient, expected->how, expected->day, expected->until,
                                   expected->repeats, event.desk}));
  } else if (const auto* cancelled = event.as<visit_cancelled>()) {
    into.erase(visit_key(cancelled->visit));
  } else if (const auto* passed = event.as<visits_passed>()) {
    for (const auto& visit : passed->visits)
      into.erase(visit_key(visit));
  } else if (const auto* forgotten = event.as<patient_forgotten>()) {
    into.erase(visitor_key(forgotten->patient)); // a visit of nobody is asked about by nobody
  }
}

} // namespace storage
