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

void fold_desks(const folded_event& event, rows& into) {
  if (event.desk.empty() || !event.topic.starts_with("desk.")) return;
  auto row = row_or_new<desk_row>(into, event.desk);
  const auto before = row;
  row.desk = event.desk;
  if (event.as<messages::desk_opened>()) row.open = true;
  if (event.as<messages::desk_closed>()) row.open = false;
  if (const auto* switched = event.as<messages::desk_mode_switched>()) {
    row.mode = switched->mode;
    row.card = switched->card;
    row.vouched_by.clear();
  }
  if (const auto* compared = event.as<messages::photo_compared>()) row.vouched_by = compared->account;
  if (const auto* described = event.as<messages::desk_described>()) {
    row.kind = described->kind;
    row.has_display = described->has_display;
  }
  if (const auto* noted = event.as<messages::update_noted>()) row.update_pending = noted->pending;
  if (const auto* attached = event.as<messages::reader_attached>()) {
    row.reader = messages::health::working;
    row.model = attached->model;
    row.error.clear();
  }
  if (const auto* detached = event.as<messages::reader_detached>()) {
    row.reader = health_after(detached->error);
    row.error = detached->error;
  }
  if (row == before) return;
  row.changed_ms = event.time_ms;
  into.put(event.desk, encode_row(row));
}

} // namespace storage
