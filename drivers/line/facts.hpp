// What is known of the interface and may turn out otherwise: names, prefixes, encodings, limits, times and code texts,
// from a data file of this room (interface.json), so that a certified installation changes a file and no code.
#pragma once

#include "messages/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace drivers::line {

/// Everything that can be asked, each with a prefix of its own in the folders and a path over HTTPS.
enum class function : std::uint8_t {
  challenge,
  card_question,
  eligibility,
  registration,
  home_visit,
  online,
  withdrawal,
  access_url,
  drugs,
  checkup,
  bulk_eligibility,
  bulk_registration,
  home_visit_consented,
  online_consented,
  medical_assistance,
  home_visit_persons,
  online_persons,
};
inline constexpr std::size_t functions = 17;
std::string_view name_of(function f);
constexpr bool is_bulk(function f) { return f >= function::bulk_eligibility; }

/// One request that leaves or one result that comes: the function, and 1 (request, upload) or 2 (collecting a result).
struct call {
  function what{};
  int step = 1;
  friend bool operator==(const call&, const call&) = default;
};

/// Immutable once loaded: any thread.
struct facts {
  struct function_facts {
    std::string prefix;  ///< OQSsiquc; "" where the folders do not offer it
    std::string path;    ///< over HTTPS; "" where that does not
    bool zipped = false; ///< the site's encrypt.conf has prefix=e: requests and results lie in password zips
  };
  std::array<function_facts, functions> of;
  std::map<std::string, std::string, std::less<>> written; ///< our element → its name on the wire
  std::map<std::string, std::string, std::less<>> read;    ///< name on the wire → our element
  std::map<std::string, std::map<std::string, std::string>> codes;
  std::string face_prefix, result_word, request_word; ///< OQSsiquc01res_face_, res, req
  bool requests_in_shift_jis = false;
  std::size_t answer_bytes_max = 0; ///< about one person: answer and original have to fit into one event of 256 KiB
  std::size_t records_bytes_max = 0;        ///< of drug or check-up information: likewise, its original alone
  std::set<std::string> surgery_classes;    ///< 診療識別 (MeTrIdCl) of 手術情報; all others are 診療情報
  std::size_t message_bytes_max = 0, bulk_bytes_max = 0, unit_bytes_max = 0, rows_max = 0, error_bytes_max = 0;
  std::uint32_t scan_ms = 0, equal_reads_ms = 0, lease_ms = 0, collect_wait_ms = 0;

  const function_facts& operator[](function f) const { return of[static_cast<std::size_t>(f)]; }

  /// `file_unreadable`, or `wrong_configuration` with file, line and what is wrong there. Every key has to be known.
  static messages::result<std::shared_ptr<const facts>> load(const std::filesystem::path& file);
  /// This room's interface.json.
  static std::filesystem::path default_file();
  /// The default file, read once. A missing or damaged file of our own installation ends the program.
  static const std::shared_ptr<const facts>& usual();

  std::string_view element_written(std::string_view ours) const {
    if (written.empty()) return ours;
    const auto at = written.find(ours);
    return at == written.end() ? ours : std::string_view{at->second};
  }
  std::string_view element_read(std::string_view wire) const {
    if (read.empty()) return wire;
    const auto at = read.find(wire);
    return at == read.end() ? wire : std::string_view{at->second};
  }
  /// The Japanese text of a code, "" when the table does not know it.
  std::string_view text_of(std::string_view table, const std::string& value) const;

  /// OQSsiquc01req_ of a call; "" when the folders do not offer it.
  std::string request_prefix(call c) const;
  std::string result_prefix(call c) const;
  std::optional<call> call_of_path(std::string_view path) const;
  std::string path_of(call c) const;
  /// What a request's file name asks for: the call and the tail between prefix and extension.
  std::optional<std::pair<call, std::string>> call_of_request_file(std::string_view name) const;
};

} // namespace drivers::line
