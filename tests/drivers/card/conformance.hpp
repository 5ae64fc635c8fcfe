// What every side of the reader port must do: the same cases for the in-process reader and for libusb under umockdev.
// A test file defines make_side() and includes this once.
#pragma once

#include "drivers/card/virtual_person.hpp"
#include "tests/drivers/card/notebook.hpp"

namespace conformance {

/// How one side puts a reader in front of a slot.
struct side {
  virtual ~side() = default;
  virtual std::unique_ptr<reader> open(trace_line trace) = 0;
};
struct side_options {
  bool small_blocks = false; ///< chained in both directions where there is something to chain
  bool impatient = false;    ///< one answer may take impatience_ms; else as long as a busy machine needs
};
inline constexpr std::int64_t impatience_ms = 400, slowness_ms = 600;
/// Of the test file that includes this.
std::unique_ptr<side> make_side(std::shared_ptr<virtual_slot> slot, const side_options& options);

/// A desk: a slot, a reader over it, and hands.
struct desk {
  explicit desk(const side_options& options = {}) : slot(std::make_shared<virtual_slot>()) {
    over = make_side(slot, options);
  }
  ~desk() {
    if (port) port->stop();
  }
  desk(const desk&) = delete;
  desk& operator=(const desk&) = delete;

  void open() {
    port = over->open([this](const std::string& line) {
      const std::lock_guard lock{guard};
      trace += line + "\n";
    });
    port->watch(told);
    BOOST_REQUIRE_EQUAL(told.next(), "attached");
  }
  void open_with(std::shared_ptr<virtual_card> card) {
    slot->place(std::move(card));
    open();
    BOOST_REQUIRE_EQUAL(told.next(), "placed");
  }
  messages::result<card_found> identify() {
    return wait_for<messages::result<card_found>>([&](auto done) { port->identify(done); });
  }
  pin_attempt verify(std::string_view pin) {
    return wait_for<pin_attempt>([&](auto done) { port->verify_pin(std::move(*messages::secret::from(pin)), done); });
  }
  messages::result<messages::bytes> sign(const messages::bytes& challenge) {
    return wait_for<messages::result<messages::bytes>>([&](auto done) { port->sign(challenge, done); });
  }

  std::shared_ptr<virtual_slot> slot;
  std::unique_ptr<side> over;
  notebook told;
  std::mutex guard;
  std::string trace;
  std::unique_ptr<reader> port;
};

inline const messages::bytes challenge = {1, 2, 3, 4, 5, 6, 7, 8};

inline void check(const pin_attempt& made, pin_outcome outcome, std::int64_t tries_left) {
  BOOST_TEST(messages::name(made.outcome) == messages::name(outcome));
  BOOST_TEST(made.tries_left == tries_left);
}

} // namespace conformance

using namespace conformance;

BOOST_AUTO_TEST_CASE(a_my_number_card_is_identified_by_its_files) {
  desk d;
  const auto issued = authority().issue("SIM000000000001");
  d.open_with(new_card());
  const auto found = d.identify();
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST((found->kind == messages::card_kind::my_number_card));
  BOOST_TEST(found->tries_left == 3);
  BOOST_TEST(found->certificate.reveal() == issued->certificate);
  BOOST_TEST(found->mark.size() == 16u);
  BOOST_TEST(common_name(found->certificate.reveal()) == "SIM000000000001");
  BOOST_TEST(certificate_is_good(found->certificate.reveal(), authority().certificate(), now_s));
}

BOOST_AUTO_TEST_CASE(a_wrong_pin_takes_a_try_and_the_right_one_gives_them_back) {
  desk d;
  const auto card = new_card();
  d.open_with(card);
  BOOST_REQUIRE(d.identify().has_value());
  check(d.verify("9999"), pin_outcome::wrong, 2);
  check(d.verify("1234"), pin_outcome::right, 3);
  BOOST_TEST(card->counts().verifies == 2);
}

