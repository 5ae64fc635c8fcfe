// `uketsuke doctor`: tries each link from this node to the national system, says which one is broken and what to do.
#include "tools/diagnosis.hpp"

#include "drivers/clock/port.hpp"
#include "drivers/line/https_line.hpp"
#include "drivers/line/tls_files.hpp"
#include "messages/json.hpp"
#include "storage/key_folder.hpp"
#include "tools/commands.hpp"
#include "tools/config.hpp"
#include "tools/hub_client.hpp"
#include "tools/time_text.hpp"

#include <CLI/CLI.hpp>

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <iostream>

namespace tools {

using namespace messages;

namespace {

constexpr auto program_version = "0.1";
constexpr int connect_wait_ms_max = 3'000;
constexpr std::uint32_t answer_wait_ms = 4'000;
constexpr std::uint64_t mb = 1'000'000, disk_broken_bytes = 200 * mb, disk_soon_bytes = 2'000 * mb;
constexpr std::uint64_t skew_ms_max = 60'000, first_of_2025_ms = 1'735'689'600'000;
constexpr std::uint64_t renewal_ms = std::uint64_t{30} * 24 * 3600 * 1000;

/// Whether something takes a connection there; what the host said otherwise.
std::optional<std::string> cannot_connect(const std::string& host, int port) {
  addrinfo wanted{}, *found = nullptr;
  wanted.ai_family = AF_INET;
  wanted.ai_socktype = SOCK_STREAM;
  if (const int wrong = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found); wrong != 0)
    return ::gai_strerror(wrong);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  std::optional<std::string> why;
  if (::connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
    pollfd on{fd, POLLOUT, 0};
    int error = errno;
    if (error == EINPROGRESS) {
      socklen_t size = sizeof error;
      error = ETIMEDOUT;
      if (::poll(&on, 1, connect_wait_ms_max) == 1) ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error != 0) why = std::strerror(error);
  }
  ::close(fd);
  ::freeaddrinfo(found);
  return why;
}

/// One node's examination, link by link.
class examination {
public:
  explicit examination(const node_config& config) : config_(config), is_hub_(config.name == config.hub) {}

  std::vector<finding> run() {
    look_at_this_computer();
    look_at_keys();
    look_at_hub();
    look_at_readers();
    if (is_hub_)
      look_at_line();
    else
      hear_about_line();
    hear_about_batches();
    return std::move(chain_);
  }
  const std::string& hub_version() const { return hub_version_; }

private:
  void say(chain_link of, standing is, std::string detail = {}) { chain_.push_back({of, is, std::move(detail)}); }

  void look_at_this_computer() {
    if (clock_->utc_ms() < first_of_2025_ms) say(chain_link::clock, standing::broken, time_text(clock_->utc_ms()));
    std::error_code wrong;
    auto folder = is_hub_ ? config_.data : config_.run;
    while (!std::filesystem::exists(folder, wrong) && folder.has_relative_path())
      folder = folder.parent_path(); // a desk that reaches its hub over TCP never made it: the disk is the same
    const auto space = std::filesystem::space(folder, wrong);
    const auto free = std::to_string(space.available / mb) + " MB free in " + folder.string();
    if (wrong)
      say(chain_link::disk, standing::broken, folder.string() + ": " + wrong.message());
    else
      say(chain_link::disk, space.available < disk_broken_bytes ? standing::broken
                            : space.available < disk_soon_bytes ? standing::soon
                                                                : standing::fine,
          free);
  }

  void look_at_keys() {
    if (is_hub_) {
      const bool own = storage::holds_keys(config_.keys);
      const auto hub = config_.bus.curve ? bus::read_hub_key(config_.keys / "nodes") : bus::curve_pair{};
      const bool fine = own && hub;
      say(chain_link::keys, fine ? standing::fine : standing::broken,
          fine ? "" : own ? to_sentence(hub.error()) : config_.keys.string());
    } else if (!config_.bus.hub.empty()) {
      const auto at = hub_at::by_key(config_.bus.hub, config_.bus.key);
      say(chain_link::keys, at ? standing::fine : standing::broken, at ? "" : to_sentence(at.error()));
    }
  }

