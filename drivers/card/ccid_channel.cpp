// Commands and answers (card-reader.md §2.2, §2.4), as ccid_channel.hpp says.
#include "drivers/card/ccid_channel.hpp"

#include <algorithm>

namespace drivers::card {

namespace {

using messages::error_code;

/// Room for more than the longest frame, so that one that is too long is seen as such; the pipe rounds up to packets.
constexpr std::size_t read_room = 1;

const char* name_of(ccid::request type) {
  switch (type) {
  case ccid::request::power_on: return "power on";
  case ccid::request::power_off: return "power off";
  case ccid::request::slot_status: return "slot status";
  case ccid::request::set_parameters: return "setting parameters";
  case ccid::request::transfer: return "an APDU";
  case ccid::request::abort: return "aborting";
  }
  return "a command";
}

} // namespace

messages::error failed_command(std::string what, ccid::request type) {
  return {error_code::reader_failed, {std::move(what), name_of(type)}};
}

ccid_channel::ccid_channel(std::shared_ptr<pipe> over, std::size_t message_size_max, link_limits limits,
                           frame_line trace, events told)
    : pipe_(std::move(over)), message_size_max_(message_size_max), limits_(limits), trace_(std::move(trace)),
      events_(std::move(told)) {}

void ccid_channel::lose(messages::error why) {
  if (std::exchange(lost_, true)) return;
  if (events_.lost) events_.lost(std::move(why));
}

loss ccid_channel::from(pipe_status status, ccid::request type) {
  switch (status) {
  case pipe_status::not_sent: return {failed_command("nothing could be sent", type), false};
  case pipe_status::gone: {
    const messages::error why{error_code::reader_lost, {name_of(type)}};
    lose(why);
    return {why, true};
  }
  case pipe_status::timed_out: return {failed_command("no answer in time", type), true};
  case pipe_status::stalled: pipe_->clear_halt(); return {failed_command("the endpoint stalled", type), true};
  case pipe_status::failed:
  case pipe_status::done: break;
  }
  return {failed_command("a USB transfer failed", type), true};
}

loss ccid_channel::from(const ccid::frame& f, ccid::request type) {
  if (f.card() == ccid::card_state::absent) return {{error_code::card_removed, {}}, true};
  if (f.error == ccid::error_mute) return {{error_code::card_mute, {ccid::explain_error(f.error)}}, true};
  return {failed_command(ccid::explain_error(f.error), type), true};
}

task<exchange<ccid::frame>> ccid_channel::ask(ccid_question q) {
  auto asking = ask_as(sequence_++, q);
  co_return co_await asking;
}

task<exchange<ccid::frame>> ccid_channel::ask_as(std::uint8_t sequence, ccid_question q) {
  auto frame = ccid::build(q.type, q.slot, sequence, q.specific, q.data);
  if (trace_) trace_(describe_request(frame, q.content));
  const auto size_max = message_size_max_ + read_room;
  auto wait = q.wait;
  milliseconds waited{0};
  int stale = 0;
  for (bool sent = false;; sent = true) {
    auto asking = answer_of<pipe_result>([this, &frame, sent, size_max, wait](pipe::ended then) {
      if (sent) return pipe_->read(size_max, wait, std::move(then));
      pipe_->ask(std::move(frame), limits_.write_wait, size_max, wait, std::move(then));
    });
    auto got = co_await asking;
    const bool unread = sent && got.status == pipe_status::not_sent;
    if (unread) got.status = pipe_status::failed; // the command is out all the same
    const bool late_but_whole = got.status == pipe_status::timed_out && ccid::is_whole(got.bytes);
    if (got.status != pipe_status::done && !late_but_whole) co_return tl::unexpected<loss>{from(got.status, q.type)};
    auto f = ccid::parse(got.bytes);
    const bool empty = got.bytes.empty(); // a zero-length packet that ended the frame before
    const bool other = !f || f->sequence != sequence || f->slot != q.slot;
    if (trace_ && !empty) trace_(describe_reply(got.bytes, q.content, other));
    if (!f && !empty) co_return card::lost(failed_command(std::string{ccid::explain(f.error())}, q.type), true);
    if (empty || other) {
      if (++stale > ccid::stale_frames_max)
        co_return card::lost(failed_command("only frames of earlier commands", q.type), true);
      continue;
    }
    if (f->type != ccid::reply_to(q.type))
      co_return card::lost(failed_command("an answer of another type", q.type), true);
    if (f->command() != ccid::command_state::more_time) {
      if (events_.answered) events_.answered(*f);
      co_return std::move(*f);
    }
    // the card needs longer: read again, do not send again (§2.2)
    waited += wait;
    if (waited >= limits_.extended_wait)
      co_return card::lost(failed_command("it asks for ever more time", q.type), true);
    wait = std::min(q.wait * std::max<int>(f->error, 1), limits_.extended_wait);
  }
}

task<nothing> ccid_channel::abort(std::uint8_t slot) {
  const auto sequence = sequence_++;
  auto requesting = answer_of<pipe_result>(
      [this, slot, sequence](pipe::ended then) { pipe_->request_abort(slot, sequence, std::move(then)); });
  const auto requested = co_await requesting;
  if (requested.status == pipe_status::gone) lose({error_code::reader_lost, {name_of(ccid::request::abort)}});
  if (requested.status != pipe_status::done) co_return nothing{}; // it does not know how: the power is left to cut
  auto asking = ask_as(sequence, {ccid::request::abort, slot, {}, {}, limits_.answer_wait, {}});
  [[maybe_unused]] const auto aborted = co_await asking; // what it says changes nothing: power off comes next
  co_return nothing{};
}

} // namespace drivers::card
