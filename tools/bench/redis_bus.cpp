// Redis Streams by hiredis: commands are queued and written without waiting, replies are taken when poll() says so.
#include "tools/bench/redis_bus.hpp"

#include "messages/error.hpp"

#include <hiredis/hiredis.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <thread>
#include <vector>

extern char** environ;

namespace tools {

using namespace messages;

namespace {

constexpr const char* program = "redis-server";
constexpr std::string_view stream = "events";
constexpr int entries_kept = 50'000; ///< XADD MAXLEN ~: as much as a reader may be behind
constexpr int page_entries = 1000;

tl::unexpected<error> broken(const std::string& why) {
  return failure(error_code::story_failed, "bench bus", "redis", why);
}

/// A port that is free now. Redis takes no port 0 for "any".
int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&at), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0;
  ::close(fd);
  return bound ? ntohs(at.sin_port) : 0;
}

struct closes {
  void operator()(redisContext* c) const { ::redisFree(c); }
};
struct frees {
  void operator()(void* reply) const { ::freeReplyObject(reply); }
};
using reply_ptr = std::unique_ptr<redisReply, frees>;

class connection {
public:
  explicit connection(int port) : c_(::redisConnect("127.0.0.1", port)) {}
  bool good() const { return c_ && c_->err == 0; }
  std::string why() const { return c_ ? c_->errstr : "no memory"; }
  int fd() const { return c_->fd; }
  void queue(const std::vector<std::string_view>& words) {
    std::vector<const char*> at;
    std::vector<std::size_t> sizes;
    for (const auto& word : words) {
      at.push_back(word.data());
      sizes.push_back(word.size());
    }
    ::redisAppendCommandArgv(c_.get(), static_cast<int>(words.size()), at.data(), sizes.data());
  }
  bool write() {
    int done = 0;
    while (done == 0)
      if (::redisBufferWrite(c_.get(), &done) != REDIS_OK) return false;
    return true;
  }
  /// After poll() said that there is something.
  bool read() { return ::redisBufferRead(c_.get()) == REDIS_OK; }
  reply_ptr next() {
    void* reply = nullptr;
    if (::redisReaderGetReply(c_->reader, &reply) != REDIS_OK) return nullptr;
    return reply_ptr{static_cast<redisReply*>(reply)};
  }
  /// One command and its answer, waited for.
  reply_ptr ask(const std::vector<std::string_view>& words) {
    queue(words);
    void* reply = nullptr;
    if (::redisGetReply(c_.get(), &reply) != REDIS_OK) return nullptr;
    return reply_ptr{static_cast<redisReply*>(reply)};
  }

private:
  std::unique_ptr<redisContext, closes> c_;
};

class running_server final : public redis_server {
public:
  running_server(pid_t id, int port) : id_(id), port_(port) {}
  ~running_server() override {
    ::kill(id_, SIGTERM);
    ::waitpid(id_, nullptr, 0);
  }
  int port() const override { return port_; }

private:
  pid_t id_;
  int port_;
};

/// XREAD's answer: [[stream, [[id, [field, value]], …]]].
class stream_reader {
public:
  stream_reader(int port, std::string from) : line_(port), last_(std::move(from)) {}
  connection& line() { return line_; }
  std::uint64_t read_count() const { return count_; }
  bool ask_on() {
    const auto most = std::to_string(page_entries);
    line_.queue({"XREAD", "COUNT", most, "BLOCK", "0", "STREAMS", stream, last_});
    return line_.write();
  }
  result<void> take() {
    if (!line_.read()) return broken(line_.why());
    while (const auto reply = line_.next()) {
      if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 1 || reply->element[0]->elements != 2)
        return broken("an answer to XREAD that is none");
      const auto* entries = reply->element[0]->element[1];
      if (entries->elements == 0) return broken("an empty answer to XREAD");
      count_ += entries->elements;
      const auto* id = entries->element[entries->elements - 1]->element[0];
      last_.assign(id->str, id->len);
      if (!ask_on()) return broken(line_.why());
    }
    return {};
  }

