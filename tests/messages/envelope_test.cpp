// Envelopes, addresses and replies: one frame each, whole or refused.
#include "tests/test.hpp"

#include "tests/messages/filler.hpp"

using namespace messages;

namespace {

/// Every frame there can be: of each event, each command and each reply.
std::vector<std::pair<std::string, bool>> every_frame(std::uint64_t seed) {
  std::vector<std::pair<std::string, bool>> frames; // and whether it is an event's
  filler::source from{seed};
  for_each_message(all_events{},
                   [&]<class M>() { frames.emplace_back(encode(filler::event_of(from.make<M>(), from)), true); });
  for_each_message(all_commands{},
                   [&]<class M>() { frames.emplace_back(encode(filler::command_of(from.make<M>(), from)), false); });
  for_each_message(all_replies{},
                   [&]<class M>() { frames.emplace_back(encode(filler::reply_of(from.make<M>(), from)), false); });
  return frames;
}

bool decodes(std::string_view frame, bool event) {
  return event ? decode_event(frame).has_value() : decode_command(frame).has_value();
}

command_envelope some_command() {
  filler::source from{1};
  return filler::command_of(from.make<verify_pin>(), from);
}

} // namespace

BOOST_AUTO_TEST_CASE(every_envelope_survives_a_round_trip) {
  filler::source from{2};
  for_each_message(all_events{}, [&]<class M>() {
    const auto m = from.make<M>();
    const auto sent = filler::event_of(m, from);
    const auto came = decode_event(encode(sent));
    BOOST_REQUIRE(came);
    BOOST_TEST((*came == sent), M::topic);
    BOOST_TEST((body_as<M>(*came) == m), M::topic);
  });
  for_each_message(all_commands{}, [&]<class M>() {
    const auto m = from.make<M>();
    const auto sent = filler::command_of(m, from);
    const auto came = decode_command(encode(sent));
    BOOST_REQUIRE(came);
    BOOST_TEST((*came == sent), M::topic);
    BOOST_TEST((body_as<M>(*came) == m), M::topic);
  });
}

BOOST_AUTO_TEST_CASE(every_truncated_prefix_of_every_envelope_is_refused) {
  for (const auto& [frame, event] : every_frame(3)) {
    BOOST_TEST(decodes(frame, event));
    std::size_t taken = 0;
    for (std::size_t size = 0; size < frame.size(); ++size)
      taken += decodes(std::string_view{frame}.substr(0, size), event);
    BOOST_TEST(taken == 0U);
  }
}

BOOST_AUTO_TEST_CASE(bytes_after_an_envelope_are_refused) {
  for (const auto& [frame, event] : every_frame(4))
    BOOST_TEST(!decodes(frame + '\xc0', event));
}

BOOST_AUTO_TEST_CASE(a_frame_beyond_its_limit_is_refused_before_it_is_read) {
  auto big = some_command();
  big.body = pack(value{value::map{{"padding", value{bytes(command_bytes_max)}}}});
  const auto refused = decode_command(encode(big));
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == error_code::too_large));
}

BOOST_AUTO_TEST_CASE(a_command_needs_an_id_two_addresses_a_topic_and_a_body) {
  BOOST_TEST(decode_command(encode(some_command())).has_value());
  const auto refused = [](auto change) {
    auto c = some_command();
    change(c);
    return !decode_command(encode(c));
  };
  BOOST_TEST(refused([](command_envelope& c) { c.id = {}; }));
  BOOST_TEST(refused([](command_envelope& c) { c.from = "reader"; }));
  BOOST_TEST(refused([](command_envelope& c) { c.to = "reader@Desk 2"; }));
  BOOST_TEST(refused([](command_envelope& c) { c.topic.clear(); }));
  BOOST_TEST(refused([](command_envelope& c) { c.topic.assign(81, 'x'); }));
  BOOST_TEST(refused([](command_envelope& c) { c.body = "\xc0"; }));
  BOOST_TEST(!refused([](command_envelope& c) { c.body.clear(); })); // nothing to say is an empty map
}

BOOST_AUTO_TEST_CASE(an_address_is_an_actor_at_a_node) {
  const auto a = address::from_text("reader@desk-2");
  BOOST_REQUIRE(a);
  BOOST_TEST(a->actor == "reader");
  BOOST_TEST(a->node == "desk-2");
  BOOST_TEST(a->text() == "reader@desk-2");
  for (const std::string_view wrong :
       {"", "@", "reader", "reader@", "@desk", "a@b@c", "Reader@desk", "reader@受付", "a b@c"})
    BOOST_TEST(!address::from_text(wrong), wrong);
  BOOST_TEST(is_name(std::string(40, 'a')));
  BOOST_TEST(!is_name(std::string(41, 'a')));
}

BOOST_AUTO_TEST_CASE(a_reply_goes_back_under_the_id_of_its_command) {
  const auto command = some_command();
  const auto reply = decode_command(encode(reply_ok(command, encode_body(done{}))));
  BOOST_REQUIRE(reply);
  BOOST_TEST((reply->id == command.id && reply->cause == command.id));
  BOOST_TEST((reply->kind == command_kind::reply));
  BOOST_TEST((reply->from == command.to && reply->to == command.from && reply->topic == command.topic));
}

BOOST_AUTO_TEST_CASE(every_reply_says_what_was_put_into_it) {
  filler::source from{6};
  for_each_message(all_replies{}, [&]<class M>() {
    const auto m = from.make<M>();
    const auto reply = decode_command(encode(filler::reply_of(m, from)));
    BOOST_REQUIRE(reply);
    const auto body = reply_body(*reply);
    BOOST_REQUIRE(body);
    const auto back = decode_body<M>(*body, reply->v);
    BOOST_TEST((back && *back == m), M::topic);
  });
}

BOOST_AUTO_TEST_CASE(every_error_travels_in_a_reply_with_its_arguments) {
  for (const auto& row : all_errors()) {
    const error why{row.code, {"eligibility_gateway", "窓口"}};
    const auto reply = decode_command(encode(reply_error(some_command(), why)));
    BOOST_REQUIRE(reply);
    const auto body = reply_body(*reply);
    BOOST_REQUIRE(!body);
    BOOST_TEST((body.error() == why), row.name);
  }
}

BOOST_AUTO_TEST_CASE(a_reply_that_says_neither_is_malformed_and_an_unknown_error_is_an_unknown_outcome) {
  auto reply = reply_ok(some_command(), {});
  reply.body = "\x80";
  BOOST_TEST((reply_body(reply).error().code == error_code::malformed));
  reply.body = pack(value{value::map{{"error", value{value::map{{"name", value{std::string{"newer_than_us"}}}}}}}});
  BOOST_TEST((reply_body(reply).error().code == error_code::outcome_unknown));
}
