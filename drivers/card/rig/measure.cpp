// Round trips and readings on the rig, timed, as rig_measure.hpp says.
#include "drivers/card/rig_measure.hpp"

#include "drivers/card/apdu.hpp"
#include "drivers/card/card_files.hpp"
#include "drivers/card/ccid.hpp"
#include "drivers/card/ccid_source.hpp"
#include "drivers/card/loop.hpp"
#include "drivers/card/virtual_ccid.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <future>
#include <memory>
#include <mutex>

#include <libusb.h>

namespace drivers::card {

namespace {

using messages::error_code;
using steady = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{10};
constexpr unsigned bare_wait_ms = 5000;

double microseconds_since(steady::time_point begin) {
  return std::chrono::duration<double, std::micro>(steady::now() - begin).count();
}

wiped_bytes trip_command() { return apdu::build({0x00, apdu::ins_select, 0x04, 0x0C, jpki_application, 0}); }

bool is_done(apdu::octets answer) { return answer.size() == 2 && answer[0] == 0x90 && answer[1] == 0x00; }

usb_options options_for(const std::string& match) {
  usb_options options;
  options.match = match;
  options.drain_ms = 5;
  options.rescan_ms = 50;
  return options;
}

// -- the driver ----------------------------------------------------------------------------------------------------

/// Takes the transport as soon as a card is there. On the loop's thread.
class stopwatch final : public source_watcher {
public:
  explicit stopwatch(std::size_t count) : count_(count) {}
  std::future<messages::result<trip_times>> times() { return times_.get_future(); }

  void attached(std::shared_ptr<transport> reader, const std::string&) override { over_ = std::move(reader); }
  void detached(const messages::error&) override { over_.reset(); }
  void slot_changed(bool present, bool) override {
    if (present && over_ && !std::exchange(begun_, true)) run();
  }

  drivers::card::detached close(transport_source& source, std::promise<void>& closed) {
    auto stopping = source.stop();
    co_await stopping;
    closed.set_value();
  }

private:
  drivers::card::detached run() {
    const auto over = over_;
    auto powering = over->power_on();
    const auto atr = co_await powering;
    if (!atr) {
      times_.set_value(messages::failure(atr.error().why));
      co_return;
    }
    trip_times times;
    times.reserve(count_);
    for (std::size_t n = 0; n < count_; ++n) {
      const auto begin = steady::now();
      auto sending = over->transmit(trip_command());
      const auto answer = co_await sending;
      times.push_back(microseconds_since(begin));
      if (answer && is_done(*answer)) continue;
      times_.set_value(messages::failure(answer ? messages::error{error_code::card_answer_odd, {"no 9000", "SELECT"}}
                                                : answer.error().why));
      co_return;
    }
    times_.set_value(std::move(times));
  }

  const std::size_t count_;
  std::shared_ptr<transport> over_;
  bool begun_ = false;
  std::promise<messages::result<trip_times>> times_;
};

// -- the bare loop -------------------------------------------------------------------------------------------------

/// A claimed interface and two blocking calls.
class bare_reader {
public:
  bare_reader() = default;
  bare_reader(const bare_reader&) = delete;
  bare_reader& operator=(const bare_reader&) = delete;
  ~bare_reader() {
    if (handle_ != nullptr) {
      libusb_release_interface(handle_, 0);
      libusb_close(handle_);
    }
    if (context_ != nullptr) libusb_exit(context_);
  }

  bool open(const std::string& match) {
    unsigned vendor = 0, product = 0;
    if (std::sscanf(match.c_str(), "%4x:%4x", &vendor, &product) != 2 || libusb_init(&context_) != 0) return false;
    handle_ = libusb_open_device_with_vid_pid(context_, static_cast<std::uint16_t>(vendor),
                                              static_cast<std::uint16_t>(product));
    return handle_ != nullptr && libusb_claim_interface(handle_, 0) == 0;
  }

