// Starts the test program again under umockdev's preload library, before Boost.Test begins; without it: skipped (77).
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <dlfcn.h>
#include <unistd.h>

namespace {

constexpr char library[] = "libumockdev-preload.so.0";

bool restart_under_umockdev() {
  const char* loaded = std::getenv("LD_PRELOAD");
  if (loaded != nullptr && std::string{loaded}.find(library) != std::string::npos) return true;
  if (dlopen(library, RTLD_LAZY) == nullptr) {
    std::puts("SKIPPED: libumockdev-preload.so.0 is not installed (package umockdev)");
    std::fflush(stdout);
    _exit(77);
  }
  setenv("LD_PRELOAD", library, 1);
  // AddressSanitizer wants to be the first library; here it cannot be
  const char* asan = std::getenv("ASAN_OPTIONS");
  // and ThreadSanitizer does not understand GLib's own locks
  const char* tsan = std::getenv("TSAN_OPTIONS");
  setenv("TSAN_OPTIONS",
         ((tsan != nullptr ? std::string{tsan} + ":" : "") + "ignore_noninstrumented_modules=1").c_str(), 1);
  setenv("ASAN_OPTIONS", ((asan != nullptr ? std::string{asan} + ":" : "") + "verify_asan_link_order=0").c_str(), 1);
  std::ifstream in{"/proc/self/cmdline", std::ios::binary};
  std::string all{std::istreambuf_iterator<char>{in}, {}};
  std::vector<char*> arguments;
  for (std::size_t at = 0; at < all.size(); at = all.find('\0', at) + 1)
    arguments.push_back(all.data() + at);
  arguments.push_back(nullptr);
  execv("/proc/self/exe", arguments.data());
  std::perror("starting again under umockdev");
  _exit(1);
}

[[maybe_unused]] const bool restarted = restart_under_umockdev();

} // namespace
