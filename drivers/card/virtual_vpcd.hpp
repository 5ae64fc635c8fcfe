// SIMULATED: a virtual card in pcscd's Virtual PCD slot (vsmartcard), so that programs nobody here wrote can use it.
#pragma once

#include "drivers/card/virtual_card.hpp"
#include "messages/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace drivers::card {

/// Which slot: vpcd listens on 127.0.0.1:35963 unless its configuration says otherwise.
struct vpcd_options {
  std::string host = "127.0.0.1"; ///< an IPv4 address
  std::uint16_t port = 35963;
  std::uint32_t connect_wait_ms_max = 5000; ///< pcscd may be starting just now
  std::function<void()> on_end = {};        ///< pcscd closed the slot; on the front's own thread
};

/// The card lies in the slot as long as this lives. One thread; no more than one APDU of 65544 bytes is held.
/// Protocol (card-reader.md §5): two bytes of length, most significant first, then a control byte or an APDU.
class vpcd_front {
public:
  /// vpcd_silent when nobody accepts the connection in time; wrong_value for a host that is no IPv4 address.
  static messages::result<std::unique_ptr<vpcd_front>> open(std::shared_ptr<virtual_card> card, vpcd_options options);
  virtual ~vpcd_front() = default;
};

} // namespace drivers::card
