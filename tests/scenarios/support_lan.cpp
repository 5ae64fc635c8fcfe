// Namespaces, one process that holds each, and the switch between them.
#include "tests/scenarios/support_lan.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <deque>
#include <fstream>
#include <random>
#include <sstream>

namespace scenarios {

namespace {

using clock_type = std::chrono::steady_clock;
constexpr std::size_t order_size = 64; ///< each is written and read whole

bool shell(const std::string& line) { return std::system((line + " >/dev/null 2>&1").c_str()) == 0; }

void put(const char* file, const std::string& text) { std::ofstream{file} << text; }

/// Into namespaces of our own. Who is not root becomes it there.
bool leave_the_machine() {
  const auto user = ::geteuid(), group = ::getegid();
  if (::unshare(user == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  if (user == 0) return true;
  put("/proc/self/setgroups", "deny");
  put("/proc/self/uid_map", "0 " + std::to_string(user) + " 1");
  put("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
  return ::geteuid() == 0;
}

/// Frames are handed on as they are: whole, and with their check sums.
void compute_everything_here(const char* device) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (const auto what : {ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO}) {
    ethtool_value off{static_cast<__u32>(what), 0};
    ifreq to{};
    std::strncpy(to.ifr_name, device, IFNAMSIZ - 1);
    to.ifr_data = reinterpret_cast<char*>(&off);
    ::ioctl(fd, SIOCETHTOOL, &to);
  }
  ::close(fd);
}

std::string hardware_of(std::size_t host) { return "02:00:00:00:00:0" + std::to_string(host + 1); }
std::string address_of(std::size_t host) { return "10.77.0." + std::to_string(host + 1); }

/// Everybody knows everybody beforehand, as behind a router: a host that is cut off is silent, not unreachable.
bool meet(std::size_t host, std::size_t hosts) {
  bool good = shell("ip link set dev eth0 address " + hardware_of(host)) && shell("ip link set eth0 up");
  for (std::size_t n = 0; n < hosts; ++n)
    good = good && (n == host || shell("ip neigh add " + address_of(n) + " lladdr " + hardware_of(n) +
                                       " dev eth0 nud permanent"));
  return good;
}

/// A host: waits for its wire, and then for the end.
[[noreturn]] void hold(std::size_t host, std::size_t hosts, int wire_is_there, int tell) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  char word = 'n';
  if (::unshare(CLONE_NEWNET) == 0) word = 'y';
  if (::write(tell, &word, 1) != 1 || ::read(wire_is_there, &word, 1) != 1) ::_exit(1);
  const bool up = shell("ip link set lo up") && shell("ip addr add " + address_of(host) + "/24 dev eth0") &&
                  meet(host, hosts);
  compute_everything_here("eth0");
  word = up ? 'y' : 'n';
  if (::write(tell, &word, 1) != 1) ::_exit(1);
  for (;;)
    ::pause();
}

struct wire {
  int socket = -1;
  bool sends = true, receives = true;
  int slow_ms = 0, lose_percent = 0;
};

struct flight {
  clock_type::time_point due;
  std::size_t from = 0, to = 0;
  std::vector<char> frame;
};

class user_space_switch {
public:
  explicit user_space_switch(std::size_t hosts) : wires_(hosts) {}

  bool plug_in(std::size_t host) {
    const auto name = "w" + std::to_string(host);
    compute_everything_here(name.c_str());
    auto& w = wires_[host];
    w.socket = ::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL));
    sockaddr_ll at{};
    at.sll_family = AF_PACKET;
    at.sll_protocol = htons(ETH_P_ALL);
    at.sll_ifindex = static_cast<int>(::if_nametoindex(name.c_str()));
    return at.sll_ifindex != 0 && ::bind(w.socket, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
  }

  [[noreturn]] void run(int orders, int answers) {
    for (;;) {
      std::vector<pollfd> on{{orders, POLLIN, 0}};
      for (const auto& w : wires_)
        on.push_back({w.socket, POLLIN, 0});
      ::poll(on.data(), on.size(), flights_.empty() ? 1000 : 1);
      if (on[0].revents != 0) take_order(orders, answers);
      for (std::size_t n = 0; n < wires_.size(); ++n)
        if (on[n + 1].revents != 0) take_frames(n);
      deliver();
    }
  }

private:
  /// "HOST sends receives slow_ms lose_percent"
  void take_order(int orders, int answers) {
    std::array<char, order_size> text{};
    if (::read(orders, text.data(), text.size()) != static_cast<ssize_t>(text.size())) ::_exit(0); // the test is over
    std::istringstream in{text.data()};
    std::size_t host = 0;
    in >> host;
    auto& w = wires_.at(host);
    in >> w.sends >> w.receives >> w.slow_ms >> w.lose_percent;
    if (::write(answers, "y", 1) != 1) ::_exit(0);
  }

  void take_frames(std::size_t from) {
    std::array<char, 2048> octets;
    sockaddr_ll of{};
    for (socklen_t size = sizeof of;;) {
      const auto n = ::recvfrom(wires_[from].socket, octets.data(), octets.size(), MSG_DONTWAIT,
                                reinterpret_cast<sockaddr*>(&of), &size);
      if (n <= 0) return;
      if (of.sll_pkttype == PACKET_OUTGOING || !wires_[from].sends) continue;
      for (std::size_t to = 0; to < wires_.size(); ++to)
        if (to != from && !is_lost(wires_[from]) && !is_lost(wires_[to]))
          flights_.push_back({clock_type::now() + std::chrono::milliseconds{wires_[from].slow_ms + wires_[to].slow_ms},
                              from, to, {octets.data(), octets.data() + n}});
    }
  }
  bool is_lost(const wire& w) { return static_cast<int>(chance_() % 100) < w.lose_percent; }

  void deliver() {
    const auto now = clock_type::now();
    for (auto at = flights_.begin(); at != flights_.end();) {
      if (at->due > now) {
        ++at;
        continue;
      }
      if (wires_[at->from].sends && wires_[at->to].receives) // a cut wire loses what was on it
        (void)!::write(wires_[at->to].socket, at->frame.data(), at->frame.size()); // full: one more that is lost
      at = flights_.erase(at);
    }
  }

  std::vector<wire> wires_;
  std::deque<flight> flights_;
  std::mt19937 chance_{77};
};

/// The switch's whole life; it tells the holders' ids, then 'y', or 'n' when something is not to be had here.
[[noreturn]] void live(std::size_t hosts, int orders, int answers) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  user_space_switch between{hosts};
  bool good = leave_the_machine();
  std::array<int, 2> go{}, told{};
  good = good && ::pipe(go.data()) == 0 && ::pipe(told.data()) == 0;
  const auto all_say_yes = [&] {
    for (std::size_t n = 0; n < hosts; ++n)
      if (char word = 'n'; ::read(told[0], &word, 1) != 1 || word != 'y') return false;
    return true;
  };
  std::vector<pid_t> holders;
  for (std::size_t n = 0; good && n < hosts; ++n) {
    holders.push_back(::fork());
    if (holders.back() == 0) hold(n, hosts, go[0], told[1]);
  }
  good = good && all_say_yes();
  for (std::size_t n = 0; good && n < hosts; ++n) {
    const auto name = "w" + std::to_string(n);
    good = shell("ip link add name " + name + " type veth peer name eth0 netns " + std::to_string(holders[n])) &&
           shell("ip link set dev " + name + " up") && between.plug_in(n);
  }
  const std::string enough(hosts, 'g');
  good = good && ::write(go[1], enough.data(), hosts) == static_cast<ssize_t>(hosts) && all_say_yes();
  holders.resize(hosts);
  const auto bytes = static_cast<ssize_t>(hosts * sizeof(pid_t));
  const char word = good ? 'y' : 'n';
  if (::write(answers, &word, 1) != 1 || ::write(answers, holders.data(), hosts * sizeof(pid_t)) != bytes || !good)
    ::_exit(1);
  between.run(orders, answers);
}

} // namespace

