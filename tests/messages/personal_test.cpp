// Personal data: it cannot be printed, and what is published without it holds none of it.
#include "tests/test.hpp"

#include "tests/messages/filler.hpp"

#include <ostream>

using namespace messages;

namespace {

template <class T>
concept streamable = requires(std::ostream& out, const T& v) {
  out << v;
};
static_assert(streamable<std::string>);
static_assert(!streamable<personal<std::string>>);
static_assert(!streamable<personal<bytes>>);
static_assert(!streamable<personal<int>>);
static_assert(!streamable<personal<insured_number>>);
static_assert(!streamable<secret>);
static_assert(!streamable<credential>);
static_assert(!std::is_convertible_v<personal<std::string>, std::string>);
static_assert(!std::is_convertible_v<std::string, personal<std::string>>, "becoming personal is said, too");
static_assert(!std::is_convertible_v<credential, std::string>);

constexpr std::string_view sentinel = "SENTINEL-PERSONAL";

bool shows(std::string_view bytes) { return bytes.find(sentinel) != std::string_view::npos; }

} // namespace

BOOST_AUTO_TEST_CASE(a_redacted_value_is_an_empty_extension_1_and_a_forgotten_one_2) {
  using namespace std::string_literals;
  const auto number_of = [](const personal<std::string>& p, audience who) {
    const reference_number_registered m{.question = {}, .patient = {}, .number = p};
    const auto packed = encode_body(m, who);
    return packed.substr(packed.find("number") + 6);
  };
  const personal<std::string> clear{"A-1"};
  BOOST_TEST(number_of(clear, audience::personal) == "\xa3"
                                                     "A-1");
  BOOST_TEST(number_of(clear, audience::redacted) == "\xc7\x00\x01"s);
  BOOST_TEST(number_of(personal<std::string>::hidden(visibility::redacted), audience::personal) == "\xc7\x00\x01"s);
  BOOST_TEST(number_of(personal<std::string>::hidden(visibility::forgotten), audience::personal) == "\xc7\x00\x02"s);
}

BOOST_AUTO_TEST_CASE(redaction_removes_every_personal_value_of_every_event) {
  int with_personal_data = 0;
  for_each_message(all_events{}, [&]<class M>() {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      filler::source from{seed, std::string{sentinel}};
      const auto event = filler::event_of(from.make<M>(), from);
      BOOST_TEST(shows(encode(event)) == detail::holds_personal<M>(), M::topic << " is not filled as it should be");
      const auto shown = redacted(event);
      BOOST_TEST(!shows(encode(shown)), M::topic);
      BOOST_TEST(body_as<M>(shown).has_value(), M::topic);
      BOOST_TEST((encode(redacted(shown)) == encode(shown)), M::topic);
    }
    with_personal_data += detail::holds_personal<M>();
  });
  BOOST_TEST(with_personal_data > 0);
}

BOOST_AUTO_TEST_CASE(redaction_leaves_the_rest_of_an_event_as_it_is) {
  for_each_message(all_events{}, []<class M>() {
    filler::source from{9};
    const auto event = filler::event_of(from.make<M>(), from);
    if (!detail::holds_personal<M>()) BOOST_TEST((redacted(event) == event), M::topic);
    auto shown = redacted(event);
    shown.body = event.body;
    BOOST_TEST((shown == event), M::topic);
  });
}

BOOST_AUTO_TEST_CASE(a_reader_knows_why_a_value_is_not_there) {
  for (const auto why : {visibility::redacted, visibility::forgotten}) {
    walk_in_kept m;
    m.person = personal<insured_number>::hidden(why);
    const auto back = decode_body<walk_in_kept>(encode_body(m), 1);
    BOOST_REQUIRE(back);
    BOOST_TEST((back->person.seen() == why));
    BOOST_TEST(back->person.reveal().number.empty());
  }
}
