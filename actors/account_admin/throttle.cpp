// Counting wrong passwords.
#include "actors/account_admin/throttle.hpp"

#include <algorithm>
#include <utility>

namespace account_admin {

namespace {

const std::string all_places; // no place has an empty name

std::uint64_t delay_ms(std::uint64_t failures, std::uint64_t free, std::uint64_t most) {
  if (failures < free) return 0;
  const auto doublings = std::min<std::uint64_t>(failures - free, 30);
  return std::min(most, throttle::delay_ms_first << doublings);
}

} // namespace

const throttle::count* throttle::find(const std::string& key, std::uint64_t now_ms) const {
  const auto found = counted_.find(key);
  if (found == counted_.end() || now_ms > found->second.last_ms + forgotten_ms) return nullptr;
  return &found->second;
}

std::uint64_t throttle::wait_ms(const std::string& account, const std::string& place, std::uint64_t now_ms) const {
  std::uint64_t until = now_ms;
  if (const auto* here = find(key(account, place), now_ms))
    until = std::max(until, here->last_ms + delay_ms(here->failures, free_at_place, delay_ms_max_at_place));
  if (const auto* all = find(key(account, all_places), now_ms))
    until = std::max(until, all->last_ms + delay_ms(all->failures, free_in_all, delay_ms_max_in_all));
  return until - now_ms;
}

void throttle::add(const std::string& at, std::uint64_t now_ms) {
  if (counted_.size() >= counted_max && !counted_.contains(at))
    counted_.erase(std::ranges::min_element(counted_, {}, [](const auto& one) { return one.second.last_ms; }));
  auto& c = counted_[at];
  if (now_ms > c.last_ms + forgotten_ms) c = {};
  ++c.failures;
  c.last_ms = now_ms;
}

void throttle::failed(const std::string& account, const std::string& place, std::uint64_t now_ms) {
  add(key(account, place), now_ms);
  add(key(account, all_places), now_ms);
}

void throttle::succeeded(const std::string& account, const std::string& place) {
  counted_.erase(key(account, place));
  if (homes_.size() < homes_max) homes_.insert(key(account, place));
}

bool throttle::is_at_home(const std::string& account, const std::string& place) const {
  return homes_.contains(key(account, place)) && !is_doubted(account, place);
}

void throttle::came_early(const std::string& account, const std::string& place) {
  if (const auto found = counted_.find(key(account, place)); found != counted_.end()) ++found->second.early;
}

std::uint64_t throttle::take_early(const std::string& account, const std::string& place) {
  const auto found = counted_.find(key(account, place));
  return found == counted_.end() ? 0 : std::exchange(found->second.early, 0);
}

bool throttle::is_doubted(const std::string& account, const std::string& place) const {
  return counted_.contains(key(account, place));
}

} // namespace account_admin
