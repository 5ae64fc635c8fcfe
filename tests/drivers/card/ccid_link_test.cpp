// The CCID link against a scripted reader: sequence numbers, stale frames, time extensions, chaining, time-outs.
#include "tests/test.hpp"

#include "tests/drivers/card/scripted_pipe.hpp"

#include <future>

using namespace drivers::card;
using namespace scripted;

namespace {

/// A reader that powers a card; @p on_transfer answers XfrBlock.
struct bench {
  explicit bench(scripted_pipe::script on_transfer, std::size_t message_size_max = 522)
      : loop(event_loop::shared()), pipe(std::make_shared<scripted_pipe>(*loop, [on_transfer](const wiped_bytes& f) {
          if (f[0] == 0x62) return frames{reply(f, 0, 0, 0, {0x3B, 0x00})};
          return f[0] == 0x6F ? on_transfer(f) : frames{reply(f, 0, 0, 0)};
        })) {
    link_limits limits;
    limits.answer_wait = milliseconds{30};
    limits.power_on_wait = milliseconds{30};
    limits.extended_wait = milliseconds{200};
    reader_profile how;
    how.level = exchange_level::extended_apdu;
    how.auto_voltage = true;
    how.message_size_max = message_size_max;
    link = std::make_shared<ccid_link>(*loop, pipe, how, limits, link_events{});
  }

  detached run(wiped_bytes apdu, int times, std::promise<std::vector<exchange<wiped_bytes>>>& all) {
    auto warming = link->warm_up();
    const auto present = co_await warming;
    BOOST_TEST((present.has_value() && *present));
    auto powering = link->power_on();
    const auto atr = co_await powering;
    BOOST_TEST(atr.has_value());
    std::vector<exchange<wiped_bytes>> answers;
    for (int i = 0; i < times; ++i) {
      auto sending = link->transmit(apdu);
      answers.push_back(co_await sending);
    }
    all.set_value(std::move(answers));
  }
  std::vector<exchange<wiped_bytes>> transmit(wiped_bytes apdu, int times = 1) {
    std::promise<std::vector<exchange<wiped_bytes>>> all;
    loop->post([&] { run(apdu, times, all); });
    return all.get_future().get();
  }
  int transfers() const {
    int n = 0;
    for (const auto& f : pipe->written)
      n += f[0] == 0x6F;
    return n;
  }

  std::shared_ptr<event_loop> loop;
  std::shared_ptr<scripted_pipe> pipe;
  std::shared_ptr<ccid_link> link;
};

const wiped_bytes command = {0x00, 0x20, 0x00, 0x80};
const wiped_bytes done = {0x90, 0x00};

} // namespace

BOOST_AUTO_TEST_CASE(an_answer_is_the_one_with_its_sequence_number) {
  bench b{[](const wiped_bytes& f) {
    auto stale = reply(f, 0, 0, 0, {0x63, 0xC0});
    --stale[6];
    return frames{stale, wiped_bytes{}, reply(f, 0, 0, 0, done)}; // and a zero-length packet between
  }};
  const auto answer = b.transmit(command)[0];
  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST(*answer == done);
}

BOOST_AUTO_TEST_CASE(a_reader_that_only_answers_old_commands_is_given_up) {
  bench b{[](const wiped_bytes& f) {
    auto stale = reply(f, 0, 0, 0, done);
    --stale[6];
    return frames(12, stale);
  }};
  const auto answer = b.transmit(command)[0];
  BOOST_REQUIRE(!answer.has_value());
  BOOST_TEST(answer.error().why.args.at(0) == "only frames of earlier commands");
  BOOST_TEST(answer.error().maybe_sent);
}

BOOST_AUTO_TEST_CASE(more_time_is_given_and_nothing_sent_again) {
  bench b{[](const wiped_bytes& f) {
    return frames{reply(f, 0x80, 3, 0), reply(f, 0x80, 1, 0), reply(f, 0, 0, 0, done)};
  }};
  const auto answer = b.transmit(command)[0];
  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST(b.transfers() == 1);
}