BOOST_AUTO_TEST_CASE(a_card_signs_after_its_pin_and_not_before) {
  desk d;
  d.open_with(new_card());
  const auto found = d.identify();
  BOOST_REQUIRE(found.has_value());
  const auto early = d.sign(challenge);
  BOOST_REQUIRE(!early.has_value());
  BOOST_TEST((early.error().code == error_code::pin_missing));
  check(d.verify("1234"), pin_outcome::right, 3);
  const auto signature = d.sign(challenge);
  BOOST_REQUIRE(signature.has_value());
  BOOST_TEST(signature_is_good(found->certificate.reveal(), challenge, *signature));
  auto other = challenge;
  other[0] ^= 1;
  BOOST_TEST(!signature_is_good(found->certificate.reveal(), other, *signature));
  BOOST_REQUIRE(d.identify().has_value()); // powers the card anew
  BOOST_TEST(!d.sign(challenge).has_value());
}

BOOST_AUTO_TEST_CASE(a_locked_pin_is_never_sent) {
  desk d;
  const auto card = new_card();
  d.open_with(card);
  BOOST_REQUIRE(d.identify().has_value());
  check(d.verify("9999"), pin_outcome::wrong, 2);
  check(d.verify("9999"), pin_outcome::wrong, 1);
  check(d.verify("9999"), pin_outcome::blocked, 0);
  check(d.verify("1234"), pin_outcome::blocked, 0);
  BOOST_TEST(card->counts().verifies == 3);
  BOOST_TEST(card->counts().refused == 0);
  const auto found = d.identify();
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->tries_left == 0);
}

BOOST_AUTO_TEST_CASE(a_pulled_card_is_never_a_wrong_pin) {
  for (const auto kind : {fault_kind::remove_before, fault_kind::remove_after}) {
    desk d;
    const auto card = new_card();
    d.open_with(card);
    BOOST_REQUIRE(d.identify().has_value());
    d.slot->add_fault({on_instruction(apdu::ins_verify), kind, 0});
    check(d.verify("9999"), pin_outcome::in_doubt, -1);
    BOOST_TEST(card->counts().verifies == (kind == fault_kind::remove_after ? 1 : 0));
    BOOST_TEST(d.told.next() == "removed");
    check(d.verify("1234"), pin_outcome::not_made, -1); // no card, no attempt
    BOOST_TEST((d.sign(challenge).error().code == error_code::card_removed));
  }
}

BOOST_AUTO_TEST_CASE(a_mute_card_leaves_doubt_and_its_tries_are_read_again) {
  desk d{{.impatient = true}};
  const auto card = new_card();
  d.open_with(card);
  BOOST_REQUIRE(d.identify().has_value());
  d.slot->add_fault({on_instruction(apdu::ins_verify), fault_kind::mute, 0});
  check(d.verify("9999"), pin_outcome::in_doubt, 2);
  BOOST_TEST(card->counts().verifies == 1); // and not sent again
  check(d.verify("1234"), pin_outcome::right, 3);
}

BOOST_AUTO_TEST_CASE(a_failing_reader_leaves_doubt) {
  desk d;
  const auto card = new_card();
  d.open_with(card);
  BOOST_REQUIRE(d.identify().has_value());
  d.slot->add_fault({on_instruction(apdu::ins_verify), fault_kind::fail, 0});
  check(d.verify("9999"), pin_outcome::in_doubt, 3);
  BOOST_TEST(card->counts().verifies == 0);
}

BOOST_AUTO_TEST_CASE(a_reader_unplugged_during_a_pin_attempt_leaves_doubt_and_works_again_when_plugged_in) {
  desk d;
  const auto card = new_card();
  d.open_with(card);
  BOOST_REQUIRE(d.identify().has_value());
  d.slot->add_fault({on_instruction(apdu::ins_verify), fault_kind::unplug_after, 0});
  check(d.verify("9999"), pin_outcome::in_doubt, -1);
  BOOST_TEST(d.told.next() == "detached");
  BOOST_TEST((d.told.reason.code == error_code::reader_lost));
  BOOST_TEST((d.identify().error().code == error_code::reader_lost));
  check(d.verify("1234"), pin_outcome::not_made, -1);
  d.slot->plug();
  BOOST_TEST(d.told.next() == "attached");
  BOOST_TEST(d.told.next() == "placed");
  const auto found = d.identify();
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->tries_left == 2);
  check(d.verify("1234"), pin_outcome::right, 3);
  BOOST_TEST(card->counts().verifies == 2);
}

