// Reads interface.json: every key known, every value within its bounds, every complaint with the file.
#include "drivers/line/facts.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

namespace drivers::line {
namespace {

using json = nlohmann::json;
using messages::error_code;
using messages::failure;

constexpr std::size_t file_bytes_max = 1024 * 1024;
constexpr std::array<std::string_view, functions> names{"challenge",
                                                        "card_question",
                                                        "eligibility",
                                                        "registration",
                                                        "home_visit",
                                                        "online",
                                                        "withdrawal",
                                                        "access_url",
                                                        "drugs",
                                                        "checkup",
                                                        "bulk_eligibility",
                                                        "bulk_registration",
                                                        "home_visit_consented",
                                                        "online_consented",
                                                        "medical_assistance",
                                                        "home_visit_persons",
                                                        "online_persons"};

void only(const json& of, const std::set<std::string>& known, const std::string& where) {
  for (const auto& [key, unused] : of.items())
    if (!known.contains(key)) throw std::invalid_argument(key + " is no key of " + where);
}

template <class T> T bounded(const json& of, const char* key, std::uint64_t least, std::uint64_t most) {
  const auto value = of.at(key).get<std::uint64_t>();
  if (value < least || value > most)
    throw std::invalid_argument(std::string(key) + " has to be " + std::to_string(least) + " to " +
                                std::to_string(most));
  return static_cast<T>(value);
}

/// A name that becomes a part of a file's name or of an XML document.
std::string word(const json& from, const std::string& where) {
  auto text = from.get<std::string>();
  for (const unsigned char c : text)
    if (!std::isalnum(c) && c != '_' && c != '-') throw std::invalid_argument(where + " holds more than letters");
  return text;
}

void read_functions(const json& from, facts& into) {
  std::set<std::string> known{names.begin(), names.end()};
  only(from, known, "functions");
  for (std::size_t n = 0; n < functions; ++n) {
    const auto& f = from.at(std::string(names[n]));
    only(f, {"prefix", "path", "zipped", "source"}, std::string(names[n]));
    into.of[n].prefix = word(f.at("prefix"), "a prefix");
    into.of[n].path = f.at("path").get<std::string>();
    into.of[n].zipped = f.value("zipped", false);
  }
}

void read_limits(const json& from, facts& into) {
  only(from,
       {"answer_bytes_max", "records_bytes_max", "message_bytes_max", "bulk_bytes_max", "unit_bytes_max", "rows_max",
        "error_bytes_max"},
       "limits");
  into.records_bytes_max = bounded<std::size_t>(from, "records_bytes_max", 16 * 1024, 192 * 1024);
  into.answer_bytes_max = bounded<std::size_t>(from, "answer_bytes_max", 16 * 1024, 96 * 1024);
  into.message_bytes_max = bounded<std::size_t>(from, "message_bytes_max", 16 * 1024, 16 * 1024 * 1024);
  into.bulk_bytes_max = bounded<std::size_t>(from, "bulk_bytes_max", 1024 * 1024, 4ull * 1024 * 1024 * 1024);
  into.unit_bytes_max = bounded<std::size_t>(from, "unit_bytes_max", 16 * 1024, 16 * 1024 * 1024);
  into.rows_max = bounded<std::size_t>(from, "rows_max", 1, 1'000'000);
  into.error_bytes_max = bounded<std::size_t>(from, "error_bytes_max", 256, 65536);
}

void read_times(const json& from, facts& into) {
  only(from, {"scan_ms", "equal_reads_ms", "lease_ms", "collect_wait_ms"}, "times");
  into.scan_ms = bounded<std::uint32_t>(from, "scan_ms", 10, 60000);
  into.equal_reads_ms = bounded<std::uint32_t>(from, "equal_reads_ms", 1, 10000);
  into.lease_ms = bounded<std::uint32_t>(from, "lease_ms", 1000, 600000);
  into.collect_wait_ms = bounded<std::uint32_t>(from, "collect_wait_ms", 1000, 3600000);
}

facts read(const json& from) {
  only(from,
       {"note", "functions", "file_words", "elements", "also_read", "request_encoding", "records", "limits", "times",
        "codes"},
       "the file");
  facts made;
  read_functions(from.at("functions"), made);
  const auto& words = from.at("file_words");
  only(words, {"face_prefix", "request", "result"}, "file_words");
  made.face_prefix = word(words.at("face_prefix"), "face_prefix");
  made.request_word = word(words.at("request"), "request");
  made.result_word = word(words.at("result"), "result");
  for (const auto& [ours, wire] : from.at("elements").items()) {
    made.written[ours] = word(wire, "an element");
    made.read[word(wire, "an element")] = ours;
  }
  for (const auto& [wire, ours] : from.at("also_read").items())
    made.read[wire] = word(ours, "an element");
  const auto encoding = from.at("request_encoding").get<std::string>();
  if (encoding != "UTF-8" && encoding != "Shift_JIS")
    throw std::invalid_argument("request_encoding is neither UTF-8 nor Shift_JIS");
  made.requests_in_shift_jis = encoding == "Shift_JIS";
  const auto& records = from.at("records");
  only(records, {"surgery_classes", "source"}, "records");
  for (const auto& one : records.at("surgery_classes"))
    made.surgery_classes.insert(one.get<std::string>());
  read_limits(from.at("limits"), made);
  read_times(from.at("times"), made);
  for (const auto& [table, values] : from.at("codes").items())
    for (const auto& [value, text] : values.items())
      made.codes[table][value] = text.get<std::string>();
  return made;
}

} // namespace

std::string_view name_of(function f) { return names[static_cast<std::size_t>(f)]; }

messages::result<std::shared_ptr<const facts>> facts::load(const std::filesystem::path& file) {
  std::error_code trouble;
  const auto size = std::filesystem::file_size(file, trouble);
  if (trouble) return failure(error_code::file_unreadable, file.string(), trouble.message());
  if (size > file_bytes_max) return failure(error_code::too_large, file.string(), std::to_string(file_bytes_max));
  std::ifstream stream(file, std::ios::binary);
  const std::string octets{std::istreambuf_iterator<char>(stream), {}};
  const auto line_of = [&](std::size_t byte) {
    const auto end = octets.begin() + static_cast<std::ptrdiff_t>(std::min(byte, octets.size()));
    return std::to_string(1 + std::count(octets.begin(), end, '\n'));
  };
  try {
    return std::make_shared<const facts>(line::read(json::parse(octets)));
  } catch (const json::parse_error& e) {
    return failure(error_code::wrong_configuration, file.string(), line_of(e.byte), e.what());
  } catch (const std::exception& e) { // it names a key, mostly: where that stands first
    const std::string_view what = e.what();
    const auto word = what.substr(0, what.find(' '));
    const auto at = octets.find('"' + std::string(word) + '"');
    return failure(error_code::wrong_configuration, file.string(), line_of(at == std::string::npos ? 0 : at), e.what());
  }
}

std::filesystem::path facts::default_file() { return std::filesystem::path{UKETSUKE_LINE_FOLDER} / "interface.json"; }

const std::shared_ptr<const facts>& facts::usual() {
  static const auto loaded = [] {
    auto read = load(default_file());
    if (read) return *read;
    std::fprintf(stderr, "uketsuke: %s\n", messages::to_sentence(read.error()).c_str());
    std::exit(1);
  }();
  return loaded;
}

std::string_view facts::text_of(std::string_view table, const std::string& value) const {
  const auto at = codes.find(std::string(table));
  if (at == codes.end()) return {};
  const auto text = at->second.find(value);
  return text == at->second.end() ? std::string_view{} : std::string_view{text->second};
}

std::string facts::request_prefix(call c) const {
  const auto& prefix = (*this)[c.what].prefix;
  return prefix.empty() ? "" : prefix + "0" + std::to_string(c.step) + request_word + "_";
}

std::string facts::result_prefix(call c) const {
  const auto& prefix = (*this)[c.what].prefix;
  return prefix.empty() ? "" : prefix + "0" + std::to_string(c.step) + result_word + "_";
}

std::string facts::path_of(call c) const {
  const auto& path = (*this)[c.what].path;
  return path.empty() || c.step == 1 ? path : path + "/result";
}

std::optional<call> facts::call_of_path(std::string_view path) const {
  for (std::size_t n = 0; n < functions; ++n)
    for (const int step : {1, 2}) {
      const call c{static_cast<function>(n), step};
      if ((step == 1 || is_bulk(c.what)) && !path.empty() && path_of(c) == path) return c;
    }
  return std::nullopt;
}

std::optional<std::pair<call, std::string>> facts::call_of_request_file(std::string_view name) const {
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  for (std::size_t n = 0; n < functions; ++n)
    for (const int step : {1, 2}) {
      const call c{static_cast<function>(n), step};
      const auto prefix = request_prefix(c);
      if (!prefix.empty() && (step == 1 || is_bulk(c.what)) && name.starts_with(prefix) && dot > prefix.size())
        return std::pair{c, std::string(name.substr(prefix.size(), dot - prefix.size()))};
    }
  return std::nullopt;
}

} // namespace drivers::line
