// A PIN lives in one object, is given once, and leaves nothing behind.
#include "tests/test.hpp"

#include "messages/codec.hpp"

#include <array>
#include <new>

using namespace messages;

namespace {

template <class T>
concept can_be_written = requires(writer& out, const T& v) {
  messages::write(out, v, audience::personal);
};
template <class T>
concept can_be_read = requires(const value& from, T& v) {
  messages::read(from, v);
};
static_assert(can_be_written<std::string> && can_be_read<std::string>);
static_assert(!can_be_written<secret> && !can_be_read<secret>);
static_assert(!has_fields<secret>);
static_assert(!std::is_copy_constructible_v<secret> && !std::is_copy_assignable_v<secret>);
static_assert(!std::equality_comparable<secret>);
static_assert(!std::is_constructible_v<secret, std::string>, "only secret::from takes characters");

constexpr std::string_view pin = "73196482";

/// Memory that a secret is built in, so that a test can look at what it leaves there.
struct memory {
  alignas(secret) std::array<unsigned char, sizeof(secret)> octets{};

  bool holds_pin() const {
    const volatile unsigned char* at = octets.data(); // volatile: look, do not reason about dead objects
    for (std::size_t start = 0; start + pin.size() <= octets.size(); ++start) {
      std::size_t same = 0;
      while (same < pin.size() && at[start + same] == static_cast<unsigned char>(pin[same]))
        ++same;
      if (same == pin.size()) return true;
    }
    return false;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_secret_takes_between_one_and_its_limit_of_characters) {
  BOOST_TEST(!secret::from(""));
  BOOST_TEST(!secret::from(std::string(secret::size_max + 1, '1')));
  auto longest = secret::from(std::string(secret::size_max, '1'));
  BOOST_REQUIRE(longest);
  BOOST_TEST(longest->use_once([](std::string_view digits) { return digits.size(); }) == secret::size_max);
}

BOOST_AUTO_TEST_CASE(a_secret_is_gone_after_it_was_used) {
  memory m;
  auto* s = new (m.octets.data()) secret(*secret::from(pin));
  BOOST_TEST(m.holds_pin());
  BOOST_TEST(s->use_once([](std::string_view digits) { return digits == pin; }));
  BOOST_TEST(s->empty());
  BOOST_TEST(!m.holds_pin());
  BOOST_TEST(s->use_once([](std::string_view digits) { return digits.empty(); }));
  s->~secret();
}

BOOST_AUTO_TEST_CASE(a_secret_is_gone_even_when_its_use_throws) {
  memory m;
  auto* s = new (m.octets.data()) secret(*secret::from(pin));
  BOOST_CHECK_THROW(s->use_once([](std::string_view) { throw std::runtime_error("the reader left"); }),
                    std::runtime_error);
  BOOST_TEST(s->empty());
  BOOST_TEST(!m.holds_pin());
  s->~secret();
}

BOOST_AUTO_TEST_CASE(a_secret_is_gone_from_where_it_was_moved_from) {
  memory from, to;
  auto* a = new (from.octets.data()) secret(*secret::from(pin));
  auto* b = new (to.octets.data()) secret(std::move(*a));
  BOOST_TEST(!from.holds_pin());
  BOOST_TEST(to.holds_pin());
  *a = std::move(*b);
  BOOST_TEST(from.holds_pin());
  BOOST_TEST(!to.holds_pin());
  a->~secret();
  b->~secret();
}

BOOST_AUTO_TEST_CASE(a_secret_is_gone_when_it_is_destroyed) {
  memory m;
  auto* s = new (m.octets.data()) secret(*secret::from(pin));
  BOOST_TEST(m.holds_pin());
  s->~secret();
  BOOST_TEST(!m.holds_pin());
}

BOOST_AUTO_TEST_CASE(a_shorter_secret_leaves_nothing_of_a_longer_one) {
  memory m;
  auto* s = new (m.octets.data()) secret(*secret::from(pin));
  *s = std::move(*secret::from("1"));
  BOOST_TEST(!m.holds_pin());
  s->~secret();
}

BOOST_AUTO_TEST_CASE(a_credential_travels_in_a_command_and_compares) {
  const credential one{"opensesame"};
  writer out;
  write(out, one, audience::personal);
  credential back;
  BOOST_TEST(read(*unpack(out.take()), back));
  BOOST_TEST((back == one));
  back = credential{"another, much longer than the first one was"};
  BOOST_TEST(!(back == one));
}
