// The codec: what is written is read again, and what was not written by it costs nothing and is refused.
#include "tests/test.hpp"

#include "tests/messages/filler.hpp"

using namespace messages;
using filler::for_every_message;

namespace {

constexpr std::uint64_t seeds = 20;

/// @p packed, a map, with one change made to its entries.
template <class F> std::string changed(std::string_view packed, F&& change) {
  auto tree = unpack(packed);
  BOOST_REQUIRE(tree);
  change(std::get<value::map>(tree->is));
  return pack(*tree);
}

bool refused(std::string_view packed, error_code code = error_code::malformed, const unpack_limits& limits = {}) {
  const auto tree = unpack(packed, limits);
  return !tree && tree.error().code == code;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_message_survives_a_round_trip_empty_and_filled) {
  for_every_message([]<class M>() {
    const auto survives = [](const M& m) {
      const auto back = decode_body<M>(encode_body(m), M::version);
      return back && *back == m && encode_body(*back) == encode_body(m);
    };
    BOOST_TEST_CONTEXT(M::topic) {
      BOOST_TEST(survives(M{}));
      for (std::uint64_t seed = 1; seed <= seeds; ++seed)
        BOOST_TEST(survives(filler::source{seed}.make<M>()));
    }
  });
}

BOOST_AUTO_TEST_CASE(the_filler_leaves_no_field_as_it_was) {
  // otherwise the round trips above would prove little
  for_every_message([]<class M>() {
    std::map<std::string, bool> moved;
    const auto untouched = *unpack(encode_body(M{}));
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      const auto filled = *unpack(encode_body(filler::source{seed}.make<M>()));
      for (const auto& [key, v] : *filled.template as<value::map>())
        moved[key] = moved[key] || !(v == *untouched.find(key));
    }
    for (const auto& [key, did] : moved)
      BOOST_TEST(did, M::topic << "." << key);
  });
}

BOOST_AUTO_TEST_CASE(an_unknown_field_is_skipped) {
  for_every_message([]<class M>() {
    const auto m = filler::source{7}.make<M>();
    const auto packed = changed(encode_body(m), [](value::map& entries) {
      entries.emplace(entries.begin(), "from_the_future", value{value::map{{"deep", value{std::string{"x"}}}}});
    });
    const auto back = decode_body<M>(packed, M::version);
    BOOST_TEST((back && *back == m), M::topic);
  });
}

BOOST_AUTO_TEST_CASE(a_missing_field_keeps_its_default) {
  for_every_message([]<class M>() {
    const auto packed = encode_body(filler::source{7}.make<M>());
    const auto untouched = *unpack(encode_body(M{}));
    for (std::size_t n = 0; n < field_count<M>; ++n) {
      const auto back = decode_body<M>(
          changed(packed, [&](value::map& entries) { entries.erase(entries.begin() + static_cast<long>(n)); }),
          M::version);
      BOOST_REQUIRE(back);
      const auto expected =
          changed(packed, [&](value::map& entries) { entries[n].second = *untouched.find(entries[n].first); });
      BOOST_TEST((encode_body(*back) == expected), M::topic << " without field " << n);
    }
    const auto empty = decode_body<M>("\x80", M::version);
    BOOST_TEST((empty && *empty == M{}));
  });
}

BOOST_AUTO_TEST_CASE(a_newer_version_is_refused_by_its_name) {
  for_every_message([]<class M>() {
    const auto back = decode_body<M>(encode_body(M{}), M::version + 1);
    BOOST_REQUIRE(!back);
    BOOST_TEST((back.error() == error{error_code::newer_version, {std::string{M::topic}}}));
  });
}

BOOST_AUTO_TEST_CASE(a_field_of_another_kind_is_refused) {
  for_every_message([]<class M>() {
    const auto packed = encode_body(filler::source{3}.make<M>());
    for (std::size_t n = 0; n < field_count<M>; ++n) {
      const auto odd = changed(packed, [&](value::map& entries) {
        entries[n].second = value{value::array{value{true}, value{value::array{}}}}; // fits no field of any message
      });
      BOOST_TEST(!decode_body<M>(odd, M::version), M::topic << " field " << n);
    }
  });
}

