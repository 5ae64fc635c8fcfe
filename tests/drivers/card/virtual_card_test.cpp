// The virtual card answers as the reference says, and forgets nothing it must remember.
#include "tests/test.hpp"

#include "tests/drivers/card/notebook.hpp"

#include <fstream>

#include <sys/stat.h>
#include <sys/wait.h>

using namespace conformance;

namespace {

unsigned sw(const std::shared_ptr<virtual_card>& card, const wiped_bytes& command) {
  const auto read = apdu::parse_answer(card->answer(command));
  return read ? read->sw : 0;
}

const wiped_bytes select_jpki = {0x00, 0xA4, 0x04, 0x0C, 0x0A, 0xD3, 0x92, 0xF0,
                                 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01};
const wiped_bytes select_pin = {0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x18};
const wiped_bytes select_key = {0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x17};
const wiped_bytes ask_tries = {0x00, 0x20, 0x00, 0x80};
const wiped_bytes right_pin = {0x00, 0x20, 0x00, 0x80, 0x04, '1', '2', '3', '4'};
const wiped_bytes wrong_pin = {0x00, 0x20, 0x00, 0x80, 0x04, '9', '9', '9', '9'};

void enter_pin_file(const std::shared_ptr<virtual_card>& card) {
  BOOST_TEST(sw(card, select_jpki) == 0x9000u);
  BOOST_TEST(sw(card, select_pin) == 0x9000u);
}

} // namespace

BOOST_AUTO_TEST_CASE(foreign_commands_are_refused_cleanly) {
  const auto card = new_card();
  BOOST_TEST(sw(card, {0x00, 0xA4, 0x04, 0x00, 0x05, 0xA0, 0x00, 0x00, 0x03, 0x08}) == 0x6A82u);
  BOOST_TEST(sw(card, {0x00, 0xCA, 0xDF, 0x30, 0x05}) == 0x6D00u);
  BOOST_TEST(sw(card, {0x40, 0xA4, 0x04, 0x00}) == 0x6E00u);
  BOOST_TEST(sw(card, {0x00, 0xA4}) == 0x6700u);
  BOOST_TEST(sw(card, select_pin) == 0x6A82u); // no application yet
  BOOST_TEST(sw(card, select_jpki) == 0x9000u);
  BOOST_TEST(sw(card, {0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x01}) == 0x6A82u);
  BOOST_TEST(sw(card, {0x00, 0xB0, 0x00, 0x00, 0x04}) == 0x6986u);
}

BOOST_AUTO_TEST_CASE(every_answer_to_reset_of_the_reference_adds_up) {
  for (const auto which : card_atrs) {
    const auto make = make_of(which);
    BOOST_TEST(make.atr.size() <= 33u);
    BOOST_TEST(int{make.atr[0]} == 0x3B);
    int check = 0;
    for (std::size_t i = 1; i < make.atr.size(); ++i)
      check ^= make.atr[i];
    BOOST_TEST(check == 0, apdu::hex(make.atr));
  }
}

BOOST_AUTO_TEST_CASE(a_card_without_extended_length_refuses_it) {
  const wiped_bytes extended = {0x00, 0x84, 0x00, 0x00, 0x00, 0x00, 0x08};
  virtual_card_options options;
  BOOST_TEST(sw(new_card("SIM000000000001", options), extended) == 0x9000u);
  options.atr = card_atr::contact_short;
  BOOST_TEST(sw(new_card("SIM000000000001", options), extended) == 0x6700u);
}

BOOST_AUTO_TEST_CASE(the_signing_certificate_and_key_want_the_signing_pin) {
  const auto card = *make_whole_card(authority(), "SIM000000000001");
  const wiped_bytes select_signing = {0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x01};
  const wiped_bytes select_signing_pin = {0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x1B};
  const wiped_bytes read = {0x00, 0xB0, 0x00, 0x00, 0x04};
  sw(card, select_jpki);
  BOOST_TEST(sw(card, select_signing) == 0x9000u);
  BOOST_TEST(sw(card, read) == 0x6982u);
  BOOST_TEST(sw(card, select_signing_pin) == 0x9000u);
  BOOST_TEST(sw(card, ask_tries) == 0x63C5u);
  BOOST_TEST(sw(card, wrong_pin) == 0x63C4u);
  BOOST_TEST(sw(card, {0x00, 0x20, 0x00, 0x80, 0x06, 'A', 'B', 'C', '1', '2', '3'}) == 0x9000u);
  sw(card, select_signing);
  BOOST_TEST(sw(card, read) == 0x9000u);
  BOOST_TEST(card->counts().verifies == 0); // the other PIN's
  BOOST_TEST(card->counts().other_verifies == 2);
}

