// SIMULATED: a My Number card in software, APDU in, APDU out. It answers as card-reader.md §1 says a real one does.
#pragma once

#include "drivers/card/apdu.hpp"
#include "messages/bytes.hpp"
#include "messages/result.hpp"
#include "messages/values.hpp"

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace drivers::card {

/// Signs a DigestInfo as the card's user-authentication key does; empty when it cannot.
using signing_key = std::function<messages::bytes(apdu::octets digest_info)>;

/// The answers to reset of card-reader.md §1.4. They tell the maker of a card, never the card.
enum class card_atr : std::uint8_t {
  contact,             ///< extended length and chaining
  contact_short,       ///< another maker's: short APDUs only
  contact_fixed_speed, ///< specific mode: no PPS allowed
  contact_fixed_speed_2,
  contactless,
  contactless_2,
  juki
};
inline constexpr std::array card_atrs = {card_atr::contact,
                                         card_atr::contact_short,
                                         card_atr::contact_fixed_speed,
                                         card_atr::contact_fixed_speed_2,
                                         card_atr::contactless,
                                         card_atr::contactless_2,
                                         card_atr::juki};

/// What a card's maker decided, as its ATR says.
struct card_make {
  messages::bytes atr;
  std::uint8_t ifsc = 32;   ///< longest block that T=1 may carry to it
  bool crc = false;         ///< checks blocks by CRC; else by LRC
  bool fixed_speed = false; ///< specific mode
  bool extended = false;    ///< takes extended APDUs
};
card_make make_of(card_atr which);

struct virtual_card_options {
  messages::card_kind kind = messages::card_kind::my_number_card; ///< unknown: a card without the JPKI application
  std::string pin = "1234";                                       ///< 4 to 16 characters; kept as a digest only
  messages::bytes certificate;                                    ///< user authentication, DER
  messages::bytes issuer_certificate;
  signing_key key;
  std::string signing_pin = "ABC123";                              ///< of the digital signature
  messages::bytes signing_certificate, signing_issuer_certificate; ///< empty: the files are not there
  signing_key signature_key;
  messages::bytes surface;  ///< EF 0002 of the surface application; empty: the application is not there
  std::string check_number; ///< 照合番号B, which opens it
  card_atr atr = card_atr::contact;
  bool upside_down = false; ///< its contacts touch nothing: no answer to reset
  /// Where tries and counts outlive the process; empty: nowhere. Made when absent.
  std::filesystem::path state_file;
};

/// What a card counted over all processes that used it: how tests prove that no try was lost.
struct card_counts {
  std::int64_t tries_left = 3;
  std::int64_t verifies = 0; ///< VERIFY commands with a PIN that reached the card, refused ones included
  std::int64_t refused = 0;  ///< of those, the ones that came when the PIN was locked
  std::int64_t signing_tries_left = 5, surface_tries_left = 10;
  std::int64_t other_verifies = 0; ///< with the signing PIN or 照合番号B
};

/// One card. Thread-safe, and several objects and processes may be the same card: what it counts stands in the state
/// file, is read before and written after each VERIFY, and is on disk before it answers. A card whose state file cannot
/// be written answers 6581 (memory failure). It holds no individual number.
class virtual_card {
public:
  static constexpr std::int64_t tries_max = 3, signing_tries_max = 5;
  static constexpr std::int64_t surface_tries_max = 10; ///< card-reader.md §1.1: medium confidence

  /// file_unreadable when the state file exists and cannot be read.
  static messages::result<std::shared_ptr<virtual_card>> make(virtual_card_options options);

  /// Answer to one APDU; 6700 to what is none.
  wiped_bytes answer(apdu::octets command);
  /// Power on or reset: verified PINs are forgotten.
  void reset();
  /// Takes a certified terminal's word that its owner's face was confirmed: signs as after the PIN, until it is reset
  /// or an application is selected. A real card wants the terminal's certificates for that (card-reader.md §1.5).
  void believe_terminal();
  const card_make& make_of_card() const { return make_; }
  const messages::bytes& atr() const { return make_.atr; }

  card_counts counts() const;
  /// Names selected so far: "D392…" for applications, "D392… 000A" for their files, each once, found or not.
  std::set<std::string> selected() const;

private:
  /// The three secrets of the card.
  enum secret_name : std::size_t { user_secret, signing_secret, surface_secret, secret_count };
  enum class application : std::uint8_t { none, jpki, surface };
  using digest = std::array<std::uint8_t, 32>;

  explicit virtual_card(virtual_card_options options);
  wiped_bytes select(const apdu::command& c);
  wiped_bytes select_application(const apdu::command& c);
  wiped_bytes read_binary(const apdu::command& c) const;
  wiped_bytes verify(const apdu::command& c);
  wiped_bytes sign(const apdu::command& c) const;
  wiped_bytes challenge(const apdu::command& c) const;
  const messages::bytes* file(std::uint16_t name) const;
  bool is_known(std::uint16_t name) const;
  std::optional<secret_name> guard_of(std::uint16_t name) const;
  std::optional<secret_name> secret_selected() const;
  static std::int64_t& tries_of(card_counts& counts, secret_name which);
  bool load();
  bool save(const card_counts& counts) const;

  mutable std::mutex guard_;
  virtual_card_options options_;
  card_make make_;
  std::array<digest, secret_count> secrets_{};
  messages::bytes token_;
  card_counts counts_;
  std::set<std::string> selected_;
  application in_ = application::none;
  std::array<bool, secret_count> verified_{};
  std::uint16_t file_ = 0;
};

} // namespace drivers::card
