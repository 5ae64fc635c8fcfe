// The patients' keys: made at first use, wrapped by the key-encryption key, kept in the tables `keys` and `key_names`.
//
// key_for(), open() and their kin may be called from any thread. A key that was just made goes into every batch that
// may need it (put_fresh) until one of them is committed.
#pragma once

#include "messages/id.hpp"
#include "messages/personal.hpp"
#include "storage/key_folder.hpp"
#include "storage/retention.hpp"
#include "storage/store.hpp"

#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

namespace storage {

/// The journal's own keys; patients' keys have larger numbers.
inline constexpr std::uint64_t chain_key_id = 1, signing_key_id = 2, first_patient_key_id = 16;

/// One row of `keys`: whose key it is, for what; without the wrapped key it was destroyed.
struct key_record {
  messages::id patient; ///< empty: of nobody known (a reply to a command that names no patient)
  std::uint8_t kind = 0;
  std::uint16_t month = 0;
  std::string wrapped; ///< empty: destroyed

  friend bool operator==(const key_record&, const key_record&) = default;
};
std::string encode(const key_record& record);
std::optional<key_record> decode_key_record(std::string_view bytes);
/// Its key in the table `key_names`.
std::string key_name(const key_record& record);
std::string wrap(const key_encryption_key& under, std::uint64_t id, key_record& record, const key_bytes& key);
std::optional<key_bytes> unwrap(const key_encryption_key& under, std::uint64_t id, const key_record& record);

struct patient_key {
  std::uint64_t id = 0;
  key_bytes key;
};

class keyring {
public:
  /// Without @p access (read only) nothing personal can be read: it shows as redacted.
  keyring(store& of, std::optional<key_access> access);
  ~keyring();

  /// Fits the key folder and the tables together (see FORMAT.md): new journal, same generation, interrupted rotation,
  /// older backup. Errors: those of the key folder, `wrong_keys`, `journal_damaged`.
  messages::result<void> load(bool read_only);

  /// The key under which values of @p patient are sealed now; made when there is none.
  messages::result<patient_key> key_for(const messages::id& patient, record_kind kind, std::uint64_t now_ms);
  /// number of the key (8) | seal(): a sealed value that says itself what opens it.
  static std::string seal_value(const patient_key& key, std::string_view place, std::string_view clear);

  struct opened {
    std::string clear;
    messages::visibility seen = messages::visibility::clear;
  };
  /// `journal_damaged` when the value was changed or is not from this @p place.
  messages::result<opened> open_value(std::string_view place, std::string_view sealed);

  /// Keys that no committed batch holds go into @p batch. Answers the number of the last of them, for settle_fresh()
  /// once it is committed; 0: there are none. Entries and rows are committed by two threads; neither can rely on the
  /// other having been first.
  std::uint64_t put_fresh(store::batch& batch);
  void settle_fresh(std::uint64_t up_to);
  /// The tables are about to be wrapped under @p next, and hold no key of @p destroyed: on the journal's thread, before
  /// it commits that. Until settle() others may still find what stood there before.
  void adopt(const key_encryption_key& next, const std::map<std::uint64_t, key_record>& destroyed);
  /// It is committed.
  void settle();

  /// Of the journal itself; nothing without keys.
  const std::optional<key_bytes>& chain_key() const { return chain_key_; }
  const std::optional<key_bytes>& signing_key() const { return signing_key_; }
  const std::optional<key_access>& access() const { return access_; }
  const key_encryption_key& kek() const { return kek_; }
  /// What a load that had to follow a newer generation found destroyed: patients and how many keys of each.
  const std::map<messages::id, std::uint64_t>& found_forgotten() const { return found_forgotten_; }
  bool followed_rotation() const { return followed_rotation_; }

private:
  struct fresh_key {
    std::uint64_t id;
    key_record record;
    key_bytes key;
  };
  struct known_key {
    std::optional<key_bytes> key; ///< nothing: destroyed
  };
  messages::result<void> begin_new();
  messages::result<void> follow(bool read_only, std::uint64_t from);
  messages::result<void> take_own_keys();
  messages::result<void> check_first_entry() const;
  messages::result<known_key> look_up(std::uint64_t id);
  messages::result<std::optional<std::string>> row_of(std::uint64_t id) const;
  tl::unexpected<messages::error> wrong(std::string what) const;

  store& store_;
  const std::optional<key_access> access_;
  key_encryption_key kek_;
  std::optional<key_encryption_key> kek_before_; ///< from adopt() to settle()
  std::optional<key_bytes> chain_key_, signing_key_;
  std::optional<std::map<std::uint64_t, std::string>> overlay_; ///< read only, of a newer generation: its ring
  std::map<messages::id, std::uint64_t> found_forgotten_;
  bool followed_rotation_ = false;

  mutable std::mutex mutex_;
  std::uint64_t next_id_ = first_patient_key_id;
  std::unordered_map<std::string, patient_key> by_name_;
  std::unordered_map<std::uint64_t, known_key> by_id_;
  std::vector<fresh_key> fresh_;
  std::set<std::string> gone_names_; ///< from adopt() to settle(): of destroyed keys, still in the table
};

/// The rows of `keys` as one text, for the ring, and back.
std::string encode_ring(const std::map<std::uint64_t, std::string>& rows);
std::optional<std::map<std::uint64_t, std::string>> decode_ring(std::string_view text);

} // namespace storage
