// Fuzz: whatever a reader sends on its pipes or claims in its descriptors must be refused or read, never more.
#include "drivers/card/ccid.hpp"
#include "drivers/card/reader_profile.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drivers::card;
  const octets input{data, size};
  if (const auto f = ccid::parse(input)) {
    // what was read is what a writer writes
    auto again = ccid::build(ccid::request{}, f->slot, f->sequence, {f->status, f->error, f->chain}, f->data);
    again[0] = static_cast<std::uint8_t>(f->type);
    if (again.size() != size || !std::equal(again.begin(), again.end(), data)) std::abort();
    if (ccid::explain_error(f->error).empty()) std::abort();
  }
  for (std::uint8_t slot = 0; slot < 8; ++slot)
    (void)ccid::parse_notice(input, slot);
  if (const auto p = decide_profile({"a reader", 1, 2, 0, ccid_class, find_descriptor(input), true}))
    (void)explain({*p, {}});
  (void)is_reader(vendor_class, input);
  if (size > 1) {
    const std::size_t block_size = 1u + data[0];
    std::size_t sum = 0;
    for (const auto& b : ccid::split(input, block_size)) {
      if (b.data.size() > block_size) std::abort();
      sum += b.data.size();
    }
    if (sum != size) std::abort();
  }
  return 0;
}
