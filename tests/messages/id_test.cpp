// Ids: 32 lower-case hexadecimal digits, in the order of their making.
#include "tests/test.hpp"

#include "messages/id.hpp"

using messages::id;
using messages::make_id;

BOOST_AUTO_TEST_CASE(an_id_is_its_time_and_its_chance) {
  constexpr auto made = make_id(0x0123456789ab, 0x1122334455667788, 0x99aa);
  BOOST_TEST(made.text() == "0123456789ab99aa1122334455667788");
  BOOST_TEST(made.time_ms() == 0x0123456789abU);
  BOOST_TEST(!made.empty());
  BOOST_TEST(id{}.empty());
  BOOST_TEST(id{}.text() == std::string(32, '0'));
}

BOOST_AUTO_TEST_CASE(an_id_is_read_from_its_own_text_only) {
  const auto made = make_id(1'700'000'000'000, 42, 7);
  BOOST_TEST((id::from_text(made.text()) == made));
  const std::vector<std::string> others{"",
                                        made.text().substr(1),
                                        made.text() + "0",
                                        std::string(32, 'g'),
                                        std::string(32, 'A'),
                                        "0000000000000000000000000000000 "};
  for (const auto& wrong : others)
    BOOST_TEST(!id::from_text(wrong), wrong);
}

BOOST_AUTO_TEST_CASE(a_later_id_is_greater_whatever_its_chance) {
  BOOST_TEST((make_id(1, ~0ULL, 0xffff) < make_id(2, 0, 0)));
  BOOST_TEST((make_id(255, 0, 0) < make_id(256, 0, 0)));
}
