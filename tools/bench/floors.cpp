// The bare file and the bare sockets.
#include "tools/bench/floors.hpp"

#include "drivers/bus/curve.hpp"
#include "drivers/bus/socket.hpp"
#include "messages/error.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <string>

namespace tools {

using namespace messages;
using steady = std::chrono::steady_clock;

namespace {

double microseconds(steady::duration d) { return std::chrono::duration<double, std::micro>(d).count(); }

/// What comes in at @p line goes back to whom it came from.
void send_back(bus::socket& line) {
  bus::frame part;
  while (line.receive(part)) {
    bool more = part.more();
    line.send(std::move(part), more);
    while (more && line.receive(part)) {
      more = part.more();
      line.send(std::move(part), more);
    }
  }
}

/// The echo's own line: its endpoint, and the key it is known by, or "-".
result<void> serve_echo(bool curve, const child::telling& ready, int ended) {
  bus::socket line{std::make_shared<bus::context>(), bus::role::router, {}};
  std::string key = "-";
  if (curve) {
    const auto pair = bus::fresh_curve_pair();
    line.secure(pair, "echo"); // nobody listens to ZAP here: every key is welcome
    key = pair.public_key;
  }
  const auto at = line.bind("tcp://127.0.0.1:0", curve);
  if (!at) return failure(at.error());
  ready(*at + " " + key);
  for (;;) {
    std::array<bus::watch, 2> on{bus::watch{&line}, bus::watch{nullptr, ended}};
    bus::wait(on, -1);
    if (on[1].readable) return {};
    send_back(line);
  }
}

class open_echo final : public echo_floor {
public:
  open_echo() : line_(std::make_shared<bus::context>(), bus::role::dealer, {}) {}
  result<void> connect(const std::string& said) {
    const auto space = said.find(' ');
    const auto key = said.substr(space + 1);
    const bus::curve_identity keys{bus::fresh_curve_pair(), key};
    return line_.connect(said.substr(0, space), key == "-" ? nullptr : &keys);
  }
  result<std::vector<double>> trips_us(std::size_t octets, int trips) override {
    const std::string content(octets, 'x');
    std::vector<double> all;
    for (int i = 0; i < trips; ++i) {
      const auto from = steady::now();
      line_.send(content);
      std::array<bus::watch, 1> on{bus::watch{&line_}};
      bus::frame back;
      if (!bus::wait(on, 5000) || !line_.receive(back))
        return failure(error_code::story_failed, "bench", "bare ZeroMQ", "no echo within five seconds");
      all.push_back(microseconds(steady::now() - from));
    }
    return all;
  }

private:
  bus::socket line_;
};

} // namespace

sync_floor::sync_floor(const std::filesystem::path& file)
    : fd_(::open(file.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600)) {}
sync_floor::~sync_floor() { ::close(fd_); }

double sync_floor::one_us() {
  static const std::string line(256, 'x');
  const auto from = steady::now();
  if (::write(fd_, line.data(), line.size()) < 0 || ::fdatasync(fd_) != 0) return 0;
  return microseconds(steady::now() - from);
}

result<child> start_echo(bool curve) {
  return child::start([curve](const auto& ready, int ended) { return serve_echo(curve, ready, ended); });
}

result<std::unique_ptr<echo_floor>> echo_floor::open(const child& echo) {
  auto made = std::make_unique<open_echo>();
  if (auto connected = made->connect(echo.said()); !connected) return failure(connected.error());
  return made;
}

} // namespace tools
