// Fuzz: whatever a card answers, and whatever is sent to the virtual card, must be refused or read, never more.
#include "drivers/card/apdu.hpp"
#include "drivers/card/virtual_card.hpp"

#include <cstdlib>

namespace {

/// The input as a row of commands, each after a byte of its length.
void talk(drivers::card::virtual_card& card, drivers::card::apdu::octets input) {
  card.reset();
  while (!input.empty()) {
    const auto size = std::min<std::size_t>(input[0], input.size() - 1);
    if (card.answer(input.subspan(1, size)).size() < 2) std::abort();
    input = input.subspan(1 + size);
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drivers::card;
  const apdu::octets input{data, size};
  if (const auto c = apdu::parse(input)) {
    if (c->data.size() > size) std::abort();
    if (c->data.size() <= apdu::data_size_max && c->le <= apdu::answer_size_max) {
      const auto again = apdu::parse(apdu::build(*c));
      if (!again || again->le != c->le || again->data.size() != c->data.size()) std::abort();
    }
  }
  (void)apdu::parse_answer(input);
  (void)apdu::describe(input);
  (void)apdu::holds_pin(input);
  if (const auto head = apdu::parse_ber_head(input); head && head->head_size > size) std::abort();
  if (const auto whole = apdu::certificate_size(input))
    if (*whole < apdu::certificate_size_min || *whole > apdu::certificate_size_max) std::abort();
  static const auto card = [] {
    virtual_card_options options;
    options.certificate.assign(600, 0x30);
    return *virtual_card::make(std::move(options));
  }();
  talk(*card, input);
  return 0;
}
