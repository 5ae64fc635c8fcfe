// The reader port over a source of transports, as card_reader.hpp says.
#include "drivers/card/card_reader.hpp"

#include <cassert>
#include <future>

namespace drivers::card {

card_reader::card_reader(std::shared_ptr<event_loop> loop, std::unique_ptr<transport_source> source, trace_line trace,
                         authorities trusted)
    : loop_(std::move(loop)), source_(std::move(source)), trace_(std::move(trace)), trusted_(std::move(trusted)),
      idle_(*loop_) {}

card_reader::~card_reader() { card_reader::stop(); }

void card_reader::watch(reader_watcher& watcher) {
  if (stopped_) return;
  loop_->post([this, &watcher] {
    watcher_ = &watcher;
    started_ = true;
    source_->start(*this);
  });
}

void card_reader::identify(std::function<void(messages::result<card_found>)> done) {
  auto refuse = [done] { done(messages::failure(messages::error_code::busy, "reader")); };
  enqueue(
      [this, done]() -> task<nothing> {
        const card on = card_; // kept alive: it may leave the reader meanwhile
        if (!on) {
          done(messages::failure(why_no_card()));
          co_return nothing{};
        }
        auto identifying = on->identify();
        auto found = co_await identifying;
        done(std::move(found));
        co_return nothing{};
      },
      std::move(refuse));
}

void card_reader::verify_pin(messages::secret pin, std::function<void(pin_attempt)> done) {
  // shared, because std::function copies; still one secret, wiped when used or dropped
  auto held = std::make_shared<messages::secret>(std::move(pin));
  auto refuse = [done] { done({messages::pin_outcome::not_made, -1}); };
  enqueue(
      [this, done, held]() -> task<nothing> {
        const card on = card_;
        if (!on) {
          held->wipe();
          done({messages::pin_outcome::not_made, -1});
          co_return nothing{};
        }
        auto verifying = on->verify_pin(held);
        const auto made = co_await verifying;
        held->wipe(); // also when it was not used
        done(made);
        co_return nothing{};
      },
      std::move(refuse));
}

void card_reader::sign(messages::bytes challenge, std::function<void(messages::result<messages::bytes>)> done) {
  auto refuse = [done] { done(messages::failure(messages::error_code::busy, "reader")); };
  enqueue(
      [this, done, challenge = std::move(challenge)]() -> task<nothing> {
        const card on = card_;
        if (!on) {
          done(messages::failure(why_no_card()));
          co_return nothing{};
        }
        auto signing = on->sign(challenge);
        auto signature = co_await signing;
        done(std::move(signature));
        co_return nothing{};
      },
      std::move(refuse));
}

void card_reader::inspect(std::function<void(messages::result<card_details>)> done) {
  auto refuse = [done] { done(messages::failure(messages::error_code::busy, "reader")); };
  enqueue(
      [this, done]() -> task<nothing> {
        const card on = card_;
        if (!on) {
          done(messages::failure(why_no_card()));
          co_return nothing{};
        }
        auto inspecting = on->inspect();
        auto details = co_await inspecting;
        done(std::move(details));
        co_return nothing{};
      },
      std::move(refuse));
}

void card_reader::read_surface(messages::secret check_number, std::int64_t tries_told,
                               std::function<void(surface_read)> done) {
  auto held = std::make_shared<messages::secret>(std::move(check_number));
  auto refuse = [done] { done({{messages::pin_outcome::not_made, -1}}); };
  enqueue(
      [this, done, held, tries_told]() -> task<nothing> {
        const card on = card_;
        if (!on) {
          held->wipe();
          done({{messages::pin_outcome::not_made, -1}});
          co_return nothing{};
        }
        auto reading = on->read_surface(held, tries_told);
        auto read = co_await reading;
        held->wipe();
        done(std::move(read));
        co_return nothing{};
      },
      std::move(refuse));
}

void card_reader::stop() {
  if (stopped_.exchange(true)) return;
  assert(!loop_->on_own_thread());
  std::promise<void> ended;
  auto waiting = ended.get_future();
  loop_->post([this, &ended] { end([&ended] { ended.set_value(); }); });
  waiting.wait();
}

detached card_reader::end(std::function<void()> ended) {
  if (started_) {
    auto closing = source_->stop(); // whatever runs loses its reader and ends
    co_await closing;
  }
  absent_ = {messages::error_code::reader_lost, {"stop"}};
  drop_card();
  over_.reset();
  while (running_ || !queue_.empty()) {
    auto waiting = idle_.next();
    co_await waiting;
  }
  watcher_ = nullptr;
  ended();
}

void card_reader::enqueue(operation what, std::function<void()> refuse) {
  if (stopped_) return;
  if (waiting_.fetch_add(1) >= waiting_max) {
    waiting_.fetch_sub(1);
    loop_->post(std::move(refuse));
    return;
  }
  loop_->post([this, what = std::move(what)]() mutable {
    queue_.push_back(std::move(what));
    if (!running_) run_next();
  });
}

detached card_reader::run_next() {
  running_ = true;
  while (!queue_.empty()) {
    const auto what = std::move(queue_.front()); // its captures live here as long as it runs
    queue_.pop_front();
    auto doing = what();
    co_await doing;
    waiting_.fetch_sub(1);
  }
  running_ = false;
  idle_.raise();
}

void card_reader::attached(std::shared_ptr<transport> over, const std::string& model) {
  over_ = std::move(over);
  watcher_->reader_attached(model);
}

void card_reader::detached(const messages::error& why) {
  absent_ = why;
  drop_card();
  over_.reset();
  watcher_->reader_detached(why);
}

void card_reader::slot_changed(bool present, bool exchanged) {
  if (!over_) return;
  if (card_ && (!present || exchanged)) {
    drop_card();
    watcher_->card_removed();
  }
  if (!card_ && present) {
    card_ = std::make_shared<my_number_card>(over_, trace_, trusted_);
    watcher_->card_placed();
  }
}

void card_reader::drop_card() {
  if (card_) card_->mark_removed();
  card_.reset();
}

messages::error card_reader::why_no_card() const {
  if (!over_) return absent_;
  return {messages::error_code::card_removed, {}};
}

} // namespace drivers::card
