// Walking the records of a log; cutting off what a power cut tore.
#include "storage/log_file.hpp"

#include "messages/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <unistd.h>
#include <vector>

namespace storage {

using messages::error_code;
using messages::failure;

namespace {

constexpr std::size_t block_bytes = 32768, header_bytes = 7, sector_bytes = 512, batch_header_bytes = 12;
enum record : std::uint8_t { none = 0, whole = 1, first = 2, middle = 3, last = 4 };

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t n = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    n = n << 8 | static_cast<std::uint8_t>(bytes[i]);
  return n;
}

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t n = 0; n < 256; ++n) {
    std::uint32_t c = n;
    for (int bit = 0; bit < 8; ++bit)
      c = c & 1 ? c >> 1 ^ 0x82f63b78u : c >> 1;
    table[n] = c;
  }
  return table;
}
constexpr auto crc_table = make_table();

std::uint32_t crc_by_table(std::uint32_t sum, std::string_view bytes) {
  for (const char c : bytes)
    sum = crc_table[(sum ^ static_cast<std::uint8_t>(c)) & 255] ^ sum >> 8;
  return sum;
}

#if defined(__x86_64__)
/// The processor's own instruction: a log of 32 MiB is looked through at every start.
__attribute__((target("sse4.2"))) std::uint32_t crc_by_instruction(std::uint32_t sum, std::string_view bytes) {
  std::uint64_t wide = sum;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), 8);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  auto narrow = static_cast<std::uint32_t>(wide);
  for (const char c : bytes)
    narrow = __builtin_ia32_crc32qi(narrow, static_cast<std::uint8_t>(c));
  return narrow;
}
#endif

std::uint32_t masked(std::uint32_t crc) { return (crc >> 15 | crc << 17) + 0xa282ead8u; }

bool zeros(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char c) { return c == 0; });
}

struct piece {
  record type = none;
  std::string_view payload;
};

/// The record at @p at, when it is one and its checksum fits.
std::optional<piece> piece_at(std::string_view log, std::size_t at) {
  if (at + header_bytes > log.size()) return std::nullopt;
  const auto size = static_cast<std::size_t>(little_endian(log.substr(at + 4, 2)));
  const auto type = static_cast<std::uint8_t>(log[at + 6]);
  const auto in_block = block_bytes - at % block_bytes;
  if (type < whole || type > last || header_bytes + size > in_block || at + header_bytes + size > log.size())
    return std::nullopt;
  if (little_endian(log.substr(at, 4)) != masked(crc32c(log.substr(at + 6, 1 + size)))) return std::nullopt;
  return piece{static_cast<record>(type), log.substr(at + header_bytes, size)};
}

/// Where the next record may begin: the last few bytes of a block hold none.
std::size_t next_place(std::size_t at) {
  const auto left = block_bytes - at % block_bytes;
  return left < header_bytes ? at + left : at;
}

/// Does a whole record begin anywhere from @p from on? Looked for at every byte: the sizes before it cannot be trusted.
bool record_begins(std::string_view log, std::size_t from, std::size_t payload_bytes_min) {
  for (auto at = from; at + header_bytes + payload_bytes_min <= log.size(); ++at) {
    const auto type = static_cast<std::uint8_t>(log[at + 6]);
    if (type != whole && type != first) continue;
    const auto found = piece_at(log, at);
    if (found && found->payload.size() >= payload_bytes_min) return true;
  }
  return false;
}

bool batch_begins(std::string_view log, std::size_t from) { return record_begins(log, from, batch_header_bytes); }

/// Is one of the disk's sectors between @p from and @p end still as it was before the write, zeros? What was written
/// whole once has none: rot, not a power cut, damaged it.
bool sector_missing(std::string_view log, std::size_t from, std::size_t end) {
  for (auto at = from; at < end;) {
    const auto stop = std::min(end, at - at % sector_bytes + sector_bytes);
    if (stop - at >= 16 && zeros(log.substr(at, stop - at))) return true;
    at = stop;
  }
  return false;
}

/// Does a record begin at @p at that the end of the file cuts off?
bool cut_off(std::string_view log, std::size_t at) {
  if (at + header_bytes > log.size()) return true;
  const auto size = static_cast<std::size_t>(little_endian(log.substr(at + 4, 2)));
  return log[at + 6] != 0 && header_bytes + size <= block_bytes - at % block_bytes &&
         at + header_bytes + size > log.size();
}

log_state::rest judge(std::string_view log, std::size_t good, std::size_t broken) {
  const auto tail = log.substr(good);
  const auto last_written = tail.find_last_not_of('\0');
  if (last_written == std::string_view::npos) return log_state::rest::clean;
  if (batch_begins(log, good + 1)) {
    // The torn batch's own first piece may be whole; only another batch behind it tells of rot.
    const auto own = piece_at(log, next_place(good));
    if (!own || own->type != first || batch_begins(log, next_place(good) + header_bytes + own->payload.size()))
      return log_state::rest::damaged;
  }
  const bool torn = cut_off(log, broken) || sector_missing(log, good, good + last_written + 1);
  return torn ? log_state::rest::torn : log_state::rest::damaged;
}

