// Claims about the store itself: what RocksDB's files hold is given back, or the reading fails.
#include "tests/test.hpp"

#include "tests/storage/damaged_disk.hpp"
#include "tests/storage/support.hpp"

#include "storage/store.hpp"

#include <chrono>
#include <set>
#include <thread>

using namespace storage_test;
namespace fs = std::filesystem;

namespace {

std::unique_ptr<storage::store> store_in(const fs::path& folder) {
  storage::store_options options;
  options.folder = folder;
  options.tables = {"rows"};
  auto opened = storage::store::open(std::move(options));
  BOOST_REQUIRE(opened);
  return std::move(*opened);
}

std::set<fs::path> tables_in(const fs::path& folder) {
  std::set<fs::path> found;
  for (const auto& file : fs::directory_iterator(folder))
    if (file.path().extension() == ".sst") found.insert(file.path());
  return found;
}

} // namespace

// RocksDB 7.8 forgets, when it goes on from one file of a level to the next, that the next could not be read, unless it
// is told that no range was ever erased.
BOOST_AUTO_TEST_CASE(a_scan_over_many_files_fails_when_any_of_them_is_damaged) {
  const temporary_folder folder;
  constexpr int files = 10, rows_each = 20;
  for (int file = 0; file < files; ++file) { // each file of other keys: they come to lie beside one another
    const auto store = store_in(folder.data());
    storage::store::batch batch;
    for (int n = 0; n < rows_each; ++n)
      store->put(batch, 0, std::to_string(1000 + file * rows_each + n), std::string(100, 'v'));
    BOOST_REQUIRE(store->commit(batch));
    BOOST_REQUIRE(store->flush());
    std::this_thread::sleep_for(std::chrono::milliseconds(20)); // RocksDB moves files down behind us
  }
  const auto tables = tables_in(folder.data());
  BOOST_TEST(tables.size() > 2);
  for (const auto& damaged : tables) {
    const auto copy = folder.data().parent_path() / "copy";
    fs::remove_all(copy);
    fs::copy(folder.data(), copy);
    auto bytes = bytes_in(damaged);
    bytes[10] = static_cast<char>(bytes[10] ^ 1);
    put_bytes(copy / damaged.filename(), bytes);
    const auto store = store_in(copy);
    int seen = 0;
    const auto whole = store->scan(0, {}, [&](std::string_view, std::string_view) { return ++seen > 0; });
    BOOST_TEST(!whole, damaged.filename() << ": " << seen << " of " << files * rows_each << " rows, and no error");
    if (!whole) BOOST_TEST((whole.error().code == messages::error_code::journal_damaged));
  }
}