BOOST_AUTO_TEST_CASE(a_reader_unplugged_while_a_card_is_read_is_an_error_and_nothing_worse) {
  desk d;
  d.open_with(new_card());
  for (const int n : {1, 2, 4, 9}) {
    d.slot->add_fault({on_apdu(n), fault_kind::unplug_before, 0});
    const auto found = d.identify();
    BOOST_REQUIRE(!found.has_value());
    BOOST_TEST((found.error().code == error_code::reader_lost));
    BOOST_TEST(d.told.next() == "detached");
    d.slot->plug();
    BOOST_TEST(d.told.next() == "attached");
    BOOST_TEST(d.told.next() == "placed");
  }
  BOOST_TEST(d.identify().has_value());
}

BOOST_AUTO_TEST_CASE(cards_come_and_go) {
  desk d;
  d.open();
  BOOST_TEST((d.identify().error().code == error_code::card_removed));
  for (int i = 0; i < 3; ++i) {
    d.slot->place(new_card());
    BOOST_TEST(d.told.next() == "placed");
    BOOST_TEST(d.identify().has_value());
    d.slot->remove();
    BOOST_TEST(d.told.next() == "removed");
  }
}

BOOST_AUTO_TEST_CASE(an_exchanged_card_is_another_card) {
  desk d;
  const auto second = new_card("SIM000000000002");
  d.open_with(new_card());
  const auto found = d.identify();
  BOOST_REQUIRE(found.has_value());
  d.slot->place(second); // in one movement
  BOOST_TEST(d.told.next() == "removed");
  BOOST_TEST(d.told.next() == "placed");
  check(d.verify("9999"), pin_outcome::not_made, -1); // the PIN was meant for the other one
  BOOST_TEST(second->counts().verifies == 0);
  const auto other = d.identify();
  BOOST_REQUIRE(other.has_value());
  BOOST_TEST(other->mark != found->mark);
}

BOOST_AUTO_TEST_CASE(a_pin_is_not_sent_when_the_tries_are_not_those_the_patient_was_told) {
  desk d;
  const auto card = new_card();
  d.open_with(card);
  BOOST_REQUIRE(d.identify().has_value());
  // as if the card had been used elsewhere meanwhile
  const wiped_bytes select = {0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x18}, wrong = {0x00, 0x20, 0x00, 0x80, 0x01, 0x39};
  card->answer(select);
  card->answer(wrong);
  card->answer(wrong);
  check(d.verify("1234"), pin_outcome::not_made, 1);
  BOOST_TEST(card->counts().verifies == 2);
  check(d.verify("1234"), pin_outcome::right, 3);
}

BOOST_AUTO_TEST_CASE(a_pin_of_impossible_length_is_not_sent) {
  desk d;
  const auto card = new_card();
  d.open_with(card);
  BOOST_REQUIRE(d.identify().has_value());
  check(d.verify("123"), pin_outcome::not_made, 3);
  check(d.verify("12345678901234567"), pin_outcome::not_made, 3);
  BOOST_TEST(card->counts().verifies == 0);
}

BOOST_AUTO_TEST_CASE(other_cards_are_told_apart) {
  desk d;
  d.open();
  const auto place = [&](messages::card_kind kind) {
    virtual_card_options options;
    options.kind = kind;
    d.slot->place(new_card("SIM000000000001", std::move(options)));
    BOOST_TEST(d.told.next() == "placed");
    const auto found = d.identify();
    d.slot->remove();
    BOOST_TEST(d.told.next() == "removed");
    return found;
  };
  BOOST_TEST((place(messages::card_kind::unknown).error().code == error_code::not_my_number_card));
  for (const auto kind : {messages::card_kind::juki_card, messages::card_kind::phone}) {
    const auto found = place(kind);
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST((found->kind == kind));
    BOOST_TEST(found->tries_left == -1);
    BOOST_TEST(found->certificate.reveal().empty());
  }
}

