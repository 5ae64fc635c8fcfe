// The port of the card reader: what an actor may ask of one reader at one desk, whatever stands behind it.
#pragma once

#include "drivers/card/ber.hpp"
#include "drivers/card/certificate.hpp"
#include "drivers/card/reader_profile.hpp"
#include "messages/bytes.hpp"
#include "messages/personal.hpp"
#include "messages/result.hpp"
#include "messages/secret.hpp"
#include "messages/values.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace drivers::card {

/// Certificates (DER) of the authorities whose cards are accepted (authority_folder.hpp). Null: any card's.
using authorities = std::shared_ptr<const std::vector<messages::bytes>>;

/// What lies on the reader. A card that is no My Number card has a kind, but no tries, certificate or mark.
struct card_found {
  messages::card_kind kind{};
  std::int64_t tries_left = -1;                    ///< of the user-authentication PIN; -1 unknown, 0 locked
  messages::personal<messages::bytes> certificate; ///< user-authentication certificate, X.509 DER
  messages::bytes mark;    ///< first 16 bytes of SHA-256(certificate): recognises the card again, names nobody
  certificate_facts facts; ///< read from the certificate; standing_at() judges it
};

/// What else can be read without a PIN; for the vendor, not for a check-in, which it would slow down.
struct card_details {
  card_found found;
  messages::bytes issuer_certificate;   ///< of the authority, as the card holds it: not trusted for being there
  std::int64_t signing_tries_left = -1; ///< of the digital signature's PIN
  std::int64_t surface_tries_left = -1; ///< of 照合番号B
};

/// How one PIN attempt ended. `blocked` also after the wrong PIN that used the last try.
struct pin_attempt {
  messages::pin_outcome outcome{};
  std::int64_t tries_left = -1; ///< -1 unknown
};

/// How one attempt with 照合番号B ended, and what it opened: nothing unless `right`.
struct surface_read {
  pin_attempt attempt;
  messages::result<surface_facts> surface = messages::failure(messages::error_code::pin_missing);
};

/// What happens at the reader by itself. Called on the port's own thread; must return at once and not call stop().
/// Card events alternate, begin with card_placed, and lie between reader_attached and reader_detached.
class reader_watcher {
public:
  virtual ~reader_watcher() = default;
  virtual void reader_attached(const std::string& model) = 0;
  /// The reader left, or cannot be used and why: no_reader, reader_lost, reader_busy, reader_failed. Repeated only
  /// when the reason changes; the port keeps looking for a reader until it is stopped.
  virtual void reader_detached(const messages::error& why) = 0;
  virtual void card_placed() = 0;
  virtual void card_removed() = 0;
};

/// One card reader. Its methods may be called on any thread and return at once; answers come on the port's own thread,
/// exactly one for each call, in the order of the calls. At most `waiting_max` calls wait; one more is answered `busy`
/// (a PIN attempt: `not_made`).
class reader {
public:
  static constexpr int waiting_max = 8;

  virtual ~reader() = default;
  /// Begins to look for the reader and to report what happens to @p watcher, which lives until stop() has returned.
  /// Called once, before anything else.
  virtual void watch(reader_watcher& watcher) = 0;
  /// Powers the card anew, so a verified PIN is forgotten. Errors: no_reader, reader_lost, reader_failed, card_removed,
  /// card_mute, not_my_number_card (no JPKI application), card_answer_odd; certificate_problem when authorities were
  /// named and none of them issued the card's certificate: then no PIN can be tried either.
  virtual void identify(std::function<void(messages::result<card_found>)> done) = 0;
  /// Exactly one VERIFY, never repeated; none at all when the card was not identified since it was placed, when no try
  /// is left (`blocked`), or when the tries left are not those last reported (`not_made`, with the true number: the
  /// patient confirmed another situation). A PIN has 4 to 16 characters. card-reader.md §1.3.
  virtual void verify_pin(messages::secret pin, std::function<void(pin_attempt)> done) = 0;
  /// RSASSA-PKCS1-v1_5 with SHA-256 over @p challenge, by the user-authentication key of the card. pin_missing unless
  /// the PIN was verified since the card was last identified.
  virtual void sign(messages::bytes challenge, std::function<void(messages::result<messages::bytes>)> done) = 0;
  /// identify(), and what else can be read without a PIN.
  virtual void inspect(std::function<void(messages::result<card_details>)> done) = 0;
  /// Opens the card's surface (face photo) with 照合番号B, 14 digits: exactly one VERIFY, guarded like a PIN. Only when
  /// @p tries_told are the tries left, else `not_made` with the true number; so the first call may tell -1 to learn it.
  /// A PIN verified before is forgotten by the card.
  virtual void read_surface(messages::secret check_number, std::int64_t tries_told,
                            std::function<void(surface_read)> done) = 0;
  /// Ends everything: what still waits is answered with an error, then nothing is called any more. Waits for that, so
  /// it must not be called on the port's own thread. Later calls are ignored.
  virtual void stop() = 0;
};

/// A line for the vendor: direction, APDU header, lengths, status words, the ATR. Never a PIN, never what a file holds.
using trace_line = std::function<void(const std::string&)>;

/// A CCID frame in the notation of libccid's traces: "-> 000000 6F 05 …", "<- 000000 80 …", two digits a byte. Bytes of
/// a PIN and what files hold are "**", always, and so is a checksum over them: the same text replays as a test.
using frame_line = std::function<void(const std::string&)>;

/// Which reader, and how long it may take. Times in milliseconds.
struct usb_options {
  std::string match;                         ///< "054c:0dc8" (lower case); empty: any reader that is free
  std::int64_t answer_wait_ms_max = 3000;    ///< one exchange; a time extension multiplies it
  std::int64_t power_on_wait_ms_max = 60000; ///< card-reader.md §2.4
  std::int64_t rescan_ms = 1000;             ///< without udev nobody tells of a new reader (card-reader.md §4)
  std::int64_t drain_ms = 100;               ///< after opening, for stale notices of the reader (card-reader.md §2.4)
  authorities trusted;                       ///< whose cards are accepted
  trace_line trace;
  frame_line frames;
  /// What the driver decided, when a reader is attached and again when a card was powered. On the port's own thread.
  std::function<void(const reader_status&)> decided;
};

/// What is attached now, in the order in which desks take them: the profile, or why that reader cannot be used. Opens
/// nothing, so it also tells of readers in use. Waits for the port's thread, so it must not be called on it.
std::vector<messages::result<reader_profile>> list_usb_readers();

/// A reader on USB. All readers of a process share one thread; several ports share the readers that are attached.
std::unique_ptr<reader> make_usb_reader(usb_options options);

class virtual_slot;

/// SIMULATED: the same card conversation in process, over the slot of virtual_slot.hpp.
std::unique_ptr<reader> make_virtual_reader(std::shared_ptr<virtual_slot> slot, trace_line trace = {},
                                            authorities trusted = {});

} // namespace drivers::card