  /// The data of the answer; nothing when anything went wrong.
  apdu::octets ask(ccid::request type, apdu::octets data) {
    auto frame = ccid::build(type, 0, sequence_++, {}, data);
    int moved = 0;
    if (libusb_bulk_transfer(handle_, rig_endpoint_out, frame.data(), static_cast<int>(frame.size()), &moved,
                             bare_wait_ms) != 0 ||
        libusb_bulk_transfer(handle_, rig_endpoint_in, answer_.data(), static_cast<int>(answer_.size()), &moved,
                             bare_wait_ms) != 0 ||
        moved < 10)
      return {};
    return apdu::octets{answer_}.subspan(10, static_cast<std::size_t>(moved) - 10);
  }

private:
  libusb_context* context_ = nullptr;
  libusb_device_handle* handle_ = nullptr;
  std::uint8_t sequence_ = 0;
  std::array<std::uint8_t, 1024> answer_{};
};

// -- readings ------------------------------------------------------------------------------------------------------

class doorbell final : public reader_watcher {
public:
  std::future<void> placed() { return placed_.get_future(); }
  void reader_attached(const std::string&) override {}
  void reader_detached(const messages::error&) override {}
  void card_placed() override {
    if (!std::exchange(rung_, true)) placed_.set_value();
  }
  void card_removed() override {}

private:
  bool rung_ = false;
  std::promise<void> placed_;
};

template <class T, class Ask> T timed(double& ms, Ask ask) {
  std::promise<T> came;
  auto waiting = came.get_future();
  const auto begin = steady::now();
  ask([&came](T answer) { came.set_value(std::move(answer)); });
  auto answer = waiting.get();
  ms = microseconds_since(begin) / 1000;
  return answer;
}

messages::result<reading_time> read_once(reader& port, const std::string& pin) {
  reading_time time;
  using found_or = messages::result<card_found>;
  using signature_or = messages::result<messages::bytes>;
  const auto found = timed<found_or>(time.identify_ms, [&](auto done) { port.identify(std::move(done)); });
  if (!found) return messages::failure(found.error());
  auto secret = messages::secret::from(pin);
  if (!secret) return messages::failure(error_code::pin_missing);
  const auto made =
      timed<pin_attempt>(time.verify_ms, [&](auto done) { port.verify_pin(std::move(*secret), std::move(done)); });
  if (made.outcome != messages::pin_outcome::right) return messages::failure(error_code::pin_missing);
  const auto signature =
      timed<signature_or>(time.sign_ms, [&](auto done) { port.sign(messages::bytes(32, 0x5A), std::move(done)); });
  if (!signature) return messages::failure(signature.error());
  return time;
}

} // namespace

messages::result<trip_times> time_driver(const std::string& match, std::size_t count) {
  const auto loop = event_loop::shared();
  const auto source = make_ccid_source(
      loop, [loop] { return usb_bus::shared(loop); }, options_for(match));
  stopwatch watch{count};
  auto times = watch.times();
  loop->post([&] { source->start(watch); });
  const bool begun = times.wait_for(patience + std::chrono::milliseconds{count * 50}) == std::future_status::ready;
  std::promise<void> closed;
  loop->post([&] { watch.close(*source, closed); });
  closed.get_future().wait();
  if (!begun) return messages::failure(error_code::no_reader);
  return times.get();
}

messages::result<trip_times> time_bare_libusb(const std::string& match, std::size_t count) {
  bare_reader over;
  if (!over.open(match)) return messages::failure(error_code::no_reader);
  if (over.ask(ccid::request::power_on, {}).empty())
    return messages::failure(error_code::reader_failed, "no ATR", "power on");
  trip_times times;
  times.reserve(count);
  for (std::size_t n = 0; n < count; ++n) {
    const auto begin = steady::now();
    const auto command = trip_command();
    const bool done = is_done(over.ask(ccid::request::transfer, command));
    times.push_back(microseconds_since(begin));
    if (!done) return messages::failure(error_code::reader_failed, "no 9000", "an APDU");
  }
  return times;
}

messages::result<std::vector<reading_time>> time_readings(const std::string& match, const std::string& pin,
                                                          std::size_t count) {
  doorbell bell;
  auto placed = bell.placed();
  const auto port = make_usb_reader(options_for(match));
  port->watch(bell);
  messages::result<std::vector<reading_time>> all = std::vector<reading_time>{};
  if (placed.wait_for(patience) != std::future_status::ready) all = messages::failure(error_code::no_reader);
  for (std::size_t n = 0; all && n < count; ++n) {
    auto one = read_once(*port, pin);
    if (one)
      all->push_back(*one);
    else
      all = messages::failure(one.error());
  }
  port->stop();
  return all;
}

} // namespace drivers::card
