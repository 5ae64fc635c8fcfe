// Reading an answer to reset, as atr.hpp says.
#include "drivers/card/atr.hpp"

namespace drivers::card {

namespace {

constexpr std::uint8_t direct = 0x3B, inverse = 0x3F;
constexpr std::uint8_t ifsc_max = 254;

/// Takes one byte after another; past the end it gives 0 and remembers.
struct cursor {
  std::span<const std::uint8_t> bytes;
  std::size_t at = 0;
  bool cut_off = false;

  std::uint8_t next() {
    if (at < bytes.size()) return bytes[at++];
    cut_off = true;
    return 0;
  }
};

/// One group of interface bytes; the bits of @p present say which there are.
struct group {
  std::optional<std::uint8_t> ta, tb, tc, td;
};

group take_group(cursor& c, std::uint8_t present) {
  group g;
  if ((present & 0x10) != 0) g.ta = c.next();
  if ((present & 0x20) != 0) g.tb = c.next();
  if ((present & 0x40) != 0) g.tc = c.next();
  if ((present & 0x80) != 0) g.td = c.next();
  return g;
}

/// The first group of T=1 after the second one; false for a value that the standard reserves.
bool take_t1(atr& a, const group& g) {
  if (g.ta) {
    if (*g.ta == 0 || *g.ta > ifsc_max) return false;
    a.ifsc = *g.ta;
  }
  if (g.tb) {
    a.bwi = *g.tb >> 4;
    a.cwi = *g.tb & 0x0F;
    if (a.bwi > 9) return false;
  }
  if (g.tc) a.crc = (*g.tc & 1) != 0;
  return true;
}

} // namespace

std::string_view explain(atr_fault fault) {
  switch (fault) {
  case atr_fault::too_short: return "an ATR shorter than two bytes";
  case atr_fault::too_long: return "an ATR longer than 33 bytes";
  case atr_fault::wrong_first_byte: return "an ATR that begins with neither 3B nor 3F";
  case atr_fault::cut_off: return "an ATR that ends too early";
  case atr_fault::wrong_check: return "an ATR with a wrong check byte";
  case atr_fault::wrong_value: return "an ATR with a value the standard reserves";
  }
  return "a broken ATR";
}

tl::expected<atr, atr_fault> parse_atr(std::span<const std::uint8_t> received) {
  if (received.size() < 2) return tl::unexpected{atr_fault::too_short};
  if (received.size() > atr_size_max) return tl::unexpected{atr_fault::too_long};
  if (received[0] != direct && received[0] != inverse) return tl::unexpected{atr_fault::wrong_first_byte};
  atr a;
  a.inverse_convention = received[0] == inverse;
  cursor c{received, 1};
  const auto t0 = c.next();
  std::uint8_t present = t0 & 0xF0, protocol = 0;
  bool needs_check = false, t1_taken = false;
  for (int i = 1; present != 0 && !c.cut_off; ++i) { // ends: each group takes at least one byte
    const auto g = take_group(c, present);
    if (i == 1) {
      a.ta1 = g.ta;
      a.tc1 = g.tc;
    }
    if (i == 2) a.ta2 = g.ta;
    if (i > 2 && protocol == 1 && !t1_taken) {
      if (!take_t1(a, g)) return tl::unexpected{atr_fault::wrong_value};
      t1_taken = true;
    }
    if (!g.td) break;
    present = *g.td & 0xF0;
    protocol = *g.td & 0x0F;
    if (i == 1) a.first_protocol = protocol;
    a.offers_t1 = a.offers_t1 || protocol == 1;
    needs_check = needs_check || protocol != 0;
  }
  for (int i = t0 & 0x0F; i > 0; --i)
    a.historical.push_back(c.next());
  if (needs_check) [[maybe_unused]]
    const auto check = c.next();
  if (c.cut_off) return tl::unexpected{atr_fault::cut_off};
  if (!needs_check) return a;
  std::uint8_t sum = 0;
  for (std::size_t i = 1; i < c.at; ++i)
    sum ^= received[i];
  if (sum != 0) return tl::unexpected{atr_fault::wrong_check};
  return a;
}

} // namespace drivers::card