BOOST_AUTO_TEST_CASE(more_time_ends_somewhere) {
  bench b{[](const wiped_bytes& f) { return frames(500, reply(f, 0x80, 1, 0)); }};
  const auto answer = b.transmit(command)[0];
  BOOST_REQUIRE(!answer.has_value());
  BOOST_TEST(answer.error().why.args.at(0) == "it asks for ever more time");
}

BOOST_AUTO_TEST_CASE(a_timed_out_exchange_is_not_sent_again_and_only_power_brings_the_card_back) {
  bench b{[](const wiped_bytes&) { return frames{}; }};
  const auto answers = b.transmit(command, 2);
  BOOST_TEST(answers[0].error().maybe_sent);
  BOOST_TEST(answers[0].error().why.args.at(0) == "no answer in time");
  BOOST_TEST(!answers[1].error().maybe_sent); // refused before anything went out
  BOOST_TEST(b.transfers() == 1);
}

BOOST_AUTO_TEST_CASE(a_command_that_is_out_is_in_doubt_also_when_its_answer_cannot_be_read) {
  bench b{[](const wiped_bytes& f) { return frames{reply(f, 0x80, 1, 0)}; }};
  b.pipe->reads_no_more = true;
  const auto answer = b.transmit(command)[0];
  BOOST_REQUIRE(!answer.has_value());
  BOOST_TEST(answer.error().maybe_sent);
}

BOOST_AUTO_TEST_CASE(long_commands_and_answers_are_chained) {
  wiped_bytes apdu = {0x80, 0x2A, 0x00, 0x80, 0x32};
  apdu.resize(56, 7);
  wiped_bytes received;
  bench b{[&received, n = 0](const wiped_bytes& f) mutable {
            received.insert(received.end(), f.begin() + 10, f.end());
            const int level = f[8];
            if (level == 1 || level == 3) return frames{reply(f, 0, 0, 0x10)};
            ++n;
            const std::uint8_t chain = n == 1 ? 1 : n == 2 ? 3 : 2;
            return frames{reply(f, 0, 0, chain, n == 3 ? done : wiped_bytes{1, 2})};
          },
          30};
  const auto answer = b.transmit(apdu)[0];
  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST(received == apdu);
  BOOST_TEST((*answer == wiped_bytes{1, 2, 1, 2, 0x90, 0x00}));
}

BOOST_AUTO_TEST_CASE(an_endless_chain_is_given_up) {
  bench b{[](const wiped_bytes& f) { return frames{reply(f, 0, 0, 3)}; }};
  BOOST_TEST(!b.transmit(command)[0].has_value());
  bench full{[](const wiped_bytes& f) { return frames{reply(f, 0, 0, 3, wiped_bytes(500, 1))}; }};
  BOOST_TEST(!full.transmit(command)[0].has_value());
}

BOOST_AUTO_TEST_CASE(failures_are_told_apart) {
  using messages::error_code;
  const auto code = [](std::uint8_t status, std::uint8_t error) {
    bench b{[=](const wiped_bytes& f) { return frames{reply(f, status, error, 0)}; }};
    return b.transmit(command)[0].error().why.code;
  };
  BOOST_TEST((code(0x42, 0xFE) == error_code::card_removed));
  BOOST_TEST((code(0x41, 0xFE) == error_code::card_mute));
  BOOST_TEST((code(0x40, 0xFB) == error_code::reader_failed));
}

BOOST_AUTO_TEST_CASE(broken_frames_are_a_failed_reader) {
  for (const wiped_bytes& broken :
       {wiped_bytes{0x80}, wiped_bytes{0x80, 9, 0, 0, 0, 0, 0, 0, 0, 0}, wiped_bytes(10, 0x50)}) {
    bench b{[broken](const wiped_bytes&) { return frames{broken}; }};
    const auto answer = b.transmit(command)[0];
    BOOST_TEST((answer.error().why.code == messages::error_code::reader_failed));
    BOOST_TEST(answer.error().maybe_sent);
  }
}