  void look_at_hub() {
    if (config_.bus.hub.empty()) {
      at_ = hub_at::in_folder(config_.run);
    } else {
      const auto host = host_and_port(config_.bus.hub, hub_port);
      const auto why = host ? cannot_connect(host->first, host->second) : to_sentence(host.error());
      // A host that says "refused" is there: its hub is not.
      const bool reached = !why || *why == std::strerror(ECONNREFUSED);
      say(chain_link::network, reached ? standing::fine : standing::broken,
          reached ? "" : config_.bus.hub + ": " + *why);
      if (!reached) return say(chain_link::hub, standing::unknown);
      if (auto at = hub_at::by_key(config_.bus.hub, config_.bus.key)) {
        at->key->node += "-doctor";
        at_ = std::move(*at);
      } else
        return say(chain_link::hub, standing::unknown);
    }
    const auto status = ask_hub(*at_, "monitor", ask_status{}, answer_wait_ms);
    if (!status) return blame(status.error());
    say(chain_link::hub, standing::fine);
    hub_version_ = status->program_version;
    const bool same = hub_version_ == program_version;
    say(chain_link::versions, same ? standing::fine : standing::broken,
        same ? "" : std::string{"here "} + program_version + ", hub " + hub_version_);
    const auto now_ms = clock_->utc_ms();
    const auto skew_ms = now_ms > status->now_ms ? now_ms - status->now_ms : status->now_ms - now_ms;
    say(chain_link::clock, skew_ms <= skew_ms_max ? standing::fine : standing::broken,
        std::to_string(skew_ms) + " ms from the hub's");
    status_ = *status;
  }

  void blame(const error& why) {
    if (why.code == error_code::key_refused) {
      std::erase_if(chain_, [](const finding& f) { return f.of == chain_link::keys; });
      say(chain_link::keys, standing::broken, to_sentence(why));
      say(chain_link::hub, standing::unknown);
    } else
      say(chain_link::hub, standing::broken, to_sentence(why));
  }

  void look_at_readers() {
    if (!status_) return say(chain_link::reader, standing::unknown);
    const auto list = ask_hub(*at_, "desks", list_desks{}, answer_wait_ms);
    if (!list) return say(chain_link::reader, standing::unknown, to_sentence(list.error()));
    std::string lost;
    for (const auto& d : list->desks)
      if ((is_hub_ || d.desk == config_.name) && d.reader != health::working)
        lost += (lost.empty() ? "" : ", ") + d.desk + ": " + std::string{name(d.reader)};
    const auto is_this = [&](const desk_status& d) { return d.desk == config_.name; };
    if (!is_hub_ && std::ranges::none_of(list->desks, is_this))
      lost = config_.name + " never told the hub of one: does it serve?";
    say(chain_link::reader, lost.empty() ? standing::fine : standing::broken, lost);
  }

  void hear_about_line() {
    if (!status_) return say(chain_link::centre, standing::unknown);
    const bool fine = !status_->line_known || status_->line_up;
    say(chain_link::centre, fine ? standing::fine : standing::broken,
        fine ? "" : "lost since " + time_text(status_->line_lost_ms) + "; see `uketsuke doctor` at the hub");
  }

  /// What waits for staff: nobody at a desk is kept from anything by it.
  void hear_about_batches() {
    if (!is_hub_ || !status_ || !config_.batches) return;
    std::string missed;
    for (const auto& name : status_->schedules_missed)
      missed += (missed.empty() ? "" : ", ") + name;
    say(chain_link::plans, missed.empty() ? standing::fine : standing::soon, missed);
    const auto count = [&](chain_link of, std::uint64_t n) {
      say(of, n == 0 ? standing::fine : standing::soon, n == 0 ? "" : std::to_string(n) + "; `uketsuke batch status`");
    };
    count(chain_link::uploads, status_->batches_saved);
    count(chain_link::doubts, status_->batches_doubtful);
  }

