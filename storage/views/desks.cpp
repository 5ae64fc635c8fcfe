// How events change the view `desks`.
#include "storage/views/desks.hpp"

#include "messages/registry.hpp"

namespace storage {

namespace {

/// A reader that is not there is another matter than one that is there and fails.
messages::health health_after(std::string_view error) {
  return error == "no_reader" || error == "reader_lost" ? messages::health::absent : messages::health::failing;
}

} // namespace

void fold_desks(const messages::event_envelope& event, rows& into) {
  if (event.desk.empty() || !event.topic.starts_with("desk.")) return;
  auto row = row_or_new<desk_row>(into, event.desk);
  const auto before = row;
  row.desk = event.desk;
  if (messages::body_as<messages::desk_opened>(event)) row.open = true;
  if (messages::body_as<messages::desk_closed>(event)) row.open = false;
  if (const auto switched = messages::body_as<messages::desk_mode_switched>(event)) {
    row.mode = switched->mode;
    row.card = switched->card;
    row.vouched_by.clear();
  }
  if (const auto compared = messages::body_as<messages::photo_compared>(event)) row.vouched_by = compared->account;
  if (const auto described = messages::body_as<messages::desk_described>(event)) {
    row.kind = described->kind;
    row.has_display = described->has_display;
  }
  if (const auto noted = messages::body_as<messages::update_noted>(event)) row.update_pending = noted->pending;
  if (const auto attached = messages::body_as<messages::reader_attached>(event)) {
    row.reader = messages::health::working;
    row.model = attached->model;
    row.error.clear();
  }
  if (const auto detached = messages::body_as<messages::reader_detached>(event)) {
    row.reader = health_after(detached->error);
    row.error = detached->error;
  }
  if (row == before) return;
  row.changed_ms = event.time_ms;
  into.put(event.desk, encode_row(row));
}

} // namespace storage
