// What a WebSocket message of a page is: a line, digits, a camera's frame, or the end of the connection.
#include "tests/test.hpp"

#include "drivers/screen/spoken.hpp"

using namespace drivers::screen;

namespace {

constexpr speech_limits with_camera{64, 1000}, without{64, 0};

std::span<const std::uint8_t> octets(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
const std::string jpeg = "\xFF\xD8\xFF\xE0 and so on";

spoken said(page_kind whose, std::string_view text) { return hear(whose, true, octets(text), with_camera).what; }

} // namespace

BOOST_AUTO_TEST_CASE(digits_are_told_from_lines_by_their_first_word) {
  BOOST_TEST((said(page_kind::patient, "pin 1234") == spoken::pin));
  BOOST_TEST((said(page_kind::patient, "number 12345678901234") == spoken::check_number));
  BOOST_TEST((said(page_kind::home_reception, "pin 1234") == spoken::pin));
  BOOST_TEST((said(page_kind::home_reception, "number 12345678901234") == spoken::refused));
  BOOST_TEST((said(page_kind::patient, R"({"n":1})") == spoken::line));
  BOOST_TEST((said(page_kind::patient, "pins") == spoken::line));
  BOOST_TEST(hear(page_kind::patient, true, octets("pin 1234"), without).text == "1234");
}

BOOST_AUTO_TEST_CASE(a_frame_is_a_jpeg_from_a_patients_page_that_has_a_camera) {
  BOOST_TEST((hear(page_kind::patient, false, octets(jpeg), with_camera).what == spoken::frame));
  BOOST_TEST((hear(page_kind::patient, false, octets(jpeg), without).what == spoken::refused));
  for (const auto other : {page_kind::hands, page_kind::reception, page_kind::monitor})
    BOOST_TEST((hear(other, false, octets(jpeg), with_camera).what == spoken::refused));
  BOOST_TEST((hear(page_kind::patient, false, octets("garbage"), with_camera).what == spoken::refused));
  BOOST_TEST((hear(page_kind::patient, false, octets(""), with_camera).what == spoken::refused));
}

BOOST_AUTO_TEST_CASE(what_is_too_long_ends_the_connection) {
  BOOST_TEST((said(page_kind::patient, std::string(65, 'x')) == spoken::refused));
  BOOST_TEST(
      (hear(page_kind::patient, false, octets(jpeg + std::string(1000, 'x')), with_camera).what == spoken::refused));
}
