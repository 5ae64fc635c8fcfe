// Fuzz: the files of a card: BER, the surface, certificates. Read or refused, and never beyond what came.
#include "drivers/card/ber.hpp"
#include "drivers/card/certificate.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drivers::card;
  const apdu::octets input{data, size};
  if (const auto elements = parse_ber(input)) {
    std::size_t content = 0;
    messages::bytes again;
    for (const auto& e : *elements) {
      if (e.content.data() < data || e.content.data() + e.content.size() > data + size) std::abort();
      content += e.content.size();
      put_ber(again, e.tag, messages::bytes(e.content.begin(), e.content.end()));
    }
    if (content > size || elements->size() > ber_elements_max) std::abort();
    const auto read_again = parse_ber(again);
    if (!read_again || read_again->size() != elements->size()) std::abort();
  }
  if (const auto surface = parse_surface(input); surface && surface->photo.reveal().size() > photo_size_max)
    std::abort();
  const auto facts = read_certificate(input);
  if (facts) {
    (void)standing_at(*facts, 1'767'225'600);
    (void)standing_at(*facts, facts->valid_until_s);
  }
  const messages::bytes itself(data, data + size);
  if (chains_to(input, {itself}) && !facts) std::abort();
  return 0;
}
