// SIMULATED: a whole clinic of processes (hub, desks, centre), their folders, keys and configuration. The processes die
// with this one; one that dies alone is started again, as the host's own supervisor would.
#pragma once

#include "messages/result.hpp"
#include "tools/simulate/first_accounts.hpp"

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tools {

struct clinic_options {
  std::filesystem::path program; ///< this binary
  std::filesystem::path data;    ///< made when missing
  std::filesystem::path persons; ///< insured_persons.json
  int desks = 2;
  int port_base = 5570; ///< 0: free ones
  std::string pin = "1234";
  bool usb = true; ///< the emulated USB reader; false: the virtual reader in process
  std::uint32_t answer_delay_ms = 0;
  /// The desks come to the hub by keys over TCP, as from hosts of their own: the hub binds `hub_address`, and each desk
  /// looks for it at `far_hub` (HOST:PORT; empty: where it is bound).
  bool far_desks = false;
  std::string hub_address = "127.0.0.1", far_hub;
  bool pages = true;       ///< in browsers, beside scripted hands
  int pages_port_base = 0; ///< the hub's pages here, desk N's at + N; 0: free ones
  std::map<std::string, std::string> desk_lines; ///< by desk: lines that its configuration ends with, for tests
  std::filesystem::path faces; ///< models/ and photos of cards/ for the face engine; empty: no face anywhere
  bool scripted_faces = false; ///< the scripted engine instead: `show` in a story says who stands before the camera
  bool reads_number = true;    ///< the simulated terminal reads 照合番号B itself; false: staff type it
  std::string patience;    ///< lines of the [patience] section, and what may follow it, for tests that cannot wait
};

class clinic {
public:
  /// Makes what is missing, starts the processes and waits until each serves.
  static messages::result<std::unique_ptr<clinic>> open(clinic_options options);
  virtual ~clinic() = default;

  virtual std::vector<std::string> desks() const = 0; ///< "desk-1" …
  virtual std::filesystem::path screen_socket(const std::string& node) const = 0;
  virtual std::filesystem::path rig_socket(const std::string& desk) const = 0;
  /// Where a node's pages are ("http://127.0.0.1:5580"); empty while it has none.
  virtual std::string pages_address(const std::string& node) const = 0;
  virtual const clinic_accounts& accounts() const = 0;
  virtual std::filesystem::path run_folder() const = 0;
  virtual std::filesystem::path keys_folder() const = 0; ///< the hub's
  virtual int port_base() const = 0;                     ///< of the hub's bus, where desks are far
  virtual const clinic_options& options() const = 0;

  virtual pid_t pid_of(const std::string& process) const = 0; ///< "hub", "centre", "desk-1" …
  virtual void kill(const std::string& process) = 0;          ///< -9; it is started again
  virtual void stop(const std::string& process) = 0;          ///< -9, and it stays away until start()
  virtual void start(const std::string& process) = 0;
  virtual void freeze(const std::string& process) = 0; ///< it lives, takes connections, and answers nothing
  virtual int starts_of(const std::string& process) const = 0;
  /// Ends all in good order.
  virtual void close() = 0;
};

} // namespace tools
