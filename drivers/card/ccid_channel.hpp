// Commands to one CCID interface and their answers: sequence numbers, stale frames, time extensions, aborting.
#pragma once

#include "drivers/card/ccid.hpp"
#include "drivers/card/frame_trace.hpp"
#include "drivers/card/pipe.hpp"
#include "drivers/card/port.hpp"
#include "drivers/card/transport.hpp"

#include <array>
#include <chrono>
#include <functional>
#include <memory>

namespace drivers::card {

/// How long a reader may take.
struct link_limits {
  std::chrono::milliseconds answer_wait{3000}; ///< one answer; multiplied by a time extension
  std::chrono::milliseconds power_on_wait{60000};
  std::chrono::milliseconds write_wait{5000};
  std::chrono::milliseconds drain_wait{100};      ///< for what the interrupt pipe holds from before
  std::chrono::milliseconds resync_wait{100};     ///< second and third try of the warm-up
  std::chrono::milliseconds extended_wait{90000}; ///< of one command in all, extensions included
};

/// One command. What @p data points to must live until the answer has come.
struct ccid_question {
  ccid::request type{};
  std::uint8_t slot = 0;
  std::array<std::uint8_t, 3> specific{};
  ccid::octets data{};
  std::chrono::milliseconds wait{};
  frame_content content{};
};

/// On the loop's thread. The caller sees to it that one command runs at a time: readers answer in one pipe, and most of
/// them serve one slot at a time (bMaxCCIDBusySlots 1).
class ccid_channel {
public:
  struct events {
    std::function<void(const ccid::frame&)> answered; ///< every answer tells whether a card is there
    std::function<void(messages::error)> lost;        ///< once; the pipe is of no use any more
  };

  ccid_channel(std::shared_ptr<pipe> over, std::size_t message_size_max, link_limits limits, frame_line trace,
               events told);

  /// The answer with the same sequence number and slot; a command that failed is an answer too.
  task<exchange<ccid::frame>> ask(ccid_question q);
  /// Makes the reader forget what it does in a slot: the ABORT request and the command that belongs to it.
  task<nothing> abort(std::uint8_t slot);

  loss from(pipe_status status, ccid::request type);
  loss from(const ccid::frame& failed, ccid::request type);
  void lose(messages::error why);
  bool lost() const { return lost_; }
  pipe& over() { return *pipe_; }
  const link_limits& limits() const { return limits_; }

private:
  using milliseconds = std::chrono::milliseconds;

  task<exchange<ccid::frame>> ask_as(std::uint8_t sequence, ccid_question q);

  std::shared_ptr<pipe> pipe_;
  const std::size_t message_size_max_;
  const link_limits limits_;
  frame_line trace_;
  events events_;
  std::uint8_t sequence_ = 0;
  bool lost_ = false;
};

/// "no answer in time", in which command.
messages::error failed_command(std::string what, ccid::request type);

} // namespace drivers::card
