// Claims about reading RocksDB's log before RocksDB does: what a power cut tears is told from rot.
#include "tests/test.hpp"

#include "tests/storage/support.hpp"

#include "storage/log_file.hpp"

#include <fstream>
#include <iterator>
#include <sys/wait.h>

using namespace storage_test;
using rest = storage::log_state::rest;

namespace fs = std::filesystem;

namespace {

constexpr std::size_t filled_bytes = 64u << 10;

std::string bytes_in(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The log of a running journal with @p appends drafts of @p size bytes each: zeros behind what was written.
std::string written_log(std::size_t appends, std::size_t size) {
  temporary_folder folder;
  auto options = quiet_options(folder.data());
  options.limits.log_filled_bytes = filled_bytes;
  const auto journal = open_journal(options);
  auto draft = events_of("desk.reader_attached");
  draft.events[0].body = messages::encode_body(messages::reader_attached{std::string(size, 'x')});
  for (std::size_t n = 0; n < appends; ++n)
    append(*journal, draft).value();
  return bytes_in(newest_log(folder.data()));
}

/// Where batch number @p n of @p log ends.
std::size_t end_of_batch(const std::string& log, std::uint64_t n) {
  std::size_t low = 0, high = log.size();
  while (low < high) {
    const auto half = (low + high) / 2;
    if (storage::look_through_log(std::string_view{log}.substr(0, half)).batches >= n)
      high = half;
    else
      low = half + 1;
  }
  return low;
}

} // namespace

BOOST_AUTO_TEST_SUITE(log_file)

BOOST_AUTO_TEST_CASE(the_checksum_is_castagnolis) {
  BOOST_TEST(storage::crc32c("123456789") == 0xe3069283u);
  BOOST_TEST(storage::crc32c("56789", storage::crc32c("1234")) == 0xe3069283u);
}

BOOST_AUTO_TEST_CASE(a_filled_log_is_whole_batches_and_then_zeros) {
  const auto log = written_log(30, 100);
  BOOST_TEST(log.size() == filled_bytes);
  const auto state = storage::look_through_log(log);
  BOOST_TEST(state.batches >= 30u);
  BOOST_TEST((state.after == rest::clean));
  BOOST_TEST(log.find_first_not_of('\0', state.good_bytes) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_log_that_has_used_its_zeros_up_gets_as_many_again_large_batches_too) {
  const auto twice = written_log(80, 1000);
  BOOST_TEST(twice.size() == 2 * filled_bytes);
  const auto large = written_log(3, 100'000);
  const auto state = storage::look_through_log(large);
  BOOST_TEST(state.batches >= 3u);
  BOOST_TEST((state.after == rest::clean));
  BOOST_TEST(large.size() > state.good_bytes);
  BOOST_TEST(large.find_first_not_of('\0', state.good_bytes) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_last_batch_that_lacks_sectors_is_torn_and_one_with_a_flipped_bit_is_damaged) {
  const auto log = written_log(4, 9'000);
  const auto state = storage::look_through_log(log);
  const auto begins = end_of_batch(log, state.batches - 1);
  for (auto sector = begins - begins % 512 + 512; sector + 512 < state.good_bytes; sector += 512) {
    auto torn = log;
    torn.replace(sector, 512, std::string(512, '\0'));
    const auto seen = storage::look_through_log(torn);
    BOOST_TEST((seen.after == rest::torn));
    BOOST_TEST(seen.good_bytes == begins);
    auto flipped = log;
    flipped[sector] = static_cast<char>(flipped[sector] ^ 4);
    BOOST_TEST((storage::look_through_log(flipped).after == rest::damaged));
  }
}

BOOST_AUTO_TEST_CASE(a_hole_before_whole_batches_is_damage_even_when_its_header_became_zeros) {
  const auto log = written_log(40, 300);
  const auto at = end_of_batch(log, 20);
  auto holed = log;
  holed.replace(at, 512, std::string(512, '\0'));
  const auto state = storage::look_through_log(holed);
  BOOST_TEST((state.after == rest::damaged));
  BOOST_TEST(state.batches == 20u);
}

BOOST_AUTO_TEST_CASE(a_batch_over_several_blocks_may_lose_any_of_its_sectors) {
  const auto log = written_log(2, 40'000);
  const auto state = storage::look_through_log(log);
  const auto begins = end_of_batch(log, state.batches - 1);
  for (auto sector = begins - begins % 512 + 512; sector + 512 < state.good_bytes; sector += 4096) {
    auto torn = log;
    torn.replace(sector, 512, std::string(512, '\0'));
    BOOST_TEST((storage::look_through_log(torn).after == rest::torn));
  }
}

BOOST_AUTO_TEST_CASE(a_manifest_with_a_zeroed_sector_is_refused_and_named) {
  temporary_folder folder;
  for (int life = 0; life < 4; ++life)
    append(*open_journal(folder.data()), events_of("desk.opened")).value();
  fs::path manifest;
  for (const auto& file : fs::directory_iterator(folder.data()))
    if (file.path().filename().string().starts_with("MANIFEST")) manifest = file.path();
  auto bytes = bytes_in(manifest);
  BOOST_REQUIRE_GT(bytes.size(), 1100u);
  BOOST_TEST(!storage::has_hole(bytes));
  bytes.replace(512, 512, std::string(512, '\0'));
  BOOST_TEST(storage::has_hole(bytes));
  std::ofstream(manifest, std::ios::binary) << bytes;
  const auto sentence = messages::to_sentence(refusal(folder.data()));
  BOOST_TEST(sentence.find(manifest.filename().string()) != std::string::npos, sentence);
  BOOST_TEST(sentence.find("entry 4") != std::string::npos, sentence);
}

BOOST_AUTO_TEST_CASE(a_file_that_ends_in_a_record_is_torn) {
  const auto log = written_log(5, 400);
  const auto state = storage::look_through_log(log);
  const auto cut = storage::look_through_log(std::string_view{log}.substr(0, state.good_bytes - 10));
  BOOST_TEST((cut.after == rest::torn));
  BOOST_TEST(cut.batches == state.batches - 1);
}

BOOST_AUTO_TEST_SUITE_END()
