// Folders, keys, configuration files, and the child processes of a simulated clinic.
#include "tools/simulate/clinic.hpp"

#include "drivers/bus/node_keys.hpp"
#include "drivers/card/card_authority.hpp"
#include "drivers/clock/port.hpp"
#include "drivers/line/throwaway_pki.hpp"
#include "storage/key_folder.hpp"
#include "tools/measured_models.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

namespace tools {

namespace fs = std::filesystem;
using messages::error_code;
using messages::failure;
using messages::result;

namespace {

constexpr auto institution = "1319999999";

/// Four ports in a row that nobody has just now; 0: none found.
int free_port_base() {
  const auto chance = drivers::clock::system_chance();
  const auto is_free = [](int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
    ::close(fd);
    return bound;
  };
  for (int tries = 0; tries < 100; ++tries) {
    const auto id = drivers::clock::fresh_id(*drivers::clock::system_clock(), *chance);
    const int base = 20'000 + (id.bytes[14] << 8 | id.bytes[15]) % 12'000; // below the ephemeral ports
    if (is_free(base) && is_free(base + 1) && is_free(base + 2) && is_free(base + 3)) return base;
  }
  return 0;
}

class processes final : public clinic {
public:
  explicit processes(clinic_options options) : options_(std::move(options)) {}
  ~processes() override { close(); }

  result<void> begin() {
    if (auto made = make_folders(); !made) return made;
    if (auto made = make_keys(); !made) return made;
    for (int n = 1; n <= options_.desks; ++n)
      desks_.push_back("desk-" + std::to_string(n));
    if (options_.far_desks)
      if (auto made = make_node_keys(); !made) return made;
    write_centre_config();
    keeper_ = std::thread([this] { keep(); });
    if (auto up = bring_up("centre", [this] { return fs::exists(centre_port_file()); }); !up) return up;
    write_hub_config();
    if (auto up = bring_up("hub", [this] { return is_listening(screen_socket("hub")); }); !up) return up;
    for (const auto& d : desks_) {
      write_desk_config(d);
      if (auto up = bring_up(d, [this, d] { return is_listening(rig_socket(d)) && is_listening(screen_socket(d)); });
          !up)
        return up;
    }
    return {};
  }

  std::vector<std::string> desks() const override { return desks_; }
  fs::path screen_socket(const std::string& node) const override { return run_ / ("screen-" + node); }
  fs::path rig_socket(const std::string& desk) const override { return run_ / ("rig-" + desk); }
  fs::path run_folder() const override { return run_; }
  int port_base() const override { return options_.port_base; }
  std::string pages_address(const std::string& node) const override {
    int port = 0;
    std::ifstream{pages_port_file(node)} >> port;
    return port == 0 ? std::string{} : "http://127.0.0.1:" + std::to_string(port);
  }
  const clinic_accounts& accounts() const override { return accounts_; }
  const clinic_options& options() const override { return options_; }

  pid_t pid_of(const std::string& process) const override {
    const std::lock_guard lock{mutex_};
    const auto found = children_.find(process);
    return found == children_.end() ? -1 : found->second.pid;
  }
  int starts_of(const std::string& process) const override {
    const std::lock_guard lock{mutex_};
    const auto found = children_.find(process);
    return found == children_.end() ? 0 : found->second.starts;
  }
  void kill(const std::string& process) override {
    if (const auto pid = pid_of(process); pid > 0) ::kill(pid, SIGKILL);
  }
  void stop(const std::string& process) override {
    {
      const std::lock_guard lock{mutex_};
      children_[process].wanted = false;
    }
    kill(process);
  }
  void start(const std::string& process) override {
    const std::lock_guard lock{mutex_};
    children_[process].wanted = true;
    changed_.notify_all();
  }

  void freeze(const std::string& process) override {
    if (const auto pid = pid_of(process); pid > 0) ::kill(pid, SIGSTOP);
  }

  void close() override {
    if (!keeper_.joinable()) return;
    {
      const std::lock_guard lock{mutex_};
      closing_ = true;
      for (auto& [name, c] : children_)
        if (c.pid > 0) {
          ::kill(c.pid, SIGTERM);
          ::kill(c.pid, SIGCONT); // a frozen one has to hear it
        }
      changed_.notify_all();
    }
    keeper_.join();
    if (run_is_temporary_) fs::remove_all(run_);
  }

private:
  struct child {
    pid_t pid = -1;
    bool wanted = false;
    int starts = 0;
    std::chrono::steady_clock::time_point killed_at;
  };

