// The rows of one view as they stand in a batch that is being written: its changes over what is stored.
#pragma once

#include "storage/sealing.hpp"
#include "storage/store.hpp"
#include "storage/view.hpp"

namespace storage {

/// An overlay instead of RocksDB's indexed batch: a row that ten events of a batch change is written once.
class pending_rows : public rows {
public:
  pending_rows(store& of, table in, keyring& keys, std::string_view view)
      : store_(of), table_(in), keys_(keys), view_(view) {}

  std::optional<std::string> get(std::string_view key) override {
    if (const auto found = changed_.find(key); found != changed_.end()) return found->second;
    auto stored = store_.get(table_, key);
    if (stored && !*stored) return std::nullopt;
    auto row = stored ? unsealed_row(keys_, place_of_row(view_, key), **stored) : messages::failure(stored.error());
    if (row) return std::move(*row);
    if (!error_) error_ = row.error(); // apply() cannot fail; the batch can
    return std::nullopt;
  }
  void put(std::string_view key, std::string bytes) override {
    changed_.insert_or_assign(std::string{key}, std::move(bytes));
  }
  void erase(std::string_view key) override { changed_.insert_or_assign(std::string{key}, std::nullopt); }

  /// Hands the changes to @p batch; fails when a row could not be read while they were made.
  messages::result<void> move_into(store::batch& batch, std::uint64_t now_ms) {
    if (error_) return messages::failure(*error_);
    for (const auto& [key, bytes] : changed_) {
      if (!bytes) {
        store_.erase(batch, table_, key);
        continue;
      }
      const auto sealed = sealed_row(keys_, place_of_row(view_, key), *bytes, now_ms);
      if (!sealed) return messages::failure(sealed.error());
      store_.put(batch, table_, key, *sealed);
    }
    changed_.clear();
    return {};
  }

private:
  store& store_;
  const table table_;
  keyring& keys_;
  const std::string view_;
  std::map<std::string, std::optional<std::string>, std::less<>> changed_;
  std::optional<messages::error> error_;
};

} // namespace storage
