// Hosts of their own on one machine: network namespaces, joined by wires that a test cuts, slows down and makes lossy.
#pragma once

#include "tests/scenarios/support.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace scenarios {

/// Each host has one wire to a switch in user space that hands Ethernet frames on: what it loses is lost for real, and
/// neither end is told. Works as root and, where the kernel allows it, as anybody (user namespaces). Nothing of it is
/// seen by the machine's own network, and nothing is left when it goes, or when the test is killed.
class lan {
public:
  /// In words, why it cannot be had here; nothing: it can.
  static std::optional<std::string> missing();

  explicit lan(std::vector<std::string> hosts);
  ~lan();
  lan(const lan&) = delete;
  lan& operator=(const lan&) = delete;

  /// IPv4; the first host has 10.77.0.1.
  std::string address(const std::string& host) const;
  /// @p words as they are run on that host.
  std::vector<std::string> on(const std::string& host, const std::vector<std::string>& words) const;
  /// TCP connections that stand on @p host with a port of @p other: "10.77.0.2:40112" each.
  std::vector<std::string> connections_of(const std::string& host, const std::string& other) const;

  /// From now on, of what comes from and goes to that host:
  void cut(const std::string& host);
  void hear_only(const std::string& host); ///< half open: it receives, and nothing that it sends arrives
  void mend(const std::string& host);
  void worsen(const std::string& host, int slow_ms, int lose_percent); ///< each way

private:
  pid_t holder_of(const std::string& host) const;
  void order(const std::string& host, bool sends, bool receives, int slow_ms, int lose_percent);

  std::vector<std::string> hosts_;
  std::vector<pid_t> holders_;
  pid_t switch_ = -1;
  int orders_ = -1, answers_ = -1;
};

} // namespace scenarios
