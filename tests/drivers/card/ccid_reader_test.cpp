// The driver over simulated readers, in process: the port's promises with each kind, and readers that misbehave.
#include "tests/test.hpp"

#include "drivers/card/virtual_bus.hpp"
#include "tests/drivers/card/profiles.hpp"

namespace {

struct ccid_side final : conformance::side {
  ccid_side(std::shared_ptr<virtual_slot> slot, const conformance::side_options& with)
      : options(with), bus(virtual_bus::make(std::move(slot), conformance::profile_under_test(with))) {}
  std::unique_ptr<reader> open(trace_line trace) override {
    return bus->make_reader(conformance::quick_options(options, std::move(trace)));
  }
  conformance::side_options options;
  std::shared_ptr<virtual_bus> bus;
};

/// Everything that can go wrong with one answer. The number fits the kind: bytes, factors, how many.
const std::vector<misdeed> all_misdeeds = {{misdeed_kind::stale_frame},
                                           {misdeed_kind::wrong_sequence},
                                           {misdeed_kind::wrong_slot},
                                           {misdeed_kind::short_read, 1, 11},
                                           {misdeed_kind::wrong_length, 1, 3},
                                           {misdeed_kind::time_extension, 1, 2},
                                           {misdeed_kind::stall},
                                           {misdeed_kind::silence},
                                           {misdeed_kind::garbage_chain, 1, 1},
                                           {misdeed_kind::damaged_block},
                                           {misdeed_kind::unplug_at_byte, 1, 15},
                                           {misdeed_kind::deaf}};

} // namespace

std::unique_ptr<conformance::side> conformance::make_side(std::shared_ptr<virtual_slot> slot,
                                                          const side_options& options) {
  return std::make_unique<ccid_side>(std::move(slot), options);
}

namespace {

/// A desk whose reader will do one thing wrong during one PIN attempt.
struct mishap {
  misdeed what;
  desk at{{.impatient = true}};
  std::shared_ptr<virtual_card> card = new_card();
  std::shared_ptr<std::promise<pin_attempt>> answered = std::make_shared<std::promise<pin_attempt>>();
  std::future<pin_attempt> made = answered->get_future();

  explicit mishap(const misdeed& wrong) : what(wrong) {}
  void begin() {
    at.open_with(card);
    BOOST_REQUIRE(at.identify().has_value());
    static_cast<ccid_side&>(*at.over).bus->misbehave(what);
    at.port->verify_pin(std::move(*messages::secret::from("9999")),
                        [to = answered](pin_attempt how) { to->set_value(how); });
  }
  void end() {
    BOOST_REQUIRE(made.wait_for(4 * patience) == std::future_status::ready);
    const auto outcome = made.get().outcome;
    const auto sent = card->counts().verifies;
    BOOST_TEST(sent <= 1);
    BOOST_TEST((sent == 0 || outcome != pin_outcome::not_made));
    BOOST_TEST((outcome != pin_outcome::right && outcome != pin_outcome::blocked));
    if (!at.slot->now().plugged) at.slot->plug();
    // it may still have to find its reader again
    auto found = at.identify();
    for (int i = 0; i < 100 && !found; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
      found = at.identify();
    }
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->tries_left == 3 - sent);
    BOOST_TEST(card->counts().verifies == sent);
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(whatever_a_reader_does_to_a_pin_attempt_the_card_gets_it_once_at_most_and_works_again) {
  std::deque<mishap> all; // at many desks at the same time, because most of it is waiting
  for (const auto& kind : all_misdeeds)
    for (int answer = 1; answer <= 3; ++answer) { // the PIN's file, its tries, the VERIFY
      auto what = kind;
      what.answer = answer;
      what.to = 0x6F;
      all.emplace_back(what).begin();
    }
  for (auto& one : all)
    BOOST_TEST_CONTEXT("misdeed " << static_cast<int>(one.what.kind) << " at answer " << one.what.answer) { one.end(); }
}

BOOST_AUTO_TEST_CASE(what_was_decided_is_told_when_a_reader_is_attached_and_when_a_card_is_powered) {
  const auto slot = std::make_shared<virtual_slot>();
  slot->place(new_card());
  const auto bus = virtual_bus::make(slot, *rig_profile_named("scr3310-nttcom"));
  notebook told;
  std::mutex guard;
  std::vector<reader_status> decided;
  std::string frames;
  auto options = quick_options({}, {});
  options.decided = [&](const reader_status& status) {
    const std::lock_guard lock{guard};
    decided.push_back(status);
  };
  options.frames = [&](const std::string& line) {
    const std::lock_guard lock{guard};
    frames += line + "\n";
  };
  const auto port = bus->make_reader(std::move(options));
  port->watch(told);
  BOOST_TEST(told.next() == "attached");
  BOOST_TEST(told.next() == "placed");
  BOOST_TEST(wait_for<messages::result<card_found>>([&](auto done) { port->identify(done); }).has_value());
  const auto made =
      wait_for<pin_attempt>([&](auto done) { port->verify_pin(std::move(*messages::secret::from("1234")), done); });
  BOOST_TEST((made.outcome == pin_outcome::right));
  port->stop();
  BOOST_REQUIRE(decided.size() == 2u);
  BOOST_TEST((decided[0].reader.level == exchange_level::tpdu && !decided[0].card.has_value()));
  BOOST_REQUIRE(decided[1].card.has_value());
  BOOST_TEST(decided[1].card->ifsd == 252);
  BOOST_TEST(frames.find("-> 000000 62 ") != std::string::npos);
  BOOST_TEST(frames.find("00 20 00 80 04 ** ** ** ** **") != std::string::npos);
  BOOST_TEST(frames.find("31 32 33 34") == std::string::npos);
}
