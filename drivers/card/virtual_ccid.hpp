// SIMULATED: what a CCID reader's firmware does, frame in, frames out, over a virtual slot: at each exchange level, and
// misbehaving on cue. In process; rig.hpp puts it behind a USB device.
#pragma once

#include "drivers/card/ccid.hpp"
#include "drivers/card/virtual_slot.hpp"
#include "drivers/card/virtual_t1.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drivers::card {

/// A second CCID interface of a composite reader, with pipes of its own and never a card: a slot for security modules.
struct side_interface {
  std::uint32_t features = 0x000200BA; ///< dwFeatures
  std::uint32_t protocols = 3;         ///< T=0 and T=1
  bool first = false;                  ///< it has the lower number
};

/// What the device says it is. The default is Sony's RC-S300 (card-reader.md §2.5).
struct rig_profile {
  std::uint16_t vendor = 0x054C, product = 0x0DC8;
  std::string manufacturer = "UKETSUKE", name = "Simulated FeliCa Port/PaSoRi";
  std::uint8_t interface_class = 0x0B;
  std::uint32_t features = 0x0004007E;  ///< dwFeatures: the exchange level, and what the reader does by itself
  std::uint32_t protocols = 2;          ///< T=1
  std::uint32_t message_size_max = 522; ///< smaller ones force chaining in both directions
  std::uint32_t message_size_taken = 0; ///< some take longer ones than they say; 0: they do not
  bool interrupt_endpoint = true;
  bool held_by_another = false; ///< as if pcscd had claimed it
  std::uint32_t ifsd_max = 254;
  std::uint8_t voltages = 7;                ///< the reader's: 1: 5 V, 2: 3 V, 4: 1.8 V
  std::uint8_t card_voltages = 7;           ///< of those, the ones at which the card answers
  bool descriptor_on_last_endpoint = false; ///< as O2Micro hangs it there (§2.4 no. 2)
  std::uint8_t slots = 1, card_slot = 0;    ///< the other slots stay empty
  std::optional<side_interface> beside;     ///< a composite reader (§2.4 no. 15)
};

/// The readers of card-reader.md §2.5 that are simulated: rc-s300 (extended APDU), scr3310-nttcom (class 0xFF, TPDU),
/// acr39u (TPDU, no automatic voltage), tc63cut021 (short APDU), scr331-di-nttcom (class 0xFF, two slots, the card in
/// the second), acr1251 (composite: two CCID interfaces). Nothing for another name.
std::optional<rig_profile> rig_profile_named(std::string_view name);
inline constexpr std::array rig_profile_names = {"rc-s300",    "scr3310-nttcom",   "acr39u",
                                                 "tc63cut021", "scr331-di-nttcom", "acr1251"};

/// What a reader does wrong to the answer of one request (card-reader.md §2.4).
enum class misdeed_kind : std::uint8_t {
  stale_frame,    ///< an answer of an earlier command comes first
  wrong_sequence, ///< the answer bears another bSeq, and nothing else comes
  wrong_slot,     ///< another bSlot
  short_read,     ///< only the first @p number bytes of the answer come
  wrong_length,   ///< dwLength says @p number bytes more than come
  time_extension, ///< @p number time extensions come before the answer
  stall,          ///< the endpoint stalls once, then the answer comes
  silence,        ///< the command is carried out and never answered
  garbage_chain,  ///< bChainParameter is @p number, whatever it should be (§2.4 no. 7)
  damaged_block,  ///< the last byte of the answer's data is wrong: at TPDU level the block's check byte
  unplug_at_byte, ///< the reader leaves at the @p number-th byte of all that goes in and out from now
  deaf            ///< the request is not even taken in: its transfer never ends. @p answer counts requests then
};
struct misdeed {
  misdeed_kind kind{};
  int answer = 1; ///< to the n-th answer from now, counted from 1
  std::size_t number = 0;
  std::optional<std::uint8_t> to = {}; ///< only answers to this message type count, e.g. 0x6F
};

/// A frame for the bulk-IN pipe, and how long after the request it comes.
struct timed_frame {
  wiped_bytes bytes;
  std::chrono::milliseconds delay{0};
  bool stalled = false; ///< no bytes: the endpoint stalls
};

/// One reader, with a card in one of its slots at most. Not thread-safe but for misbehave().
class ccid_device {
public:
  ccid_device(std::shared_ptr<virtual_slot> slot, rig_profile profile);

  /// False: the reader does not take this bulk-OUT transfer in.
  bool listens(ccid::octets request);
  /// The answers to one bulk-OUT transfer; none when the reader or the card is mute.
  std::vector<timed_frame> receive(ccid::octets request);
  /// Takes notice of the slot: a placed card is there only from now on, so that what the device answers and what it
  /// notifies agree. NotifySlotChange if that changed something, else nothing.
  wiped_bytes look();
  void misbehave(misdeed what);

private:
  struct head {
    std::uint8_t slot = 0, sequence = 0;
    std::uint8_t specific[3] = {};
  };
  using frames = std::vector<timed_frame>;
  enum class level : std::uint8_t { tpdu, short_apdu, extended_apdu };

  level exchange_level() const;
  frames answer(ccid::octets request);
  frames spoil(frames right, ccid::octets request);
  std::optional<misdeed> take_misdeed(std::uint8_t type);
  bool leaves_at(std::size_t bytes);
  wiped_bytes frame(std::uint8_t type, const head& h, std::uint8_t status, std::uint8_t error, std::uint8_t chain,
                    ccid::octets data = {}) const;
  wiped_bytes power(const head& h, bool on);
  wiped_bytes parameters(const head& h, ccid::octets wanted, bool set);
  frames answer_empty_slot(const head& h, std::uint8_t type) const;
  frames transfer(const head& h, ccid::octets data);
  frames transfer_block(const head& h, ccid::octets data);
  frames run(const head& h);
  frames lost(const head& h, slot_answer::outcome how) const;
  wiped_bytes next_block(const head& h);
  std::uint8_t card_status() const;
  std::uint8_t status_of(std::uint8_t slot) const;

  std::shared_ptr<virtual_slot> slot_;
  const rig_profile profile_;
  bool powered_ = false;
  std::uint64_t noticed_card_ = 0; ///< placed_count of the card that was there when last looked; 0: none
  wiped_bytes command_, answer_;
  std::size_t answered_ = 0;
  std::optional<virtual_t1> t1_; ///< at TPDU level, while the card is powered
  messages::bytes parameters_;

  mutable std::mutex guard_; // of the misdeeds
  std::deque<misdeed> misdeeds_;
};

/// Device and configuration descriptors, as they stand in sysfs.
std::vector<std::uint8_t> make_descriptors(const rig_profile& profile);
/// The data of a control request on endpoint 0; empty: refused.
std::vector<std::uint8_t> answer_control(const rig_profile& profile, ccid::octets setup);

inline constexpr std::uint8_t rig_endpoint_out = 0x02, rig_endpoint_in = 0x81, rig_endpoint_interrupt = 0x83;

} // namespace drivers::card
