// Folders, processes and journals for scenario tests.
#include "tests/scenarios/support.hpp"

#include "drivers/clock/port.hpp"
#include "storage/journal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <dlfcn.h>
#include <fstream>
#include <iostream>
#include <thread>

namespace scenarios {

namespace fs = std::filesystem;

temporary_folder::temporary_folder() {
  std::string pattern = (fs::temp_directory_path() / "uketsuke-test-XXXXXX").string();
  BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

temporary_folder::~temporary_folder() {
  if (std::getenv("UKETSUKE_KEEP")) {
    std::cerr << "kept: " << path_ << '\n';
    return;
  }
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path program() { return fs::path{UKETSUKE_BINARY_DIR} / "tools" / "uketsuke"; }
fs::path source() { return UKETSUKE_SOURCE_DIR; }

namespace {

std::vector<char*> arguments(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (auto& w : words)
    all.push_back(w.data());
  all.push_back(nullptr);
  return all;
}

int status_of(int waited) { return WIFEXITED(waited) ? WEXITSTATUS(waited) : 128 + WTERMSIG(waited); }

int wait_at_most(pid_t pid, int seconds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{seconds};
  int waited = 0;
  while (::waitpid(pid, &waited, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > until) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &waited, 0);
      return -1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return status_of(waited);
}

} // namespace

finished run(const std::vector<std::string>& words, int seconds) {
  const temporary_folder caught;
  const auto out = caught.path() / "out", err = caught.path() / "err";
  auto copy = words;
  const auto argv = arguments(copy);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(::open(out.c_str(), O_CREAT | O_WRONLY, 0600), 1);
    ::dup2(::open(err.c_str(), O_CREAT | O_WRONLY, 0600), 2);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  finished done;
  done.status = wait_at_most(pid, seconds);
  done.out = text_of(out);
  done.err = text_of(err);
  return done;
}

background::background(std::vector<std::string> words, const fs::path& out) {
  const auto argv = arguments(words);
  pid_ = ::fork();
  if (pid_ != 0) return;
  ::dup2(::open(out.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600), 1);
  ::execvp(argv[0], argv.data());
  ::_exit(127);
}

background::~background() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

int background::join(int seconds) {
  const auto status = wait_at_most(pid_, seconds);
  pid_ = -1;
  return status;
}

bool usb_rig_possible() {
#ifdef UKETSUKE_WITH_RIG
  void* preload = ::dlopen("libumockdev-preload.so.0", RTLD_LAZY | RTLD_LOCAL);
  if (preload) ::dlclose(preload);
  return preload != nullptr;
#else
  return false;
#endif
}

tools::clinic_options small_clinic(const fs::path& data) {
  tools::clinic_options o;
  o.program = program();
  o.data = data;
  o.persons = source() / "tools" / "simulated" / "insured_persons.json";
  o.desks = 2;
  o.port_base = 0;
  o.usb = usb_rig_possible();
  if (!o.usb)
    std::cerr << "umockdev's preload library is missing: the virtual reader in process instead of real libusb\n";
  return o;
}

std::vector<messages::event_envelope> journal_of(const fs::path& folder) {
  storage::journal_options o;
  o.folder = folder;
  o.node = "test";
  o.now_ms = [] { return std::uint64_t{0}; };
  o.read_only = true;
  o.keys = storage::key_access{storage::default_key_folder(folder), {}};
  const auto opened = storage::journal::open(std::move(o), {});
  BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : messages::to_sentence(opened.error())));
  std::vector<messages::event_envelope> all;
  for (std::uint64_t from = 1;;) {
    const auto page = (*opened)->read(from, 1000);
    BOOST_REQUIRE(page);
    for (const auto& e : page->events)
      all.push_back(*messages::decode_event(e.envelope));
    if (page->next > page->head) return all;
    from = page->next;
  }
}

std::string text_of(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace scenarios
