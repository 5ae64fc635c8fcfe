// The desk's side of the engine's process: starts it, speaks with it within deadlines, ends it after each comparison.
#include "drivers/face/engine_wire.hpp"
#include "drivers/face/queued_engine.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

namespace drivers::face {

using messages::error_code;
using messages::face_sight;
using messages::failure;
using messages::result;
using messages::wiped_bytes;

namespace {

using steady = std::chrono::steady_clock;

/// One process and the socket to it; ends it when it goes.
class child {
public:
  /// Without our environment, signals, terminal and descriptors: it gets one socket, at 3.
  static std::optional<child> start(const std::string& program, const models& which) {
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return std::nullopt;
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    for (const int n : {0, 1, 2})
      ::posix_spawn_file_actions_addopen(&files, n, "/dev/null", n == 0 ? O_RDONLY : O_WRONLY, 0);
    ::posix_spawn_file_actions_adddup2(&files, ends[1], 3);
    ::posix_spawn_file_actions_addclosefrom_np(&files, 4);
    posix_spawnattr_t how;
    ::posix_spawnattr_init(&how);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&how, &none);
    ::posix_spawnattr_setsigdefault(&how, &all);
    ::posix_spawnattr_setpgroup(&how, 0); // Ctrl-C at a terminal is the desk's, which ends it
    ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    std::string name = "uketsuke", word = "face-engine", detector = which.detector, embedding = which.embedding;
    char* const arguments[] = {name.data(), word.data(), detector.data(), embedding.data(), nullptr};
    char* const environment[] = {nullptr};
    child c;
    const int wrong = ::posix_spawn(&c.pid_, program.c_str(), &files, &how, arguments, environment);
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&how);
    ::close(ends[1]);
    c.socket_ = ends[0];
    if (wrong != 0) c.pid_ = -1;
    return wrong == 0 ? std::optional<child>{std::move(c)} : std::nullopt;
  }

  child(child&& other) noexcept : pid_(std::exchange(other.pid_, -1)), socket_(std::exchange(other.socket_, -1)) {}
  child& operator=(child&&) = delete;
  ~child() {
    if (socket_ >= 0) ::close(socket_);
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  bool send(std::span<const std::uint8_t> octets, steady::time_point until) const {
    while (!octets.empty()) {
      if (!wait_for(POLLOUT, until)) return false;
      const auto n = ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n < 0 && errno != EAGAIN && errno != EINTR) return false;
      if (n > 0) octets = octets.subspan(static_cast<std::size_t>(n));
    }
    return true;
  }

  std::optional<wire::reply> receive(steady::time_point until) const {
    std::array<std::uint8_t, wire::reply_size> octets{};
    for (std::size_t got = 0; got < octets.size();) {
      if (!wait_for(POLLIN, until)) return std::nullopt;
      const auto n = ::recv(socket_, octets.data() + got, octets.size() - got, MSG_DONTWAIT);
      if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return std::nullopt;
      if (n > 0) got += static_cast<std::size_t>(n);
    }
    return wire::parse_reply(octets);
  }

private:
  child() = default;

  bool wait_for(short what, steady::time_point until) const {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady::now()).count();
      if (left <= 0) return false;
      pollfd on{socket_, what, 0};
      const int n = ::poll(&on, 1, static_cast<int>(left));
      if (n > 0) return true; // an end is noticed by send or recv
      if (n < 0 && errno != EINTR) return false;
    }
  }

  pid_t pid_ = -1;
  int socket_ = -1;
};

class process_engine final : public queued_engine {
public:
  process_engine(process_options options, model_facts facts) : options_(std::move(options)), facts_(std::move(facts)) {}
  ~process_engine() override { stop(); }

  /// The first process, so that what cannot be loaded is known before anybody depends on it.
  result<void> open() {
    if (auto started = start(); !started) return started;
    begin();
    return {};
  }
  model_facts model() const override { return facts_; }

private:
  result<void> learn_now(const wiped_bytes& photo) override {
    if (learnt_) forget_now();
    if (!child_)
      if (auto started = start(); !started) return started;
    const auto r = ask(wire::request::learn, photo);
    if (!r) return failure(error_code::face_engine_lost, "learning");
    if (r->how == wire::verdict::photo_unfit) return failure(error_code::picture_unfit, "JPEG 2000", "not decoded");
    if (r->how == wire::verdict::photo_faceless) return failure(error_code::face_not_found);
    if (r->how != wire::verdict::learnt) return lost("learning");
    learnt_ = true;
    return {};
  }

  result<frame_report> look_now(const wiped_bytes& frame) override {
    if (!learnt_) return failure(error_code::face_engine_lost, "no face was learnt");
    const auto r = ask(wire::request::look, frame);
    if (!r) return failure(error_code::face_engine_lost, "looking");
    if (r->how != wire::verdict::seen) return failure(lost("looking").error());
    return frame_report{static_cast<face_sight>(r->sight), double{r->score}};
  }

  /// Its memory ends with it. The next one is made ready now, not before the next patient's eyes.
  void forget_now() override {
    if (!learnt_ && child_) return; // it has seen nobody
    end();
    if (!ending()) (void)start();
  }

  result<void> lost(const char* when) {
    end();
    return failure(error_code::face_engine_lost, when);
  }

  void end() {
    child_.reset();
    learnt_ = false;
  }

  /// Started from the files that were checked: another model would be judged by the wrong thresholds.
  result<void> start() {
    if (const auto same = check_models(options_.which); !same) return failure(same.error());
    auto started = child::start(options_.program, options_.which);
    if (!started) return failure(error_code::face_engine_lost, "it could not be started");
    const auto r = started->receive(steady::now() + std::chrono::milliseconds{options_.start_ms_max});
    if (!r) return failure(error_code::face_engine_lost, "it did not begin");
    if (r->how != wire::verdict::ready)
      return failure(error_code::face_models_unfit, options_.which.detector + ", " + options_.which.embedding,
                     "OpenCV cannot load them");
    child_.emplace(std::move(*started));
    learnt_ = false;
    return {};
  }

  std::optional<wire::reply> ask(wire::request what, const wiped_bytes& with) {
    const auto until = steady::now() + std::chrono::milliseconds{options_.answer_ms_max};
    const auto head = wire::pack(wire::request_head{what, static_cast<std::uint32_t>(with.size())});
    std::optional<wire::reply> r;
    if (child_ && child_->send(head, until) && child_->send(with, until)) r = child_->receive(until);
    if (!r) end(); // dead, stuck, or saying what cannot be
    return r;
  }

  const process_options options_;
  const model_facts facts_;
  std::optional<child> child_; ///< used on the engine's thread only, once begun
  bool learnt_ = false;
};

} // namespace

result<std::unique_ptr<engine>> open_process_engine(process_options options) {
#ifndef UKETSUKE_WITH_FACE_ENGINE
  if (options.program.empty()) return failure(error_code::face_models_unfit, "engine", "this build has no OpenCV");
#endif
  auto facts = check_models(options.which);
  if (!facts) return failure(facts.error());
  if (options.program.empty()) options.program = "/proc/self/exe";
  auto made = std::make_unique<process_engine>(std::move(options), std::move(*facts));
  if (auto opened = made->open(); !opened) return failure(opened.error());
  return made;
}

} // namespace drivers::face
