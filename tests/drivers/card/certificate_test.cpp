// What a certificate is worth: to the day, by the calendar, and by whom it was issued.
#include "tests/test.hpp"

#include "drivers/card/authority_folder.hpp"
#include "tests/drivers/card/curve_certificate.hpp"
#include "tests/drivers/card/notebook.hpp"

#include <fstream>

using namespace conformance;
using messages::certificate_standing;

namespace {

constexpr std::int64_t day_s = 86'400;

std::int64_t at(int year, unsigned month, unsigned day) {
  const std::chrono::sys_days when{std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(day)};
  return std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count();
}

certificate_standing standing(std::int64_t until_s, std::int64_t when_s) {
  return standing_at({.valid_from_s = 0, .valid_until_s = until_s, .rsa = true, .key_bits = 2048}, when_s);
}

} // namespace

BOOST_AUTO_TEST_CASE(months_are_the_calendars) {
  BOOST_TEST(months_later(at(2026, 1, 31), 3) == at(2026, 4, 30));
  BOOST_TEST(months_later(at(2025, 11, 30) + 5, 3) == at(2026, 2, 28) + 5);
  BOOST_TEST(months_later(at(2024, 5, 29), -3) == at(2024, 2, 29));
  BOOST_TEST(months_later(at(2026, 1, 15), -3) == at(2025, 10, 15));
}

BOOST_AUTO_TEST_CASE(a_certificate_warns_three_months_before_its_end_and_has_three_months_of_grace) {
  const auto end = at(2026, 8, 20);
  BOOST_CHECK(standing(end, at(2026, 5, 20) - 1) == certificate_standing::valid);
  BOOST_CHECK(standing(end, at(2026, 5, 20)) == certificate_standing::expires_soon);
  BOOST_CHECK(standing(end, end) == certificate_standing::expires_soon);
  BOOST_CHECK(standing(end, end + 1) == certificate_standing::expired_lately);
  BOOST_CHECK(standing(end, at(2026, 11, 20)) == certificate_standing::expired_lately);
  BOOST_CHECK(standing(end, at(2026, 11, 20) + 1) == certificate_standing::expired);
  BOOST_CHECK(standing(end, -1) == certificate_standing::not_yet_valid);
}

BOOST_AUTO_TEST_CASE(key_size_and_validity_are_read_from_the_certificate) {
  const auto issued = authority().issue_until("SIM000000000004", now_s - 20 * day_s);
  BOOST_REQUIRE(issued.has_value());
  const auto facts = read_certificate(issued->certificate);
  BOOST_REQUIRE(facts.has_value());
  BOOST_TEST(facts->rsa);
  BOOST_TEST(facts->key_bits == 2048u);
  BOOST_TEST(facts->valid_until_s == now_s - 20 * day_s);
  BOOST_CHECK(standing_at(*facts, now_s) == certificate_standing::expired_lately);
  const auto again = authority().issue_until("SIM000000000004", now_s - 20 * day_s);
  BOOST_TEST(again->certificate == issued->certificate); // kept although it is not valid
}

BOOST_AUTO_TEST_CASE(a_certificate_chains_to_its_own_authority_only) {
  const auto issued = authority().issue("SIM000000000001");
  const auto signing = authority().issue_signing("SIM000000000001");
  BOOST_REQUIRE((issued.has_value() && signing.has_value()));
  BOOST_TEST(chains_to(issued->certificate, {signing->issuer_certificate, authority().certificate()}));
  BOOST_TEST(!chains_to(issued->certificate, {signing->issuer_certificate}));
  BOOST_TEST(!chains_to(issued->certificate, {issued->certificate}));
  BOOST_TEST(!chains_to(issued->certificate, {}));
  BOOST_TEST(chains_to(signing->own.certificate, {signing->issuer_certificate}));
  auto damaged = issued->certificate;
  damaged[damaged.size() - 5] ^= 1;
  BOOST_TEST(!chains_to(damaged, {authority().certificate()}));
}

BOOST_AUTO_TEST_CASE(what_is_no_certificate_is_refused) {
  auto longer = authority().issue("SIM000000000001")->certificate;
  longer.push_back(0);
  for (const auto& bad : {messages::bytes{}, messages::bytes{0x30, 0x82}, messages::bytes(9000, 0x30), longer}) {
    const auto facts = read_certificate(bad);
    BOOST_REQUIRE(!facts.has_value());
    BOOST_TEST((facts.error().code == error_code::card_answer_odd));
    BOOST_TEST(!chains_to(bad, {authority().certificate()}));
  }
}