  fs::path pages_port_file(const std::string& node) const { return run_ / ("pages-" + node); }
  /// A node keeps its port when it is started again: its pages find it where it was.
  std::string pages_section(const std::string& node, int number) const {
    if (!options_.pages) return {};
    const auto port = options_.pages_port_base == 0 ? 0 : options_.pages_port_base + number;
    return "pages = true\nport = " + std::to_string(port) + "\nport_file = " + quoted(pages_port_file(node)) + '\n';
  }
  void keep_pages_port(const std::string& node) const {
    int port = 0;
    std::ifstream{pages_port_file(node)} >> port;
    const auto file = options_.data / "config" / (node + ".toml");
    std::ifstream in{file};
    std::string text{std::istreambuf_iterator<char>{in}, {}};
    const auto at = text.find("pages = true\nport = 0\n");
    if (port == 0 || at == std::string::npos) return;
    text.replace(at, 22, "pages = true\nport = " + std::to_string(port) + '\n');
    std::ofstream{file} << text;
  }

  fs::path home_port_file() const { return options_.data / "centre" / "home-port"; }
  fs::path centre_port_file() const { return options_.data / "centre" / "port"; }

  // -- what is on disk ---------------------------------------------------------------------------------------------

  result<void> make_folders() {
    std::error_code wrong;
    for (const auto* name : {"", "config", "journal", "cards", "pki", "centre", "logs"}) {
      const auto folder = options_.data / name;
      fs::create_directories(folder, wrong);
      if (wrong) return failure(error_code::write_failed, folder.string(), wrong.message());
      ::chmod(folder.c_str(), 0700);
    }
    run_ = fs::absolute(options_.data) / "run";
    if (run_.string().size() > 70) { // 107 bytes is all a socket's path may have
      std::string pattern = (fs::temp_directory_path() / "uketsuke-XXXXXX").string();
      if (!::mkdtemp(pattern.data())) return failure(error_code::write_failed, pattern, std::strerror(errno));
      run_ = pattern;
      run_is_temporary_ = true;
    }
    fs::create_directories(run_, wrong);
    ::chmod(run_.c_str(), 0700);
    fs::remove(centre_port_file(), wrong);
    fs::remove(home_port_file(), wrong);
    return {};
  }

  fs::path node_key_file(const std::string& desk) const { return options_.data / "config" / (desk + ".key"); }

  result<void> make_node_keys() {
    if (options_.port_base == 0) options_.port_base = free_port_base();
    const auto folder = keys_folder() / "nodes";
    const auto hub = bus::read_hub_key(folder, true);
    if (!hub) return failure(hub.error());
    for (const auto& desk : desks_) {
      if (fs::exists(node_key_file(desk))) continue;
      const bus::node_key key{desk, bus::node_role::desk, {bus::fresh_curve_pair(), hub->public_key}};
      if (auto written = bus::write_node_key(node_key_file(desk), key); !written) return written;
      if (auto in = bus::let_in(folder, {desk, key.role, key.identity.own.public_key}); !in) return in;
    }
    return {};
  }

  /// Where a desk's `[data] run` and its hub are. A far one shares no folder with the hub.
  std::string desk_s_way(const std::string& desk) const {
    if (!options_.far_desks) return "\n[data]\nrun = " + quoted(run_);
    const auto hub = options_.far_hub.empty() ? "127.0.0.1:" + std::to_string(options_.port_base) : options_.far_hub;
    return "\n[data]\nrun = " + quoted(run_ / ("of-" + desk)) + "\n[bus]\nhub = '" + hub +
           "'\nkey = " + quoted(node_key_file(desk));
  }

  /// Throw-away keys of a simulated clinic, outside the journal's folder like real ones.
  fs::path keys_folder() const override { return storage::default_key_folder(options_.data / "journal"); }

  result<void> make_keys() {
    const auto now_ms = drivers::clock::system_clock()->utc_ms();
    auto pki = drivers::line::make_throwaway_pki(options_.data / "pki", institution, now_ms);
    if (!pki) return failure(pki.error());
    pki_ = *pki;
    if (!storage::holds_keys(keys_folder()))
      if (auto made = storage::make_key_folder(keys_folder()); !made) return made;
    if (auto made = make_accounts(); !made) return made;
    auto cards = drivers::card::card_authority::open(options_.data / "cards", static_cast<std::int64_t>(now_ms / 1000));
    if (!cards) return failure(cards.error());
    return {};
  }

