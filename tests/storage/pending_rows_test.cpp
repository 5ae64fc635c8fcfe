// Claims about the rows of a view while a batch is made: read once, written once, and forgotten when told so.
#include "tests/test.hpp"

#include "tests/storage/support.hpp"

#include "storage/pending_rows.hpp"

using namespace storage_test;
using messages::event_envelope;

namespace {

constexpr storage::table rows_table = 0;

std::unique_ptr<storage::store> store_in(const std::filesystem::path& folder) {
  storage::store_options options;
  options.folder = folder;
  options.tables = {"view.one"};
  return std::move(*storage::store::open(std::move(options)));
}

struct one_view {
  temporary_folder folder;
  std::unique_ptr<storage::store> store = store_in(folder.data());
  storage::keyring keys{*store, std::nullopt};
  storage::pending_rows rows{*store, rows_table, keys, "one"};

  void commit() {
    storage::store::batch batch;
    BOOST_REQUIRE(rows.move_into(batch, 0));
    BOOST_REQUIRE(store->commit(batch));
  }
  /// As somebody else would, which nobody does: shows from where a row is read.
  void write_beneath(std::string_view key, std::string_view bytes) {
    storage::store::batch batch;
    store->put(batch, rows_table, key, bytes);
    BOOST_REQUIRE(store->commit(batch));
  }
  std::string stored(std::string_view key) const { return (*store->get(rows_table, key)).value_or("none"); }
  std::string seen(std::string_view key) { return rows.get(key).value_or("none"); }
};

} // namespace

BOOST_AUTO_TEST_SUITE(pending_rows)

BOOST_AUTO_TEST_CASE(changes_are_seen_at_once_and_stored_when_the_batch_is) {
  one_view view;
  view.rows.put("a", "1");
  view.rows.put("b", "1");
  view.rows.put("a", "2");
  view.rows.erase("b");
  BOOST_TEST(view.seen("a") == "2");
  BOOST_TEST(view.seen("b") == "none");
  BOOST_TEST(view.stored("a") == "none");
  view.commit();
  BOOST_TEST(view.stored("a") == "2");
  BOOST_TEST(view.stored("b") == "none");
}

BOOST_AUTO_TEST_CASE(a_row_that_was_read_or_written_is_not_read_again_until_it_is_let_go) {
  one_view view;
  view.write_beneath("read", "1");
  BOOST_TEST(view.seen("read") == "1");
  BOOST_TEST(view.seen("missing") == "none");
  view.rows.put("written", "1");
  view.commit();
  for (const auto* key : {"read", "missing", "written"})
    view.write_beneath(key, "2");
  BOOST_TEST(view.seen("read") == "1");
  BOOST_TEST(view.seen("missing") == "none");
  BOOST_TEST(view.seen("written") == "1");
  view.rows.let_go();
  for (const auto* key : {"read", "missing", "written"})
    BOOST_TEST(view.seen(key) == "2");
}

BOOST_AUTO_TEST_CASE(what_is_known_stays_within_bounds) {
  one_view view;
  const std::string large(1000, 'x');
  view.rows.put("first", "1");
  for (int n = 0; n < 2000; ++n) {
    view.rows.put(std::to_string(n), large);
    if (n % 100 == 0) view.commit();
  }
  view.commit();
  view.write_beneath("first", "2");
  BOOST_TEST(view.seen("first") == "2"); // 2 MB later nobody knows it any more
  BOOST_TEST(view.stored("1999") == large);
}

BOOST_AUTO_TEST_CASE(an_event_is_decoded_once_for_all_views) {
  event_envelope event;
  event.topic = messages::desk_mode_switched::topic;
  event.body = messages::encode_body(messages::desk_mode_switched{});
  const storage::folded_event folded{event};
  const auto* first = folded.as<messages::desk_mode_switched>();
  BOOST_REQUIRE(first);
  BOOST_TEST(folded.as<messages::desk_mode_switched>() == first);
  BOOST_TEST(!folded.as<messages::desk_opened>());
  event.body = "no map";
  BOOST_TEST(!storage::folded_event{event}.as<messages::desk_mode_switched>());
}

BOOST_AUTO_TEST_SUITE_END()