BOOST_AUTO_TEST_CASE(authorities_are_read_from_a_folder_and_what_is_none_is_named) {
  const temporary_folder folder;
  BOOST_TEST((read_authorities(folder.path / "absent").error().code == error_code::file_unreadable));
  BOOST_TEST((read_authorities(folder.path).error().code == error_code::certificate_problem)); // empty: trusts nobody
  const auto write = [&](const char* name, const messages::bytes& octets) {
    std::ofstream to{folder.path / name, std::ios::binary};
    to.write(reinterpret_cast<const char*>(octets.data()), static_cast<std::streamsize>(octets.size()));
  };
  const auto issued = authority().issue("SIM000000000001");
  write("a.cer", authority().certificate());
  write("readme.txt", {'?'});
  std::filesystem::copy_file(authority_folder() / "card-authority.pem", folder.path / "b.pem");
  const auto both = read_authorities(folder.path);
  BOOST_REQUIRE(both.has_value());
  BOOST_TEST((*both)->size() == 2u);
  for (const auto& one : **both)
    BOOST_TEST(one == authority().certificate());
  write("c.der", issued->certificate); // a person's
  const auto wrong = read_authorities(folder.path);
  BOOST_REQUIRE(!wrong.has_value());
  BOOST_TEST((wrong.error().code == error_code::certificate_problem));
  BOOST_TEST(wrong.error().args.front() == (folder.path / "c.der").string());
}

BOOST_AUTO_TEST_CASE(a_card_of_an_authority_that_is_not_accepted_is_refused_and_gets_no_pin) {
  const temporary_folder elsewhere;
  const auto foreign = card_authority::open(elsewhere.path, now_s);
  BOOST_REQUIRE(foreign.has_value());
  const auto stranger = *make_card(*foreign, "SIM000000000001");
  const auto slot = std::make_shared<virtual_slot>();
  const auto port = make_virtual_reader(
      slot, {}, std::make_shared<std::vector<messages::bytes>>(1, authority().certificate()));
  notebook told;
  port->watch(told);
  BOOST_TEST(told.next() == "attached");
  const auto identify = [&] {
    return wait_for<messages::result<card_found>>([&](auto done) { port->identify(done); });
  };
  slot->place(stranger);
  BOOST_TEST(told.next() == "placed");
  const auto refused = identify();
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST((refused.error().code == error_code::certificate_problem));
  const auto made =
      wait_for<pin_attempt>([&](auto done) { port->verify_pin(std::move(*messages::secret::from("1234")), done); });
  BOOST_CHECK(made.outcome == pin_outcome::not_made);
  BOOST_TEST(stranger->counts().verifies == 0);
  slot->remove();
  BOOST_TEST(told.next() == "removed");
  slot->place(new_card());
  BOOST_TEST(told.next() == "placed");
  BOOST_TEST(identify().has_value());
  port->stop();
}

BOOST_AUTO_TEST_CASE(a_card_whose_certificate_is_none_is_not_identified) {
  const auto slot = std::make_shared<virtual_slot>();
  const auto port = make_virtual_reader(slot);
  notebook told;
  port->watch(told);
  BOOST_TEST(told.next() == "attached");
  virtual_card_options options;
  options.certificate = messages::bytes(600, 0x30);
  options.certificate[1] = 0x82;
  options.certificate[2] = 0x02;
  options.certificate[3] = 0x54;
  slot->place(*make_card(authority(), "SIM000000000001", std::move(options)));
  BOOST_TEST(told.next() == "placed");
  const auto found = wait_for<messages::result<card_found>>([&](auto done) { port->identify(done); });
  BOOST_REQUIRE(!found.has_value()); // well-formed by size, and no certificate
  BOOST_TEST((found.error().code == error_code::card_answer_odd));
  port->stop();
}

BOOST_AUTO_TEST_CASE(a_card_of_the_next_generation_is_identified_and_nothing_is_sent_to_its_key) {
  const auto slot = std::make_shared<virtual_slot>();
  const auto port = make_virtual_reader(slot);
  notebook told;
  port->watch(told);
  BOOST_TEST(told.next() == "attached");
  virtual_card_options options;
  options.certificate = curve_certificate;
  const auto card = new_card("SIM000000000384", std::move(options));
  slot->place(card);
  BOOST_TEST(told.next() == "placed");
  const auto found = wait_for<messages::result<card_found>>([&](auto done) { port->identify(done); });
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(!found->facts.rsa);
  BOOST_TEST(found->facts.key_bits == 384u);
  BOOST_TEST(found->certificate.reveal() == curve_certificate);
  const auto made =
      wait_for<pin_attempt>([&](auto done) { port->verify_pin(std::move(*messages::secret::from("1234")), done); });
  BOOST_CHECK(made.outcome == pin_outcome::right);
  const auto signature = wait_for<messages::result<messages::bytes>>([&](auto done) {
    port->sign(messages::bytes{1, 2, 3}, done);
  });
  BOOST_REQUIRE(!signature.has_value());
  BOOST_CHECK(signature.error().code == error_code::card_answer_odd);
  BOOST_TEST(signature.error().args.size() == 2u);
  BOOST_TEST(!card->selected().contains("D392F000260100000001 0017")); // a DigestInfo of RSA would be nonsense to it
  port->stop();
}
