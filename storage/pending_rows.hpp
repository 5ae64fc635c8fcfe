// The rows of one view as they stand in a batch that is being written: its changes over what is stored.
#pragma once

#include "storage/store.hpp"
#include "storage/view.hpp"

namespace storage {

/// An overlay instead of RocksDB's indexed batch: a row that ten events of a batch change is written once.
class pending_rows : public rows {
public:
  pending_rows(store& of, table in) : store_(of), table_(in) {}

  std::optional<std::string> get(std::string_view key) override {
    if (const auto found = changed_.find(key); found != changed_.end()) return found->second;
    auto stored = store_.get(table_, key);
    if (stored) return std::move(*stored);
    if (!error_) error_ = stored.error(); // apply() cannot fail; the batch can
    return std::nullopt;
  }
  void put(std::string_view key, std::string bytes) override {
    changed_.insert_or_assign(std::string{key}, std::move(bytes));
  }
  void erase(std::string_view key) override { changed_.insert_or_assign(std::string{key}, std::nullopt); }

  /// Hands the changes to @p batch; fails when a row could not be read while they were made.
  messages::result<void> move_into(store::batch& batch) {
    if (error_) return messages::failure(*error_);
    for (const auto& [key, bytes] : changed_) {
      if (bytes)
        store_.put(batch, table_, key, *bytes);
      else
        store_.erase(batch, table_, key);
    }
    changed_.clear();
    return {};
  }

private:
  store& store_;
  const table table_;
  std::map<std::string, std::optional<std::string>, std::less<>> changed_;
  std::optional<messages::error> error_;
};

} // namespace storage
