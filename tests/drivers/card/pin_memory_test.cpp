// A PIN that was used is nowhere in the memory of the process.
#include "tests/test.hpp"

#include "tests/drivers/card/notebook.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>

#include <fcntl.h>

using namespace conformance;

namespace {

constexpr char mask = 0x5A;

/// Never in clear in the program's data: the search must not find itself.
constexpr char masked[] = {'P' ^ mask, 'i' ^ mask, 'N' ^ mask, '7' ^ mask, 'q' ^ mask, 'W' ^ mask,
                           'e' ^ mask, '9' ^ mask, 'z' ^ mask, 'X' ^ mask, 'c' ^ mask, '3' ^ mask,
                           'b' ^ mask, 'N' ^ mask, 'm' ^ mask, '1' ^ mask};

void write_pin(char* to) {
  for (const char c : masked)
    *to++ = static_cast<char>(c ^ mask);
}

int occurrences() {
  static constexpr std::size_t mapping_size_max = 64u << 20; // sanitizers map far more; no heap of a test is so large
  std::ifstream maps{"/proc/self/maps"};
  const int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  int found = 0;
  for (std::string line; std::getline(maps, line);) {
    unsigned long from = 0, to = 0;
    char rights[8] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %7s", &from, &to, rights) != 3 || rights[1] != 'w') continue;
    if (to - from > mapping_size_max) continue;
    wiped_bytes copy(to - from);
    const auto got = pread(memory, copy.data(), copy.size(), static_cast<off_t>(from));
    if (got <= 0) continue;
    const auto same = [](std::uint8_t a, char b) { return static_cast<char>(a ^ mask) == b; };
    const auto end = copy.begin() + got;
    for (auto at = copy.begin(); (at = std::search(at, end, masked, std::end(masked), same)) != end; ++at)
      ++found;
  }
  close(memory);
  return found;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_used_pin_is_nowhere_in_memory) {
  virtual_card_options options;
  options.pin.resize(sizeof masked);
  write_pin(options.pin.data());
  const auto slot = std::make_shared<virtual_slot>();
  slot->place(new_card("SIM000000000001", std::move(options)));
  notebook told;
  const auto port = make_virtual_reader(slot);
  port->watch(told);
  BOOST_TEST(told.next() == "attached");
  BOOST_TEST(told.next() == "placed");
  const auto found = wait_for<messages::result<card_found>>([&](auto done) { port->identify(done); });
  BOOST_TEST(found.has_value());
  char clear[sizeof masked];
  write_pin(clear);
  auto pin = messages::secret::from({clear, sizeof clear});
  wipe(clear, sizeof clear);
  BOOST_TEST(occurrences() == 1); // the secret: so the search does find what is there
  const auto made = wait_for<pin_attempt>([&](auto done) { port->verify_pin(std::move(*pin), done); });
  BOOST_TEST((made.outcome == pin_outcome::right));
  BOOST_TEST(occurrences() == 0);
  port->stop();
}
