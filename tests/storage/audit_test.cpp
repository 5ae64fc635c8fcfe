// Claims about the audit: whatever was changed in a copy is found, and said where.
#include "tests/test.hpp"

#include "tests/storage/damaged_disk.hpp"
#include "tests/storage/support.hpp"
#include "tests/storage/support_sealing.hpp"

#include "storage/audit.hpp"
#include "storage/big_endian.hpp"
#include "storage/cipher.hpp"
#include "storage/entry.hpp"
#include "storage/tables.hpp"

#include <algorithm>
#include <iostream>
#include <set>

using namespace storage_test;

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t day_ms = 24u * 3600 * 1000;

/// Ten entries, two of them sealed.
void leave_ten(const fs::path& folder) {
  const auto journal = open_journal(folder);
  for (int n = 0; n < 4; ++n)
    append(*journal, events_of("desk.opened")).value();
  tell_settled(*journal, numbered(1), "花子");
  for (int n = 0; n < 4; ++n)
    append(*journal, events_of("desk.closed")).value();
}

storage::audit_report audited(const fs::path& folder) {
  const auto report = storage::audit(quiet_options(folder), all_views());
  if (!report) BOOST_FAIL(messages::to_sentence(report.error()));
  return *report;
}

/// What the audit says first after @p damage was done to the rows of the entries, below every checksum.
std::string told_after(const std::function<void(storage::store&, storage::store::batch&)>& damage) {
  temporary_folder folder;
  leave_ten(folder.data());
  {
    const auto database =
        storage::store::open({folder.data(), storage::table_names(all_views()), false, 32u << 20, 0, nullptr}).value();
    storage::store::batch batch;
    damage(*database, batch);
    BOOST_REQUIRE(database->commit(batch).has_value());
  }
  const auto report = audited(folder.data());
  if (report.first_faults.empty()) return "nothing";
  // Opening it to do the damage made RocksDB write its options anew: that is found, too, but after the entries.
  const auto of_entries = std::ranges::count_if(report.first_faults, [](const auto& f) { return f.index > 0; });
  return std::to_string(report.first_faults[0].index) + " " + report.first_faults[0].what + " of " +
         std::to_string(of_entries);
}

std::string entry(const storage::store& in, std::uint64_t index) {
  return in.get(storage::entries_table, storage::index_key(index)).value().value();
}
void put(storage::store& in, storage::store::batch& batch, std::uint64_t index, const std::string& bytes) {
  in.put(batch, storage::entries_table, storage::index_key(index), bytes);
}

} // namespace

BOOST_AUTO_TEST_SUITE(auditing)

BOOST_AUTO_TEST_CASE(an_untouched_journal_has_no_fault) {
  temporary_folder folder;
  leave_ten(folder.data());
  const auto report = audited(folder.data());
  BOOST_TEST(report.faults == 0u);
  BOOST_TEST(report.entries == 10u);
  BOOST_TEST(report.sealed == 2u);
  BOOST_TEST(report.head_tag.size() == 64u);
}

BOOST_AUTO_TEST_CASE(a_changed_entry_is_named_wherever_the_change_is) {
  for (const std::size_t at : {std::size_t{1}, std::size_t{9}, std::size_t{41}, std::size_t{60}, std::size_t{100}})
    BOOST_TEST(told_after([at](storage::store& in, storage::store::batch& batch) {
                 auto bytes = entry(in, 3);
                 bytes[at] = static_cast<char>(bytes[at] ^ 1);
                 put(in, batch, 3, bytes);
               }).starts_with("3 changed"));
  BOOST_TEST(told_after([](storage::store& in, storage::store::batch& batch) {
               auto bytes = entry(in, 6); // inside the sealed answer
               bytes[bytes.size() - 20] = static_cast<char>(bytes[bytes.size() - 20] ^ 1);
               put(in, batch, 6, bytes);
             }) == "6 changed: the chain does not hold of 1");
}

BOOST_AUTO_TEST_CASE(a_missing_entry_is_named_in_the_middle_and_at_the_end) {
  BOOST_TEST(told_after([](storage::store& in, storage::store::batch& batch) {
               in.erase(batch, storage::entries_table, storage::index_key(4));
             }).starts_with("4 missing"));
  BOOST_TEST(told_after([](storage::store& in, storage::store::batch& batch) {
               in.erase(batch, storage::entries_table, storage::index_key(10));
             }).starts_with("10 missing"));
}

BOOST_AUTO_TEST_CASE(a_doubled_entry_and_exchanged_ones_are_told_apart) {
  BOOST_TEST(told_after([](storage::store& in, storage::store::batch& batch) {
               put(in, batch, 8, entry(in, 3));
             }).starts_with("8 doubled: it is a copy of entry 3"));
  BOOST_TEST(told_after([](storage::store& in, storage::store::batch& batch) {
               const auto third = entry(in, 3), seventh = entry(in, 7);
               put(in, batch, 3, seventh);
               put(in, batch, 7, third);
             }).starts_with("3 reordered: entry 7 stands here"));
}