BOOST_AUTO_TEST_CASE(a_number_too_large_for_its_field_is_refused) {
  const auto packed = [](std::uint64_t n) { return pack(value{value::map{{"tries_left", value{n}}}}); };
  BOOST_TEST(decode_body<card_placed>(packed(INT64_MAX), 1).has_value());
  BOOST_TEST(!decode_body<card_placed>(packed(std::uint64_t{INT64_MAX} + 1), 1).has_value());
}

BOOST_AUTO_TEST_CASE(trailing_bytes_are_refused) {
  for_every_message([]<class M>() {
    const auto packed = encode_body(filler::source{5}.make<M>());
    BOOST_TEST(!decode_body<M>(packed + '\xc0', M::version), M::topic);
    BOOST_TEST(!decode_body<M>(packed + packed, M::version), M::topic);
  });
}

BOOST_AUTO_TEST_CASE(every_truncated_body_is_refused) {
  for_every_message([]<class M>() {
    const auto packed = encode_body(filler::source{5}.make<M>());
    std::size_t taken = 0;
    for (std::size_t size = 0; size < packed.size(); ++size)
      taken += decode_body<M>(std::string_view{packed}.substr(0, size), M::version).has_value();
    BOOST_TEST(taken == 0U, M::topic);
  });
}

BOOST_AUTO_TEST_CASE(nested_containers_stop_at_the_limit) {
  BOOST_TEST(unpack(std::string(15, '\x91') + '\xc0').has_value());
  BOOST_TEST(refused(std::string(17, '\x91') + '\xc0'));
  BOOST_TEST(refused(std::string(100'000, '\x91')));
  std::string maps;
  for (int n = 0; n < 20'000; ++n)
    maps += "\x81\xa1k";
  BOOST_TEST(refused(maps));
}

BOOST_AUTO_TEST_CASE(a_declared_size_is_not_believed) {
  using namespace std::string_literals;
  for (const auto& header : {"\xdd\xff\xff\xff\xff"s, "\xdf\xff\xff\xff\xff"s, "\xdb\xff\xff\xff\xff"s,
                             "\xc6\xff\xff\xff\xff"s, "\xc9\xff\xff\xff\xff\x01"s, "\xdc\xff\xff"s, "\xde\xff\xff"s})
    BOOST_TEST(refused(header + "abc"));
}

BOOST_AUTO_TEST_CASE(limits_of_items_texts_and_bytes_hold) {
  const unpack_limits small{.bytes_max = 64, .depth_max = 4, .items_max = 3, .text_bytes_max = 8};
  BOOST_TEST(unpack("\x93\x01\x02\x03", small).has_value());
  BOOST_TEST(refused("\x94\x01\x02\x03\x04", error_code::malformed, small));
  BOOST_TEST(unpack("\xa8"
                    "12345678",
                    small)
                 .has_value());
  BOOST_TEST(refused("\xa9"
                     "123456789",
                     error_code::malformed, small));
  BOOST_TEST(refused(std::string(65, '\xc0'), error_code::too_large, small));
}

BOOST_AUTO_TEST_CASE(what_the_contract_has_no_place_for_is_refused) {
  using namespace std::string_literals;
  BOOST_TEST(refused("\xca\x3f\x80\x00\x00"s));     // a fraction
  BOOST_TEST(refused("\x81\x01\x02"s));             // a key that is no text
  BOOST_TEST(refused("\xd4\x01\x00"s));             // "redacted" with content
  BOOST_TEST(refused("\xc7\x00\x03"s));             // an extension nobody defined
  BOOST_TEST(refused("\xd6\xff\x00\x00\x00\x00"s)); // msgpack's own time
  BOOST_TEST(refused(""));
  BOOST_TEST(refused("\xc1"));
}

BOOST_AUTO_TEST_CASE(extensions_are_replaced_where_they_stand_and_the_rest_is_copied) {
  using namespace std::string_literals;
  const auto shout = [](std::string_view data) { return "\xa3<"s + std::string{data} + ">"; };
  for (const std::size_t size : {0, 1, 2, 3, 4, 8, 15, 16, 17, 255, 256, 70'000}) {
    writer out;
    out.map(2);
    out.text("a");
    out.ext(4, std::string(size, 'd'));
    out.text("b");
    out.array(2);
    out.ext(3, "kept");
    out.natural(7);
    const auto packed = out.take();
    const auto replaced = replace_extensions(packed, 4, [&](std::string_view data) {
      BOOST_TEST(data == std::string(size, 'd'));
      return shout("x");
    });
    BOOST_REQUIRE(replaced);
    BOOST_TEST(*replaced == "\x82\xa1"s + "a\xa3<x>\xa1"s + "b\x92\xd6\x03kept\x07"s);
  }
  BOOST_TEST(!replace_extensions("\xc7\x01\x04x"s, 4, shout)); // 1 byte has a shorter form
  BOOST_TEST(replace_extensions("\xc7\x01\x04x"s, 3, shout).value() == "\xc7\x01\x04x"s);
  BOOST_TEST(!replace_extensions("\xd4\x04"s, 4, shout));   // cut short
  BOOST_TEST(!replace_extensions("\xd4\x04xy"s, 4, shout)); // something follows
  BOOST_TEST(!replace_extensions(std::string(17, '\x91') + "\xc0", 4, shout));
}

BOOST_AUTO_TEST_CASE(whatever_unpacks_packs_to_the_same_value) {
  for_every_message([]<class M>() {
    const auto packed = encode_body(filler::source{11}.make<M>());
    const auto tree = unpack(packed);
    BOOST_REQUIRE(tree);
    BOOST_TEST((pack(*tree) == packed), M::topic);
  });
}

BOOST_AUTO_TEST_CASE(a_number_is_the_same_however_wide_and_signed_it_was_written) {
  using namespace std::string_literals;
  for (const auto& seven : {"\x07"s, "\xcc\x07"s, "\xd0\x07"s, "\xd1\x00\x07"s, "\xd3\0\0\0\0\0\0\0\x07"s}) {
    const auto read = messages::unpack(seven);
    BOOST_REQUIRE(read.has_value());
    BOOST_CHECK((*read == messages::value{std::uint64_t{7}}));
    BOOST_CHECK_EQUAL(messages::pack(*read), "\x07");
  }
}

BOOST_AUTO_TEST_CASE(items_say_what_the_value_says) {
  for_every_message([]<class M>() {
    const auto packed = encode_body(filler::source{13}.make<M>());
    const auto items = packed_items::in(packed);
    BOOST_REQUIRE(items);
    BOOST_TEST((pack(items->whole()) == packed), M::topic);
    BOOST_TEST((items->whole().behind() == items->all().data() + items->all().size()), M::topic);
    M by_value;
    BOOST_TEST((read_fields(*unpack(packed), by_value) && encode_body(by_value) == packed), M::topic);
  });
}

BOOST_AUTO_TEST_CASE(of_a_field_written_twice_the_first_counts_in_whatever_order_fields_come) {
  using namespace std::string_literals;
  const auto both_read = [](std::string_view packed, const consent_flag& wanted) {
    consent_flag by_value;
    return decode_fields<consent_flag>(packed) == wanted && read_fields(*unpack(packed), by_value) &&
           by_value == wanted;
  };
  const auto text = [](std::string_view s) { return std::string(1, static_cast<char>(0xa0 | s.size())).append(s); };
  const auto flag = text("flag"), consented = text("consented");
  BOOST_TEST(both_read("\x82" + flag + "\x01" + flag + "\x02", {1, "", ""}));
  BOOST_TEST(both_read("\x83" + consented + text("a") + flag + "\x01" + consented + text("b"), {1, "a", ""}));
  BOOST_TEST(both_read("\x82" + consented + text("a") + flag + "\x01", {1, "a", ""}));
  BOOST_TEST(!decode_fields<consent_flag>("\x81" + flag + flag));
}
