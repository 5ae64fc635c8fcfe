// The line through the folders Req and Res of 連携アプリ (oqs-interface.md §1): local or SMB paths.
//
// A request is written under a name nobody looks for and renamed; once that may have happened it is never written
// again, also after a restart: only its result is looked for, and a mark in `work` remembers it. A result is believed
// after two equal reads; it is copied to `work` first and only then taken out of Res. Nothing of another program is
// ever deleted: `del*.txt`, foreign results and what we cannot name stay.
#pragma once

#include "drivers/line/exchange.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace drivers::line {

struct folder_line_options {
  asker who;
  std::filesystem::path requests, results; ///< Req, Res
  std::filesystem::path work;              ///< ours, on this host, durable: marks and answers not yet `kept`
  std::string zip_password;                ///< OQS_CRYPT_PASS; for functions whose prefix is zipped here
  std::uint32_t in_flight_max = 64;
};

/// A file by which a simulated 連携アプリ says what it is, in each of its folders.
inline constexpr const char* simulated_mark = "SIMULATED.txt";

/// What lies in the folders, for people to look at.
struct folder_report {
  std::uint64_t waiting = 0; ///< requests of ours without a result
  std::uint64_t notices = 0; ///< del*.txt: results left over too long (§1.2)
  std::uint64_t foreign = 0; ///< other files in Res
};

/// One thread of its own. `write_failed` when `work` cannot be used. Folders that are not there are line_down.
class folder_line : public carried_line {
public:
  using carried_line::carried_line;
  virtual folder_report report() const = 0;
};
messages::result<std::unique_ptr<folder_line>> open_folder_line(folder_line_options options);

} // namespace drivers::line