BOOST_AUTO_TEST_CASE(whoever_has_the_data_but_not_the_keys_cannot_make_a_chain_that_holds) {
  BOOST_TEST(told_after([](storage::store& in, storage::store::batch& batch) {
               storage::tagger own{storage::key_bytes::fresh()};
               std::string tag{storage::parse_entry(2, entry(in, 2))->chain_tag};
               for (std::uint64_t n = 3; n <= 10; ++n) {
                 auto bytes = entry(in, n);
                 if (n == 3) bytes[bytes.size() - 30] = static_cast<char>(bytes[bytes.size() - 30] ^ 1);
                 tag = storage::chain_tag(own, tag, n, bytes);
                 storage::set_chain_tag(bytes, tag);
                 put(in, batch, n, bytes);
               }
             }).starts_with("3 changed"));
}

BOOST_AUTO_TEST_CASE(the_first_append_of_a_day_signs_the_head_before_it) {
  temporary_folder folder;
  auto options = quiet_options(folder.data());
  std::uint64_t now = 1'700'000'000'000;
  options.now_ms = [&now] { return now; };
  {
    const auto journal = open_journal(options);
    append(*journal, events_of("desk.opened")).value();
    now += day_ms;
    const auto landed = append(*journal, events_of("desk.opened")).value();
    BOOST_TEST(landed.first_index == 3u); // 2 is the signature
    append(*journal, events_of("desk.opened")).value();
    const auto page = journal->read(2, 1);
    const auto head = messages::body_as<messages::head_signed>(*messages::decode_event(page->events.at(0).envelope));
    BOOST_REQUIRE(head.has_value());
    BOOST_TEST(head->index == 1u);
    const auto text = [](const messages::bytes& b) { return std::string{b.begin(), b.end()}; };
    const auto said = storage::signed_text(head->day, 1, text(head->tag));
    BOOST_TEST(storage::is_signed(text(head->public_key), said, text(head->signature)));
    BOOST_TEST(!storage::is_signed(text(head->public_key), said + "x", text(head->signature)));
  }
  BOOST_TEST(audited(folder.data()).signed_heads == 1u);
  BOOST_TEST(audited(folder.data()).faults == 0u);
}

/// Where a byte of a file is changed: around the borders that RocksDB has (the beginning, blocks of a log, the
/// end of what was written, a table's footer) and at strides between; UKETSUKE_LONG=1: every byte of a small file, more
/// strides in a large one.
std::set<std::uintmax_t> places_in(const std::string& bytes) {
  const bool everywhere = !environment("UKETSUKE_LONG").empty();
  const auto size = bytes.size();
  std::set<std::uintmax_t> places;
  const auto around = [&](std::uintmax_t border) {
    for (std::uintmax_t at = border < 2 ? 0 : border - 2; at < border + 9 && at < size; ++at) // 7: a record's header
      places.insert(at);
  };
  const std::uintmax_t strides = everywhere ? 4000 : 24;
  for (std::uintmax_t at = 0; at < size; at += std::max<std::uintmax_t>(1, size / strides))
    places.insert(at);
  around(0);
  if (size > 0) around(size - 1);
  if (const auto written = bytes.find_last_not_of('\0'); written != std::string::npos) around(written + 1);
  for (std::uintmax_t block = 32u << 10; block < size; block += 32u << 10)
    around(block);
  if (!everywhere) return places;
  for (std::uintmax_t at = 0; at < size && size <= 24u << 10; ++at)
    places.insert(at);
  return places;
}

BOOST_AUTO_TEST_CASE(one_byte_changed_anywhere_in_a_copy_is_refused_or_found) {
  memory_folder folder;
  const auto data = folder.path / "data";
  leave_ten(data);
  { const auto again = open_journal(data); } // its log becomes a table: both kinds of file are there
  tell_settled(*open_journal(data), numbered(2), "太郎");
  std::size_t tried = 0, files = 0;
  for (const auto& file : fs::directory_iterator(data)) {
    const auto whole = bytes_in(file.path());
    files += whole.empty() ? 0 : 1;
    for (const auto at : places_in(whole)) {
      auto bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ 1 << (at * 7 + files) % 8);
      put_bytes(file.path(), bytes);
      const auto report = storage::audit(quiet_options(data), all_views());
      ++tried;
      BOOST_TEST((!report || report->faults > 0),
                 file.path().filename().string() << " byte " << at << " of " << whole.size());
    }
    put_bytes(file.path(), whole);
  }
  BOOST_TEST(audited(data).faults == 0u); // and whole again it has none
  BOOST_TEST(files >= 6u);
  BOOST_TEST(tried > 300u);
  std::cout << "one byte changed: " << tried << " places in " << files << " files\n";
}

BOOST_AUTO_TEST_SUITE_END()