  result<void> make_accounts() {
    storage::journal_options o;
    o.folder = options_.data / "journal";
    o.node = "hub";
    o.now_ms = [] { return drivers::clock::system_clock()->utc_ms(); };
    o.keys = storage::key_access{keys_folder(), {}};
    auto made = first_accounts(std::move(o), keys_folder() / "accounts.key", options_.data / "config" / "accounts");
    if (!made) return failure(made.error());
    accounts_ = std::move(*made);
    return {};
  }

  void write_config(const std::string& name, const std::string& text) const {
    std::ofstream{options_.data / "config" / (name + ".toml")}
        << "# Written by `uketsuke simulate`; rewritten at its next start.\n"
        << text;
  }
  static std::string quoted(const fs::path& p) { return "'" + fs::absolute(p).string() + "'"; }

  void write_centre_config() const {
    std::ostringstream t;
    t << "[centre]\nport = 0\nport_file = " << quoted(centre_port_file())
      << "\ncertificate = " << quoted(pki_.server_certificate) << "\nkey = " << quoted(pki_.server_key)
      << "\nclient_ca = " << quoted(pki_.ca_certificate)
      << "\ncard_ca = " << quoted(options_.data / "cards" / "card-authority.pem")
      << "\npersons = " << quoted(options_.persons) << "\ndata = " << quoted(options_.data / "centre")
      << "\nanswer_delay_ms = " << options_.answer_delay_ms << '\n';
    if (options_.pages)
      t << "[home_reception]\nport_file = " << quoted(home_port_file())
        << "\ncards = " << quoted(options_.data / "cards") << "\npin = '" << options_.pin << "'\nport = 0\n";
    write_config("centre", t.str());
  }

  void write_hub_config() {
    std::ifstream{centre_port_file()} >> centre_port_;
    std::ostringstream t;
    t << "[node]\nname = 'hub'\nsimulated = true\nactors = ['eligibility_gateway', 'batch_scheduler', "
         "'consent_session', 'desks', 'monitor', 'account_admin', 'screen']\n"
      << "[data]\nfolder = " << quoted(options_.data / "journal") << "\nkeys_dir = " << quoted(keys_folder())
      << "\nrun = " << quoted(run_) << "\n[bus]\ntcp = true\nport_base = " << options_.port_base
      << (options_.far_desks ? "\ncurve = true\naddress = '" + options_.hub_address + "'" : "")
      << "\n[line]\nhost = '127.0.0.1'\nport = " << centre_port_ << "\nca = " << quoted(pki_.ca_certificate)
      << "\ncertificate = " << quoted(pki_.client_certificate) << "\nkey = " << quoted(pki_.client_key)
      << "\ninstitution = '" << institution
      << "'\nanswer_wait_ms_max = 3000\n[batch]\npoll_ms = 500\n[screen]\nhands = "
      << quoted(screen_socket("hub")) << '\n'
      << pages_section("hub", 0)
      << (options_.patience.empty() ? "" : "[patience]\n" + options_.patience);
    write_config("hub", t.str());
    ::chmod((options_.data / "config" / "hub.toml").c_str(), 0600);
    keep_centre_ports();
  }
  /// The centre keeps its ports from now on: the hub has one in its configuration, patients the other in an address.
  void keep_centre_ports() const {
    int home_port = 0;
    std::ifstream{home_port_file()} >> home_port;
    const auto file = options_.data / "config" / "centre.toml";
    std::ifstream in{file};
    std::string text{std::istreambuf_iterator<char>{in}, {}};
    for (const int port : {centre_port_, home_port})
      if (const auto at = text.find("port = 0\n"); at != std::string::npos)
        text.replace(at, 8, "port = " + std::to_string(port));
    std::ofstream{file} << text;
  }

  bool with_faces() const { return options_.scripted_faces || !options_.faces.empty(); }
  /// The rest of [rig], and [face]: the models this project has measured, under the names they are published by.
  std::string face_sections() const {
    if (!with_faces()) return {};
    if (options_.scripted_faces) return "[face]\nscripted = true\n";
    std::ostringstream t;
    t << "photos = " << quoted(options_.faces / "cards")
      << "\nreads_number = " << (options_.reads_number ? "true" : "false")
      << "\n[face]\ndetector = " << quoted(options_.faces / measured_detector)
      << "\ndetector_sha256 = '" << measured_detector_sha256
      << "'\nembedding = " << quoted(options_.faces / measured_embedding)
      << "\nembedding_sha256 = '" << measured_embedding_sha256 << "'\n";
    return t.str();
  }

