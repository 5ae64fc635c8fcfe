// The view `desks`: every desk with its mode and its reader, as the last events left it.
#pragma once

#include "messages/values.hpp"
#include "storage/view.hpp"
#include "storage/views/typed_rows.hpp"

namespace storage {

/// One desk, under its name.
struct desk_row {
  std::string desk;
  bool open = false; ///< 業務開始 … 業務終了
  messages::desk_mode mode{};
  messages::health reader{};
  std::string model; ///< of the reader last attached
  std::string error; ///< name of errors.def: why the reader cannot be worked with
  std::uint64_t changed_ms = 0;
  messages::desk_kind kind{};
  bool has_display = true, update_pending = false;
  messages::id card;      ///< of the visual check: the only one that it takes
  std::string vouched_by; ///< of the visual check: account of who compared the photo

  UKETSUKE_FIELDS(desk_row, desk, open, mode, reader, model, error, changed_ms, kind, has_display, update_pending, card,
                  vouched_by)
};

/// Folds one event in. Pure.
void fold_desks(const messages::event_envelope& event, rows& into);

class desks final : public view {
public:
  std::string_view name() const override { return "desks"; }
  void apply(const messages::event_envelope& event, rows& into) const override { fold_desks(event, into); }
};

} // namespace storage