lan::lan(std::vector<std::string> hosts) : hosts_(std::move(hosts)), holders_(hosts_.size()) {
  std::array<int, 2> orders{}, answers{};
  BOOST_REQUIRE(::pipe2(orders.data(), O_CLOEXEC) == 0 && ::pipe2(answers.data(), O_CLOEXEC) == 0);
  switch_ = ::fork();
  if (switch_ == 0) {
    ::close(orders[1]);
    ::close(answers[0]);
    live(hosts_.size(), orders[0], answers[1]);
  }
  ::close(orders[0]);
  ::close(answers[1]);
  orders_ = orders[1];
  answers_ = answers[0];
  char word = 'n';
  const auto bytes = holders_.size() * sizeof(pid_t);
  if (::read(answers_, &word, 1) != 1 || word != 'y' ||
      ::read(answers_, holders_.data(), bytes) != static_cast<ssize_t>(bytes))
    holders_.clear();
}

lan::~lan() {
  ::close(orders_);
  ::close(answers_);
  ::kill(switch_, SIGKILL); // and the hosts with it
  ::waitpid(switch_, nullptr, 0);
}

std::optional<std::string> lan::missing() {
  for (const auto* program : {"ip", "nsenter", "setpriv"})
    if (!shell(std::string{"command -v "} + program)) return std::string{"there is no program "} + program;
  const lan tried{{"one", "two"}};
  if (tried.holders_.empty()) return "network namespaces, veth or packet sockets are not permitted";
  return {};
}

