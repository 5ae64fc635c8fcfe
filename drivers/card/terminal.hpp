// SIMULATED: what only a certified terminal can do with a card, and a generic reader never: read the printed 照合番号B with
// its own camera, and vouch for a face so that the card signs without its PIN (card-reader.md §1.5).
#pragma once

#include "messages/secret.hpp"

namespace drivers::card {

/// Thread-safe; returns at once. There is no real side: where no terminal is, a card signs only after its PIN.
class terminal {
public:
  virtual ~terminal() = default;
  /// 照合番号B as it is printed on the card that lies there; empty when it cannot be read: staff type it.
  virtual messages::secret printed_number() = 0;
  /// Tells the card on the reader, just identified, that its owner's face was confirmed. False: no card believes it.
  virtual bool vouch() = 0;
};

} // namespace drivers::card
