// A pipe whose reader is a function: frame in, frames out.
#pragma once

#include "drivers/card/apdu.hpp"
#include "drivers/card/ccid_link.hpp"

#include <deque>

namespace scripted {

using namespace drivers::card;
using std::chrono::milliseconds;

using frames = std::vector<wiped_bytes>;

/// Answers every frame by a function; what it returns is read back in order.
class scripted_pipe final : public pipe {
public:
  using script = std::function<frames(const wiped_bytes&)>;
  scripted_pipe(event_loop& loop, script answer) : loop_(loop), answer_(std::move(answer)) {}

  void ask(wiped_bytes frame, milliseconds, std::size_t, milliseconds wait, ended then) override {
    written.push_back(frame);
    for (auto& reply : answer_(frame))
      replies_.push_back(std::move(reply));
    take(wait, std::move(then));
  }
  void read(std::size_t, milliseconds wait, ended then) override {
    if (reads_no_more) return end(std::move(then), {pipe_status::not_sent, {}});
    take(wait, std::move(then));
  }
  bool listen(ended each) override {
    listener_ = std::move(each);
    return interrupts;
  }
  void clear_halt() override {}
  void request_abort(std::uint8_t, std::uint8_t, ended then) override {
    ++aborts;
    end(std::move(then), {pipe_status::done, {}});
  }

  /// Says what an interrupt endpoint would.
  void interrupt(wiped_bytes message) { listener_({pipe_status::done, std::move(message)}); }

  bool interrupts = false;
  bool reads_no_more = false; ///< the host has no room for another transfer
  std::vector<wiped_bytes> written;
  int aborts = 0;

private:
  void take(milliseconds wait, ended then) {
    if (replies_.empty()) {
      loop_.after(wait, [then = std::move(then)] { then({pipe_status::timed_out, {}}); });
      return;
    }
    end(std::move(then), {pipe_status::done, std::move(replies_.front())});
    replies_.pop_front();
  }
  void end(ended then, pipe_result result) {
    loop_.post([then = std::move(then), result] { then(result); });
  }
  event_loop& loop_;
  script answer_;
  ended listener_;
  std::deque<wiped_bytes> replies_;
};

inline wiped_bytes reply(const wiped_bytes& to, std::uint8_t status, std::uint8_t error, std::uint8_t chain,
                         wiped_bytes data = {}) {
  auto f = ccid::build(ccid::request{}, to[5], to[6], {status, error, chain}, data);
  f[0] = to[0] == 0x62 || to[0] == 0x6F ? 0x80 : to[0] == 0x61 ? 0x82 : 0x81;
  return f;
}

} // namespace scripted
