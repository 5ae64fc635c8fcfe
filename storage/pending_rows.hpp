// The rows of one view as they stand while they are folded: changes over what is stored, until they are written.
#pragma once

#include "storage/sealing.hpp"
#include "storage/store.hpp"
#include "storage/view.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace storage {

/// An overlay instead of RocksDB's indexed batch: a row that ten events of a batch change is written once. What was
/// read or written stays known in clear for a while, that it is not there too: most rows are asked for again soon.
class pending_rows : public rows {
public:
  pending_rows(store& of, table in, keyring& keys, std::string_view view)
      : store_(of), table_(in), keys_(keys), view_(view) {}

  std::optional<std::string> get(std::string_view key) override {
    if (const auto found = find(key); found != known_.end()) return found->second.bytes;
    auto row = stored(key);
    if (!row) {
      if (!fault_) fault_ = row.error(); // apply() cannot fail; who called it can
      return std::nullopt;
    }
    return know(key, std::move(*row)).bytes;
  }
  void put(std::string_view key, std::string bytes) override { change(key, std::move(bytes)); }
  void erase(std::string_view key) override { change(key, std::nullopt); }

  /// What stands under @p key, without knowing it afterwards.
  messages::result<std::optional<std::string>> look_up(std::string_view key) const {
    if (const auto found = known_.find(std::string{key}); found != known_.end()) return found->second.bytes;
    return stored(key);
  }
  /// The changes that are not written yet, of keys that begin with @p prefix; nothing: erased.
  std::map<std::string, std::optional<std::string>> changed(std::string_view prefix) const {
    std::map<std::string, std::optional<std::string>> found;
    for (const auto* row : changed_)
      if (row->first.starts_with(prefix)) found.emplace(row->first, row->second.bytes);
    return found;
  }
  /// Why a row could not be read while changes were made.
  const std::optional<messages::error>& fault() const { return fault_; }

  /// Hands the changes to @p batch; fails when a row could not be read while they were made.
  messages::result<void> move_into(store::batch& batch, std::uint64_t now_ms) {
    if (fault_) return messages::failure(*fault_);
    // In the order of the keys: RocksDB then finds the place of each beside that of the one before.
    std::ranges::sort(changed_, {}, [](const auto* row) -> const std::string& { return row->first; });
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

  /// It knows so much that it is to be written before long.
  bool is_large() const { return known_bytes_ > large_bytes; }

  /// When all is written: knows nothing any more. For memory's sake, and when keys go: what they sealed must not live
  /// on.
  void let_go() {
    changed_.clear();
    known_.clear();
    known_bytes_ = 0;
  }

private:
  static constexpr std::size_t known_bytes_max = 1u << 20, large_bytes = 4u << 20, node_bytes = 128;
  struct known_row {
    std::optional<std::string> bytes; ///< nothing: there is no such row
    bool changed = false;
  };
  /// By the library's own hash of a text: each node keeps it then. With one of ours every step along a chain would
  /// hash a key again.
  using map = std::unordered_map<std::string, known_row>;

  map::iterator find(std::string_view key) {
    sought_.assign(key);
    return known_.find(sought_);
  }

  messages::result<std::optional<std::string>> stored(std::string_view key) const {
    auto bytes = store_.get(table_, key);
    if (!bytes || !*bytes) return bytes;
    auto row = unsealed_row(keys_, place_of_row(view_, key), **bytes);
    if (!row) return messages::failure(row.error());
    return std::move(*row);
  }
  known_row& know(std::string_view key, std::optional<std::string> bytes) {
    return set(known_.try_emplace(std::string{key}), std::move(bytes))->second;
  }
  void change(std::string_view key, std::optional<std::string> bytes) {
    const auto found = find(key);
    const auto row =
        set(found == known_.end() ? known_.try_emplace(sought_) : std::pair{found, false}, std::move(bytes));
    if (!std::exchange(row->second.changed, true)) changed_.push_back(&*row);
  }
  map::iterator set(std::pair<map::iterator, bool> row, std::optional<std::string> bytes) {
    auto& known = row.first->second;
    if (row.second) known_bytes_ += node_bytes + row.first->first.size();
    known_bytes_ += bytes ? bytes->size() : 0;
    known_bytes_ -= known.bytes ? known.bytes->size() : 0;
    known.bytes = std::move(bytes);
    return row.first;
  }

  store& store_;
  const table table_;
  keyring& keys_;
  const std::string view_;
  map known_;
  std::string sought_; ///< its memory is used again
  std::vector<map::value_type*> changed_;
  std::size_t known_bytes_ = 0;
  std::optional<messages::error> fault_;
};

} // namespace storage
