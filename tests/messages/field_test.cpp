// Enumerations have their names on the wire: each value one, none twice.
#include "tests/test.hpp"

#include "messages/registry.hpp"

#include <set>

using namespace messages;

namespace {

template <class E> void has_sound_names() {
  std::set<std::string_view> seen;
  for (std::size_t n = 0; n < enumeration<E>::names.size(); ++n) {
    const auto value = static_cast<E>(n);
    BOOST_TEST(!name(value).empty());
    BOOST_TEST(name(value).find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos, name(value));
    BOOST_TEST(seen.insert(name(value)).second, name(value));
    BOOST_TEST((from_name<E>(name(value)) == value), name(value));
  }
  BOOST_TEST(!from_name<E>(""));
  BOOST_TEST(!from_name<E>("?"));
  BOOST_TEST(name(static_cast<E>(enumeration<E>::names.size())) == "?");
}

struct three_of_a_kind {
  int a = 0;
  std::string b;
  bool c = false;
  UKETSUKE_FIELDS(three_of_a_kind, a, b, c)
};
static_assert(field_count<three_of_a_kind> == 3);
static_assert(has_fields<three_of_a_kind> && !has_fields<std::string>);

} // namespace

BOOST_AUTO_TEST_CASE(every_enumeration_has_sound_names) {
  has_sound_names<card_kind>();
  has_sound_names<identity_method>();
  has_sound_names<pin_outcome>();
  has_sound_names<choice>();
  has_sound_names<validity>();
  has_sound_names<question_outcome>();
  has_sound_names<question_kind>();
  has_sound_names<care>();
  has_sound_names<reference_outcome>();
  has_sound_names<ending>();
  has_sound_names<checkin_state>();
  has_sound_names<desk_mode>();
  has_sound_names<health>();
  has_sound_names<prompt>();
  has_sound_names<command_kind>();
}

BOOST_AUTO_TEST_CASE(the_first_and_the_last_name_are_where_the_code_says) {
  BOOST_TEST(name(ending::completed) == "completed");
  BOOST_TEST(name(ending::interrupted) == "interrupted"); // after a line break in its list
  BOOST_TEST(name(checkin_state::taking_card) == "taking_card");
  BOOST_TEST(name(prompt::see_reception) == "see_reception");
}

BOOST_AUTO_TEST_CASE(fields_are_walked_in_the_order_of_their_list) {
  three_of_a_kind m{1, "two", true};
  std::string order;
  for_each_field(m, [&](std::string_view name, const auto&) { order += name; });
  BOOST_TEST(order == "abc");
}
