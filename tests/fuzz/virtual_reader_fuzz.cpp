// Fuzz: whatever a driver sends to the simulated readers, at each level, they answer with whole frames or not at all.
#include "drivers/card/virtual_ccid.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drivers::card;
  if (size == 0) return 0;
  static const auto card = [] {
    virtual_card_options options;
    options.certificate.assign(600, 0x30);
    return *virtual_card::make(std::move(options));
  }();
  const auto slot = std::make_shared<virtual_slot>();
  slot->place(card);
  ccid_device device{slot, *rig_profile_named(rig_profile_names[data[0] % rig_profile_names.size()])};
  ccid::octets input{data + 1, size - 1};
  while (!input.empty()) { // a row of requests, each after a byte of its length
    const auto length = std::min<std::size_t>(input[0], input.size() - 1);
    for (const auto& f : device.receive(input.subspan(1, length)))
      if (!ccid::is_whole(f.bytes)) std::abort();
    input = input.subspan(1 + length);
  }
  return 0;
}
