// A forked process and the two pipes to it: one for its line, one that ends it by being closed.
#include "tools/bench/child.hpp"

#include "messages/error.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

namespace tools {

using namespace messages;

namespace {

constexpr char refused = '!';

void write_line(int to, std::string line) {
  line += '\n';
  for (std::size_t at = 0; at < line.size();) {
    const auto wrote = ::write(to, line.data() + at, line.size() - at);
    if (wrote <= 0) return; // the parent is gone, and so is the reason to serve
    at += static_cast<std::size_t>(wrote);
  }
}

/// The child's whole life: it never comes back into its parent's code.
[[noreturn]] void live(const child::serving& serve, int tell, int ended) {
  ::signal(SIGINT, SIG_IGN); // Ctrl-C ends the bench; this one ends by its pipe
  const auto done = serve([tell](const std::string& line) { write_line(tell, line); }, ended);
  if (!done) write_line(tell, refused + to_sentence(done.error()));
  ::_exit(done ? 0 : 1);
}

} // namespace

result<child> child::start(const serving& serve) {
  std::array<int, 2> line{}, hold{};
  if (::pipe2(line.data(), O_CLOEXEC) != 0) return failure(error_code::write_failed, "pipe", std::strerror(errno));
  if (::pipe2(hold.data(), O_CLOEXEC) != 0) {
    for (const int fd : line)
      ::close(fd);
    return failure(error_code::write_failed, "pipe", std::strerror(errno));
  }
  const auto id = ::fork();
  if (id == 0) {
    ::close(line[0]);
    ::close(hold[1]);
    live(serve, line[1], hold[0]);
  }
  ::close(line[1]);
  ::close(hold[0]);
  std::string said;
  for (char c = 0; id > 0 && ::read(line[0], &c, 1) == 1 && c != '\n';)
    said += c;
  ::close(line[0]);
  child made{id, hold[1], std::move(said)};
  if (made.said_.empty() || made.said_.front() == refused)
    return failure(error_code::story_failed, "bench", "a process of its own",
                   made.said_.empty() ? "it ended at once" : made.said_.substr(1));
  return made;
}

child::child(child&& other) noexcept
    : id_(std::exchange(other.id_, -1)), hold_(std::exchange(other.hold_, -1)), said_(std::move(other.said_)) {}

void child::rest() const { ::kill(id_, SIGSTOP); }
void child::go_on() const { ::kill(id_, SIGCONT); }

child::~child() {
  if (id_ > 0) go_on();
  if (hold_ >= 0) ::close(hold_);
  if (id_ <= 0) return;
  for (int looks = 0; looks < 500; ++looks) { // what does not end by itself within five seconds is ended
    if (::waitpid(id_, nullptr, WNOHANG) != 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  ::kill(id_, SIGKILL);
  ::waitpid(id_, nullptr, 0);
}

} // namespace tools
