// The reader port over any source of transports: calls in order, one card conversation at a time.
#pragma once

#include "drivers/card/loop.hpp"
#include "drivers/card/my_number_card.hpp"
#include "drivers/card/port.hpp"
#include "drivers/card/transport.hpp"

#include <atomic>
#include <deque>
#include <memory>

namespace drivers::card {

/// Both sides of the port, the real and the simulated one, are this class; they differ in their source only.
class card_reader final : public reader, private source_watcher {
public:
  card_reader(std::shared_ptr<event_loop> loop, std::unique_ptr<transport_source> source, trace_line trace,
              authorities trusted = {});
  ~card_reader() override;

  void watch(reader_watcher& watcher) override;
  void identify(std::function<void(messages::result<card_found>)> done) override;
  void verify_pin(messages::secret pin, std::function<void(pin_attempt)> done) override;
  void sign(messages::bytes challenge, std::function<void(messages::result<messages::bytes>)> done) override;
  void inspect(std::function<void(messages::result<card_details>)> done) override;
  void read_surface(messages::secret check_number, std::int64_t tries_told,
                    std::function<void(surface_read)> done) override;
  void stop() override;

private:
  using operation = std::function<task<nothing>()>;
  using card = std::shared_ptr<my_number_card>;

  void attached(std::shared_ptr<transport> over, const std::string& model) override;
  void detached(const messages::error& why) override;
  void slot_changed(bool present, bool exchanged) override;

  void enqueue(operation what, std::function<void()> refuse);
  drivers::card::detached run_next();
  drivers::card::detached end(std::function<void()> ended);
  void drop_card();
  messages::error why_no_card() const;

  std::shared_ptr<event_loop> loop_;
  std::unique_ptr<transport_source> source_;
  trace_line trace_;
  authorities trusted_;
  std::atomic<int> waiting_ = 0;
  std::atomic<bool> stopped_ = false;

  // the rest belongs to the loop's thread
  reader_watcher* watcher_ = nullptr;
  bool started_ = false;
  std::shared_ptr<transport> over_;
  card card_;
  messages::error absent_{messages::error_code::no_reader, {}};
  std::deque<operation> queue_;
  bool running_ = false;
  wake_up idle_;
};

} // namespace drivers::card
