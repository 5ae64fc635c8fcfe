// Wrapping the patients' keys anew, leaving out those that are to be destroyed, and proving it.
#include "storage/rotation.hpp"

#include "messages/registry.hpp"
#include "storage/big_endian.hpp"
#include "storage/damage.hpp"
#include "storage/entry.hpp"
#include "storage/journal_parts.hpp"
#include "storage/views/open_checkins.hpp"

#include <algorithm>

namespace storage {

using messages::error_code;
using messages::failure;
using messages::result;

struct rotation_plan {
  std::map<std::uint64_t, key_record> kept, destroyed;
};

/// Keys on their way from one key-encryption key to the next.
struct rewrapping {
  rotation_plan made;
  prepared_key next;
  std::map<std::uint64_t, std::string> ring; ///< rows of `keys`: the kept ones, wrapped under the next

  result<void> wrap_anew(std::uint64_t id, key_record record, const key_encryption_key& old, const key_access& access) {
    const auto key = unwrap(old, id, record);
    if (!key)
      return failure(error_code::wrong_keys, access.folder.string(), "key " + std::to_string(id) + " is damaged");
    ring.emplace(id, wrap(next.key, id, record, *key));
    return {};
  }
};

namespace {

bool is_expired(const key_record& record, const retention& rules, std::uint64_t now_ms) {
  return record.kind < record_kind_names.size() &&
         record.month < kept_from(rules, static_cast<record_kind>(record.kind), now_ms);
}

/// Numbers of the keys under which outbox rows are sealed: what is owed has to stay readable.
result<std::map<std::uint64_t, messages::outbox_row>> owed_under(const store& in) {
  std::map<std::uint64_t, messages::outbox_row> owed;
  const auto seen = in.scan(outbox_table, {}, [&](std::string_view, std::string_view bytes) {
    const auto row = messages::decode_fields<messages::outbox_row>(bytes);
    if (row && row->body.size() > 8)
      owed.insert_or_assign(read_big_endian(std::string_view{row->body}.substr(0, 8)), *row);
    return true;
  });
  if (!seen) return failure(seen.error());
  return owed;
}

result<rotation_plan> make_plan(const store& in, const rotation& what, std::uint64_t now_ms) {
  const auto owed = owed_under(in);
  if (!owed) return failure(owed.error());
  rotation_plan made;
  std::optional<messages::error> fault;
  const auto seen = in.scan(keys_table, {}, [&](std::string_view key, std::string_view bytes) {
    const auto id = read_big_endian(key);
    const auto record = decode_key_record(bytes);
    if (!record) {
      fault = messages::error{error_code::journal_damaged, {"key " + std::to_string(id), "it cannot be read"}};
      return false;
    }
    if (record->wrapped.empty()) return true; // destroyed before
    const bool own = id < first_patient_key_id;
    // Replies to commands that name no patient are sealed under nobody's key: they may be about this one.
    const bool asked =
        !own && (what.forget.contains(record->patient) || (record->patient.empty() && !what.forget.empty()));
    const bool old = !own && what.expire && is_expired(*record, *what.expire, now_ms) && !owed->contains(id);
    if (asked && !record->patient.empty() && owed->contains(id))
      fault =
          messages::error{error_code::still_needed,
                          {record->patient.text(), "“" + owed->at(id).topic + "” is still owed; let it be settled"}};
    (asked || old ? made.destroyed : made.kept).emplace(id, *record);
    return !fault;
  });
  if (!seen) return failure(seen.error());
  if (fault) return failure(*fault);
  return made;
}

/// Entries that keys sealed, counted; each one is opened when @p keys are given.
struct sealed_entries {
  std::uint64_t of_destroyed = 0, unreadable = 0, others_readable = 0;
};

result<sealed_entries> read_sealed(const store& in, keyring* keys, const std::map<std::uint64_t, key_record>& destroyed,
                                   const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  sealed_entries found;
  std::optional<messages::error> fault;
  std::uint64_t scanned = 0;
  const auto last = in.last(entries_table);
  if (!last) return failure(last.error());
  const auto of = *last ? read_big_endian((*last)->first) : 0;
  const auto seen = in.scan(entries_table, {}, [&](std::string_view key, std::string_view bytes) {
    if (progress && ++scanned % 4096 == 0) progress(scanned, of);
    const auto entry = parse_entry(read_big_endian(key), bytes);
    if (!entry) fault = entry.error();
    if (!entry || entry->key_id == 0) return !fault;
    const bool gone = destroyed.contains(entry->key_id);
    found.of_destroyed += gone ? 1 : 0;
    if (!keys) return true;
    const auto clear = unsealed_event(*keys, entry->topic, entry->envelope);
    if (!clear) {
      fault = clear.error();
      return false;
    }
    bool forgotten = false;
    const auto looked = messages::replace_extensions(*clear, messages::ext_forgotten, [&](std::string_view) {
      forgotten = true;
      return std::string{"\xc0"};
    });
    found.unreadable += gone && forgotten && looked ? 1 : 0;
    found.others_readable += !gone && !forgotten ? 1 : 0;
    return true;
  });
  if (!seen) return failure(seen.error());
  if (fault) return failure(*fault);
  return found;
}

} // namespace

result<rotation_report> journal::rotate(journal_options options, std::vector<std::unique_ptr<view>> views,
                                        const rotation& what) {
  auto opened = open_parts(std::move(options), std::move(views));
  if (!opened) return failure(opened.error());
  return (*opened)->rotate(what);
}

/// A check-in that goes on needs what it knows of its patient.
result<void> journal::parts::check_no_checkin_of(const std::set<messages::id>& patients) const {
  const auto place = place_of("open_checkins");
  if (!place || patients.empty()) return {};
  const auto now = folding->now(*place);
  if (!now) return failure(now.error());
  std::optional<messages::error> fault;
  const auto seen = folding->scan(*place, *now, {}, [&](std::string_view key, std::string_view bytes, bool in_clear) {
    const auto row = in_clear ? std::string{bytes} : unsealed_row(*keys, place_of_row("open_checkins", key), bytes);
    const auto checkin = row ? decode_row<messages::open_checkin>(*row) : std::nullopt;
    if (checkin && patients.contains(checkin->patient))
      fault = messages::error{error_code::still_needed,
                              {checkin->patient.text(), "the check-in " + checkin->checkin.text() + " is not over"}};
    return !fault;
  });
  if (!seen) return failure(seen.error());
  if (fault) return failure(*fault);
  return {};
}

/// Everything that the tables say about keys, as it is under @p next.
result<void> journal::parts::put_rotated(const std::map<std::uint64_t, std::string>& ring,
                                         const std::map<std::uint64_t, key_record>& destroyed,
                                         const key_encryption_key& next, const view_keeper::stillness& still) {
  // All was written before; what is known in clear must not be sealed anew under a key that stays.
  folding->let_go(still);
  auto& batch = writer->batch();
  // What is owed and was sealed under nobody's key is sealed anew, before that key goes.
  std::vector<std::pair<std::string, messages::outbox_row>> again;
  auto seen = database->scan(outbox_table, {}, [&](std::string_view key, std::string_view bytes) {
    auto row = messages::decode_fields<messages::outbox_row>(bytes);
    if (!row || row->body.size() < 8) return true;
    if (!destroyed.contains(read_big_endian(std::string_view{row->body}.substr(0, 8)))) return true;
    if (unseal_in_place(*keys, *row).value_or(false)) again.emplace_back(key, std::move(*row));
    return true;
  });
  if (!seen) return seen;
  keys->adopt(next, destroyed);
  for (const auto& [id, bytes] : ring)
    database->put(batch, keys_table, index_key(id), bytes);
  for (auto [id, record] : destroyed) {
    record.wrapped.clear();
    database->put(batch, keys_table, index_key(id), encode(record));
    database->erase(batch, key_names_table, key_name(record));
  }
  database->put(batch, meta_table, generation_key, index_key(next.generation));
  for (auto& [key, row] : again) {
    messages::draft moved;
    moved.outbox.push_back(std::move(row));
    const auto sealed = seal_draft(*keys, std::move(moved), options.now_ms());
    if (!sealed) return failure(sealed.error());
    database->put(batch, outbox_table, key, messages::encode_body(sealed->what.outbox[0]));
  }
  // A reply that can no longer be read says that it was given.
  return database->scan(replies_table, {}, [&](std::string_view key, std::string_view bytes) {
    if (bytes.size() > 16 && destroyed.contains(read_big_endian(bytes.substr(8, 8))))
      database->put(batch, replies_table, key, bytes.substr(0, 8));
    return true;
  });
}

namespace {

/// All that a rotation of @p made does before it changes anything.
result<rewrapping> rewrap(const keyring& keys, const rotation_plan& made) {
  const auto old = keys.kek();
  auto next = prepare_next_key(*keys.access(), old);
  if (!next) return failure(next.error());
  rewrapping done{made, std::move(*next), {}};
  for (const auto& [id, record] : made.kept)
    if (auto wrapped = done.wrap_anew(id, record, old, *keys.access()); !wrapped) return failure(wrapped.error());
  return done;
}

/// The events that tell of it, in the batch that does it.
sealed_draft told(const rotation& what, const rotation_report& report, std::uint64_t now_ms,
                  const std::map<std::uint64_t, key_record>& destroyed) {
  sealed_draft events;
  for (const auto& [patient, keys] : report.forgotten)
    events.what.events.push_back(messages::make_draft(messages::patient_forgotten{patient, keys}));
  for (std::size_t kind = 0; what.expire && kind < record_kind_names.size(); ++kind) {
    const auto from = kept_from(*what.expire, static_cast<record_kind>(kind), now_ms);
    const auto keys = std::ranges::count_if(destroyed, [&](const auto& d) {
      return d.second.kind == kind && d.second.month < from && !what.forget.contains(d.second.patient);
    });
    if (keys > 0)
      events.what.events.push_back(messages::make_draft(messages::records_expired{
          std::string{record_kind_names[kind]}, month_text(from), static_cast<std::uint64_t>(keys)}));
  }
  events.what.events.push_back(
      messages::make_draft(messages::keys_rotated{report.generation, report.kept, report.destroyed}));
  events.bodies.resize(events.what.events.size());
  return events;
}

} // namespace

result<rotation_report> journal::parts::rotate(const rotation& what) {
  const auto now_ms = options.now_ms();
  // Rows may need new keys: these have to be there before the plan, and so before the ring.
  if (auto done = folding->write_all(folding->hold()); !done) return failure(done.error());
  if (auto free = check_no_checkin_of(what.forget); !free) return failure(free.error());
  const auto made = make_plan(*database, what, now_ms);
  if (!made) return failure(made.error());
  rotation_report report;
  report.generation = keys->kek().generation;
  report.kept = made->kept.size();
  report.destroyed = made->destroyed.size();
  for (const auto& patient : what.forget)
    report.forgotten[patient] = static_cast<std::uint64_t>(
        std::ranges::count_if(made->destroyed, [&](const auto& d) { return d.second.patient == patient; }));
  if (made->destroyed.empty() && what.expire && what.forget.empty()) return report; // nothing is due
  const auto before = !what.prove ? result<sealed_entries>{} : read_sealed(*database, nullptr, made->destroyed, {});
  if (!before) return failure(before.error());
  report.entries = before->of_destroyed;
  if (what.only_look) return report;

  auto exchange = rewrap(*keys, *made);
  if (!exchange) return failure(exchange.error());
  const auto& next = exchange->next.key;
  if (auto put = publish(exchange->next, encode_ring(exchange->ring)); !put) return failure(put.error());
  step("prepared");
  report.generation = next.generation;
  const auto written = [&]() -> result<void> {
    const auto still = folding->hold();
    if (auto put = put_rotated(exchange->ring, made->destroyed, next, still); !put) return put;
    writer->add(told(what, report, now_ms, made->destroyed));
    if (auto built = writer->build(); !built) return built;
    return writer->commit();
  }();
  if (!written) {
    refuse(written.error()); // no row may be written under keys that are not there
    return failure(written.error());
  }
  writer->take_committed();
  keys->settle();
  folding->take(writer->take_folded());
  step("rotated");
  if (auto marked = write_head_mark(options.folder, {writer->head(), writer->epoch()}); !marked)
    return failure(marked.error());
  auto gone = destroy_older_keys(*keys->access(), next.generation);
  if (!gone) return failure(gone.error());
  report.destroyed_files = std::move(*gone);
  step("destroyed");
  if (!what.prove) return report;
  keyring anew(*database, options.keys); // from the disk: nothing that is still in memory may help
  if (auto loaded = anew.load(true); !loaded) return failure(loaded.error());
  const auto after = read_sealed(*database, &anew, made->destroyed, what.progress);
  if (!after) return failure(after.error());
  report.unreadable = after->unreadable;
  report.readable = after->others_readable;
  return report;
}

// -- in a running journal -----------------------------------------------------------------------------------------

/// On the journal's thread, between two batches: nothing is committed between what is on the disk for the next opening
/// and what the tables say.
result<void> journal::parts::change_keys(const rotation& what, rewrapping& exchange, rotation_report& report) {
  if (const auto why = refused_by_failure()) return failure(*why);
  auto still = folding->hold();
  if (auto done = folding->write_all(still); !done) { // rows may need new keys: these have to be in the ring
    refuse(done.error());
    return done;
  }
  const auto old = keys->kek();
  std::optional<messages::error> fault;
  // Made since the plan: patients went on coming.
  const auto later = exchange.ring.empty() ? first_patient_key_id : exchange.ring.rbegin()->first + 1;
  const auto seen = database->scan(keys_table, index_key(later), [&](std::string_view key, std::string_view bytes) {
    const auto id = read_big_endian(key);
    auto record = decode_key_record(bytes);
    if (!record || record->wrapped.empty() || exchange.made.destroyed.contains(id)) return true;
    if (auto done = exchange.wrap_anew(id, std::move(*record), old, *keys->access()); !done) fault = done.error();
    return !fault;
  });
  if (!seen) return seen;
  if (fault) return failure(*fault);
  report.generation = exchange.next.key.generation;
  report.kept = exchange.ring.size();
  if (auto put = publish(exchange.next, encode_ring(exchange.ring)); !put) {
    // The next opening would follow a generation that lacks the keys of everybody who comes from now on.
    if (is_newest(*keys->access(), exchange.next.key)) refuse(put.error());
    return put;
  }
  step("prepared");
  const auto written = [&]() -> result<void> {
    if (auto put = put_rotated(exchange.ring, exchange.made.destroyed, exchange.next.key, still); !put) return put;
    writer->add(told(what, report, options.now_ms(), exchange.made.destroyed));
    if (auto built = writer->build(); !built) return built;
    batch_bytes = writer->batch_bytes();
    return writer->commit();
  }();
  if (!written) {
    auto why = located(written.error(), options.folder, last_entry());
    refuse(why);
    return failure(std::move(why));
  }
  keys->settle();
  still.unlock(); // who listens may read
  const auto events = writer->take_committed();
  if (events && folding->take(writer->take_folded())) folding->wake();
  const auto hears = learn_commit(events.get(), 1, 0);
  if (events && hears && *hears) (*hears)(events);
  keeper->advance(writer->head());
  step("rotated");
  return {};
}

result<rotation_report> journal::expire(const retention& rules) {
  auto& of = *parts_;
  const std::lock_guard one_at_a_time(of.expiry_mutex);
  if (!of.keys->access()) return failure(error_code::not_now, "expire", "read only");
  if (holds_older_keys(of.keys->access()->folder)) // an escrow copy could not be reached the last time
    if (auto gone = destroy_older_keys(*of.keys->access(), of.keys->kek().generation); !gone)
      return failure(gone.error());
  rotation what;
  what.expire = rules;
  auto made = make_plan(*of.database, what, of.options.now_ms());
  if (!made) return failure(located(made.error(), of.options.folder, of.last_entry()));
  rotation_report report;
  report.generation = of.keys->kek().generation;
  report.kept = made->kept.size();
  report.destroyed = made->destroyed.size();
  if (made->destroyed.empty()) return report;
  auto exchange = rewrap(*of.keys, *made);
  if (!exchange) return failure(exchange.error());
  auto changed = of.on_thread([&] { return of.change_keys(what, *exchange, report); });
  if (!changed) return failure(changed.error());
  auto gone = destroy_older_keys(*of.keys->access(), exchange->next.key.generation);
  if (!gone) return failure(gone.error()); // the next opening, or the next expiry, destroys it
  report.destroyed_files = std::move(*gone);
  return report;
}

} // namespace storage
