// Another program, its output caught.
#pragma once

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace conformance {

/// A child that dies with this process; its output, both streams, comes through a pipe.
class child {
public:
  /// @p variables_left_out: of the environment, e.g. LD_PRELOAD for one that should not see the emulated USB.
  explicit child(std::vector<std::string> words, const std::vector<const char*>& variables_left_out = {}) {
    BOOST_REQUIRE(pipe2(pipe_, O_CLOEXEC) == 0);
    id_ = fork();
    BOOST_REQUIRE(id_ >= 0);
    if (id_ > 0) {
      close(std::exchange(pipe_[1], -1));
      return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(pipe_[1], 1);
    dup2(pipe_[1], 2);
    for (const auto* name : variables_left_out)
      unsetenv(name);
    std::vector<char*> arguments;
    for (auto& w : words)
      arguments.push_back(w.data());
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child() {
    end();
    close(pipe_[0]);
  }

  /// Reads until the child closes its output or has said @p word; nothing more than @p wait.
  std::string read_all(std::chrono::seconds wait, const std::string& word = {}) {
    std::string all;
    char some[4096];
    const auto until = std::chrono::steady_clock::now() + wait;
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      pollfd fd{pipe_[0], POLLIN, 0};
      if (left.count() <= 0 || poll(&fd, 1, static_cast<int>(left.count())) <= 0) return all + "\n[no end in time]";
      const auto n = read(pipe_[0], some, sizeof some);
      if (n <= 0) return all;
      all.append(some, static_cast<std::size_t>(n));
      if (!word.empty() && all.find(word) != std::string::npos) return all;
    }
  }
  int end() {
    if (id_ <= 0) return status_;
    for (int i = 0; i < 200 && !gone(i == 0 ? 0 : SIGTERM); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    if (id_ > 0) gone(SIGKILL, true);
    return status_;
  }

private:
  bool gone(int signal, bool wait = false) {
    if (signal != 0) kill(id_, signal);
    if (waitpid(id_, &status_, wait ? 0 : WNOHANG) != id_) return false;
    id_ = -1;
    return true;
  }
  int pipe_[2] = {-1, -1};
  pid_t id_ = -1;
  int status_ = -1;
};

} // namespace conformance
