// BER of cards and the surface file: read within bounds, refused otherwise.
#include "tests/test.hpp"

#include "drivers/card/ber.hpp"
#include "drivers/card/virtual_person.hpp"

using namespace drivers::card;

namespace {
messages::bytes of(std::initializer_list<std::uint8_t> list) { return list; }
} // namespace

BOOST_AUTO_TEST_CASE(what_is_put_is_read_back_with_every_length_form) {
  for (const std::size_t size : {0u, 1u, 127u, 128u, 255u, 256u, 4000u}) {
    messages::bytes out;
    put_ber(out, 0xDF22, messages::bytes(size, 7));
    put_ber(out, 0x84, of({1}));
    const auto read = parse_ber(out);
    BOOST_REQUIRE(read.has_value());
    BOOST_REQUIRE(read->size() == 2u);
    BOOST_TEST(read->front().tag == 0xDF22);
    BOOST_TEST(read->front().content.size() == size);
    BOOST_TEST(find_ber(*read, 0x84)->size() == 1u);
    BOOST_TEST(!find_ber(*read, 0x85).has_value());
  }
}

BOOST_AUTO_TEST_CASE(an_element_never_reaches_beyond_what_came) {
  messages::bytes whole;
  put_ber(whole, 0xDF22, messages::bytes(300, 7));
  for (std::size_t n = 1; n < whole.size(); ++n)
    BOOST_TEST(!parse_ber(apdu::octets{whole}.first(n)).has_value(), "at " << n);
  whole.push_back(0);
  BOOST_TEST(!parse_ber(whole).has_value()); // something follows
  messages::bytes many;
  for (std::size_t n = 0; n <= ber_elements_max; ++n)
    put_ber(many, 0x80, {});
  BOOST_TEST(!parse_ber(many).has_value());
}

BOOST_AUTO_TEST_CASE(a_surface_file_tells_the_photo_and_the_dates) {
  const auto person = person_of("SIM000000000002");
  const auto facts = parse_surface(surface_of(person));
  BOOST_REQUIRE(facts.has_value());
  BOOST_TEST(facts->birth_date.reveal() == person.birth_date);
  BOOST_TEST(facts->expiry.reveal() == person.expiry);
  BOOST_TEST(facts->sex.reveal() == person.sex);
  const messages::bytes another{0xFF, 0x4F, 0xFF, 0x51, 7};
  const auto photo = parse_surface(surface_of(person, another))->photo.reveal();
  BOOST_TEST((messages::bytes(photo.begin(), photo.end()) == another));
  BOOST_TEST(check_number_of(person).size() == 14u);
  BOOST_TEST(check_number_of(person).substr(0, 6) == person.birth_date.substr(2));
}

BOOST_AUTO_TEST_CASE(a_surface_file_that_does_not_add_up_is_refused) {
  const auto whole = surface_of(person_of("SIM000000000002"));
  for (std::size_t n = 0; n < whole.size(); n += 13)
    BOOST_TEST(!parse_surface(apdu::octets{whole}.first(n)).has_value(), "at " << n);
  const auto made = [](std::uint16_t tag, const messages::bytes& photo) {
    messages::bytes inner, out;
    put_ber(inner, surface_photo_tag, photo);
    put_ber(inner, surface_birth_tag, {'1', '9', '9', '0', '0', '1', '0', '1'});
    put_ber(inner, surface_sex_tag, {'1'});
    put_ber(inner, surface_expiry_tag, {'2', '0', '3', '0', '0', '1', '0', '1'});
    put_ber(out, tag, inner);
    return out;
  };
  const messages::bytes codestream = {0xFF, 0x4F, 0xFF, 0x51, 0};
  BOOST_TEST(parse_surface(made(surface_tag, codestream)).has_value());
  BOOST_TEST(!parse_surface(made(0xFF30, codestream)).has_value());
  BOOST_TEST(!parse_surface(made(surface_tag, {0x89, 'P', 'N', 'G', 0})).has_value());
  auto huge = codestream;
  huge.resize(photo_size_max + 1);
  BOOST_TEST(!parse_surface(made(surface_tag, huge)).has_value());
}
