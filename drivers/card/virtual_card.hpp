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
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace drivers::card {

/// Signs a DigestInfo as the card's user-authentication key does; empty when it cannot.
using signing_key = std::function<messages::bytes(apdu::octets digest_info)>;

struct virtual_card_options {
  messages::card_kind kind = messages::card_kind::my_number_card; ///< unknown: a card without the JPKI application
  std::string pin = "1234";                                       ///< 4 to 16 characters; kept as a digest only
  messages::bytes certificate;                                    ///< user authentication, DER
  messages::bytes issuer_certificate;
  signing_key key;
  /// Where tries and counts outlive the process; empty: nowhere. Made when absent.
  std::filesystem::path state_file;
};

/// What a card counted over all processes that used it: how tests prove that no try was lost.
struct card_counts {
  std::int64_t tries_left = 3;
  std::int64_t verifies = 0; ///< VERIFY commands with a PIN that reached the card, refused ones included
  std::int64_t refused = 0;  ///< of those, the ones that came when the PIN was locked
};

/// One card. Thread-safe. What it counts is on disk before it answers; a card whose state file cannot be written
/// answers 6581 (memory failure) to VERIFY.
class virtual_card {
public:
  static constexpr std::int64_t tries_max = 3;

  /// file_unreadable when the state file exists and cannot be read.
  static messages::result<std::shared_ptr<virtual_card>> make(virtual_card_options options);

  /// Answer to one APDU; 6700 to what is none.
  wiped_bytes answer(apdu::octets command);
  /// Power on or reset: verified PINs are forgotten.
  void reset();
  messages::bytes atr() const;

  card_counts counts() const;
  /// Names selected so far, "D392…" for applications and "000A" for files: each once.
  std::set<std::string> selected() const;

private:
  explicit virtual_card(virtual_card_options options);
  wiped_bytes select(const apdu::command& c);
  wiped_bytes read_binary(const apdu::command& c) const;
  wiped_bytes verify(const apdu::command& c);
  wiped_bytes sign(const apdu::command& c) const;
  wiped_bytes challenge(const apdu::command& c) const;
  const messages::bytes* file(std::uint16_t name) const;
  bool load();
  bool save(const card_counts& counts) const;

  mutable std::mutex guard_;
  virtual_card_options options_;
  std::array<std::uint8_t, 32> pin_digest_{};
  messages::bytes token_;
  card_counts counts_;
  std::set<std::string> selected_;
  bool in_application_ = false;
  bool verified_ = false;
  std::uint16_t file_ = 0;
};

} // namespace drivers::card
