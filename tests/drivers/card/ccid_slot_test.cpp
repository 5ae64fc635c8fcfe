// A reader at TPDU and short-APDU level against a script: power, speed, parameters, blocks, several slots, being stuck.
#include "tests/test.hpp"

#include "tests/drivers/card/scripted_pipe.hpp"

#include "drivers/card/t1.hpp"

#include <future>

using namespace drivers::card;
using namespace scripted;

namespace {

const wiped_bytes contact_atr = {0x3B, 0xDA, 0x13, 0xFF, 0x81, 0x31, 0xFB, 0x46, 0x80, 0x12,
                                 0x39, 0x2F, 0x31, 0xC1, 0x73, 0xC6, 0x01, 0xC0, 0x3B};
const wiped_bytes command = {0x00, 0x20, 0x00, 0x80}, done = {0x90, 0x00};

reader_profile reader_of(std::uint32_t features, std::uint8_t slot_max = 0) {
  auto p = decide_profile(
      {"x", 1, 2, 0, ccid_class, ccid_descriptor{slot_max, 7, 3, 252, features, 271, 4000, 344105}, true});
  BOOST_REQUIRE(p.has_value());
  return *p;
}

/// A reader by script and the link that drives it. What the script does not answer is answered as a calm reader would.
struct bench {
  using script = std::function<std::optional<frames>(const wiped_bytes&)>;
  bench(const reader_profile& how, script answer, bool interrupts = false)
      : loop(event_loop::shared()),
        pipe(std::make_shared<scripted_pipe>(*loop, [answer](const wiped_bytes& f) { return reply_to(answer, f); })) {
    pipe->interrupts = interrupts;
    link_limits limits;
    limits.answer_wait = milliseconds{30};
    limits.power_on_wait = milliseconds{30};
    limits.drain_wait = milliseconds{1};
    link_events events;
    events.slot_changed = [this](bool present, bool exchanged) {
      told += present ? (exchanged ? "exchanged " : "placed ") : "removed ";
    };
    events.card_powered = [this](const card_session& s) { session = s; };
    link = std::make_shared<ccid_link>(*loop, pipe, how, limits, std::move(events));
  }
  static frames reply_to(const script& answer, const wiped_bytes& f) {
    if (auto said = answer(f)) return *said;
    return {reply(f, 0, 0, 0, f[0] == 0x62 ? contact_atr : f[0] == 0x61 ? wiped_bytes(7) : wiped_bytes{})};
  }
  detached run_power(std::promise<exchange<messages::bytes>>& out) {
    auto powering = link->power_on();
    out.set_value(co_await powering);
  }
  detached run_warm(std::promise<exchange<bool>>& out) {
    auto warming = link->warm_up();
    out.set_value(co_await warming);
  }
  detached run_transmit(wiped_bytes apdu, std::promise<exchange<wiped_bytes>>& out) {
    auto sending = link->transmit(std::move(apdu));
    out.set_value(co_await sending);
  }
  template <class T, class Run> T await(Run run) {
    std::promise<T> out;
    auto waiting = out.get_future();
    loop->post([&] { run(out); });
    return waiting.get();
  }
  exchange<bool> warm_up() {
    return await<exchange<bool>>([this](auto& out) { run_warm(out); });
  }
  exchange<messages::bytes> power_on() {
    return await<exchange<messages::bytes>>([this](auto& out) { run_power(out); });
  }
  exchange<wiped_bytes> transmit(const wiped_bytes& apdu) {
    return await<exchange<wiped_bytes>>([&](auto& out) { run_transmit(apdu, out); });
  }
  void interrupt(const wiped_bytes& message) {
    std::promise<void> said;
    loop->post([&] {
      pipe->interrupt(message);
      said.set_value();
    });
    said.get_future().get();
  }
  /// Types of the frames written since the last call, as hex.
  std::string written() {
    std::string text;
    for (const auto& f : pipe->written)
      text += apdu::hex(octets{f}.first(1)) + " ";
    pipe->written.clear();
    return text;
  }

  std::shared_ptr<event_loop> loop;
  std::shared_ptr<scripted_pipe> pipe;
  std::shared_ptr<ccid_link> link;
  std::string told;
  std::optional<card_session> session;
};

constexpr std::uint32_t scr3310 = 0x101BA, acr39u = 0x100B2, bare_tpdu = 0x10018, short_apdu = 0x2067E;

wiped_bytes lrc(std::uint8_t pcb, const wiped_bytes& information = {}) {
  return t1::build(pcb, information, t1::checksum::lrc);
}
std::uint8_t pcb_of(const wiped_bytes& f) { return f[11]; }

/// A card that answers every I-block with 9000 and agrees to every announcement.
std::optional<frames> willing_card(const wiped_bytes& f) {
  if (f[0] != 0x6F) return std::nullopt;
  if (pcb_of(f) == 0xC1) return frames{reply(f, 0, 0, 0, lrc(0xE1, {f[13]}))};
  return frames{reply(f, 0, 0, 0, lrc(pcb_of(f) & 0x40, done))};
}

} // namespace

