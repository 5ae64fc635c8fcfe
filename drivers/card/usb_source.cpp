// The real source of transports: keeps one CCID reader on USB open, and finds it again when it was lost.
#include "drivers/card/card_reader.hpp"
#include "drivers/card/ccid_link.hpp"
#include "drivers/card/usb_bus.hpp"

#include <algorithm>
#include <optional>

namespace drivers::card {

namespace {

using std::chrono::milliseconds;

/// One port's reader. Everything on the loop's thread.
class usb_source final : public transport_source {
public:
  usb_source(std::shared_ptr<event_loop> loop, usb_options options)
      : loop_(std::move(loop)), options_(std::move(options)), changed_(*loop_), served_(*loop_) {}

  void start(source_watcher& watcher) override {
    watcher_ = &watcher;
    bus_ = usb_bus::shared(*loop_);
    bus_->add_listener(changed_);
    serve();
  }

  task<nothing> stop() override {
    stopping_ = true;
    changed_.raise();
    auto waiting = served_.next();
    co_await waiting;
    bus_->remove_listener(changed_);
    bus_->wake_listeners(); // another port may want the reader that is free now
    bus_.reset();
    co_return nothing{};
  }

private:
  struct opened {
    usb_place place;
    std::shared_ptr<usb_pipe> pipe;
    std::shared_ptr<ccid_link> link;
    std::string model;
    bool card_present = false;
  };

  detached serve() {
    while (!stopping_) {
      auto opening = open_one();
      auto now = co_await opening;
      if (!now) {
        report(now.error());
        auto waiting = changed_.next(milliseconds{options_.rescan_ms});
        co_await waiting;
        continue;
      }
      if (!stopping_ && !lost_) {
        reported_.reset();
        attached_ = true;
        watcher_->attached(now->link, now->model);
        if (now->card_present) watcher_->slot_changed(true, false);
      }
      auto keeping = keep(*now);
      co_await keeping;
      attached_ = false;
      const auto why = lost_.value_or(messages::error{messages::error_code::reader_lost, {"opening it"}});
      if (!stopping_) report(why);
      auto closing = close(*now);
      co_await closing;
    }
    served_.raise();
  }

  /// Until the reader is lost or the port is stopped.
  task<nothing> keep(const opened& now) {
    while (!stopping_ && !lost_) {
      const bool asks = !now.link->tells_changes(); // no interrupt endpoint: somebody has to ask
      auto waiting = changed_.next(asks ? milliseconds{options_.rescan_ms} : milliseconds{-1});
      co_await waiting;
      if (!asks || stopping_ || lost_) continue;
      auto polling = now.link->poll();
      co_await polling;
    }
    co_return nothing{};
  }

  task<messages::result<opened>> open_one() {
    lost_.reset();
    messages::error why{messages::error_code::no_reader, {}};
    for (auto& place : bus_->free_readers(options_.match)) {
      auto trying = open(place);
      auto now = co_await trying;
      if (now || stopping_) co_return now;
      why = now.error();
    }
    co_return messages::failure(why);
  }

  task<messages::result<opened>> open(usb_place place) {
    auto pipe = open_pipe(loop_, place);
    if (!pipe) {
      bus_->distrust(); // without udev a reader that left is still listed
      co_return messages::failure(pipe.error());
    }
    bus_->take(place);
    opened now{place, *pipe, nullptr, place.vendor_product, false};
    if (place.product_text != 0) {
      auto asking = answer_of<std::string>([&now](std::function<void(std::string)> then) {
        now.pipe->read_product_text(now.place.product_text, std::move(then));
      });
      const auto text = co_await asking;
      if (!text.empty()) now.model = text + " (" + place.vendor_product + ")";
    }
    auto how = make_transport(now);
    if (!how) {
      auto closing = close(now);
      co_await closing;
      co_return messages::failure(how.error());
    }
    now.link = *how;
    auto warming = now.link->warm_up();
    const auto present = co_await warming;
    if (present) {
      now.card_present = *present;
      co_return now;
    }
    auto closing = close(now);
    co_await closing;
    co_return messages::failure(present.error().why);
  }

  /// The second half of the decision in decide_profile: which transport speaks at which level.
  messages::result<std::shared_ptr<ccid_link>> make_transport(const opened& now) {
    if (!now.place.descriptor)
      return messages::failure(messages::error_code::reader_failed, now.model + ": no CCID descriptor", "opening it");
    const auto how = decide_profile(*now.place.descriptor, now.model);
    if (!how) return messages::failure(how.error());
    link_limits limits;
    limits.answer_wait = milliseconds{options_.answer_wait_ms_max};
    limits.power_on_wait = milliseconds{options_.power_on_wait_ms_max};
    limits.drain_wait = milliseconds{options_.drain_ms};
    link_events events;
    events.slot_changed = [this](bool present, bool exchanged) {
      if (attached_) watcher_->slot_changed(present, exchanged);
    };
    events.reader_lost = [this](messages::error why) {
      lost_ = std::move(why);
      changed_.raise();
    };
    return std::make_shared<ccid_link>(*loop_, now.pipe, *how, limits, std::move(events));
  }

  task<nothing> close(opened& now) {
    auto closing = answer_of<nothing>(
        [&now](std::function<void(nothing)> then) { now.pipe->close([then = std::move(then)] { then(nothing{}); }); });
    co_await closing;
    bus_->give_back(now.place);
    co_return nothing{};
  }

  /// After a reader was lost, that there is none is no news.
  void report(const messages::error& why) {
    using messages::error_code;
    const bool lost_before = reported_ && reported_->code == error_code::reader_lost;
    const bool still_gone = why.code == error_code::no_reader || why.code == error_code::reader_lost;
    if (stopping_ || reported_ == why || (lost_before && still_gone)) return;
    reported_ = why;
    watcher_->detached(why);
  }

  std::shared_ptr<event_loop> loop_;
  usb_options options_;
  wake_up changed_, served_;
  std::shared_ptr<usb_bus> bus_;
  source_watcher* watcher_ = nullptr;
  std::optional<messages::error> lost_;
  std::optional<messages::error> reported_;
  bool attached_ = false;
  bool stopping_ = false;
};

} // namespace

std::unique_ptr<reader> make_usb_reader(usb_options options) {
  auto loop = event_loop::shared();
  auto trace = options.trace;
  auto source = std::make_unique<usb_source>(loop, std::move(options));
  return std::make_unique<card_reader>(std::move(loop), std::move(source), std::move(trace));
}

} // namespace drivers::card
