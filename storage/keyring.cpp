// Making, finding and wrapping patients' keys; fitting the key folder and the tables together at an opening.
#include "storage/keyring.hpp"

#include "storage/big_endian.hpp"
#include "storage/entry.hpp"
#include "storage/tables.hpp"

#include <utility>

namespace storage {

using messages::error_code;
using messages::failure;
using messages::result;

namespace {

/// Keys held in memory: about 10 MB; beyond, all are let go and read again.
constexpr std::size_t keys_known_max = 65'536;
constexpr std::size_t record_head_bytes = 1 + 2 + messages::id::size;

std::string_view octets_of(const messages::id& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), messages::id::size};
}

std::string name_of(const messages::id& patient, std::uint8_t kind, std::uint16_t month) {
  std::string name{octets_of(patient)};
  put_big_endian(name, kind, 1);
  put_big_endian(name, month, 2);
  return name;
}

std::string place_of(std::uint64_t id, const key_record& record) {
  return "key " + index_key(id) + encode({record.patient, record.kind, record.month, {}});
}

} // namespace

std::string encode(const key_record& record) {
  std::string bytes;
  put_big_endian(bytes, record.kind, 1);
  put_big_endian(bytes, record.month, 2);
  return bytes.append(octets_of(record.patient)).append(record.wrapped);
}

std::optional<key_record> decode_key_record(std::string_view bytes) {
  if (bytes.size() != record_head_bytes && bytes.size() != record_head_bytes + key_bytes::size + sealing_bytes)
    return std::nullopt;
  key_record record;
  record.kind = static_cast<std::uint8_t>(bytes[0]);
  record.month = static_cast<std::uint16_t>(read_big_endian(bytes.substr(1, 2)));
  std::copy_n(bytes.begin() + 3, messages::id::size, reinterpret_cast<char*>(record.patient.bytes.data()));
  record.wrapped = bytes.substr(record_head_bytes);
  return record;
}

std::string key_name(const key_record& record) { return name_of(record.patient, record.kind, record.month); }

std::string wrap(const key_encryption_key& under, std::uint64_t id, key_record& record, const key_bytes& key) {
  record.wrapped = seal(under.key, place_of(id, record), key.view());
  return encode(record);
}

std::optional<key_bytes> unwrap(const key_encryption_key& under, std::uint64_t id, const key_record& record) {
  const auto key = unseal(under.key, place_of(id, record), record.wrapped);
  return key ? key_bytes::from(*key) : std::nullopt;
}

std::string encode_ring(const std::map<std::uint64_t, std::string>& rows) {
  std::string text;
  for (const auto& [id, bytes] : rows) {
    put_big_endian(text, id);
    put_big_endian(text, bytes.size(), 2);
    text += bytes;
  }
  return text;
}

std::optional<std::map<std::uint64_t, std::string>> decode_ring(std::string_view text) {
  std::map<std::uint64_t, std::string> rows;
  while (!text.empty()) {
    if (text.size() < 10) return std::nullopt;
    const auto id = read_big_endian(text.substr(0, 8)), size = read_big_endian(text.substr(8, 2));
    if (text.size() < 10 + size) return std::nullopt;
    rows.insert_or_assign(id, std::string{text.substr(10, size)});
    text.remove_prefix(10 + size);
  }
  return rows;
}

keyring::keyring(store& of, std::optional<key_access> access) : store_(of), access_(std::move(access)) {}
keyring::~keyring() = default;

tl::unexpected<messages::error> keyring::wrong(std::string what) const {
  return failure(error_code::wrong_keys, access_->folder.string(), std::move(what));
}

// -- at the opening ------------------------------------------------------------------------------------------------