BOOST_AUTO_TEST_CASE(a_tpdu_reader_is_given_parameters_and_the_card_its_block_size) {
  bench b{reader_of(scr3310), willing_card};
  BOOST_TEST(b.warm_up().has_value());
  b.written();
  BOOST_TEST(b.power_on().has_value());
  BOOST_TEST(b.written() == "63 62 61 6F "); // off, on, parameters, S(IFS request)
  BOOST_REQUIRE(b.session.has_value());
  BOOST_TEST((b.session->ifsc == 251 && b.session->ifsd == 252 && b.session->speed == 0x13 && !b.session->crc));
  BOOST_TEST(b.session->answer_wait_ms > 2000);
  const auto answer = b.transmit(command);
  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST(*answer == done);
}

BOOST_AUTO_TEST_CASE(a_parameter_that_cannot_be_changed_is_no_failure) {
  bench b{reader_of(scr3310), [](const wiped_bytes& f) -> std::optional<frames> {
            if (f[0] == 0x61) return frames{reply(f, 0x40, 10, 0)};
            return willing_card(f);
          }};
  BOOST_TEST(b.warm_up().has_value());
  BOOST_TEST(b.power_on().has_value());
}

BOOST_AUTO_TEST_CASE(voltages_are_tried_in_turn_where_the_reader_does_not) {
  bench b{reader_of(acr39u), [](const wiped_bytes& f) -> std::optional<frames> {
            if (f[0] == 0x62 && f[7] != 2) return frames{reply(f, 0x41, 0xFE, 0)}; // answers at 3 V only
            return willing_card(f);
          }};
  BOOST_TEST(b.warm_up().has_value());
  b.written();
  BOOST_TEST(b.power_on().has_value());
  BOOST_TEST(b.written() == "63 62 62 61 6F ");
  BOOST_TEST(b.session->voltage == 2);
}

BOOST_AUTO_TEST_CASE(a_card_that_refuses_the_speed_is_powered_anew_and_spoken_to_slowly) {
  int asked = 0;
  bench b{reader_of(bare_tpdu), [&asked](const wiped_bytes& f) -> std::optional<frames> {
            if (f[0] == 0x6F && f[10] == 0xFF) { // PPS
              ++asked;
              return frames{reply(f, 0x40, 0xFE, 0)};
            }
            return willing_card(f);
          }};
  BOOST_TEST(b.warm_up().has_value());
  b.written();
  BOOST_TEST(b.power_on().has_value());
  BOOST_TEST(asked == 1);
  BOOST_TEST(b.written() == "63 62 6F 63 62 61 6F ");
  BOOST_TEST(b.session->speed == 0x11);
}

BOOST_AUTO_TEST_CASE(a_card_without_t1_is_refused_in_words_at_tpdu_level) {
  bench b{reader_of(scr3310), [](const wiped_bytes& f) -> std::optional<frames> {
            if (f[0] == 0x62) return frames{reply(f, 0, 0, 0, {0x3B, 0x00})};
            return std::nullopt;
          }};
  BOOST_TEST(b.warm_up().has_value());
  const auto atr = b.power_on();
  BOOST_REQUIRE(!atr.has_value());
  BOOST_TEST(atr.error().why.args.at(0) == "its ATR offers no T=1");
}

BOOST_AUTO_TEST_CASE(a_card_that_asks_for_time_gets_it_and_the_reader_is_told) {
  bench b{reader_of(scr3310), [asked = false](const wiped_bytes& f) mutable -> std::optional<frames> {
            const bool command_block = f[0] == 0x6F && (pcb_of(f) & 0x80) == 0;
            if (command_block && !std::exchange(asked, true)) return frames{reply(f, 0, 0, 0, lrc(0xC3, {3}))};
            if (f[0] == 0x6F && pcb_of(f) == 0xE3) return frames{reply(f, 0, 0, 0, lrc(0x00, done))};
            return willing_card(f);
          }};
  BOOST_TEST(b.warm_up().has_value());
  BOOST_TEST(b.power_on().has_value());
  const auto answer = b.transmit(command);
  BOOST_REQUIRE(answer.has_value());
  const auto& last = b.pipe->written.back();
  BOOST_TEST((last[7] == 3 && pcb_of(last) == 0xE3)); // bBWI
}

