// The CCID link (card-reader.md §2.2, §2.4), as ccid_link.hpp says.
#include "drivers/card/ccid_link.hpp"

#include <algorithm>

namespace drivers::card {

namespace {

using messages::error_code;

constexpr std::size_t answer_size_max = 65538;
/// Extra room so that a frame that is too long is seen as such instead of failing the transfer.
constexpr std::size_t read_room = 512;

const char* name_of(ccid::request type) {
  switch (type) {
  case ccid::request::power_on:
    return "power on";
  case ccid::request::power_off:
    return "power off";
  case ccid::request::slot_status:
    return "slot status";
  case ccid::request::transfer:
    return "an APDU";
  }
  return "a command";
}

messages::error failed(std::string what, ccid::request type) {
  return {error_code::reader_failed, {std::move(what), name_of(type)}};
}

} // namespace

ccid_link::ccid_link(event_loop& loop, std::shared_ptr<pipe> over, profile how, link_limits limits, link_events events)
    : loop_(loop), pipe_(std::move(over)), profile_(how), limits_(limits), events_(std::move(events)) {}

void ccid_link::lose(messages::error why) {
  if (std::exchange(lost_, true)) return;
  powered_ = false;
  if (events_.reader_lost) events_.reader_lost(std::move(why));
}

/// @p exchanged: the reader says so. It counts only for a card that we have powered: readers also announce the card
/// that was there when they were plugged in, and that is the one we already know.
void ccid_link::tell(bool present, bool exchanged) {
  const bool other = present && present_ && exchanged && powered_;
  if (present == present_ && !other) return;
  present_ = present;
  powered_ = false;
  if (ready_ && events_.slot_changed) events_.slot_changed(present, other);
}

/// Every reply tells whether a card is there.
void ccid_link::notice(const ccid::frame& f) {
  if (f.card() == ccid::card_state::absent) return tell(false, false);
  if (f.card() == ccid::card_state::inactive) powered_ = false;
  tell(true, false);
}

loss ccid_link::from(pipe_status status, ccid::request type) {
  switch (status) {
  case pipe_status::not_sent:
    return {failed("nothing could be sent", type), false};
  case pipe_status::gone: {
    const messages::error why{error_code::reader_lost, {name_of(type)}};
    lose(why);
    return {why, true};
  }
  case pipe_status::timed_out:
    return {failed("no answer in time", type), true};
  case pipe_status::stalled:
    pipe_->clear_halt();
    return {failed("the endpoint stalled", type), true};
  case pipe_status::failed:
  case pipe_status::done:
    break;
  }
  return {failed("a USB transfer failed", type), true};
}

loss ccid_link::from(const ccid::frame& f, ccid::request type) {
  if (f.card() == ccid::card_state::absent) return {{error_code::card_removed, {}}, true};
  if (f.error == 0xFE) return {{error_code::card_mute, {ccid::explain_error(f.error)}}, true};
  return {failed(ccid::explain_error(f.error), type), true};
}

task<exchange<ccid::frame>> ccid_link::run(question q) {
  const auto sequence = sequence_++;
  auto frame = ccid::build(q.type, 0, sequence, q.specific, q.data);
  auto writing = answer_of<pipe_result>(
      [this, &frame](pipe::ended then) { pipe_->write(std::move(frame), limits_.write_wait, std::move(then)); });
  const auto written = co_await writing;
  if (written.status != pipe_status::done) co_return tl::unexpected<loss>{from(written.status, q.type)};
  auto reading = read_reply(q.type, sequence, q.wait);
  co_return co_await reading;
}

task<exchange<ccid::frame>> ccid_link::read_reply(ccid::request type, std::uint8_t sequence, milliseconds wait) {
  const auto wait_once = wait;
  milliseconds waited{0};
  int stale = 0;
  for (;;) {
    auto reading = answer_of<pipe_result>(
        [this, wait](pipe::ended then) { pipe_->read(profile_.message_size_max + read_room, wait, std::move(then)); });
    const auto got = co_await reading;
    const bool late_but_whole = got.status == pipe_status::timed_out && ccid::is_whole(got.bytes);
    if (got.status != pipe_status::done && !late_but_whole) co_return tl::unexpected<loss>{from(got.status, type)};
    auto f = ccid::parse(got.bytes);
    const bool empty = got.bytes.empty(); // a zero-length packet that ended the frame before
    if (!f && !empty) co_return lost(failed(std::string{ccid::explain(f.error())}, type), true);
    if (empty || f->sequence != sequence || f->slot != 0) {
      if (++stale > ccid::stale_frames_max) co_return lost(failed("only frames of earlier commands", type), true);
      continue;
    }
    if (f->type != ccid::reply_to(type)) co_return lost(failed("an answer of another type", type), true);
    if (f->command() != ccid::command_state::more_time) {
      notice(*f);
      co_return std::move(*f);
    }
    // the card needs longer: read again, do not send again (§2.2)
    waited += wait;
    if (waited >= limits_.extended_wait) co_return lost(failed("it asks for ever more time", type), true);
    wait = std::min(wait_once * std::max<int>(f->error, 1), limits_.extended_wait);
  }
}

task<exchange<ccid::frame>> ccid_link::get_status(milliseconds wait) {
  auto asking = run({ccid::request::slot_status, {}, {}, wait});
  co_return co_await asking;
}

task<exchange<bool>> ccid_link::warm_up() {
  auto turn = lock_.enter();
  co_await turn;
  listening_ = pipe_->listen([this](pipe_result got) {
    if (got.status == pipe_status::gone) return lose({error_code::reader_lost, {"waiting for a card"}});
    // what an interrupt pipe holds from before the warm-up is old news
    const auto told = ready_ ? ccid::parse_notice(got.bytes, 0) : std::nullopt;
    if (told) tell(told->present, told->changed);
  });
  if (listening_) {
    auto draining = answer_of<nothing>([this](std::function<void(nothing)> then) {
      loop_.after(limits_.drain_wait, [then = std::move(then)] { then(nothing{}); });
    });
    co_await draining;
  }
  milliseconds wait = limits_.answer_wait;
  for (int again = 2;; --again) {
    auto asking = get_status(wait);
    const auto status = co_await asking;
    if (status) break; // bError FE and the like are normal answers here (§2.4 no. 12)
    if (again == 0 || lost_) co_return tl::unexpected<loss>{status.error()};
    wait = limits_.resync_wait;
  }
  ready_ = true;
  co_return present_;
}

task<nothing> ccid_link::poll() {
  if (lock_.taken() || lost_) co_return nothing{};
  auto turn = lock_.enter();
  co_await turn;
  auto asking = get_status(limits_.answer_wait);
  [[maybe_unused]] const auto status = co_await asking; // what it tells was noticed; a lost reader too
  co_return nothing{};
}

task<exchange<messages::bytes>> ccid_link::power_on() {
  auto turn = lock_.enter();
  co_await turn;
  powered_ = false;
  auto cutting = run({ccid::request::power_off, {}, {}, limits_.answer_wait});
  const auto off = co_await cutting;
  if (!off && lost_) co_return tl::unexpected<loss>{off.error()}; // else: power on tells what is wrong
  static constexpr std::uint8_t five_volts = 1, three_volts = 2, automatic = 0, none = 0xFF;
  const auto offered = [this](int bit, std::uint8_t code) { return (profile_.voltages & bit) != 0 ? code : none; };
  const std::array<std::uint8_t, 3> voltages =
      profile_.auto_voltage
          ? std::array<std::uint8_t, 3>{automatic, none, none}
          : std::array<std::uint8_t, 3>{offered(1, five_volts), offered(2, three_volts), offered(4, 3)};
  loss why{failed("it offers no voltage", ccid::request::power_on), false};
  for (const auto voltage : voltages) {
    if (voltage == none) continue;
    auto powering = run({ccid::request::power_on, {voltage, 0, 0}, {}, limits_.power_on_wait});
    auto atr = co_await powering;
    if (atr && atr->command() == ccid::command_state::done) {
      powered_ = true;
      co_return messages::bytes(atr->data.begin(), atr->data.end());
    }
    why = atr ? from(*atr, ccid::request::power_on) : atr.error();
    if (!atr || atr->card() == ccid::card_state::absent) break;
  }
  co_return tl::unexpected<loss>{why};
}

task<exchange<wiped_bytes>> ccid_link::transmit(wiped_bytes apdu) {
  auto turn = lock_.enter();
  co_await turn;
  if (lost_) co_return lost({error_code::reader_lost, {"an APDU"}}, false);
  if (!present_) co_return lost({error_code::card_removed, {}}, false);
  if (!powered_) co_return lost({error_code::card_mute, {"it is not powered"}}, false);
  auto sending = send_blocks(apdu);
  auto first = co_await sending;
  if (!first) {
    powered_ = powered_ && !first.error().maybe_sent; // out of step: only a power cycle brings it back, never a repeat
    co_return tl::unexpected<loss>{first.error()};
  }
  auto collecting = collect(std::move(*first));
  auto answer = co_await collecting;
  if (!answer) powered_ = false;
  co_return answer;
}

/// The reply to the last block.
task<exchange<ccid::frame>> ccid_link::send_blocks(const wiped_bytes& apdu) {
  bool sent = false;
  for (const auto& block : ccid::split(apdu, profile_.message_size_max - ccid::header_size)) {
    auto running = run({ccid::request::transfer,
                        {0, static_cast<std::uint8_t>(block.level), static_cast<std::uint8_t>(block.level >> 8)},
                        block.data,
                        limits_.answer_wait});
    auto reply = co_await running;
    if (!reply) co_return lost(reply.error().why, sent || reply.error().maybe_sent);
    if (reply->command() != ccid::command_state::done)
      co_return tl::unexpected<loss>{from(*reply, ccid::request::transfer)};
    sent = true;
    const bool more = block.level == ccid::level_first || block.level == ccid::level_middle;
    if (!more) co_return std::move(*reply);
    if (!reply->data.empty()) co_return lost(failed("an answer before the whole APDU", ccid::request::transfer), true);
  }
  co_return lost(failed("nothing to send", ccid::request::transfer), false);
}

task<exchange<wiped_bytes>> ccid_link::collect(ccid::frame first) {
  auto answer = std::move(first.data);
  bool more = ccid::more_follows(first.chain);
  while (more) {
    auto running = run({ccid::request::transfer, {0, ccid::level_next, 0}, {}, limits_.answer_wait});
    const auto next = co_await running;
    if (!next) co_return tl::unexpected<loss>{next.error()};
    if (next->command() != ccid::command_state::done)
      co_return tl::unexpected<loss>{from(*next, ccid::request::transfer)};
    // an empty block that promises more would go on for ever
    if (next->data.empty() || answer.size() + next->data.size() > answer_size_max)
      co_return lost(failed("an endless answer", ccid::request::transfer), true);
    answer.insert(answer.end(), next->data.begin(), next->data.end());
    more = ccid::more_follows(next->chain);
  }
  co_return answer;
}

} // namespace drivers::card