  void look_at_line() {
    if (!config_.line) return;
    const auto& l = *config_.line;
    const auto now_ms = clock_->utc_ms();
    auto pair = drivers::line::check_pair(l.certificate, l.key, now_ms);
    if (pair) pair = drivers::line::check_certificate(l.ca, now_ms);
    const bool lasts = pair && drivers::line::check_certificate(l.certificate, now_ms + renewal_ms);
    say(chain_link::certificate, !pair ? standing::broken : lasts ? standing::fine : standing::soon,
        !pair ? to_sentence(pair.error()) : lasts ? "" : "it ends within thirty days");
    const auto why = cannot_connect(l.host, l.port);
    const auto named = l.host + ":" + std::to_string(l.port);
    say(chain_link::line_network, why ? standing::broken : standing::fine, why ? named + ": " + *why : "");
    if (why || !pair) return say(chain_link::centre, standing::unknown);
    auto line = drivers::line::open_https_line({.host = l.host,
                                                .port = l.port,
                                                .ca_file = l.ca,
                                                .certificate_file = l.certificate,
                                                .key_file = l.key,
                                                .institution = l.institution,
                                                .simulated_allowed = config_.simulated,
                                                .now_ms = [this] { return clock_->utc_ms(); }});
    if (!line) return say(chain_link::centre, standing::broken, to_sentence(line.error()));
    std::promise<result<void>> promised;
    auto answer = promised.get_future();
    (*line)->obtain_challenge(answer_wait_ms, [&](const result<drivers::line::challenge>& c) {
      promised.set_value(c ? result<void>{} : failure(c.error()));
    });
    const auto got = answer.get(); // within answer_wait_ms, by the port's promise
    say(chain_link::centre, got ? standing::fine : standing::broken, got ? "" : to_sentence(got.error()));
    (*line)->stop();
  }

  const node_config& config_;
  bool is_hub_;
  std::shared_ptr<drivers::clock::clock> clock_ = drivers::clock::system_clock();
  std::optional<hub_at> at_;
  std::optional<monitor_status> status_;
  std::string hub_version_;
  std::vector<finding> chain_;
};

void print_json(const std::vector<finding>& chain) {
  value::array all;
  for (const auto& f : chain)
    all.push_back(value{value::map{{"link", {std::string{words_of(f.of).en}}},
                                   {"standing", {std::string{name_of(f.is)}}},
                                   {"detail", {f.detail}}}});
  std::cout << to_json(value{std::move(all)}) << '\n';
}

void print(const examined& of, const std::vector<finding>& chain) {
  for (const auto& f : chain)
    std::cout << words_of(f.of).ja << " (" << words_of(f.of).en << "): " << name_of(f.is)
              << (f.detail.empty() ? "" : "  " + f.detail) << '\n';
  if (const auto* first = first_broken(chain)) {
    const auto& words = words_of(first->of);
    std::cout << "\n職員の方へ：" << words.staff_ja << "\nStaff: " << words.staff_en << "\nVendor: " << words.vendor
              << '\n';
  }
  for (const auto& f : chain) // nothing is broken by it, and somebody has to do it
    if (f.is == standing::soon && f.of >= chain_link::plans)
      std::cout << "\n職員の方へ：" << words_of(f.of).staff_ja << "\nStaff: " << words_of(f.of).staff_en
                << "\nVendor: " << words_of(f.of).vendor << '\n';
  std::cout << "\n-- コールセンターへ読み上げる内容 --\n" << note_for_call_centre(of, chain);
}

outcome examine(const std::string& file, bool json) {
  const auto config = read_node_config(file);
  if (!config) return failure(config.error());
  examination examining{*config};
  auto chain = examining.run();
  std::ranges::stable_sort(chain, {}, &finding::of);
  const examined of{config->name, program_version, examining.hub_version(),
                    time_text(drivers::clock::system_clock()->utc_ms())};
  if (json)
    print_json(chain);
  else
    print(of, chain);
  return first_broken(chain) ? 1 : 0;
}

} // namespace

void add_doctor(CLI::App& app, chosen& run) {
  auto* command = app.add_subcommand("doctor", "try each link from this node to the national system: which is broken");
  auto file = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  command->add_option("--config", *file, "the node's TOML file, as `serve` has it")->required();
  command->add_flag("--json", *json, "the findings as one line");
  command->callback([&run, file, json] { run = [file, json] { return examine(*file, *json); }; });
}

} // namespace tools
