// The source of transports over CCID readers, as ccid_source.hpp says, and the port over this host's USB.
#include "drivers/card/ccid_source.hpp"

#include "drivers/card/card_reader.hpp"
#include "drivers/card/ccid_link.hpp"

#include <algorithm>
#include <future>
#include <optional>

namespace drivers::card {

namespace {

using std::chrono::milliseconds;

/// How often a reader without interrupts is asked for a card: nobody notices a third of a second.
constexpr milliseconds poll_every{300};

found_interface about(const usb_place& place, const std::string& model) {
  return {model,
          place.bus,
          place.address,
          place.interface_number,
          place.interface_class,
          place.descriptor,
          place.endpoint_interrupt != 0};
}

/// One port's reader. Everything on the loop's thread.
class ccid_source final : public transport_source {
public:
  ccid_source(std::shared_ptr<event_loop> loop, std::function<std::shared_ptr<reader_bus>()> open_bus,
              usb_options options)
      : loop_(std::move(loop)), open_bus_(std::move(open_bus)), options_(std::move(options)), changed_(*loop_),
        served_(*loop_) {}

  void start(source_watcher& watcher) override {
    watcher_ = &watcher;
    bus_ = open_bus_();
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
        if (options_.decided) options_.decided({now->link->profile(), {}});
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
      auto waiting = changed_.next(asks ? std::min(poll_every, milliseconds{options_.rescan_ms}) : milliseconds{-1});
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
      if (bus_->is_taken(place)) continue; // by another port, while this one tried the place before
      auto trying = open(place);
      auto now = co_await trying;
      if (now || stopping_) co_return now;
      why = now.error();
    }
    co_return messages::failure(why);
  }

  task<messages::result<opened>> open(usb_place place) {
    auto pipe = bus_->open(place);
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
    auto how = decide_profile(about(place, now.model));
    if (!how) {
      auto closing = close(now);
      co_await closing;
      co_return messages::failure(how.error());
    }
    if (how->sets_parameters) {
      auto asking = answer_of<std::vector<std::uint32_t>>(
          [&now](std::function<void(std::vector<std::uint32_t>)> then) { now.pipe->read_data_rates(std::move(then)); });
      how->data_rates = co_await asking;
    }
    now.link = make_link(now, std::move(*how));
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

  std::shared_ptr<ccid_link> make_link(const opened& now, reader_profile how) {
    link_limits limits;
    limits.answer_wait = milliseconds{options_.answer_wait_ms_max};
    limits.write_wait = limits.answer_wait * 5 / 3; // card-reader.md §2.4: read 3 s, write 5 s
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
    events.card_powered = [this, reader = how](const card_session& card) {
      if (options_.decided) options_.decided({reader, card});
    };
    events.frames = options_.frames;
    return std::make_shared<ccid_link>(*loop_, now.pipe, std::move(how), limits, std::move(events));
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
  std::function<std::shared_ptr<reader_bus>()> open_bus_;
  usb_options options_;
  wake_up changed_, served_;
  std::shared_ptr<reader_bus> bus_;
  source_watcher* watcher_ = nullptr;
  std::optional<messages::error> lost_;
  std::optional<messages::error> reported_;
  bool attached_ = false;
  bool stopping_ = false;
};

} // namespace

std::vector<messages::result<reader_profile>> list_usb_readers() {
  const auto loop = event_loop::shared();
  std::promise<std::vector<messages::result<reader_profile>>> listed;
  auto waiting = listed.get_future();
  loop->post([&] {
    std::vector<messages::result<reader_profile>> all;
    const auto bus = usb_bus::shared(loop);
    for (const auto& place : bus->readers({}))
      all.push_back(decide_profile(about(place, place.vendor_product)));
    listed.set_value(std::move(all));
  });
  return waiting.get();
}

std::unique_ptr<transport_source> make_ccid_source(std::shared_ptr<event_loop> loop,
                                                   std::function<std::shared_ptr<reader_bus>()> open_bus,
                                                   usb_options options) {
  return std::make_unique<ccid_source>(std::move(loop), std::move(open_bus), std::move(options));
}

std::unique_ptr<reader> make_usb_reader(usb_options options) {
  auto loop = event_loop::shared();
  auto trace = options.trace;
  auto trusted = options.trusted;
  auto source = make_ccid_source(
      loop, [loop] { return usb_bus::shared(loop); }, std::move(options));
  return std::make_unique<card_reader>(std::move(loop), std::move(source), std::move(trace), std::move(trusted));
}

} // namespace drivers::card
