// How events change the view `face_files`.
#include "storage/views/face_files.hpp"

#include "storage/views/ended_rows.hpp"

namespace storage {

using namespace messages;

std::string face_file_key(const id& question) { return std::string{face_file_prefix} + key_of(question); }

void fold_face_files(const folded_event& event, rows& into) {
  if (const auto* m = event.as<face_file_taken>()) {
    const auto key = face_file_key(m->question);
    if (into.get(key)) return;
    into.put(key,
             encode_row(face_file_row{m->question, event.checkin, m->patient, m->file, event.desk, event.time_ms}));
    note_ended(key, event.time_ms, face_file_kept_ms, into, [&](const std::string& old) { into.erase(old); });
  } else if (const auto* claimed = event.as<face_file_claimed>()) {
    auto row = row_or_new<face_file_row>(into, face_file_key(claimed->question));
    if (row.question.empty()) return;
    row.desk = event.desk;
    into.put(face_file_key(claimed->question), encode_row(row));
  }
}

} // namespace storage