pid_t lan::holder_of(const std::string& host) const {
  const auto at = std::ranges::find(hosts_, host) - hosts_.begin();
  return holders_.at(static_cast<std::size_t>(at));
}

std::string lan::address(const std::string& host) const {
  return address_of(static_cast<std::size_t>(std::ranges::find(hosts_, host) - hosts_.begin()));
}

std::vector<std::string> lan::on(const std::string& host, const std::vector<std::string>& words) const {
  const auto holder = "/proc/" + std::to_string(holder_of(host)) + "/ns/";
  std::vector<std::string> all{"nsenter", "--net=" + holder + "net"};
  if (::geteuid() != 0) all.insert(all.end(), {"--user=" + holder + "user", "--preserve-credentials"});
  all.insert(all.end(), {"setpriv", "--pdeathsig", "KILL"}); // a change of credentials would have cleared it
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

std::vector<std::string> lan::connections_of(const std::string& host, const std::string& other) const {
  std::vector<std::string> found;
  std::ifstream table{"/proc/" + std::to_string(holder_of(host)) + "/net/tcp"};
  constexpr unsigned established = 1;
  for (std::string line; std::getline(table, line);) {
    std::istringstream in{line};
    std::string number, local, remote;
    unsigned state = 0;
    in >> number >> local >> remote >> std::hex >> state;
    const auto colon = remote.find(':');
    if (colon == std::string::npos || state != established) continue;
    in_addr at{};
    at.s_addr = static_cast<in_addr_t>(std::stoul(remote.substr(0, colon), nullptr, 16)); // as it lies in memory
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &at, text.data(), text.size());
    if (text.data() == address(other))
      found.push_back(address(other) + ":" + std::to_string(std::stoul(remote.substr(colon + 1), nullptr, 16)));
  }
  return found;
}

void lan::order(const std::string& host, bool sends, bool receives, int slow_ms, int lose_percent) {
  std::ostringstream said;
  said << std::ranges::find(hosts_, host) - hosts_.begin() << ' ' << sends << ' ' << receives << ' ' << slow_ms << ' '
       << lose_percent;
  std::array<char, order_size> text{};
  said.str().copy(text.data(), text.size() - 1);
  char word = 'n';
  BOOST_REQUIRE(::write(orders_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  BOOST_REQUIRE(::read(answers_, &word, 1) == 1 && word == 'y');
}

void lan::cut(const std::string& host) { order(host, false, false, 0, 0); }
void lan::hear_only(const std::string& host) { order(host, false, true, 0, 0); }
void lan::mend(const std::string& host) { order(host, true, true, 0, 0); }
void lan::worsen(const std::string& host, int slow_ms, int lose_percent) {
  order(host, true, true, slow_ms, lose_percent);
}

} // namespace scenarios
