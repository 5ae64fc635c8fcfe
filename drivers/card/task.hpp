// Coroutines of this room: a task that is awaited, one that runs by itself, a callback turned into an await, and a
// lock. All of it belongs to the loop's thread. Whatever is awaited must end: nothing is destroyed while it waits.
#pragma once

#include <coroutine>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

namespace drivers::card {

/// What a coroutine will return. It starts when it is awaited.
template <class T> class [[nodiscard]] task {
public:
  struct promise_type {
    std::optional<T> value;
    std::coroutine_handle<> waiter;

    task get_return_object() { return task{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct to_waiter {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
          return self.promise().waiter;
        }
        void await_resume() noexcept {}
      };
      return to_waiter{};
    }
    void return_value(T result) { value.emplace(std::move(result)); }
    void unhandled_exception() { std::terminate(); } // errors are values here; what is left is no memory
  };

  explicit task(std::coroutine_handle<promise_type> self) : self_(self) {}
  task(task&& other) noexcept : self_(std::exchange(other.self_, nullptr)) {}
  task& operator=(task&&) = delete;
  ~task() {
    if (self_) self_.destroy();
  }

  bool await_ready() const { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> who) {
    self_.promise().waiter = who;
    return self_;
  }
  T await_resume() { return std::move(*self_.promise().value); }

private:
  std::coroutine_handle<promise_type> self_;
};

/// For tasks that have nothing to tell.
struct nothing {};

/// A coroutine that runs by itself and cleans up after itself.
struct detached {
  struct promise_type {
    detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

/// co_await on a function that is given a callback. The callback must not be called before the function has returned.
template <class T> class answer_of {
public:
  explicit answer_of(std::function<void(std::function<void(T)>)> start) : start_(std::move(start)) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> who) {
    start_([this, who](T came) {
      value_.emplace(std::move(came));
      who.resume();
    });
  }
  T await_resume() { return std::move(*value_); }

private:
  std::function<void(std::function<void(T)>)> start_;
  std::optional<T> value_;
};

/// Lets one coroutine at a time pass, in the order of asking. `auto turn = lock.enter(); co_await turn; …` holds it as
/// long as `turn` lives.
class async_lock {
public:
  class turn {
  public:
    explicit turn(async_lock& of) : of_(of) {}
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() {
      if (held_) of_.leave();
    }
    bool await_ready() {
      if (of_.taken_) return false;
      return of_.taken_ = held_ = true;
    }
    void await_suspend(std::coroutine_handle<> who) { of_.waiting_.push_back({this, who}); }
    void await_resume() {}

  private:
    friend class async_lock;
    async_lock& of_;
    bool held_ = false;
  };

  turn enter() { return turn{*this}; }
  bool taken() const { return taken_; }

private:
  void leave() {
    if (waiting_.empty()) {
      taken_ = false;
      return;
    }
    auto [who, handle] = waiting_.front();
    waiting_.pop_front();
    who->held_ = true;
    handle.resume();
  }

  struct waiter {
    turn* who;
    std::coroutine_handle<> handle;
  };
  bool taken_ = false;
  std::deque<waiter> waiting_;
};

} // namespace drivers::card
