// The windows of consents, and drugs told twice.
#include "actors/eligibility_gateway/viewing.hpp"

#include "actors/eligibility_gateway/file_names.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace eligibility_gateway {

using namespace messages;

namespace {

constexpr std::uint64_t day_ms = 24u * 3600 * 1000;

result<void> closed(std::string_view kind, const char* why) {
  return failure(error_code::consent_missing, std::string{kind}, why);
}

} // namespace

result<void> may_view(std::string_view kind, const consent_flag& flag, const consent_scope& scope,
                      const viewing_windows& windows, std::uint64_t now_ms) {
  if (scope.withdrawn) return closed(kind, "withdrawn");
  if (flag.flag == 2) return closed(kind, "expired or withdrawn");
  if (flag.flag == 3) return closed(kind, "not obtainable");
  if (flag.flag != 1) return closed(kind, "not given");
  const auto now = japanese_time(now_ms);
  switch (scope.how) {
  case care::home_visit: return {};
  case care::online:
    if (scope.appointment.size() != 8) return closed(kind, "no appointment");
    // The last day is found by going back from today: no calendar is needed.
    if (japanese_time(now_ms - std::min(now_ms, windows.online_days_after * day_ms)).substr(0, 8) > scope.appointment)
      return closed(kind, "the appointment is over");
    return {};
  case care::outpatient:
  case care::emergency: break;
  }
  if (flag.available_until.size() != 14) return closed(kind, "no end is stated");
  if (now >= flag.available_until) return closed(kind, "the time is over"); // both yyyyMMddHHmmss in Japan
  return {};
}

std::vector<drug_line> without_doubles(std::vector<drug_line> all) {
  using key = std::tuple<std::string, std::string, std::string>;
  const auto key_of = [](const drug_line& d) { return key{d.institution, d.day, d.code.empty() ? d.name : d.code}; };
  std::map<key, drug_source> best;
  for (const auto& d : all) {
    auto& b = best.emplace(key_of(d), d.source).first->second;
    b = std::max(b, d.source);
  }
  for (auto& d : all)
    d.replaced = d.source < best.at(key_of(d));
  std::ranges::stable_sort(all, [](const drug_line& a, const drug_line& b) {
    return std::tie(b.day, a.institution, a.code, a.name, b.source) <
           std::tie(a.day, b.institution, b.code, b.name, a.source);
  });
  const auto same = std::ranges::unique(all); // the same file read twice
  all.erase(same.begin(), same.end());
  return all;
}

} // namespace eligibility_gateway
