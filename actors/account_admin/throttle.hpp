// How long the next guess at a password waits. Grows with every wrong one, ends by itself, and is one account's at one
// place: nobody is locked out for good, and nobody waits for another's mistakes. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace account_admin {

/// IDs that do not exist are counted like those that do. Kept in memory: a restart of the hub forgets the delays.
class throttle {
public:
  /// Milliseconds until a password for @p account from @p place is looked at; 0: now.
  std::uint64_t wait_ms(const std::string& account, const std::string& place, std::uint64_t now_ms) const;
  void failed(const std::string& account, const std::string& place, std::uint64_t now_ms);
  /// The account's owner is at @p place: guesses from elsewhere go on being counted.
  void succeeded(const std::string& account, const std::string& place);
  /// A try came too early and was not looked at. How many those were, told once.
  void came_early(const std::string& account, const std::string& place);
  std::uint64_t take_early(const std::string& account, const std::string& place);
  /// Did the last try for this account fail? Such work waits behind that of others.
  bool is_doubted(const std::string& account, const std::string& place) const;
  /// Did the account's owner sign in at this place before, without a wrong password since?
  bool is_at_home(const std::string& account, const std::string& place) const;
  std::size_t size() const { return counted_.size(); }

  static constexpr std::uint64_t free_at_place = 3, free_in_all = 30; ///< wrong ones without delay
  static constexpr std::uint64_t delay_ms_first = 1'000;              ///< then it doubles
  static constexpr std::uint64_t delay_ms_max_at_place = 15 * 60'000;
  static constexpr std::uint64_t delay_ms_max_in_all = 60'000; ///< an owner elsewhere never waits longer
  static constexpr std::uint64_t forgotten_ms = 24u * 3600 * 1000;
  static constexpr std::size_t counted_max = 4096; ///< the one that failed longest ago goes
  static constexpr std::size_t homes_max = 4096;   ///< beyond: nobody new is at home

private:
  struct count {
    std::uint64_t failures = 0, last_ms = 0, early = 0;
  };
  static std::string key(const std::string& account, const std::string& place) { return account + '\n' + place; }
  const count* find(const std::string& key, std::uint64_t now_ms) const;
  void add(const std::string& key, std::uint64_t now_ms);

  std::map<std::string, count> counted_;
  std::set<std::string> homes_;
};

} // namespace account_admin