BOOST_AUTO_TEST_CASE(two_objects_of_one_card_count_together) {
  const temporary_folder folder;
  virtual_card_options options;
  options.state_file = folder.path / "card.state";
  const auto one = new_card("SIM000000000001", options), other = new_card("SIM000000000001", options);
  enter_pin_file(one);
  enter_pin_file(other);
  BOOST_TEST(sw(one, wrong_pin) == 0x63C2u);
  BOOST_TEST(sw(other, ask_tries) == 0x63C2u);
  BOOST_TEST(sw(other, wrong_pin) == 0x63C1u);
  BOOST_TEST(sw(one, ask_tries) == 0x63C1u);
}

BOOST_AUTO_TEST_CASE(files_are_read_by_blocks_up_to_their_end) {
  const auto card = new_card();
  sw(card, select_jpki);
  BOOST_TEST(sw(card, {0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x06}) == 0x9000u);
  const auto token = apdu::parse_answer(card->answer(wiped_bytes{0x00, 0xB0, 0x00, 0x00, 0x20}));
  BOOST_TEST(std::string(token->data.begin(), token->data.end()) == "JPKIAPICCTOKEN2     ");
  BOOST_TEST(sw(card, {0x00, 0xB0, 0x00, 0x14, 0x01}) == 0x6B00u);
  BOOST_TEST(sw(card, {0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x0B}) == 0x9000u);
  const auto head = apdu::parse_answer(card->answer(wiped_bytes{0x00, 0xB0, 0x00, 0x00, 0x04}));
  BOOST_TEST(apdu::certificate_size(head->data).value() == authority().certificate().size());
}

BOOST_AUTO_TEST_CASE(tries_count_down_and_lock) {
  const auto card = new_card();
  enter_pin_file(card);
  BOOST_TEST(sw(card, ask_tries) == 0x63C3u);
  BOOST_TEST(sw(card, wrong_pin) == 0x63C2u);
  BOOST_TEST(sw(card, right_pin) == 0x9000u);
  BOOST_TEST(sw(card, ask_tries) == 0x63C3u); // also when verified
  for (const unsigned left : {0x63C2u, 0x63C1u, 0x63C0u})
    BOOST_TEST(sw(card, wrong_pin) == left);
  BOOST_TEST(sw(card, right_pin) == 0x6984u);
  BOOST_TEST(card->counts().verifies == 6);
  BOOST_TEST(card->counts().refused == 1);
}

BOOST_AUTO_TEST_CASE(a_verified_pin_is_forgotten_by_reset_and_by_selecting_the_application) {
  const auto card = new_card();
  const wiped_bytes sign = {0x80, 0x2A, 0x00, 0x80, 0x01, 0x30, 0x00};
  const auto verified = [&] {
    enter_pin_file(card);
    sw(card, right_pin);
    sw(card, select_key);
    return sw(card, sign);
  };
  BOOST_TEST(verified() == 0x9000u);
  BOOST_TEST(sw(card, select_jpki) == 0x9000u);
  sw(card, select_key);
  BOOST_TEST(sw(card, sign) == 0x6982u);
  BOOST_TEST(verified() == 0x9000u);
  card->reset();
  BOOST_TEST(sw(card, sign) == 0x6986u);
}

BOOST_AUTO_TEST_CASE(a_card_that_believes_a_terminal_signs_without_its_pin_until_it_is_reset) {
  const auto card = new_card();
  const wiped_bytes sign = {0x80, 0x2A, 0x00, 0x80, 0x01, 0x30, 0x00};
  card->believe_terminal(); // no application is selected: there is nothing to sign with
  sw(card, select_jpki);
  sw(card, select_key);
  BOOST_TEST(sw(card, sign) == 0x6982u);
  card->believe_terminal();
  BOOST_TEST(sw(card, sign) == 0x9000u);
  card->reset();
  sw(card, select_jpki);
  sw(card, select_key);
  BOOST_TEST(sw(card, sign) == 0x6982u);
  BOOST_TEST(card->counts().verifies == 0);
}

