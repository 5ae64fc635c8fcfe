// The view `face_files`: which files of certified readers were taken in, so that the same file twice is one check-in,
// and which of them no desk has claimed yet.
#pragma once

#include "messages/registry.hpp"
#include "storage/view.hpp"
#include "storage/views/typed_rows.hpp"

namespace storage {

/// One file, under face_file_key(). Kept longer than any file lies in a folder.
struct face_file_row {
  messages::id question, checkin, patient;
  std::string file, desk; ///< desk empty: nobody has claimed it
  std::uint64_t taken_ms = 0;

  UKETSUKE_FIELDS(face_file_row, question, checkin, patient, file, desk, taken_ms)
};

inline constexpr std::uint64_t face_file_kept_ms = 14u * 24 * 3600 * 1000;
inline constexpr std::string_view face_file_prefix = "f";
std::string face_file_key(const messages::id& question);

/// Folds one event in. Pure.
void fold_face_files(const folded_event& event, rows& into);

class face_files final : public view {
public:
  std::string_view name() const override { return "face_files"; }
  void apply(const folded_event& event, rows& into) const override { fold_face_files(event, into); }
};

} // namespace storage
