// The rows of one view as they stand in a batch that is being written: its changes over what is stored.
#pragma once

#include "storage/sealing.hpp"
#include "storage/store.hpp"
#include "storage/view.hpp"

#include <unordered_map>

namespace storage {

/// An overlay instead of RocksDB's indexed batch: a row that ten events of a batch change is written once. What was
/// read or written stays known in clear for a while, that it is not there too: most rows are asked for again soon.
class pending_rows : public rows {
public:
  pending_rows(store& of, table in, keyring& keys, std::string_view view)
      : store_(of), table_(in), keys_(keys), view_(view) {}

  std::optional<std::string> get(std::string_view key) override {
    if (const auto found = known_.find(key); found != known_.end()) return found->second.bytes;
    auto row = stored(key);
    if (!row) {
      if (!error_) error_ = row.error(); // apply() cannot fail; the batch can
      return std::nullopt;
    }
    return know(key, std::move(*row)).bytes;
  }
  void put(std::string_view key, std::string bytes) override { change(key, std::move(bytes)); }
  void erase(std::string_view key) override { change(key, std::nullopt); }

  /// Hands the changes to @p batch; fails when a row could not be read while they were made.
  messages::result<void> move_into(store::batch& batch, std::uint64_t now_ms) {
    if (error_) return messages::failure(*error_);
    for (auto* row : changed_) {
      auto& [key, known] = *row;
      known.changed = false;
      if (!known.bytes) {
        store_.erase(batch, table_, key);
        continue;
      }
      const auto sealed = sealed_row(keys_, place_of_row(view_, key), *known.bytes, now_ms);
      if (!sealed) return messages::failure(sealed.error());
      store_.put(batch, table_, key, *sealed);
    }
    changed_.clear();
    if (known_bytes_ > known_bytes_max) let_go();
    return {};
  }

  /// Between two batches: knows nothing any more. For memory's sake, and when keys go: what they sealed must not live
  /// on.
  void let_go() {
    known_.clear();
    known_bytes_ = 0;
  }

private:
  static constexpr std::size_t known_bytes_max = 512u << 10, node_bytes = 128;
  struct known_row {
    std::optional<std::string> bytes; ///< nothing: there is no such row
    bool changed = false;
  };
  struct hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using map = std::unordered_map<std::string, known_row, hash, std::equal_to<>>;

  messages::result<std::optional<std::string>> stored(std::string_view key) const {
    auto bytes = store_.get(table_, key);
    if (!bytes || !*bytes) return bytes;
    auto row = unsealed_row(keys_, place_of_row(view_, key), **bytes);
    if (!row) return messages::failure(row.error());
    return std::move(*row);
  }
  known_row& know(std::string_view key, std::optional<std::string> bytes) {
    known_bytes_ += node_bytes + key.size() + (bytes ? bytes->size() : 0);
    return known_.insert_or_assign(std::string{key}, known_row{std::move(bytes)}).first->second;
  }
  void change(std::string_view key, std::optional<std::string> bytes) {
    auto found = known_.find(key);
    if (found == known_.end()) found = known_.emplace(std::string{key}, known_row{}).first;
    known_bytes_ += node_bytes + key.size() + (bytes ? bytes->size() : 0); // changed often counts often: it is a limit
    found->second.bytes = std::move(bytes);
    if (!std::exchange(found->second.changed, true)) changed_.push_back(&*found);
  }

  store& store_;
  const table table_;
  keyring& keys_;
  const std::string view_;
  map known_;
  std::vector<map::value_type*> changed_;
  std::size_t known_bytes_ = 0;
  std::optional<messages::error> error_;
};

} // namespace storage
