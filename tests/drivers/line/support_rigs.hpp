// The three ways to a centre that the conformance test runs against: in the process, HTTPS over loopback, folders.
#pragma once

#include "drivers/line/centre_server.hpp"
#include "drivers/line/https_line.hpp"
#include "drivers/line/exchange.hpp"
#include "drivers/line/folder_line.hpp"
#include "drivers/line/link_application.hpp"
#include "drivers/line/simulated_line.hpp"
#include "tests/drivers/line/support.hpp"

#include <vector>

namespace line_test {

/// The centre in the process, everything at once.
class in_process {
public:
  static constexpr bool repeats_arrive = true;
  in_process() : world_(folder_), centre_(world_.open()), port_({{institution, true}, {}, 8}, centre_.get()) {}

  line& port() { return port_; }
  void behave(centre_behaviour b) { port_.behave(b); }
  void stop_centre() {
    port_.connect(nullptr);
    centre_.reset();
  }
  void start_centre() {
    centre_ = world_.open();
    port_.connect(centre_.get());
  }
  void pass_time(std::uint64_t ms) { *world_.now_ms += ms; }
  std::vector<ledger_question> ledger() const { return read_ledger(world_.options.data_folder).value(); }

private:
  temporary_folder folder_;
  centre_world world_;
  std::unique_ptr<centre> centre_;
  simulated_line port_;
};

/// The centre behind TLS.
class over_https {
public:
  static constexpr bool repeats_arrive = true;
  over_https();

  line& port() { return *port_; }
  void behave(centre_behaviour b) { server_->behave(b); }
  void stop_centre() { server_.reset(); }
  /// On the same TCP port as before.
  void start_centre();
  void pass_time(std::uint64_t ms) { *world_.now_ms += ms; }
  std::vector<ledger_question> ledger() const { return read_ledger(world_.options.data_folder).value(); }

  https_line_options line_options() const;
  const throwaway_pki& pki() const { return pki_; }
  std::uint16_t tcp_port() const { return tcp_port_; }
  const temporary_folder& folder() const { return folder_; }

private:
  temporary_folder folder_;
  centre_world world_;
  throwaway_pki pki_;
  std::uint16_t tcp_port_ = 0;
  std::unique_ptr<centre_server> server_;
  std::unique_ptr<line> port_;
};

/// The room's facts with short waits: tests do not sleep.
std::shared_ptr<drivers::line::facts> quick_facts();

/// The centre behind 連携アプリ.
class through_folders {
public:
  /// What may have been submitted is never written again: the centre sees each question once.
  static constexpr bool repeats_arrive = false;

  explicit through_folders(std::shared_ptr<const facts> names = quick_facts());

  line& port() { return *port_; }
  void behave(centre_behaviour b);
  void behave(const link_behaviour& b) { link_->behave(b); }
  /// The share is gone, with whoever works on it.
  void stop_centre();
  void start_centre();
  void pass_time(std::uint64_t ms) { *world_.now_ms += ms; }
  std::vector<ledger_question> ledger() const { return read_ledger(world_.options.data_folder).value(); }

  void restart_line(); ///< the program ends, and starts again on the same folders
  folder_line& folders() { return *port_; }
  link_application& link() { return *link_; }
  std::filesystem::path requests() const { return folder_ / "Req"; }
  std::filesystem::path results() const { return folder_ / "Res"; }
  std::filesystem::path faces() const { return folder_ / "Face"; }
  const temporary_folder& folder() const { return folder_; }
  folder_line_options line_options() const;

private:
  temporary_folder folder_;
  std::shared_ptr<const facts> names_;
  centre_world world_;
  std::unique_ptr<centre> centre_;
  std::unique_ptr<link_application> link_;
  std::unique_ptr<folder_line> port_;
};

} // namespace line_test
