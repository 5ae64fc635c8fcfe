// Another process of a bench: it serves until its bench lets go of it; nothing outlives a bench that was killed.
#pragma once

#include "messages/result.hpp"

#include <functional>
#include <string>

#include <sys/types.h>

namespace tools {

/// Made by fork(): before its maker has threads.
class child {
public:
  using telling = std::function<void(const std::string&)>;
  /// Runs in the child: calls @p ready once, with a line that the parent gets (where to find it), and returns when the
  /// descriptor @p ended becomes readable: the parent let go. An error that it returns before is the error of start().
  using serving = std::function<messages::result<void>(const telling& ready, int ended)>;
  static messages::result<child> start(const serving& serve);
  child(child&& other) noexcept;
  child& operator=(child&&) = delete;
  /// Lets go, and waits for its end.
  ~child();

  const std::string& said() const { return said_; }
  void rest() const;  ///< stands still, until it is told to go on
  void go_on() const;

private:
  child(pid_t id, int hold, std::string said) : id_(id), hold_(hold), said_(std::move(said)) {}
  pid_t id_;
  int hold_;
  std::string said_;
};

} // namespace tools