BOOST_AUTO_TEST_CASE(a_card_is_read_whatever_its_answer_to_reset_says) {
  for (const auto which : card_atrs) { // each kind of the reference: block sizes, speeds, a mode without PPS
    desk d;
    virtual_card_options options;
    options.atr = which;
    const auto card = new_card("SIM000000000001", std::move(options));
    BOOST_TEST_CONTEXT("ATR " << apdu::hex(card->atr())) {
      d.open_with(card);
      const auto found = d.identify();
      BOOST_REQUIRE(found.has_value());
      check(d.verify("1234"), pin_outcome::right, 3);
      const auto signature = d.sign(challenge);
      BOOST_REQUIRE(signature.has_value());
      BOOST_TEST(signature_is_good(found->certificate.reveal(), challenge, *signature));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_slow_card_is_waited_for) {
  desk d{{.impatient = true}};
  const auto card = new_card();
  d.open_with(card);
  BOOST_REQUIRE(d.identify().has_value());
  d.slot->add_fault(
      {on_instruction(apdu::ins_verify), fault_kind::delay, slowness_ms}); // longer than one answer may take
  check(d.verify("1234"), pin_outcome::right, 3);
  BOOST_TEST(card->counts().verifies == 1);
}

BOOST_AUTO_TEST_CASE(a_reader_of_small_blocks_brings_the_whole_certificate_and_signature) {
  desk d{{.small_blocks = true}};
  d.open_with(new_card("SIM000000000002"));
  const auto found = d.identify();
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->certificate.reveal().size() > 1000u);
  check(d.verify("1234"), pin_outcome::right, 3);
  const auto signature = d.sign(challenge);
  BOOST_REQUIRE(signature.has_value());
  BOOST_TEST(signature_is_good(found->certificate.reveal(), challenge, *signature));
}

BOOST_AUTO_TEST_CASE(only_the_authentication_application_and_its_public_files_are_ever_selected) {
  desk d;
  const auto card = new_card();
  d.open_with(card);
  BOOST_REQUIRE(d.identify().has_value());
  check(d.verify("1234"), pin_outcome::right, 3);
  BOOST_REQUIRE(d.sign(challenge).has_value());
  const std::string jpki = "D392F000260100000001";
  const std::set<std::string> allowed = {jpki, jpki + " 0006", jpki + " 000A", jpki + " 0018", jpki + " 0017"};
  BOOST_TEST((card->selected() == allowed));
}

BOOST_AUTO_TEST_CASE(the_surface_opens_with_its_check_number_and_only_at_the_tries_that_were_told) {
  desk d;
  const auto card = new_card();
  d.open_with(card);
  const auto number = check_number_of(person_of("SIM000000000001"));
  const auto read = [&](std::string_view with, std::int64_t told) {
    return wait_for<surface_read>(
        [&](auto done) { d.port->read_surface(std::move(*messages::secret::from(with)), told, done); });
  };
  check(read(number, 10).attempt, pin_outcome::not_made, -1); // not identified yet
  BOOST_REQUIRE(d.identify().has_value());
  check(read(number, -1).attempt, pin_outcome::not_made, 10); // nobody was told
  check(read("1234", 10).attempt, pin_outcome::not_made, -1); // no check number
  check(read("99999999999999", 10).attempt, pin_outcome::wrong, 9);
  check(read(number, 10).attempt, pin_outcome::not_made, 9);
  const auto right = read(number, 9);
  check(right.attempt, pin_outcome::right, 10);
  BOOST_REQUIRE(right.surface.has_value());
  BOOST_TEST(right.surface->birth_date.reveal() == person_of("SIM000000000001").birth_date);
  BOOST_TEST(right.surface->photo.reveal().size() > 300u);
  BOOST_TEST(card->counts().other_verifies == 2);
  BOOST_TEST(card->counts().verifies == 0);
  const std::string jpki = "D392F000260100000001";
  const std::string surface = "D3921000310001010402"; // the card's answer to "which": nothing of the number among it
  const std::set<std::string> allowed = {jpki,    jpki + " 0006",    jpki + " 000A",   jpki + " 0018",
                                         surface, surface + " 0012", surface + " 0002"};
  BOOST_TEST((card->selected() == allowed));
  check(d.verify("1234"), pin_outcome::right, 3); // the card's PIN works as before
  BOOST_TEST(d.sign(challenge).has_value());
}

BOOST_AUTO_TEST_CASE(a_check_number_is_guarded_like_a_pin) {
  const auto number = check_number_of(person_of("SIM000000000001"));
  for (const auto kind : {fault_kind::remove_after, fault_kind::fail}) {
    desk d;
    const auto card = new_card();
    d.open_with(card);
    BOOST_REQUIRE(d.identify().has_value());
    d.slot->add_fault({on_instruction(apdu::ins_verify), kind, 0});
    const auto read = wait_for<surface_read>(
        [&](auto done) { d.port->read_surface(std::move(*messages::secret::from(number)), 10, done); });
    check(read.attempt, pin_outcome::in_doubt, kind == fault_kind::fail ? 10 : -1);
    BOOST_TEST(!read.surface.has_value());
    BOOST_TEST(card->counts().other_verifies <= 1);
  }
}

BOOST_AUTO_TEST_CASE(what_else_a_card_tells_without_a_pin) {
  desk d;
  auto whole = make_whole_card(authority(), "SIM000000000001");
  BOOST_REQUIRE(whole.has_value());
  d.open_with(*whole);
  const auto details = wait_for<messages::result<card_details>>([&](auto done) { d.port->inspect(done); });
  BOOST_REQUIRE(details.has_value());
  BOOST_TEST(details->found.tries_left == 3);
  BOOST_TEST(details->signing_tries_left == 5);
  BOOST_TEST(details->surface_tries_left == 10);
  BOOST_TEST(details->found.facts.key_bits == 2048u);
  BOOST_TEST(chains_to(details->found.certificate.reveal(), {details->issuer_certificate}));
  BOOST_TEST(details->issuer_certificate == authority().certificate());
  BOOST_TEST((*whole)->counts().verifies == 0);
}

BOOST_AUTO_TEST_CASE(a_trace_shows_no_pin_and_no_certificate) {
  static constexpr std::string_view sentinel = "S3NTINEL99887766";
  desk d;
  virtual_card_options options;
  options.pin = sentinel;
  d.open_with(new_card("SIM000000000001", std::move(options)));
  const auto found = d.identify();
  BOOST_REQUIRE(found.has_value());
  check(d.verify(sentinel), pin_outcome::right, 3);
  const std::lock_guard lock{d.guard};
  const auto& certificate = found->certificate.reveal();
  const auto hidden = {apdu::hex({reinterpret_cast<const std::uint8_t*>(sentinel.data()), 4}), std::string{sentinel},
                       apdu::hex({certificate.data() + 8, 8})};
  for (const auto& text : hidden)
    BOOST_TEST(d.trace.find(text) == std::string::npos);
  BOOST_TEST(d.trace.find("> 00200080 [16 bytes]") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(stopping_in_the_middle_answers_what_waits) {
  desk d;
  const auto card = new_card();
  d.open_with(card);
  BOOST_REQUIRE(d.identify().has_value());
  std::promise<void> asked;
  d.slot->add_fault({[&asked](apdu::octets a) {
                       const bool is = apdu::holds_pin(a);
                       if (is) asked.set_value();
                       return is;
                     },
                     fault_kind::delay, 60'000});
  std::optional<pin_attempt> made;
  std::optional<messages::result<messages::bytes>> signature;
  d.port->verify_pin(std::move(*messages::secret::from("1234")), [&](pin_attempt a) { made = a; });
  d.port->sign(challenge, [&](auto s) { signature = std::move(s); });
  BOOST_REQUIRE(asked.get_future().wait_for(patience) == std::future_status::ready);
  d.port->stop();
  BOOST_REQUIRE(made.has_value());
  BOOST_TEST((made->outcome == pin_outcome::in_doubt));
  BOOST_REQUIRE(signature.has_value());
  BOOST_TEST(!signature->has_value());
}

BOOST_AUTO_TEST_CASE(more_calls_than_may_wait_are_refused) {
  desk d;
  d.open_with(new_card());
  std::mutex guard;
  std::condition_variable came;
  int busy = 0, answered = 0;
  static constexpr int calls = 40;
  for (int i = 0; i < calls; ++i)
    d.port->identify([&](const messages::result<card_found>& found) {
      const std::lock_guard lock{guard};
      if (!found && found.error().code == error_code::busy) ++busy;
      if (++answered == calls) came.notify_all();
    });
  std::unique_lock lock{guard};
  BOOST_TEST(came.wait_for(lock, patience, [&] { return answered == calls; }));
  BOOST_TEST(busy > 0);
}
