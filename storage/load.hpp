// A view's rows as structs: what an actor reads when it starts.
#pragma once

#include "storage/journal.hpp"
#include "storage/views/typed_rows.hpp"

namespace storage {

/// Rows of @p view whose keys begin with @p prefix; at most @p rows_max. A row that cannot be read is
/// `journal_damaged`: it was written by this program.
template <messages::has_fields R> messages::result<std::vector<R>>
load_rows(const journal& from, std::string_view view, std::string_view prefix, std::size_t rows_max) {
  const auto stored = from.rows_of(view, prefix, rows_max);
  if (!stored) return messages::failure(stored.error());
  std::vector<R> loaded;
  loaded.reserve(stored->size());
  for (const auto& [key, bytes] : *stored) {
    auto row = decode_row<R>(bytes);
    if (!row) return messages::failure(messages::error_code::journal_damaged, view, "a row cannot be read");
    loaded.push_back(std::move(*row));
  }
  return loaded;
}

} // namespace storage
