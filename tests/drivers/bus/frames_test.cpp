// The frames of the event sockets, byte for byte, and the array that is split without unpacking.
#include "tests/test.hpp"

#include "drivers/bus/frames.hpp"

#include <random>

using namespace std::literals;

namespace {
std::vector<std::string_view> views(const bus::frames& f) { return {f[0], f[1], f[2]}; }
} // namespace

BOOST_AUTO_TEST_CASE(the_frames_are_those_of_the_contract) {
  const std::vector<std::string_view> two{"\x81\xa1"sv
                                          "a\x01"sv,
                                          "\x80"sv};
  const auto tail = bus::make_tail(258, 7, two);
  BOOST_TEST(tail[0] == "#");
  BOOST_TEST(tail[1] == "\0\0\0\0\0\0\x01\x02\0\0\0\x02\0\0\0\0\0\0\0\x07"s);
  BOOST_TEST(tail[2] == "\x92\x81\xa1"s
                        "a\x01\x80"s);
  const auto event = bus::make_event({3, 2, "desk.opened", ""}, 7, "\x80"sv);
  BOOST_TEST(event[0] == "desk.opened");
  BOOST_TEST(event[1] == "\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x07"s);
  BOOST_TEST(event[2] == "\x80"s);
  const auto beat = bus::make_heartbeat(3, 7, {{"a", 2}});
  BOOST_TEST(beat[0] == "~");
  BOOST_TEST(beat[1] == "\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x07"s);
  BOOST_TEST(beat[2] == "\x81\xa1"s
                        "a\x02"s);
  const auto end = bus::make_replay_end(4, 7, 9);
  BOOST_TEST(end[0] == "replay.end");
  BOOST_TEST(end[1] == "\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0\x07"s);
  BOOST_TEST(end[2] == "\x81\xa4head\x09"s);
  BOOST_TEST(bus::make_replay_error({messages::error_code::busy, {"x"}})[1] == "");
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_again) {
  const std::vector<std::string_view> two{"\x80"sv, "\x81\xa1"sv
                                                    "a\xc4\x01z"sv};
  const auto f = bus::make_tail(5, 6, two);
  const auto tail = bus::read_tail(views(f));
  BOOST_REQUIRE(tail);
  BOOST_TEST(tail->first_index == 5u);
  BOOST_TEST(tail->epoch == 6u);
  BOOST_TEST(tail->envelopes == two);
  const auto e = bus::make_replay_error({messages::error_code::wrong_value, {"from"}});
  BOOST_TEST((bus::read_replay_error(views(e)).code == messages::error_code::wrong_value));
  const bus::replay_request asked{5, 10, {"desk."}};
  BOOST_TEST((bus::decode_replay_request(bus::encode(asked)) == asked));
}

BOOST_AUTO_TEST_CASE(an_array_is_split_at_the_ends_of_its_values_whatever_they_are) {
  using messages::value;
  value::array all{{std::monostate{}}, {true}, {std::int64_t{-1}}, {std::int64_t{-1000}}, {std::uint64_t{1} << 40}};
  for (const std::size_t size : {0u, 5u, 40u, 300u, 70'000u}) {
    all.push_back({std::string(size, 'x')});
    all.push_back({messages::bytes(size, 1)});
  }
  all.push_back({value::array(20, value{std::uint64_t{300}})});
  all.push_back({messages::extension{1, {}}});
  value::map nested{{"a", {value::map{{"b", {value::array{}}}}}}};
  all.push_back({nested});
  const auto packed = messages::pack({all});
  const auto split = bus::split_array(packed, 100);
  BOOST_REQUIRE(split);
  BOOST_REQUIRE_EQUAL(split->size(), all.size());
  for (std::size_t n = 0; n < all.size(); ++n)
    BOOST_TEST((*split)[n] == messages::pack(all[n]));
  for (std::size_t n = 0; n < packed.size(); n += n < 300 ? 1 : 997)
    BOOST_TEST(!bus::split_array(std::string_view{packed}.substr(0, n), 100));
  BOOST_TEST(!bus::split_array(packed + "x", 100));
  BOOST_TEST(!bus::split_array(packed, 3));
  BOOST_TEST(!bus::split_array("\xdd\xff\xff\xff\xff"sv, SIZE_MAX));
}

BOOST_AUTO_TEST_CASE(a_long_commit_is_split_at_256_kib_and_a_huge_event_goes_alone) {
  const std::string small(1000, 'x'), huge(300'000, 'x');
  std::vector<std::string_view> all(600, small);
  all.insert(all.begin() + 100, huge);
  std::size_t sum = 0;
  for (const auto run : bus::split_tail(all)) {
    std::size_t octets = 5;
    for (std::size_t n = 0; n < run; ++n)
      octets += all[sum + n].size();
    BOOST_TEST((octets <= bus::tail_bytes_max || run == 1));
    sum += run;
  }
  BOOST_TEST(sum == all.size());
}

BOOST_AUTO_TEST_CASE(garbage_is_refused_and_never_hurts) {
  std::mt19937 chance{7};
  const auto good = bus::make_tail(1, 1, std::vector<std::string_view>{"\x80"sv, "\x80"sv});
  for (int n = 0; n < 5000; ++n) {
    auto f = good;
    for (int k = 0; k < 3; ++k) {
      auto& part = f[chance() % 3];
      if (!part.empty()) part[chance() % part.size()] = static_cast<char>(chance());
    }
    if (chance() % 3 == 0) f[2].resize(chance() % (f[2].size() + 1));
    const auto v = views(f);
    (void)bus::read_tail(v);
    (void)bus::read_event(v);
    (void)bus::read_heartbeat(v);
    (void)bus::read_replay_end(v);
    (void)bus::read_replay_error(v);
    (void)bus::decode_replay_request(f[2]);
  }
  BOOST_TEST(!bus::read_tail({}));
}

BOOST_AUTO_TEST_CASE(a_bad_request_is_named) {
  const auto refusal = [](bus::replay_request r) {
    const auto read = bus::decode_replay_request(bus::encode(r));
    return read ? "" : std::string{describe(read.error().code).name};
  };
  BOOST_TEST(refusal({1, 1000, {}}) == "");
  BOOST_TEST(refusal({0, 1000, {}}) == "wrong_value");
  BOOST_TEST(refusal({1, 1001, {}}) == "wrong_value");
  BOOST_TEST(refusal({1, 0, {}}) == "wrong_value");
  BOOST_TEST(refusal({1, 1, {std::string(81, 'x')}}) == "wrong_value");
  BOOST_TEST(!bus::decode_replay_request("\xc1"sv));
}