BOOST_AUTO_TEST_CASE(a_parity_error_asks_for_the_answer_again_and_a_mute_card_is_not_asked_again) {
  int blocks = 0;
  bench b{reader_of(scr3310), [&blocks](const wiped_bytes& f) -> std::optional<frames> {
            if (f[0] != 0x6F || pcb_of(f) == 0xC1) return willing_card(f);
            ++blocks;
            if (blocks == 1) return frames{reply(f, 0x40, 0xFD, 0)};
            if (blocks == 2) return frames{reply(f, 0, 0, 0, lrc(0x00, done))};
            return frames{reply(f, 0x40, 0xFE, 0)};
          }};
  BOOST_TEST(b.warm_up().has_value());
  BOOST_TEST(b.power_on().has_value());
  BOOST_TEST(b.transmit(command).has_value());
  BOOST_TEST(pcb_of(b.pipe->written.back()) == 0x81);
  const auto mute = b.transmit(command);
  BOOST_REQUIRE(!mute.has_value());
  BOOST_TEST(mute.error().maybe_sent);
  BOOST_TEST((mute.error().why.code == messages::error_code::card_mute));
  BOOST_TEST(blocks == 3);
  BOOST_TEST(!b.transmit(command).has_value()); // only power brings it back
  BOOST_TEST(blocks == 3);
  BOOST_TEST(b.power_on().has_value());
}

BOOST_AUTO_TEST_CASE(garbage_in_the_chain_byte_means_nothing_at_short_apdu_level) {
  bench b{reader_of(short_apdu), [](const wiped_bytes& f) -> std::optional<frames> {
            if (f[0] == 0x6F) return frames{reply(f, 0, 0, 1, done)};
            return std::nullopt;
          }};
  BOOST_TEST(b.warm_up().has_value());
  b.written();
  BOOST_TEST(b.power_on().has_value());
  BOOST_TEST(b.written() == "63 62 "); // the reader sets everything itself
  const auto answer = b.transmit(command);
  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST(*answer == done);
}

BOOST_AUTO_TEST_CASE(a_reader_that_is_stuck_in_an_exchange_is_made_to_forget_it) {
  bool stuck = false;
  bench b{reader_of(short_apdu), [&stuck](const wiped_bytes& f) -> std::optional<frames> {
            if (f[0] == 0x6F) {
              stuck = true;
              return frames{};
            }
            if (f[0] == 0x72) stuck = false;
            if (stuck && f[0] == 0x63) return frames{reply(f, 0x40, 0xE0, 0)}; // slot busy
            return std::nullopt;
          }};
  BOOST_TEST(b.warm_up().has_value());
  BOOST_TEST(b.power_on().has_value());
  BOOST_TEST(b.transmit(command).error().maybe_sent);
  b.written();
  BOOST_TEST(b.power_on().has_value());
  BOOST_TEST(b.written() == "63 72 63 62 ");
  BOOST_TEST(b.pipe->aborts == 1);
}

BOOST_AUTO_TEST_CASE(of_several_slots_the_one_where_a_card_came_first_counts_until_it_leaves) {
  std::array<bool, 2> there = {false, false};
  bench b{reader_of(short_apdu, 1),
          [&there](const wiped_bytes& f) -> std::optional<frames> {
            const std::uint8_t state = there[f[5]] ? 0 : 2;
            if (f[0] == 0x62) return frames{reply(f, state, 0, 0, contact_atr)};
            if (f[0] == 0x6F) return frames{reply(f, state, 0, 0, {f[5], 0x90, 0x00})};
            return frames{reply(f, state, 0, 0)};
          },
          true};
  const auto present = b.warm_up();
  BOOST_REQUIRE(present.has_value());
  BOOST_TEST(!*present);
  there = {false, true};
  b.interrupt({0x50, 0x0C}); // slot 1: present, changed
  BOOST_TEST(b.told == "placed ");
  BOOST_TEST(b.power_on().has_value());
  BOOST_TEST(b.session->slot == 1);
  BOOST_TEST((*b.transmit(command) == wiped_bytes{1, 0x90, 0x00}));
  there = {true, true};
  b.interrupt({0x50, 0x07}); // a card in slot 0 as well: it waits
  BOOST_TEST(b.told == "placed ");
  BOOST_TEST((*b.transmit(command) == wiped_bytes{1, 0x90, 0x00}));
  there = {true, false};
  b.interrupt({0x50, 0x09}); // slot 1 empty
  BOOST_TEST(b.told == "placed removed exchanged ");
  BOOST_TEST(!b.transmit(command).has_value()); // the other card was not powered: nothing is sent to it
  BOOST_TEST(b.power_on().has_value());
  BOOST_TEST((*b.transmit(command) == wiped_bytes{0, 0x90, 0x00}));
}
