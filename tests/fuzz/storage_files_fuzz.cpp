// Fuzz: the files that storage reads before anything vouches for them: a backup's encrypted files, its list, a log.
#include "storage/backup_format.hpp"
#include "storage/log_file.hpp"

#include <cstdlib>

namespace {

using namespace storage;

void demand(bool kept) {
  if (!kept) std::abort();
}

const key_bytes& some_key() {
  static const auto key = *key_bytes::from(std::string(32, 'k'));
  return key;
}

/// What decrypts to; nothing when it is refused.
std::optional<std::string> decrypted(std::string_view octets) {
  std::string clear;
  const auto done =
      decrypt_object(octets, some_key(), "object a", "a", [&](std::string_view piece) -> messages::result<void> {
        clear.append(piece);
        return {};
      });
  return done ? std::optional{clear} : std::nullopt;
}

/// As it is, behind the first bytes of a good file, and encrypted: only the last reads, and as what it was.
void read_object(std::string_view input) {
  static const auto good = encrypt_object("clear", some_key(), "object a");
  static constexpr std::size_t before_pieces = 18 + 8 + 16;
  demand(decrypted(good) == "clear");
  if (!good.starts_with(input)) (void)decrypted(input);
  const auto behind = good.substr(0, before_pieces) + std::string{input};
  demand(behind == good || !decrypted(behind)); // nobody without the key makes a file that reads
  auto whole = encrypt_object(input, some_key(), "object a");
  demand(decrypted(whole) == std::string{input});
  whole[whole.size() - 1 - input.size() % 16] ^= 1;
  demand(!decrypted(whole));
}

void read_list(std::string_view input) {
  const auto list = parse_backup_list(input);
  if (!list) return;
  for (const auto& file : list->files) {
    demand(file.name.find('/') == std::string::npos && file.name != ".." && !file.name.empty());
    demand(file.object.find('/') == std::string::npos && file.object != ".." && !file.object.empty());
  }
  const auto again = parse_backup_list(encode_backup_list(*list));
  demand(again && encode_backup_list(*again) == encode_backup_list(*list));
}

/// The good part alone holds the same batches, and nothing after them.
void read_log(std::string_view input) {
  std::vector<std::string> batches;
  const auto state = look_through_log(input, [&](std::string_view batch) { batches.emplace_back(batch); });
  demand(state.good_bytes <= input.size() && state.batches == batches.size());
  std::size_t n = 0;
  const auto good = look_through_log(input.substr(0, state.good_bytes), [&](std::string_view batch) {
    demand(n < batches.size() && batch == batches[n]);
    ++n;
  });
  demand(n == batches.size() && good.after == log_state::rest::clean && good.past == state.past);
  const auto end = end_of_records(input);
  demand(end <= input.size() && end >= state.good_bytes && !has_hole(input.substr(0, end)));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  read_object(input);
  read_list(input);
  read_log(input);
  return 0;
}
