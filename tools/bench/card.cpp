// `uketsuke bench card`: round trips in turns on one rig, as card.hpp says.
#include "tools/bench/card.hpp"

#include "drivers/card/card_authority.hpp"
#include "drivers/card/rig.hpp"
#include "drivers/card/rig_measure.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <vector>

namespace tools {

namespace card = drivers::card;

#ifdef UKETSUKE_WITH_RIG

namespace {

/// The driver and the bare loop take turns, so that a busy moment of the machine meets both.
constexpr std::size_t turns = 10;
constexpr std::size_t warm_up = 5; ///< trips at the start of a turn that do not count

struct spread {
  double median = 0, p99 = 0;
};

spread spread_of(std::vector<double> all) {
  std::ranges::sort(all);
  const auto at = [&](std::size_t percent) { return all[std::min(all.size() - 1, all.size() * percent / 100)]; };
  return {at(50), at(99)};
}

/// A folder for throw-away keys, which goes away.
class folder_of_keys {
public:
  folder_of_keys() {
    std::string pattern = (std::filesystem::temp_directory_path() / "uketsuke-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  folder_of_keys(const folder_of_keys&) = delete;
  folder_of_keys& operator=(const folder_of_keys&) = delete;
  ~folder_of_keys() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

messages::result<std::shared_ptr<card::virtual_card>> throw_away_card(const std::filesystem::path& keys) {
  const auto now_s =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const auto authority = card::card_authority::open(keys, now_s);
  if (!authority) return messages::failure(authority.error());
  return card::make_card(*authority, "SIM000000000001");
}

struct measured {
  spread driver, bare;           ///< microseconds
  std::array<spread, 4> reading; ///< milliseconds: identify, VERIFY, sign, all of it
  double ratio() const { return driver.median / bare.median; }
};

messages::result<measured> measure(const card_bench_options& options, const std::string& match) {
  std::vector<double> driver, bare;
  const auto each = std::max<std::size_t>(options.trips / turns, 1) + warm_up;
  for (std::size_t turn = 0; turn < turns; ++turn) {
    for (const bool through_driver : {turn % 2 == 0, turn % 2 != 0}) { // neither always comes first
      const auto times = through_driver ? card::time_driver(match, each) : card::time_bare_libusb(match, each);
      if (!times) return messages::failure(times.error());
      auto& all = through_driver ? driver : bare;
      all.insert(all.end(), times->begin() + warm_up, times->end());
    }
  }
  const auto readings = card::time_readings(match, "1234", options.readings);
  if (!readings) return messages::failure(readings.error());
  std::array<std::vector<double>, 4> parts;
  for (const auto& one : *readings) {
    const std::array<double, 4> now = {one.identify_ms, one.verify_ms, one.sign_ms,
                                       one.identify_ms + one.verify_ms + one.sign_ms};
    for (std::size_t n = 0; n < parts.size(); ++n)
      parts[n].push_back(now[n]);
  }
  measured all{spread_of(std::move(driver)), spread_of(std::move(bare)), {}};
  std::ranges::transform(parts, all.reading.begin(), spread_of);
  return all;
}

constexpr std::array reading_names = {"identify", "verify", "sign", "reading"};

void print_json(const card_bench_options& options, const measured& m, std::ostream& out) {
  out << "{\"profile\":\"" << options.profile << "\",\"trips\":" << options.trips
      << ",\"driver_us\":{\"median\":" << m.driver.median << ",\"p99\":" << m.driver.p99
      << "},\"bare_us\":{\"median\":" << m.bare.median << ",\"p99\":" << m.bare.p99 << "},\"ratio\":" << m.ratio();
  for (std::size_t n = 0; n < reading_names.size(); ++n)
    out << ",\"" << reading_names[n] << "_ms\":{\"median\":" << m.reading[n].median << ",\"p99\":" << m.reading[n].p99
        << '}';
  out << "}\n";
}

void print(const card_bench_options& options, const measured& m, std::ostream& out) {
  out << "emulated reader " << options.profile << ", " << options.trips << " round trips each way, in turns\n"
      << "  through the driver: " << m.driver.median << " us median, " << m.driver.p99 << " us p99\n"
      << "  bare libusb loop:   " << m.bare.median << " us median, " << m.bare.p99 << " us p99\n"
      << "  ratio of medians:   " << m.ratio() << " (at most 1.2 is asked for)\n"
      << "one card (simulated), " << options.readings << " readings, ms median and p99\n";
  for (std::size_t n = 0; n < reading_names.size(); ++n)
    out << "  " << reading_names[n] << ": " << m.reading[n].median << ", " << m.reading[n].p99 << '\n';
}

} // namespace

bool card_bench_is_possible() { return card::usb_rig::is_possible(); }

messages::result<void> bench_card(const card_bench_options& options, std::ostream& out) {
  const auto profile = card::rig_profile_named(options.profile);
  if (!profile) return messages::failure(messages::error_code::wrong_value, "profile", "no such simulated reader");
  const folder_of_keys keys;
  const auto lying = throw_away_card(keys.path());
  if (!lying) return messages::failure(lying.error());
  const auto slot = std::make_shared<card::virtual_slot>();
  slot->place(*lying);
  const auto rig = card::usb_rig::start(slot, *profile);
  if (!rig) return messages::failure(rig.error());
  char match[16];
  std::snprintf(match, sizeof match, "%04x:%04x", profile->vendor, profile->product);
  const auto all = measure(options, match);
  if (!all) return messages::failure(all.error());
  options.json ? print_json(options, *all, out) : print(options, *all, out);
  return {};
}

#else

bool card_bench_is_possible() { return true; } // to be told why not

messages::result<void> bench_card(const card_bench_options&, std::ostream&) {
  return messages::failure(messages::error_code::wrong_value, "bench card", "this build has no umockdev");
}

#endif

} // namespace tools
