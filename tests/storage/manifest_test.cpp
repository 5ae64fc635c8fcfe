// Claims about RocksDB's list of its tables, the MANIFEST, torn on purpose at many sizes: what the head mark knew of it
// has to be there, and what came later may be missing only as far as the log still has it. UKETSUKE_LONG=1: every size.
#include "tests/test.hpp"

#include "tests/storage/damaged_disk.hpp"
#include "tests/storage/support.hpp"

#include "storage/head_mark.hpp"

#include <iostream>

using namespace storage_test;
using messages::error_code;

namespace fs = std::filesystem;

namespace {

std::vector<storage::published> entries_of(const storage::journal& journal) {
  std::vector<storage::published> all;
  for (std::uint64_t from = 1; from <= journal.head();) {
    const auto page = journal.read(from, 1000).value();
    all.insert(all.end(), page.events.begin(), page.events.end());
    from = page.next;
  }
  return all;
}

fs::path manifest_in(const fs::path& folder) {
  auto name = bytes_in(folder / "CURRENT");
  name.erase(name.find('\n'));
  return folder / name;
}

void copy_files(const fs::path& from, const fs::path& into) {
  fs::remove_all(into);
  fs::create_directories(into);
  for (const auto& file : fs::directory_iterator(from))
    if (file.is_regular_file()) fs::copy_file(file.path(), into / file.path().filename());
}

/// A journal that crashed a good while after its last head mark: tables were written out on both sides of it.
struct crashed {
  memory_folder home;
  fs::path data = home.path / "data", left = home.path / "left", torn = home.path / "torn";
  storage::key_access keys = keys_of(data);
  std::uint64_t mark = 0;
  std::size_t marked_bytes = 0; ///< of the manifest
  std::vector<storage::published> entries;
  std::map<std::string, std::string> files; ///< of `left`

  /// Tables are written out whenever the log holds @p log_bytes: seldom, and none is merged away; often, and most are.
  explicit crashed(std::size_t log_bytes) {
    const auto disk = std::make_shared<damaged_disk>();
    auto options = quiet_options(data);
    options.limits.wal_bytes_max = log_bytes;
    options.limits.log_filled_bytes = 16u << 10;
    options.test.files = disk;
    const auto journal = open_journal(options);
    for (std::uint64_t n = 0; n < 120; ++n)
      append(*journal, story_draft(11, n)).value();
    mark = journal->head();
    do { // RocksDB's own thread may write into the manifest between the two
      marked_bytes = fs::file_size(manifest_in(data));
      BOOST_REQUIRE(storage::write_head_mark(data, {mark, 1}).has_value());
    } while (fs::file_size(manifest_in(data)) != marked_bytes);
    // RocksDB writes tables out on a thread of its own, when it sees fit.
    const auto grown = [&] { return fs::file_size(manifest_in(data)) > marked_bytes + 100; };
    for (std::uint64_t n = 120; n < 240 || (n < 5000 && !grown()); ++n)
      append(*journal, story_draft(11, n)).value();
    entries = entries_of(*journal);
    std::mt19937_64 chance(11);
    disk->cut(data, left, damaged_disk::loss::nothing, chance);
    for (const auto& file : fs::directory_iterator(left))
      files[file.path().filename()] = bytes_in(file.path());
  }
  storage::journal_options options() const {
    auto o = quiet_options(torn);
    o.keys = keys;
    return o;
  }
  std::string manifest() const { return bytes_in(manifest_in(left)); }

