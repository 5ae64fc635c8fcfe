// Who waits for a password to be hashed, and whose turn is next: one at a time, fair between places, short, and never
// so full of guesses that somebody else finds no room. Pure.
#pragma once

#include "messages/envelope.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace account_admin {

/// A command whose password (or the one it wants made) is to be hashed.
struct in_line {
  messages::command_envelope command;
  std::string account; ///< its key
  std::string place;   ///< where it was typed
  std::uint64_t came_ms = 0;
  bool at_home = false; ///< of somebody known here: before all others
  bool doubted = false; ///< the last try for this account from there was wrong
};

/// Each place has its turns: a place that asks often waits for itself. Whoever is doubted begins some turns later than
/// somebody new, and at home the first of an account goes before all.
class waiting_line {
public:
  /// Who finds no room: nobody, the newcomer, or whoever would have come last of all.
  std::optional<in_line> add(in_line who);
  std::optional<in_line> take();
  std::size_t size() const { return waiting_.size(); }

  static constexpr std::size_t waiting_max = 32;  ///< a third of a second each: the last one waits some ten seconds
  static constexpr std::size_t of_place_max = 4;  ///< and those who are at home there
  static constexpr std::uint64_t turns_of_doubted = 4;

private:
  struct waiting {
    in_line who;
    bool first = false;      ///< goes before all others
    std::uint64_t turn = 0;  ///< then by turns,
    std::uint64_t order = 0; ///< and by coming
  };
  static bool before(const waiting& a, const waiting& b);
  bool has_room(const in_line& who) const;
  bool goes_first(const in_line& who) const;

  std::vector<waiting> waiting_;
  std::map<std::string, std::uint64_t> last_turn_of_; ///< places that have turns to come
  std::uint64_t turn_ = 0, order_ = 0;
};

} // namespace account_admin
