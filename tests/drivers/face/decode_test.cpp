// Pictures from bytes that nobody vouches for: what is read, and what is refused before it costs anything.
#include "tests/drivers/face/support_engines.hpp"

#ifdef UKETSUKE_WITH_FACE_ENGINE

#include "drivers/face/decode.hpp"

#include <random>

using namespace face_test;

namespace {

const std::filesystem::path pictures = std::filesystem::path{UKETSUKE_SOURCE_DIR} / "tests/fuzz/corpus";

bool is_grey(const picture& p, int level) {
  return std::ranges::all_of(p.bgr, [level](std::uint8_t v) { return std::abs(v - level) <= 3; });
}

/// Truncations and flipped bits, by seed: refused or read, never a crash; how many were refused.
int refused_of(const wiped_bytes& whole, auto&& decode) {
  std::mt19937_64 chance{20261126};
  int refused = 0;
  for (int n = 0; n < 400; ++n) {
    auto damaged = whole;
    if (n % 4 == 0) damaged.resize(chance() % whole.size());
    for (int k = 0; n % 4 != 0 && k < 3; ++k)
      damaged[chance() % damaged.size()] ^= static_cast<std::uint8_t>(1u << chance() % 8);
    refused += !decode(damaged);
  }
  return refused;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_grey_and_a_coloured_picture_are_read_as_they_are) {
  const auto j2k = decode_jpeg2000(file(pictures / "jpeg2000_fuzz/grey.j2k"));
  BOOST_REQUIRE(j2k);
  BOOST_TEST((j2k->width == 240 && j2k->height == 320 && j2k->bgr.size() == 3u * 240 * 320));
  BOOST_TEST(is_grey(*j2k, 128));
  BOOST_TEST(is_grey(*decode_jpeg2000(file(pictures / "jpeg2000_fuzz/grey.jp2")), 128));
  const auto jpeg = decode_jpeg(file(pictures / "jpeg_fuzz/grey"));
  BOOST_REQUIRE(jpeg);
  BOOST_TEST((jpeg->width == 320 && jpeg->height == 240));
  BOOST_TEST(is_grey(*jpeg, 128));
  const auto blue = decode_jpeg(file(pictures / "jpeg_fuzz/blue"));
  BOOST_REQUIRE(blue);
  BOOST_TEST((blue->bgr[0] > 200 && blue->bgr[1] < 60 && blue->bgr[2] < 60)); // blue comes first
}

BOOST_AUTO_TEST_CASE(a_picture_larger_than_its_bound_is_refused_by_its_header) {
  for (const auto* name : {"jpeg2000_fuzz/huge.j2k"}) {
    const auto refused = decode_jpeg2000(file(pictures / name));
    BOOST_REQUIRE(!refused);
    BOOST_TEST(refused.error().args.at(1) == "too large");
  }
  const auto wide = decode_jpeg(file(pictures / "jpeg_fuzz/huge"));
  BOOST_REQUIRE(!wide);
  BOOST_TEST(wide.error().args.at(1) == "too large");
}

BOOST_AUTO_TEST_CASE(damaged_pictures_are_refused_or_read_and_nothing_else) {
  const auto photo = file(pictures / "jpeg2000_fuzz/grey.j2k"), frame = file(pictures / "jpeg_fuzz/blue");
  BOOST_TEST(refused_of(photo, [](const auto& b) { return decode_jpeg2000(b).has_value(); }) > 100);
  BOOST_TEST(refused_of(frame, [](const auto& b) { return decode_jpeg(b).has_value(); }) > 100);
  for (std::size_t size = 0; size < 40; ++size) {
    BOOST_TEST(!decode_jpeg2000(wiped_bytes(size, 0xFF)));
    BOOST_TEST(!decode_jpeg(wiped_bytes(size, 0xFF)));
  }
}

#else

BOOST_AUTO_TEST_CASE(without_the_decoders_there_is_no_engine) {
  BOOST_TEST(!drivers::face::open_process_engine({}));
  BOOST_TEST_MESSAGE("skipped: this build has no OpenCV");
}

#endif