BOOST_AUTO_TEST_CASE(a_challenge_is_as_long_as_asked) {
  const auto card = new_card();
  BOOST_TEST(card->answer(wiped_bytes{0x00, 0x84, 0x00, 0x00, 0x0A}).size() == 12u);
  BOOST_TEST(card->answer(wiped_bytes{0x00, 0x84, 0x00, 0x00, 0x00}).size() == 258u);
}

BOOST_AUTO_TEST_CASE(counts_outlive_the_card_object) {
  const temporary_folder folder;
  virtual_card_options options;
  options.state_file = folder.path / "card.state";
  const auto use = [&](const wiped_bytes& pin) {
    const auto card = new_card("SIM000000000001", options);
    enter_pin_file(card);
    return sw(card, pin);
  };
  BOOST_TEST(use(wrong_pin) == 0x63C2u);
  BOOST_TEST(use(wrong_pin) == 0x63C1u);
  BOOST_TEST(use(ask_tries) == 0x63C1u);
  const auto card = new_card("SIM000000000001", options);
  BOOST_TEST(card->counts().verifies == 2);
  BOOST_TEST(card->counts().tries_left == 1);
  struct stat about {};
  BOOST_REQUIRE(stat(options.state_file.c_str(), &about) == 0);
  BOOST_TEST((about.st_mode & 0777) == 0600);
}

BOOST_AUTO_TEST_CASE(no_try_is_lost_when_the_process_is_killed) {
  const temporary_folder folder;
  virtual_card_options options;
  options.state_file = folder.path / "card.state";
  authority().issue("SIM000000000001"); // made before the fork
  const auto child = fork();
  if (child == 0) {
    const auto card = new_card("SIM000000000001", options);
    card->answer(select_jpki);
    card->answer(select_pin);
    card->answer(wrong_pin);
    raise(SIGKILL); // right after the answer
  }
  int how = 0;
  waitpid(child, &how, 0);
  BOOST_TEST(WIFSIGNALED(how));
  BOOST_TEST(new_card("SIM000000000001", options)->counts().tries_left == 2);
}

BOOST_AUTO_TEST_CASE(a_state_file_that_is_none_is_refused) {
  const temporary_folder folder;
  virtual_card_options options;
  options.state_file = folder.path / "card.state";
  std::ofstream{options.state_file} << "tries_left 9\n";
  const auto made = make_card(authority(), "SIM000000000001", options);
  BOOST_REQUIRE(!made.has_value());
  BOOST_TEST((made.error().code == error_code::file_unreadable));
}

BOOST_AUTO_TEST_CASE(an_authority_issues_the_same_certificate_again) {
  const temporary_folder folder;
  const auto first = card_authority::open(folder.path, now_s), again = card_authority::open(folder.path, now_s + 60);
  BOOST_REQUIRE((first.has_value() && again.has_value()));
  BOOST_TEST(first->certificate() == again->certificate());
  const auto one = first->issue("SIM000000000007"), two = again->issue("SIM000000000007");
  BOOST_REQUIRE((one.has_value() && two.has_value()));
  BOOST_TEST(one->certificate == two->certificate);
  BOOST_TEST(certificate_is_good(one->certificate, first->certificate(), now_s));
  BOOST_TEST(!certificate_is_good(one->certificate, authority().certificate(), now_s)); // another authority
  constexpr std::int64_t year_s = 365 * 24 * 3600;
  BOOST_TEST(!certificate_is_good(one->certificate, first->certificate(), now_s + 6 * year_s));
  for (const auto& entry : std::filesystem::directory_iterator{folder.path}) {
    struct stat about {};
    BOOST_REQUIRE(stat(entry.path().c_str(), &about) == 0);
    BOOST_TEST((about.st_mode & 0777) == 0600);
  }
  BOOST_TEST((first->issue("../SIM").error().code == error_code::wrong_value));
}
