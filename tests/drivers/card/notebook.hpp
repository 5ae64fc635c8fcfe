// What tests of the card room share: an authority and its cards, a notebook for what a reader tells, waiting for
// answers.
#pragma once

#include "drivers/card/card_authority.hpp"
#include "drivers/card/port.hpp"
#include "drivers/card/virtual_slot.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <future>
#include <mutex>
#include <optional>
#include <random>
#include <thread>

#include <unistd.h>

namespace conformance {

using namespace drivers::card;
using messages::error_code;
using messages::pin_outcome;

inline constexpr std::chrono::seconds patience{5}; // only a failing test waits so long
inline constexpr std::int64_t now_s = 1'767'225'600;

/// A folder that goes away.
struct temporary_folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() /
                               ("uketsuke-card-" + std::to_string(getpid()) + "-" + std::to_string(count++));
  temporary_folder() { std::filesystem::create_directories(path); }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() { std::filesystem::remove_all(path); }
  static inline int count = 0;
};

/// Set when a test program starts itself again: where the first one has put its keys.
inline constexpr char keys_variable[] = "UKETSUKE_TEST_KEYS";

inline const std::filesystem::path& authority_folder() {
  static const char* given = std::getenv(keys_variable);
  static std::optional<temporary_folder> own;
  if (given == nullptr && !own) own.emplace();
  static const std::filesystem::path path = own ? own->path : std::filesystem::path{given};
  return path;
}

/// One authority for all cases: making keys is slow.
inline const card_authority& authority() {
  static const auto made = card_authority::open(authority_folder(), now_s);
  BOOST_REQUIRE(made.has_value());
  return *made;
}

inline std::shared_ptr<virtual_card> new_card(const char* person = "SIM000000000001",
                                              virtual_card_options options = {}) {
  auto made = make_card(authority(), person, std::move(options));
  BOOST_REQUIRE(made.has_value());
  return *made;
}

/// Writes down what the port tells: "attached", "detached 302", "placed", "removed".
class notebook : public reader_watcher {
public:
  void reader_attached(const std::string& name) override {
    const std::lock_guard lock{guard_};
    model = name;
    add("attached");
  }
  void reader_detached(const messages::error& why) override {
    const std::lock_guard lock{guard_};
    reason = why;
    add("detached");
  }
  void card_placed() override {
    const std::lock_guard lock{guard_};
    add("placed");
  }
  void card_removed() override {
    const std::lock_guard lock{guard_};
    add("removed");
  }
  /// The next thing told.
  std::string next(std::chrono::milliseconds wait = patience) {
    std::unique_lock lock{guard_};
    if (!came_.wait_for(lock, wait, [&] { return !told_.empty(); })) return "nothing";
    auto word = told_.front();
    told_.pop_front();
    return word;
  }
  std::string model;
  messages::error reason;

private:
  void add(const char* word) {
    told_.emplace_back(word);
    came_.notify_all();
  }
  std::mutex guard_;
  std::condition_variable came_;
  std::deque<std::string> told_;
};

template <class T, class Ask> T wait_for(Ask ask) {
  auto answered = std::make_shared<std::promise<T>>();
  auto future = answered->get_future();
  ask([answered](T value) { answered->set_value(std::move(value)); });
  BOOST_REQUIRE(future.wait_for(patience) == std::future_status::ready);
  return future.get();
}

} // namespace conformance
