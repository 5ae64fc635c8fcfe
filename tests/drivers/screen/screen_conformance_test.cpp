// What both sides of the screen port do alike: lines in, lines out, and a PIN that is no line.
#include "tests/test.hpp"

#include "tests/drivers/screen/support_clients.hpp"

#include <boost/test/data/test_case.hpp>

using namespace screen_test;

namespace {

constexpr std::size_t line_max = 8 * 1024, waiting_max = 256 * 1024;

std::unique_ptr<rig> rig_named(const std::string& name) {
  return name == "hands" ? hands_rig(line_max, waiting_max) : pages_rig(line_max, waiting_max);
}

const auto both_sides = boost::unit_test::data::make(std::vector<std::string>{"hands", "pages"});

} // namespace

BOOST_DATA_TEST_CASE(what_is_said_arrives_in_order, both_sides, side) {
  const auto r = rig_named(side);
  const auto c = r->connect();
  c->say("{\"a\":1}");
  c->say("{\"b\":2}");
  BOOST_REQUIRE(r->watcher.wait([&] { return r->watcher.lines.size() == 2; }));
  BOOST_TEST(r->watcher.lines[0] == "{\"a\":1}");
  BOOST_TEST(r->watcher.lines[1] == "{\"b\":2}");
}

BOOST_DATA_TEST_CASE(a_pin_goes_into_the_slot_and_nobody_hears_of_it_on_either_side, both_sides, side) {
  const auto r = rig_named(side);
  const auto c = r->connect();
  c->press_pin("7391");
  c->say("{\"after\":true}");
  BOOST_REQUIRE(r->watcher.wait([&] { return !r->watcher.lines.empty(); }));
  BOOST_TEST(r->watcher.lines.size() == 1u);
  auto held = r->pin.take();
  BOOST_TEST(held.use_once([](std::string_view digits) { return digits == "7391"; }));
  BOOST_TEST(r->pin.take().empty());
}

BOOST_DATA_TEST_CASE(a_line_is_sent_to_the_page_it_is_for, both_sides, side) {
  const auto r = rig_named(side);
  const auto first = r->connect();
  BOOST_REQUIRE(r->watcher.wait([&] { return r->watcher.joined.size() == 1; }));
  const auto second = r->connect();
  BOOST_REQUIRE(r->watcher.wait([&] { return r->watcher.joined.size() == 2; }));
  r->open->send(r->watcher.joined[1], "for the second");
  r->open->send(r->watcher.joined[0], "for the first");
  r->open->send(999, "for nobody");
  BOOST_TEST(first->read().value_or("") == "for the first");
  BOOST_TEST(second->read().value_or("") == "for the second");
}

BOOST_DATA_TEST_CASE(who_leaves_is_told_once_and_its_number_is_not_used_again, both_sides, side) {
  const auto r = rig_named(side);
  r->connect()->leave();
  BOOST_REQUIRE(r->watcher.wait([&] { return r->watcher.left.size() == 1; }));
  const auto next = r->connect();
  BOOST_REQUIRE(r->watcher.wait([&] { return r->watcher.joined.size() == 2; }));
  BOOST_TEST(r->watcher.left[0] == r->watcher.joined[0]);
  BOOST_TEST(r->watcher.joined[1] != r->watcher.joined[0]);
}

BOOST_DATA_TEST_CASE(a_page_that_never_reads_is_dropped_and_the_others_are_not, both_sides, side) {
  const auto r = rig_named(side);
  const auto deaf = r->connect();
  BOOST_REQUIRE(r->watcher.wait([&] { return r->watcher.joined.size() == 1; }));
  const auto lively = r->connect();
  BOOST_REQUIRE(r->watcher.wait([&] { return r->watcher.joined.size() == 2; }));
  for (int n = 0; n < 12'000; ++n) // more than any kernel buffers
    r->open->send(r->watcher.joined[0], std::string(1'000, 'x'));
  BOOST_REQUIRE(r->watcher.wait([&] { return r->watcher.left.size() == 1; }));
  BOOST_TEST(r->watcher.left[0] == r->watcher.joined[0]);
  r->open->send(r->watcher.joined[1], "still here");
  BOOST_TEST(lively->read().value_or("") == "still here");
}

BOOST_DATA_TEST_CASE(a_line_beyond_the_limit_ends_its_page_and_is_never_heard, both_sides, side) {
  const auto r = rig_named(side);
  const auto c = r->connect();
  BOOST_REQUIRE(r->watcher.wait([&] { return r->watcher.joined.size() == 1; }));
  c->say(std::string(3'000'000, 'y'));
  BOOST_TEST(!c->read().has_value());
  BOOST_REQUIRE(r->watcher.wait([&] { return r->watcher.left.size() == 1; }));
  BOOST_TEST(r->watcher.lines.empty());
}

BOOST_DATA_TEST_CASE(after_stop_nothing_is_heard, both_sides, side) {
  const auto r = rig_named(side);
  const auto c = r->connect();
  BOOST_REQUIRE(r->watcher.wait([&] { return r->watcher.joined.size() == 1; }));
  r->open->stop();
  const auto before = r->watcher.lines.size();
  c->say("{\"late\":true}");
  r->open->send(1, "nobody");
  BOOST_TEST(r->watcher.lines.size() == before);
}

BOOST_AUTO_TEST_CASE(two_ports_together_are_one_whose_pages_do_not_mix) {
  const site_folder site;
  std::string folder = (std::filesystem::temp_directory_path() / "uketsuke-pair-XXXXXX").string();
  BOOST_REQUIRE(::mkdtemp(folder.data()));
  auto hands = open_hands_socket({.path = folder + "/screen"});
  auto server = open_page_server(site.options());
  BOOST_REQUIRE((hands && server));
  const auto port = (*server)->port();
  std::vector<std::unique_ptr<pages>> both;
  both.push_back(std::move(*hands));
  both.push_back(std::move(*server));
  const auto pair = together(std::move(both));
  heard all;
  pair->watch(all);
  const auto page = open_page(port, "patient", "http://127.0.0.1:" + std::to_string(port), "");
  BOOST_REQUIRE(page);
  BOOST_REQUIRE(all.wait([&] { return all.joined.size() == 1; }));
  BOOST_TEST((all.visitors[0].kind == page_kind::patient));
  pair->send(all.joined[0], "hello");
  BOOST_TEST(page->read().value_or("") == "hello");
  pair->stop();
  std::filesystem::remove_all(folder);
}