result<void> keyring::load(bool read_only) {
  if (!access_) return {};
  auto kek = read_key_folder(*access_);
  if (!kek) return failure(kek.error());
  kek_ = std::move(*kek);
  const auto generation = store_.get(meta_table, generation_key);
  if (!generation) return failure(generation.error());
  if (!*generation) {
    const auto any = store_.last(entries_table);
    if (!any) return failure(any.error());
    if (*any) return failure(error_code::journal_damaged, "meta", "it does not say which keys belong to it");
    return read_only ? result<void>{} : begin_new();
  }
  const auto taken = read_big_endian(**generation);
  if (taken > kek_.generation)
    return wrong("they are of generation " + std::to_string(kek_.generation) + ", the journal is of " +
                 std::to_string(taken));
  if (taken < kek_.generation)
    if (auto done = follow(read_only, taken); !done) return done;
  if (auto done = take_own_keys(); !done) return done;
  if (!read_only && holds_older_keys(access_->folder)) {
    // Left by an interrupted rotation. A copy that is not connected now must not keep the clinic closed.
    const auto gone = destroy_older_keys(*access_, kek_.generation);
    if (!gone && gone.error().code != error_code::no_escrow) return failure(gone.error());
  }
  const auto last = store_.last(keys_table);
  if (!last) return failure(last.error());
  if (*last) next_id_ = std::max(first_patient_key_id, read_big_endian((*last)->first) + 1);
  return {};
}

result<void> keyring::begin_new() {
  store::batch batch;
  store_.put(batch, meta_table, generation_key, index_key(kek_.generation));
  for (const auto id : {chain_key_id, signing_key_id}) {
    key_record record{{}, 255, 0, {}};
    const auto key = key_bytes::fresh();
    store_.put(batch, keys_table, index_key(id), wrap(kek_, id, record, key));
    (id == chain_key_id ? chain_key_ : signing_key_) = key;
  }
  return store_.commit(batch);
}

/// The tables are of an older generation: an interrupted rotation, or an older backup. The ring says what is left.
result<void> keyring::follow(bool read_only, std::uint64_t from) {
  const auto text = read_ring(*access_, kek_);
  if (!text) return failure(text.error());
  auto ring = *text ? decode_ring(**text) : std::nullopt;
  if (!ring) return wrong("the ring of generation " + std::to_string(kek_.generation) + " is damaged");
  overlay_ = std::move(*ring);
  if (auto good = take_own_keys(); !good) return good;
  // Another journal's ring would destroy this one's keys: the chain tells them apart.
  if (auto good = check_first_entry(); !good) return good;
  if (read_only) return {};
  store::batch batch;
  std::uint64_t destroyed = 0;
  const auto seen = store_.scan(keys_table, {}, [&](std::string_view key, std::string_view bytes) {
    const auto kept = overlay_->find(read_big_endian(key));
    if (kept != overlay_->end()) {
      store_.put(batch, keys_table, key, kept->second);
      return true;
    }
    auto record = decode_key_record(bytes);
    if (record && !record->wrapped.empty()) {
      record->wrapped.clear();
      ++destroyed;
      if (!record->patient.empty()) ++found_forgotten_[record->patient];
      store_.put(batch, keys_table, key, encode(*record));
      store_.erase(batch, key_names_table, name_of(record->patient, record->kind, record->month));
    }
    return true;
  });
  if (!seen) return seen;
  store_.put(batch, meta_table, generation_key, index_key(kek_.generation));
  if (auto done = store_.commit(batch); !done) return done;
  overlay_.reset();
  followed_rotation_ = from > 0;
  return {};
}

result<void> keyring::take_own_keys() {
  for (const auto id : {chain_key_id, signing_key_id}) {
    const auto row = row_of(id);
    if (!row) return failure(row.error());
    const auto record = *row ? decode_key_record(**row) : std::nullopt;
    if (!record) return failure(error_code::journal_damaged, "keys", "the journal's own keys are missing");
    const auto key = unwrap(kek_, id, *record);
    if (!key) return wrong("they were not made for it");
    (id == chain_key_id ? chain_key_ : signing_key_) = *key;
  }
  return {};
}

result<void> keyring::check_first_entry() const {
  const auto first = store_.get(entries_table, index_key(1));
  if (!first) return failure(first.error());
  if (!*first) return {};
  tagger tags{*chain_key_};
  const auto entry = parse_entry(1, **first);
  if (!entry || chain_tag(tags, first_tag(), 1, **first) != entry->chain_tag)
    return wrong("they are of another journal");
  return {};
}

// -- in use --------------------------------------------------------------------------------------------------------

result<std::optional<std::string>> keyring::row_of(std::uint64_t id) const {
  if (overlay_) {
    const auto kept = overlay_->find(id);
    if (kept != overlay_->end()) return kept->second;
    return std::nullopt;
  }
  return store_.get(keys_table, index_key(id));
}

