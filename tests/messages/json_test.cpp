// JSON: what people and pages read and write; the same messages, with ids as digits and octets as base64.
#include "tests/test.hpp"

#include "messages/json.hpp"
#include "tests/messages/filler.hpp"

using namespace messages;

namespace {

template <class M> result<M> typed(std::string_view text) {
  auto tree = from_json(text);
  if (!tree) return failure(tree.error());
  return message_from_json<M>(*tree);
}

template <class M> error why_not(std::string_view text) {
  const auto m = typed<M>(text);
  BOOST_REQUIRE(!m);
  return m.error();
}

error wrong(std::string field, std::string what) {
  return {error_code::wrong_value, {std::move(field), std::move(what)}};
}

std::string all_kinds() {
  return to_json(value{value::map{{"b", value{true}},
                                  {"a", value{std::int64_t{-7}}},
                                  {"n", value{}},
                                  {"u", value{UINT64_MAX}},
                                  {"t", value{std::string{"受付 \"1\"\n"}}},
                                  {"id", value{bytes(16, 0xab)}},
                                  {"o", value{bytes{1, 2, 3, 4}}},
                                  {"l", value{value::array{value{false}, value{value::map{}}}}},
                                  {"r", value{extension{ext_redacted, {}}}},
                                  {"f", value{extension{ext_forgotten, {}}}}}});
}

} // namespace

BOOST_AUTO_TEST_CASE(a_value_is_one_line_in_its_own_order) {
  BOOST_TEST(all_kinds() == R"({"b":true,"a":-7,"n":null,"u":18446744073709551615,"t":"受付 \"1\"\n",)"
                            R"("id":"abababababababababababababababab","o":"AQIDBA==","l":[false,{}],)"
                            R"("r":{"redacted":true},"f":{"forgotten":true}})");
}

BOOST_AUTO_TEST_CASE(text_that_is_no_utf_8_does_not_stop_a_log_line) {
  BOOST_TEST(to_json(value{std::string{"a\xff"
                                       "b"}}) == "\"a\xef\xbf\xbd"
                                                 "b\"");
}

BOOST_AUTO_TEST_CASE(an_event_is_one_line_with_fixed_keys) {
  event_envelope e;
  e.index = 12;
  e.time_ms = 1'700'000'000'000;
  e.topic = card_placed::topic;
  e.node = "hub";
  e.desk = "desk-1";
  e.checkin = make_id(1, 2, 3);
  e.body = encode_body(card_placed{{}, card_kind::phone, -1, {}, {}, {}});
  BOOST_TEST(to_json(e) == R"({"v":1,"index":12,"time_ms":1700000000000,"topic":"checkin.card_placed","node":"hub",)"
                           R"("desk":"desk-1","checkin":"00000000000100030000000000000002","account":"","cause":null,)"
                           R"("body":{"reader_session":null,"kind":"phone","tries_left":-1,"patient":null,)"
                           R"("certificate":"unknown","error":""}})");
  e.body = "\xc1";
  BOOST_TEST(to_json(e).ends_with(R"("body":null})"));
}

BOOST_AUTO_TEST_CASE(base64_is_that_of_rfc_4648) {
  const auto octets = [](std::string_view s) { return bytes(s.begin(), s.end()); };
  const std::vector<std::pair<std::string_view, std::string_view>> vectors{
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}};
  for (const auto& [plain, coded] : vectors) {
    BOOST_TEST(to_base64(octets(plain)) == coded);
    BOOST_TEST((from_base64(coded) == octets(plain)), coded);
  }
  for (const std::string_view bad : {"Z", "Zg", "Zg=", "Zg==Zg==", "=Zg=", "====", "Zh==", "Zm9v\n", "Zm-_", "Z==="})
    BOOST_TEST(!from_base64(bad), bad);
}

BOOST_AUTO_TEST_CASE(every_message_can_be_read_from_the_json_it_prints) {
  filler::for_every_message([]<class M>() {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      const auto m = filler::source{seed}.make<M>();
      const auto back = typed<M>(to_json(*unpack(encode_body(m))));
      BOOST_TEST((back && *back == m), M::topic << (back ? "" : to_sentence(back.error())));
    }
    BOOST_TEST((typed<M>("{}") == M{}), M::topic); // a missing field keeps its default
  });
}

