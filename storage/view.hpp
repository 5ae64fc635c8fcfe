// What a view of the journal is: a pure fold of its entries into rows, kept behind it (view_keeper.hpp).
#pragma once

#include "messages/envelope.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace storage {

/// The rows one view may read and change while an event is folded in. Reads see the writes before them.
class rows {
public:
  virtual ~rows() = default;
  virtual std::optional<std::string> get(std::string_view key) = 0;
  virtual void put(std::string_view key, std::string bytes) = 0;
  virtual void erase(std::string_view key) = 0;
};

/// An event as views see it: its body is decoded once, by the first that asks, for all of them. One thread at a time.
class folded_event : public messages::event_envelope {
public:
  folded_event(messages::event_envelope event) : event_envelope(std::move(event)) {} // every event can be folded in
  /// Of an event that was decoded already: @p typed is its topic's own struct, or null.
  folded_event(messages::event_envelope event, std::shared_ptr<const void> typed)
      : event_envelope(std::move(event)), looked_(typed != nullptr), body_(std::move(typed)) {}

  /// The typed body, as long as this lives; null when the topic is another, or the bytes do not fit.
  template <messages::has_fields M> const M* as() const {
    if (topic != M::topic) return nullptr;
    if (!looked_) { // a topic has one type: whoever asks again asks for the same
      looked_ = true;
      if (auto decoded = messages::decode_body<M>(body, v)) body_ = std::make_shared<const M>(std::move(*decoded));
    }
    return static_cast<const M*>(body_.get());
  }

private:
  mutable bool looked_ = false;
  mutable std::shared_ptr<const void> body_;
};

/// A view owns its rows: nobody else puts any. The fold is pure: the same events in the same order give the same bytes
/// on every machine, so it reads no clock (the event has its time) and keeps nothing in members.
class view {
public:
  virtual ~view() = default;
  /// Names its column family: a–z, 0–9, '_'; at most 40. Never changes.
  virtual std::string_view name() const = 0;
  /// Raised when the same events give other rows than before: the next opening folds the journal anew for this view.
  virtual std::uint32_t version() const { return 1; }
  /// Folds one event in; called in index order, on one thread at a time, after the event is durable. Must not throw:
  /// the journal ends, and does not open again with this view.
  virtual void apply(const folded_event& event, rows& into) const = 0;
};

/// A key and its bytes.
using stored_row = std::pair<std::string, std::string>;

/// Rows that stand in memory only: for rebuilding a view beside the stored one, and for tests of a fold.
class memory_rows final : public rows {
public:
  std::optional<std::string> get(std::string_view key) override {
    const auto found = all_.find(key);
    return found == all_.end() ? std::nullopt : std::optional{found->second};
  }
  void put(std::string_view key, std::string bytes) override {
    all_.insert_or_assign(std::string{key}, std::move(bytes));
  }
  void erase(std::string_view key) override {
    if (const auto found = all_.find(key); found != all_.end()) all_.erase(found);
  }
  const std::map<std::string, std::string, std::less<>>& all() const { return all_; }

private:
  std::map<std::string, std::string, std::less<>> all_;
};

} // namespace storage