  void write_desk_config(const std::string& desk) const {
    std::ostringstream t;
    t << "[node]\nname = '" << desk
      << "'\nsimulated = true\nactors = ['reader', " << (with_faces() ? "'face_matcher', " : "") << "'screen']"
      << desk_s_way(desk)
      << "\n[rig]\ncards = " << quoted(options_.data / "cards") << "\nsocket = " << quoted(rig_socket(desk))
      << "\npin = '" << options_.pin << "'\nusb = " << (options_.usb ? "true" : "false") << '\n'
      << face_sections()
      << "[screen]\nhands = " << quoted(screen_socket(desk)) << '\n'
      << pages_section(desk, std::atoi(desk.c_str() + 5));
    if (const auto more = options_.desk_lines.find(desk); more != options_.desk_lines.end()) t << more->second;
    write_config(desk, t.str());
    ::chmod((options_.data / "config" / (desk + ".toml")).c_str(), 0600);
  }

  // -- the processes -----------------------------------------------------------------------------------------------

  static bool is_listening(const fs::path& socket) { return fs::exists(socket); }

  result<void> bring_up(const std::string& name, const std::function<bool()>& ready) {
    std::error_code ignored;
    if (name != "centre") fs::remove(screen_socket(name), ignored);
    fs::remove(pages_port_file(name), ignored);
    const bool with_pages = options_.pages && name != "centre";
    start(name);
    for (int tries = 0; tries < 2000; ++tries) {
      if (ready() && (!with_pages || fs::exists(pages_port_file(name)))) {
        keep_pages_port(name);
        return {};
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
      if (starts_of(name) > 3) break; // it ends as soon as it is started
    }
    return failure(error_code::no_start, name, log_of(name).string(), last_line(log_of(name)));
  }

  fs::path log_of(const std::string& name) const { return options_.data / "logs" / (name + ".log"); }
  static std::string last_line(const fs::path& file) {
    std::ifstream in{file};
    std::string line, last;
    while (std::getline(in, line))
      if (!line.empty()) last = line;
    return last;
  }

  /// Forks on one thread that lives as long as this object: PR_SET_PDEATHSIG looks at the thread, not at the process.
  void keep() {
    for (;;) {
      std::unique_lock lock{mutex_};
      changed_.wait_for(lock, std::chrono::milliseconds{10});
      bool alive = false;
      for (auto& [name, c] : children_) {
        if (c.pid > 0 && ::waitpid(c.pid, nullptr, WNOHANG) == c.pid) c.pid = -1;
        if (c.pid < 0 && c.wanted && !closing_ && c.starts < 1000) launch(name, c);
        alive = alive || c.pid > 0;
      }
      if (closing_ && !alive) return;
      if (closing_) end_the_stubborn();
    }
  }

  void end_the_stubborn() {
    if (closing_since_ == std::chrono::steady_clock::time_point{}) closing_since_ = std::chrono::steady_clock::now();
    if (std::chrono::steady_clock::now() - closing_since_ < std::chrono::seconds{5}) return;
    for (auto& [name, c] : children_)
      if (c.pid > 0) ::kill(c.pid, SIGKILL);
  }

  void launch(const std::string& name, child& c) {
    const auto config = (options_.data / "config" / (name + ".toml")).string();
    const auto log = log_of(name).string();
    const auto program = options_.program.string();
    const bool is_desk = name.starts_with("desk-");
    const std::string subcommand = name == "centre" ? "centre" : "serve";
    const auto parent = ::getpid();
    ++c.starts;
    c.pid = ::fork();
    if (c.pid != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(out, 1);
    ::dup2(out, 2);
    ::setpgid(0, 0); // Ctrl-C ends the clinic through its parent, in order
    sigset_t none;
    sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    if (is_desk && options_.usb) ::setenv("LD_PRELOAD", "libumockdev-preload.so.0", 1);
    ::execl(program.c_str(), program.c_str(), subcommand.c_str(), "--config", config.c_str(),
            static_cast<char*>(nullptr));
    ::_exit(127);
  }

  clinic_options options_;
  fs::path run_;
  bool run_is_temporary_ = false;
  drivers::line::throwaway_pki pki_;
  int centre_port_ = 0;
  std::vector<std::string> desks_;
  clinic_accounts accounts_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, child> children_;
  bool closing_ = false;
  std::chrono::steady_clock::time_point closing_since_;
  std::thread keeper_;
};

} // namespace

result<std::unique_ptr<clinic>> clinic::open(clinic_options options) {
  auto made = std::make_unique<processes>(std::move(options));
  if (auto begun = made->begin(); !begun) return failure(begun.error());
  return made;
}

} // namespace tools
