// QR codes of addresses.
#include "tests/test.hpp"

#include "drivers/screen/qr_code.hpp"

BOOST_AUTO_TEST_CASE(a_qr_code_has_its_three_corners_in_text_and_picture) {
  const auto code = drivers::screen::qr_code::of("https://example.invalid/home-visit/1319999999/0");
  BOOST_REQUIRE(code);
  const int last = code->width() - 1;
  for (const auto& [x, y] : {std::pair{0, 0}, {last, 0}, {0, last}}) {
    BOOST_CHECK(code->dark(x, y));
    const int in_x = x == 0 ? 1 : last - 1, in_y = y == 0 ? 1 : last - 1;
    BOOST_CHECK(!code->dark(in_x, in_y)); // the white ring of a finder
    BOOST_CHECK(code->dark(x == 0 ? 3 : last - 3, y == 0 ? 3 : last - 3));
  }
  BOOST_CHECK(code->for_terminal().find("█") != std::string::npos);
  const auto svg = code->as_svg("<a&\">");
  BOOST_CHECK(svg.find("&lt;a&amp;&quot;>") != std::string::npos && svg.find("M4 4h1") != std::string::npos);
  BOOST_CHECK(!drivers::screen::qr_code::of(std::string(3'000, 'x')));
}
