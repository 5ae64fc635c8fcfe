// Throwaway certificates: made when needed, kept when good, never in place of somebody's own.
#include "tests/test.hpp"

#include "drivers/line/tls_files.hpp"
#include "tests/drivers/line/support.hpp"

#include <fstream>
#include <iterator>

using namespace line_test;

namespace {

constexpr std::uint64_t day_ms = 24ull * 60 * 60 * 1000;

std::string content(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

} // namespace

BOOST_AUTO_TEST_CASE(every_file_is_its_owners_only) {
  temporary_folder folder;
  BOOST_REQUIRE(make_throwaway_pki(folder / "pki", institution, morning_ms));
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "pki")) {
    ++files;
    BOOST_CHECK(entry.status().permissions() ==
                (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  }
  BOOST_CHECK_EQUAL(files, 5);
}

BOOST_AUTO_TEST_CASE(good_files_are_left_alone_and_ending_ones_are_made_anew) {
  temporary_folder folder;
  const auto pki = make_throwaway_pki(folder.path(), institution, morning_ms, 30).value();
  const auto before = content(pki.client_certificate);
  BOOST_REQUIRE(make_throwaway_pki(folder.path(), institution, morning_ms + 28 * day_ms, 30));
  BOOST_CHECK(content(pki.client_certificate) == before);
  BOOST_REQUIRE(make_throwaway_pki(folder.path(), institution, morning_ms + 29 * day_ms + 1000, 30));
  BOOST_CHECK(content(pki.client_certificate) != before);
  BOOST_CHECK(check_pair(pki.client_certificate, pki.client_key, morning_ms + 50 * day_ms));
}

BOOST_AUTO_TEST_CASE(a_missing_file_or_another_institution_makes_all_of_them_anew) {
  temporary_folder folder;
  const auto pki = make_throwaway_pki(folder.path(), institution, morning_ms).value();
  const auto first = content(pki.ca_certificate);
  std::filesystem::remove(pki.server_key);
  BOOST_REQUIRE(make_throwaway_pki(folder.path(), institution, morning_ms));
  const auto second = content(pki.ca_certificate);
  BOOST_CHECK(first != second);
  BOOST_CHECK(check_pair(pki.server_certificate, pki.server_key, morning_ms));
  BOOST_REQUIRE(make_throwaway_pki(folder.path(), "1319999998", morning_ms));
  BOOST_CHECK(content(pki.ca_certificate) != second);
}

BOOST_AUTO_TEST_CASE(files_of_somebody_else_are_never_overwritten) {
  temporary_folder folder;
  cards().write_ca(folder / "ca.pem"); // a certificate, but not one of ours
  const auto before = content(folder / "ca.pem");
  const auto made = make_throwaway_pki(folder.path(), institution, morning_ms);
  BOOST_REQUIRE_EQUAL(code_of(made), "certificate_problem");
  BOOST_CHECK(content(folder / "ca.pem") == before);
  BOOST_CHECK(!std::filesystem::exists(folder / "client.key"));
}