BOOST_AUTO_TEST_CASE(ids_are_digits_or_null_and_octets_base64_or_sixteen_as_digits) {
  const auto m = typed<verify_pin>(R"({"reader_session":"0123456789abcdef0123456789abcdef","attempt":null,)"
                                   R"("challenge":"AQID"})");
  BOOST_REQUIRE(m);
  BOOST_TEST(m->reader_session.text() == "0123456789abcdef0123456789abcdef");
  BOOST_TEST(m->attempt.empty());
  BOOST_TEST((m->challenge == bytes{1, 2, 3}));
  const auto sixteen = typed<verify_pin>(R"({"challenge":"0123456789abcdef0123456789abcdef"})");
  BOOST_REQUIRE(sixteen);
  BOOST_TEST(sixteen->challenge.size() == 16U);
}

BOOST_AUTO_TEST_CASE(an_error_names_the_field) {
  BOOST_TEST((why_not<choose_method>(R"({"checkin":7})") == wrong("checkin", "a number")));
  BOOST_TEST(
      (why_not<choose_method>(R"({"checkin":"12"})") == wrong("checkin", "a text that is not 32 hexadecimal digits")));
  BOOST_TEST((why_not<choose_method>(R"({"method":"fase"})") == wrong("method", "a name that is not in its list")));
  BOOST_TEST((why_not<verify_pin>(R"({"challenge":"%"})") == wrong("challenge", "a text that is not base64")));
  BOOST_TEST((why_not<enter_pin>(R"({"confirms":"yes"})") == wrong("confirms", "a text")));
  BOOST_TEST((why_not<keep_walk_in>(R"({"person":{"number":12345}})") == wrong("person.number", "a number")));
  BOOST_TEST((why_not<desk_list>(R"({"desks":[{},{"open":1}]})") == wrong("desks[1].open", "a number")));
  BOOST_TEST((why_not<done>("[]") == wrong("message", "a list")));
}

BOOST_AUTO_TEST_CASE(a_misspelt_field_is_refused_by_its_name) {
  BOOST_TEST((why_not<open_desk>(R"({"dsek":"desk-1"})") == wrong("dsek", "a field: there is none of this name")));
  BOOST_TEST((why_not<keep_walk_in>(R"({"person":{"nubmer":"1"}})").args.front() == "person.nubmer"));
}

BOOST_AUTO_TEST_CASE(an_error_does_not_repeat_what_was_typed) {
  const auto e = why_not<keep_walk_in>(R"({"person":"SENTINEL"})");
  for (const auto& arg : e.args)
    BOOST_TEST(arg.find("SENTINEL") == std::string::npos);
  const auto broken = from_json(R"({"person":"SENTINEL)");
  BOOST_REQUIRE(!broken);
  for (const auto& arg : broken.error().args)
    BOOST_TEST(arg.find("SENTINEL") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(json_that_is_none_or_too_much_is_refused) {
  const auto refused = [](std::string_view text, const unpack_limits& limits = {}) { return !from_json(text, limits); };
  for (const std::string_view bad : {"", "{", "[1,", "{\"a\"}", "nul", "1 2", "{} {}", "\"\xff\"", "01", "'a'", "[1.5]",
                                     "1e3", "18446744073709551616", "{\"a\":1,\"a\":2}", "// c\n1"})
    BOOST_TEST(refused(bad), bad);
  const unpack_limits small{.bytes_max = 64, .depth_max = 3, .items_max = 3, .text_bytes_max = 4};
  BOOST_TEST(!refused("[[[1]]]", small));
  BOOST_TEST(refused("[[[[1]]]]", small));
  BOOST_TEST(refused("[1,2,3,4]", small));
  BOOST_TEST(refused(R"({"a":1,"b":1,"c":1,"d":1})", small));
  BOOST_TEST(refused("\"12345\"", small));
  BOOST_TEST(refused(std::string(65, ' ') + "1", small));
  BOOST_TEST(refused(std::string(500'000, '[')));
}

BOOST_AUTO_TEST_CASE(numbers_keep_their_sign_and_size) {
  BOOST_TEST((*from_json("18446744073709551615") == value{UINT64_MAX}));
  BOOST_TEST((*from_json("-9223372036854775808") == value{INT64_MIN}));
  BOOST_TEST((*from_json("0") == value{std::uint64_t{0}}));
  BOOST_TEST((*from_json("-0") == value{std::uint64_t{0}})); // found by codec_fuzz
  BOOST_TEST((from_json("\"0123456789abcdef0123456789abcdef\"")->as<std::string>() != nullptr));
}