result<keyring::known_key> keyring::look_up(std::uint64_t id) {
  if (const auto known = by_id_.find(id); known != by_id_.end()) return known->second;
  const auto row = row_of(id);
  if (!row) return failure(row.error());
  known_key found;
  if (*row || !overlay_) {
    const auto record = *row ? decode_key_record(**row) : std::nullopt;
    if (!record) return failure(error_code::journal_damaged, "key " + std::to_string(id), "it is missing");
    if (!record->wrapped.empty()) {
      found.key = unwrap(kek_, id, *record);
      if (!found.key && kek_before_) found.key = unwrap(*kek_before_, id, *record);
      if (!found.key) return wrong("key " + std::to_string(id) + " does not open");
    }
  }
  if (by_id_.size() >= keys_known_max && fresh_.empty()) by_id_.clear();
  by_id_.emplace(id, found);
  return found;
}

result<patient_key> keyring::key_for(const messages::id& patient, record_kind kind, std::uint64_t now_ms) {
  const auto month = month_of(now_ms);
  auto name = name_of(patient, static_cast<std::uint8_t>(kind), month);
  const std::lock_guard lock(mutex_);
  if (const auto known = by_name_.find(name); known != by_name_.end()) return known->second;
  if (by_name_.size() >= keys_known_max && fresh_.empty()) by_name_.clear();
  const auto stored = store_.get(key_names_table, name);
  if (!stored) return failure(stored.error());
  if (*stored && !gone_names_.contains(name)) {
    const auto id = read_big_endian(**stored);
    const auto found = look_up(id);
    if (!found) return failure(found.error());
    if (found->key) return by_name_.emplace(std::move(name), patient_key{id, *found->key}).first->second;
  }
  const patient_key made{next_id_++, key_bytes::fresh()};
  fresh_.push_back({made.id, {patient, static_cast<std::uint8_t>(kind), month, {}}, made.key});
  by_id_.insert_or_assign(made.id, known_key{made.key});
  by_name_.emplace(std::move(name), made);
  return made;
}

std::string keyring::seal_value(const patient_key& key, std::string_view place, std::string_view clear) {
  return seal(key.key, place, clear, index_key(key.id));
}

result<keyring::opened> keyring::open_value(std::string_view place, std::string_view sealed) {
  if (!access_) return opened{{}, messages::visibility::redacted};
  if (sealed.size() < 8) return failure(error_code::journal_damaged, std::string{place}, "a sealed value is cut short");
  known_key key;
  {
    const std::lock_guard lock(mutex_);
    auto found = look_up(read_big_endian(sealed.substr(0, 8)));
    if (!found) return failure(found.error());
    key = *found;
  }
  if (!key.key) return opened{{}, messages::visibility::forgotten};
  auto clear = unseal(*key.key, place, sealed.substr(8));
  if (!clear) return failure(error_code::journal_damaged, std::string{place}, "a sealed value was changed");
  return opened{std::move(*clear), messages::visibility::clear};
}

void keyring::adopt(const key_encryption_key& next, const std::map<std::uint64_t, key_record>& destroyed) {
  const std::lock_guard lock(mutex_);
  kek_before_ = std::exchange(kek_, next);
  by_name_.clear();
  by_id_.clear();
  for (const auto& [id, record] : destroyed) {
    gone_names_.insert(key_name(record));
    by_id_.insert_or_assign(id, known_key{});
  }
  for (const auto& made : fresh_) { // not in the tables yet: nobody could look them up again
    by_id_.insert_or_assign(made.id, known_key{made.key});
    by_name_.insert_or_assign(key_name(made.record), patient_key{made.id, made.key});
  }
}

void keyring::settle() {
  const std::lock_guard lock(mutex_);
  kek_before_.reset();
  gone_names_.clear();
}

std::uint64_t keyring::put_fresh(store::batch& batch) {
  const std::lock_guard lock(mutex_);
  for (auto& [id, record, key] : fresh_) {
    store_.put(batch, key_names_table, name_of(record.patient, record.kind, record.month), index_key(id));
    store_.put(batch, keys_table, index_key(id), wrap(kek_, id, record, key));
  }
  return fresh_.empty() ? 0 : fresh_.back().id;
}

void keyring::settle_fresh(std::uint64_t up_to) {
  if (up_to == 0) return;
  const std::lock_guard lock(mutex_);
  std::erase_if(fresh_, [&](const fresh_key& made) { return made.id <= up_to; });
}

} // namespace storage
