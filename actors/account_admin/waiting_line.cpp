// Turns: start-time fair queueing, each place a flow and each hashing of one length.
#include "actors/account_admin/waiting_line.hpp"

#include <algorithm>
#include <tuple>

namespace account_admin {

bool waiting_line::before(const waiting& a, const waiting& b) {
  return std::tuple{!a.first, a.turn, a.order} < std::tuple{!b.first, b.turn, b.order};
}

/// One of each account only: its owner has one hand, and whoever guesses at it is not at home for long.
bool waiting_line::goes_first(const in_line& who) const {
  return who.at_home && std::ranges::none_of(waiting_, [&](const waiting& w) { return w.who.account == who.account; });
}

bool waiting_line::has_room(const in_line& who) const {
  const auto here = std::ranges::count_if(waiting_, [&](const waiting& w) { return w.who.place == who.place; });
  return static_cast<std::size_t>(here) < of_place_max;
}

std::optional<in_line> waiting_line::add(in_line who) {
  waiting w{std::move(who), false, turn_, ++order_};
  w.first = goes_first(w.who);
  if (!w.first) {
    // Who was here before is let past the others' guesses: a clinic's pages may all have one address.
    if (!has_room(w.who)) return std::move(w.who);
    const auto last = last_turn_of_.find(w.who.place);
    if (last != last_turn_of_.end()) w.turn = std::max(w.turn, last->second + 1);
    last_turn_of_[w.who.place] = w.turn;
    if (w.who.doubted) w.turn += turns_of_doubted;
  }
  waiting_.push_back(std::move(w));
  if (waiting_.size() <= waiting_max) return {};
  const auto last = std::ranges::max_element(waiting_, before);
  auto out = std::move(last->who);
  waiting_.erase(last);
  return out;
}

std::optional<in_line> waiting_line::take() {
  if (waiting_.empty()) return {};
  const auto next = std::ranges::min_element(waiting_, before);
  auto out = std::move(next->who);
  if (!next->first) turn_ = next->turn;
  waiting_.erase(next);
  std::erase_if(last_turn_of_, [&](const auto& of) { return of.second < turn_; });
  return out;
}

} // namespace account_admin