messages::result<std::string> content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>{in}, {}};
  if (!in) return failure(error_code::file_unreadable, file.string(), std::strerror(errno));
  return bytes;
}

messages::result<void> cut_at(const std::filesystem::path& file, std::uint64_t size) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  const bool done = fd >= 0 && ::ftruncate(fd, static_cast<off_t>(size)) == 0 && ::fsync(fd) == 0;
  const auto why = std::string{std::strerror(errno)};
  if (fd >= 0) ::close(fd);
  if (!done) return failure(error_code::write_failed, file.string(), why);
  return {};
}

std::vector<std::filesystem::path> logs_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> logs;
  std::error_code ignored;
  for (const auto& file : std::filesystem::directory_iterator(folder, ignored))
    if (file.path().extension() == ".log" && file.is_regular_file(ignored)) logs.push_back(file.path());
  std::ranges::sort(logs);
  return logs;
}

} // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
#if defined(__x86_64__)
  static const bool fast = __builtin_cpu_supports("sse4.2");
  if (fast) return ~crc_by_instruction(~before, bytes);
#endif
  return ~crc_by_table(~before, bytes);
}

log_state look_through_log(std::string_view log, const std::function<void(std::string_view batch)>& visit) {
  log_state state;
  std::string batch;
  bool inside = false;
  std::size_t at = 0;
  for (;;) {
    at = next_place(at);
    const auto found = piece_at(log, at);
    if (!found || inside != (found->type == middle || found->type == last)) break;
    batch.append(found->payload);
    at += header_bytes + found->payload.size();
    inside = found->type == first || found->type == middle;
    if (inside) continue;
    if (batch.size() < batch_header_bytes) break;
    const auto number = little_endian(std::string_view{batch}.substr(0, 8));
    if (state.batches > 0 && number != state.past) break;
    if (state.batches == 0) state.sequence = number;
    state.past = number + little_endian(std::string_view{batch}.substr(8, 4));
    if (visit) visit(batch);
    ++state.batches;
    state.good_bytes = at;
    batch.clear();
  }
  state.after = judge(log, static_cast<std::size_t>(state.good_bytes), at);
  return state;
}

std::size_t end_of_records(std::string_view log) {
  for (std::size_t end = 0;;) {
    const auto at = next_place(end);
    const auto found = piece_at(log, at);
    if (!found) return end;
    end = at + header_bytes + found->payload.size();
  }
}

bool has_hole(std::string_view log) {
  const auto at = next_place(end_of_records(log));
  return at < log.size() && record_begins(log, at + 1, 1);
}

messages::result<void> check_manifest(const std::filesystem::path& folder) {
  std::ifstream current(folder / "CURRENT");
  std::string name;
  std::error_code ignored;
  if (!std::getline(current, name) || !name.starts_with("MANIFEST-") ||
      !std::filesystem::exists(folder / name, ignored))
    return {}; // RocksDB has the words for it
  const auto bytes = content_of(folder / name);
  if (!bytes) return failure(bytes.error());
  if (has_hole(*bytes)) return failure(error_code::journal_damaged, (folder / name).string(), "it has a hole");
  return {};
}

messages::result<healed_logs>
heal_logs(const std::filesystem::path& folder, bool read_only,
          const std::function<std::optional<std::uint64_t>(std::string_view batch)>& entry_of) {
  healed_logs healed;
  std::optional<std::uint64_t> later; // the first sequence of the log after
  const auto logs = logs_in(folder);
  bool newest = true; // of those that hold anything
  for (auto log = logs.rbegin(); log != logs.rend(); ++log) {
    const auto bytes = content_of(*log);
    if (!bytes) return failure(bytes.error());
    std::optional<std::uint64_t> entry;
    const auto state = look_through_log(*bytes, [&](std::string_view batch) {
      if (const auto index = entry_of(batch)) entry = index;
    });
    const bool torn = state.after == log_state::rest::torn;
    if (state.after == log_state::rest::damaged || (torn && !newest))
      return failure(error_code::journal_damaged, log->string(),
                     "from byte " + std::to_string(state.good_bytes) + " on" +
                         (entry ? ", after entry " + std::to_string(*entry) : ""));
    if (state.batches > 0 && later && state.past > *later)
      return failure(error_code::journal_damaged, log->string(), "the log after it holds the same changes again");
    if (state.batches > 0) later = state.sequence;
    if (torn) {
      healed.torn = true;
      if (!read_only)
        if (auto done = cut_at(*log, state.good_bytes); !done) return failure(done.error());
    }
    newest = newest && state.batches == 0 && !torn;
  }
  return healed;
}

} // namespace storage