private:
  connection line_;
  std::string last_;
  std::uint64_t count_ = 0;
};

class redis_bus final : public measured_bus {
public:
  redis_bus(int port, std::size_t event_bytes) : publisher_(port), event_(event_bytes, 'x') {}

  result<void> open(int port, std::size_t readers) {
    if (!publisher_.good()) return broken(publisher_.why());
    const auto first = publisher_.ask({"XADD", stream, "*", "d", "begin"});
    if (!first || first->type != REDIS_REPLY_STRING) return broken("XADD was refused");
    const std::string from{first->str, first->len};
    for (std::size_t i = 0; i < readers; ++i) {
      readers_.push_back(std::make_unique<stream_reader>(port, from));
      if (!readers_.back()->line().good() || !readers_.back()->ask_on()) return broken("a reader cannot connect");
    }
    watched_.push_back({publisher_.fd(), POLLIN, 0});
    for (const auto& r : readers_)
      watched_.push_back({r->line().fd(), POLLIN, 0});
    return {};
  }

  result<void> publish() override {
    static const auto most = std::to_string(entries_kept);
    publisher_.queue({"XADD", stream, "MAXLEN", "~", most, "*", "d", event_});
    unwritten_ = true;
    return {};
  }
  result<void> look(int wait_ms) override {
    if (unwritten_ && !publisher_.write()) return broken(publisher_.why());
    unwritten_ = false;
    if (::poll(watched_.data(), watched_.size(), wait_ms) <= 0) return {};
    if (watched_[0].revents != 0) {
      if (!publisher_.read()) return broken(publisher_.why());
      while (const auto reply = publisher_.next()) {
        if (reply->type != REDIS_REPLY_STRING) return broken("XADD was refused");
        ++acked_;
      }
    }
    for (std::size_t i = 0; i < readers_.size(); ++i)
      if (watched_[i + 1].revents != 0)
        if (auto taken = readers_[i]->take(); !taken) return taken;
    return {};
  }
  std::uint64_t acked() const override { return acked_; }
  std::uint64_t delivered() const override {
    auto least = readers_.front()->read_count();
    for (const auto& r : readers_)
      least = std::min(least, r->read_count());
    return least;
  }

private:
  connection publisher_;
  std::vector<std::unique_ptr<stream_reader>> readers_;
  std::vector<pollfd> watched_;
  const std::string event_;
  std::uint64_t acked_ = 0;
  bool unwritten_ = false;
};

} // namespace

bool redis_server::is_installed() {
  for (const auto* folder : {"/usr/bin/", "/usr/local/bin/"})
    if (::access((std::string{folder} + program).c_str(), X_OK) == 0) return true;
  return false;
}

result<std::unique_ptr<redis_server>> redis_server::start(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const int port = free_port();
  std::vector<std::string> words{program,      "--bind",     "127.0.0.1",     "--port", std::to_string(port),
                                 "--dir",      folder,       "--appendonly",  "yes",    "--appendfsync",
                                 "always",     "--save",     "",              "--logfile", folder / "log"};
  std::vector<char*> arguments;
  for (auto& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t id = -1;
  if (::posix_spawnp(&id, program, nullptr, nullptr, arguments.data(), environ) != 0)
    return broken("redis-server cannot be started");
  auto running = std::make_unique<running_server>(id, port);
  for (int looks = 0; looks < 500; ++looks) {
    connection probe{port};
    if (probe.good())
      if (const auto answer = probe.ask({"CONFIG", "GET", "appendfsync"});
          answer && answer->type == REDIS_REPLY_ARRAY && answer->elements == 2 &&
          std::string_view{answer->element[1]->str, answer->element[1]->len} == "always")
        return running;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return broken("redis-server does not answer, or does not sync always");
}

result<std::unique_ptr<measured_bus>> connect_redis(const redis_server& to, std::size_t readers,
                                                    std::size_t event_bytes) {
  auto made = std::make_unique<redis_bus>(to.port(), event_bytes);
  if (auto opened = made->open(to.port(), readers); !opened) return failure(opened.error());
  return made;
}

} // namespace tools
