// How events change the view `face_files`.
#include "storage/views/face_files.hpp"

#include "storage/views/ended_rows.hpp"

namespace storage {

using namespace messages;

std::string face_file_key(const id& question) { return std::string{face_file_prefix} + key_of(question); }

void fold_face_files(const event_envelope& event, rows& into) {
  if (const auto m = body_as<face_file_taken>(event)) {
    const auto key = face_file_key(m->question);
    if (into.get(key)) return;
    into.put(key,
             encode_row(face_file_row{m->question, event.checkin, m->patient, m->file, event.desk, event.time_ms}));
    note_ended(key, event.time_ms, face_file_kept_ms, into, [&](const std::string& old) { into.erase(old); });
  } else if (const auto claimed = body_as<face_file_claimed>(event)) {
    auto row = row_or_new<face_file_row>(into, face_file_key(claimed->question));
    if (row.question.empty()) return;
    row.desk = event.desk;
    into.put(face_file_key(claimed->question), encode_row(row));
  }
}

} // namespace storage
