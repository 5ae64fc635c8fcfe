// The windows of consents, and drugs told twice.
#include "actors/eligibility_gateway/viewing.hpp"

#include "actors/eligibility_gateway/file_names.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <tuple>

namespace eligibility_gateway {

using namespace messages;

namespace {

/// yyyyMMdd of the day that follows @p days after @p day.
std::string day_after(const std::string& day, std::uint32_t days) {
  using namespace std::chrono;
  const auto number = [&](std::size_t at, std::size_t digits) { return std::atoi(day.substr(at, digits).c_str()); };
  const sys_days first{year{number(0, 4)} / number(4, 2) / number(6, 2)};
  const year_month_day date{first + std::chrono::days{days + 1}};
  char text[24];
  std::snprintf(text, sizeof text, "%04d%02u%02u", static_cast<int>(date.year()), unsigned{date.month()},
                unsigned{date.day()});
  return text;
}

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
    if (now >= day_after(scope.appointment, windows.online_days_after) + "000000")
      return closed(kind, "the appointment is over");
    return {};
  case care::outpatient:
  case care::emergency: break;
  }
  if (flag.available_until.size() != 14) return closed(kind, "no end is stated");
  if (now >= flag.available_until) return closed(kind, "the time is over"); // both yyyyMMddHHmmss in Japan
  return {};
}

std::string open_until(const viewing_consent& consent, const viewing_windows& windows) {
  switch (consent.scope.how) {
  case care::home_visit: return {};
  case care::online: return day_after(consent.scope.appointment, windows.online_days_after) + "000000";
  case care::outpatient:
  case care::emergency: break;
  }
  return consent.flag.available_until;
}

std::vector<dispensed_drug> without_doubles(std::vector<dispensed_drug> all) {
  using key = std::tuple<std::string, std::string, std::string>;
  const auto key_of = [](const dispensed_drug& d) {
    return key{d.institution, d.day, d.code.empty() ? d.name : d.code};
  };
  std::map<key, drug_source> best;
  for (const auto& d : all) {
    auto& b = best.emplace(key_of(d), d.source).first->second;
    b = std::max(b, d.source);
  }
  for (auto& d : all)
    d.replaced = d.source < best.at(key_of(d));
  std::ranges::stable_sort(all, [](const dispensed_drug& a, const dispensed_drug& b) {
    return std::tie(b.day, a.institution, a.code, a.name, b.source) <
           std::tie(a.day, b.institution, b.code, b.name, a.source);
  });
  const auto same = std::ranges::unique(all); // the same file read twice
  all.erase(same.begin(), same.end());
  return all;
}

} // namespace eligibility_gateway