  /// `torn` with @p bytes for a manifest: refused with file, entry and remedy, or all up to the mark and nothing else.
  /// True when it opened.
  bool holds_with(const std::string& bytes, const std::string& what) const {
    BOOST_TEST_CONTEXT(what) {
      copy_files(left, torn);
      put_bytes(manifest_in(torn), bytes);
      const auto opened = storage::journal::open(options(), all_views());
      if (!opened) {
        is_clear(opened.error());
        return false;
      }
      BOOST_TEST((*opened)->head() >= mark);
      auto expected = entries;
      expected.resize(std::min<std::size_t>(expected.size(), (*opened)->head()));
      BOOST_TEST((entries_of(**opened) == expected));
      BOOST_TEST((*opened)->rebuild_and_compare()->first_difference.value_or("") == "");
      return true;
    }
    return false;
  }
  /// All files of `torn` but its manifest are still there as they were.
  bool untouched() const {
    return std::ranges::all_of(files, [&](const auto& file) {
      return file.first == manifest_in(left).filename() || bytes_in(torn / file.first) == file.second;
    });
  }
  static void is_clear(const messages::error& why) {
    const auto sentence = messages::to_sentence(why);
    BOOST_TEST((why.code == error_code::journal_damaged), sentence);
    BOOST_TEST(sentence.find("entry ") != std::string::npos, sentence);
    BOOST_TEST(sentence.find("uketsuke restore") != std::string::npos, sentence);
  }
};

/// Where a manifest is torn: at the end of every record, from where on RocksDB itself sees nothing amiss, and at some
/// places within. With UKETSUKE_LONG: everywhere.
std::set<std::size_t> places_in(const std::string& bytes, std::size_t from) {
  std::set<std::size_t> places;
  for (std::size_t at = 0; at + 7 < bytes.size();) {
    const auto left = 32768 - at % 32768;
    if (left >= 7)
      at += 7 + (bytes[at + 4] & 255) + 256 * (bytes[at + 5] & 255);
    else
      at += left;
    places.insert(std::min(at, bytes.size()));
  }
  const std::size_t step = std::getenv("UKETSUKE_LONG") ? 1 : 1 + bytes.size() / 40;
  for (auto at = from; at < bytes.size(); at += step)
    places.insert(at);
  places.erase(places.begin(), places.lower_bound(from));
  places.erase(bytes.size());
  return places;
}

constexpr std::size_t often = 24u << 10, seldom = 160u << 10;

} // namespace

BOOST_AUTO_TEST_SUITE(manifest)

BOOST_AUTO_TEST_CASE(one_that_is_shorter_than_the_head_mark_knew_is_refused_at_every_size_and_nothing_is_removed) {
  const crashed journal(often);
  BOOST_TEST_REQUIRE(journal.mark > 0u);
  BOOST_TEST_REQUIRE(journal.marked_bytes > 1000u);
  copy_files(journal.left, journal.torn);
  const auto file = manifest_in(journal.torn);
  for (auto size = journal.marked_bytes; size-- > 0;) {
    fs::resize_file(file, size);
    const auto why = refusal(journal.options());
    crashed::is_clear(why);
    BOOST_TEST(messages::to_sentence(why).find(file.filename().string()) != std::string::npos);
  }
  BOOST_TEST(journal.untouched());
}

BOOST_AUTO_TEST_CASE(one_that_lost_what_came_after_the_head_mark_opens_with_all_before_it_or_is_refused) {
  for (const auto log_bytes : {often, seldom}) {
    const crashed journal(log_bytes);
    const auto whole = journal.manifest();
    BOOST_TEST_REQUIRE(whole.size() > journal.marked_bytes + 100); // tables were written out since
    std::size_t opened = 0;
    for (const auto size : places_in(whole, journal.marked_bytes))
      opened += journal.holds_with(whole.substr(0, size), "cut to " + std::to_string(size)) ? 1 : 0;
    BOOST_TEST(journal.holds_with(whole, "whole"));
    std::cout << "manifest: with logs of " << log_bytes << " bytes " << opened << " cut off behind the mark opened\n";
  }
}

BOOST_AUTO_TEST_CASE(
    one_whose_end_became_zeros_is_refused_with_its_tables_left_or_opens_with_all_before_the_head_mark) {
  for (const auto log_bytes : {often, seldom}) {
    const crashed journal(log_bytes);
    const auto whole = journal.manifest();
    std::size_t opened = 0;
    for (const auto size : places_in(whole, 0)) {
      auto zeroed = whole.substr(0, size);
      zeroed.resize(whole.size());
      const bool opens = journal.holds_with(zeroed, "zeros from " + std::to_string(size));
      if (size >= journal.marked_bytes)
        opened += opens ? 1 : 0;
      else
        BOOST_TEST(journal.untouched(), "zeros from " << size << ": files were removed or changed");
    }
    std::cout << "manifest: with logs of " << log_bytes << " bytes " << opened
              << " with zeros behind the mark opened\n";
  }
}

BOOST_AUTO_TEST_SUITE_END()
