// What others may read of a journal, from any thread: only what is durable.
#include "storage/big_endian.hpp"
#include "storage/damage.hpp"
#include "storage/entry.hpp"
#include "storage/hexadecimal.hpp"
#include "storage/journal_parts.hpp"

#include <algorithm>

namespace storage {

using messages::error_code;
using messages::failure;

messages::result<page> journal::parts::read(std::uint64_t from, std::size_t limit,
                                            const std::vector<std::string>& prefixes, const show& how) const {
  const auto& limits = options.limits;
  page found;
  found.head = head.load();
  found.epoch = epoch;
  found.next = std::max<std::uint64_t>(from, 1);
  if (found.next > found.head || limit == 0) return found;
  const auto entries_max = std::min(limit, limits.page_entries_max);
  std::size_t scanned = 0, bytes_held = 0;
  std::optional<messages::error> fault;
  const auto seen = database->scan(entries_table, index_key(found.next), [&](std::string_view key,
                                                                            std::string_view bytes) {
    const auto index = read_big_endian(key);
    if (index > found.head) return false;
    const auto entry = parse_entry(index, bytes);
    if (!entry || index != found.next) {
      fault = entry ? messages::error{error_code::journal_damaged, {"entry " + std::to_string(found.next), "missing"}}
                    : entry.error();
      return false;
    }
    ++found.next;
    const auto begins = [&](const std::string& prefix) { return entry->topic.starts_with(prefix); };
    if (prefixes.empty() || std::ranges::any_of(prefixes, begins)) {
      auto envelope = how(*entry);
      if (!envelope) {
        fault = messages::error{error_code::journal_damaged,
                                {"entry " + std::to_string(index), envelope.error().args.back()}};
        return false;
      }
      found.events.push_back({index, entry->previous_of_topic, std::string{entry->topic}, std::move(*envelope)});
      found.redacted.push_back(entry->key_id != 0);
      bytes_held += bytes.size();
    }
    return ++scanned < limits.page_scanned_max && found.events.size() < entries_max &&
           bytes_held < limits.page_bytes_max;
  });
  if (!seen) fault = seen.error();
  if (fault) return failure(located(*fault, options.folder, "entry " + std::to_string(found.next)));
  return found;
}

messages::result<page> journal::read(std::uint64_t from, std::size_t limit,
                                     const std::vector<std::string>& prefixes) const {
  auto found = parts_->read(from, limit, prefixes, [this](const auto& entry) { return parts_->clear_envelope(entry); });
  if (found) found->redacted.clear();
  return found;
}

messages::result<page> journal::read_redacted(std::uint64_t from, std::size_t limit,
                                              const std::vector<std::string>& prefixes) const {
  return parts_->read(from, limit, prefixes, [](const entry_view& entry) -> messages::result<std::string> {
    if (entry.key_id == 0) return std::string{entry.envelope};
    return redacted_event(entry.envelope);
  });
}

messages::result<std::string> journal::parts::clear_envelope(const entry_view& entry) const {
  if (entry.key_id == 0) return std::string{entry.envelope};
  return unsealed_event(*keys, entry.topic, entry.envelope);
}

std::uint64_t journal::head() const { return parts_->head.load(); }

std::uint64_t journal::epoch() const { return parts_->epoch; }

std::map<std::string, std::uint64_t> journal::topics() const {
  const std::lock_guard lock(parts_->known_mutex);
  return parts_->topics;
}

journal_counts journal::counts() const {
  journal_counts counts;
  {
    const std::lock_guard lock(parts_->known_mutex);
    counts = parts_->known;
    counts.bytes += parts_->folding->bytes_written();
    counts.syncs = parts_->database->log_syncs() - parts_->syncs_at_open;
  }
  const std::lock_guard lock(parts_->queue_mutex);
  counts.busy = parts_->busy;
  counts.queue_appends_deepest = parts_->deepest;
  return counts;
}

std::optional<messages::error> journal::failed() const { return parts_->refused_by_failure(); }

messages::result<std::vector<messages::outbox_row>> journal::open_effects(std::string_view owner) const {
  std::vector<messages::outbox_row> open;
  bool good = true;
  const auto seen = parts_->database->scan(outbox_table, {}, [&](std::string_view, std::string_view bytes) {
    auto effect = messages::decode_fields<messages::outbox_row>(bytes);
    good = effect.has_value();
    if (!good || effect->owner != owner) return good;
    const auto readable = unseal_in_place(*parts_->keys, *effect);
    good = readable.has_value();
    if (good && *readable) open.push_back(std::move(*effect));
    return good;
  });
  if (!seen) return failure(located(seen.error(), parts_->options.folder, parts_->last_entry()));
  if (!good) return failure(error_code::journal_damaged, parts_->options.folder.string(), "a row of the outbox");
  return open;
}

messages::result<std::optional<remembered_answer>> journal::remembered(const messages::id& command) const {
  const std::string_view key{reinterpret_cast<const char*>(command.bytes.data()), messages::id::size};
  auto found = parts_->database->get(replies_table, key);
  if (!found) return failure(located(found.error(), parts_->options.folder, parts_->last_entry()));
  if (!*found) return std::nullopt;
  const std::string_view bytes{**found};
  if (bytes.size() < 8) return failure(error_code::journal_damaged, parts_->options.folder.string(), "a reply");
  auto frame = unsealed_reply(*parts_->keys, command, bytes.substr(8));
  if (!frame) return failure(located(frame.error(), parts_->options.folder, parts_->last_entry()));
  return remembered_answer{read_big_endian(bytes.substr(0, 8)), std::move(*frame)};
}

std::uint64_t journal::remembers_since_ms() const {
  const auto now = parts_->options.now_ms(), kept = parts_->options.limits.reply_kept_ms;
  const std::lock_guard lock(parts_->known_mutex);
  return std::max(parts_->horizon_ms, now > kept ? now - kept : 0);
}

std::optional<std::size_t> journal::parts::place_of(std::string_view view_name) const {
  for (std::size_t n = 0; n < views.size(); ++n)
    if (views[n]->name() == view_name) return n;
  return std::nullopt;
}

messages::result<std::vector<stored_row>> journal::rows_of(std::string_view view, std::string_view key_prefix,
                                                           std::size_t limit) const {
  const auto place = parts_->place_of(view);
  if (!place) return failure(error_code::wrong_value, "view", std::string{view});
  std::vector<stored_row> found;
  if (limit == 0) return found;
  const auto fault = [&](const messages::error& why) {
    return failure(located(why, parts_->options.folder, parts_->last_entry()));
  };
  const auto now = parts_->folding->now(*place, key_prefix);
  if (!now) return fault(now.error());
  messages::result<void> readable;
  const auto seen =
      parts_->folding->scan(*place, *now, key_prefix, [&](std::string_view key, std::string_view bytes, bool in_clear) {
        if (!key.starts_with(key_prefix)) return false;
        auto row = in_clear ? std::string{bytes} : unsealed_row(*parts_->keys, place_of_row(view, key), bytes);
        if (!row) {
          readable = failure(row.error());
          return false;
        }
        found.emplace_back(key, std::move(*row));
        return found.size() < limit;
      });
  if (!seen) return fault(seen.error());
  if (!readable) return fault(readable.error());
  return found;
}

messages::result<std::optional<std::string>> journal::get(std::string_view view, std::string_view key) const {
  const auto place = parts_->place_of(view);
  if (!place) return failure(error_code::wrong_value, "view", std::string{view});
  auto row = parts_->folding->get(*place, key);
  if (!row) return failure(located(row.error(), parts_->options.folder, parts_->last_entry()));
  return row;
}

messages::result<void> journal::write_rows() {
  if (const auto why = parts_->refused_by_failure()) return failure(*why);
  return parts_->folding->write_all(parts_->folding->hold());
}

namespace {

/// Does the row hold a value that was forgotten, now or when it was written? Then nobody can fold it again.
bool holds_forgotten(std::string_view row, bool forgotten) {
  if (forgotten || !row.starts_with(marked_row)) return forgotten;
  const auto seen = messages::replace_extensions(row.substr(1), messages::ext_forgotten, [&](std::string_view) {
    forgotten = true;
    return std::string{"\xc0"};
  });
  return forgotten || !seen;
}

/// The first row in which a view as it is kept differs from @p folded. A row with forgotten values is not compared.
messages::result<std::optional<std::string>> difference(const view_keeper& kept, keyring& keys, std::string_view view,
                                                        std::size_t place, const view_keeper::moment& at,
                                                        const memory_rows& folded) {
  auto expected = folded.all().begin();
  const auto end = folded.all().end();
  std::optional<std::string> found;
  std::optional<messages::error> fault;
  const auto seen = kept.scan(place, at, {}, [&](std::string_view key, std::string_view stored, bool in_clear) {
    bool forgotten = false;
    const auto bytes = in_clear ? std::string{stored} : unsealed_row(keys, place_of_row(view, key), stored, &forgotten);
    if (!bytes) {
      fault = bytes.error();
      return false;
    }
    if (holds_forgotten(*bytes, forgotten)) {
      if (expected != end && expected->first == key) ++expected;
      return true;
    }
    if (expected == end || key < expected->first)
      found = hexadecimal(key) + ": is stored, but no event makes it";
    else if (expected->first < key)
      found = hexadecimal(expected->first) + ": is not stored";
    else if (expected->second != *bytes)
      found = hexadecimal(key) + ": is stored differently";
    else
      ++expected;
    return !found;
  });
  if (!seen) return failure(seen.error());
  if (fault) return failure(*fault);
  if (!found && expected != end) found = hexadecimal(expected->first) + ": is not stored";
  return found;
}

} // namespace

messages::result<comparison>
journal::rebuild_and_compare(const std::function<void(std::uint64_t, std::uint64_t)>& progress) const {
  const auto at = parts_->folding->now();
  if (!at) return failure(located(at.error(), parts_->options.folder, parts_->last_entry()));
  const auto& views = parts_->views;
  std::vector<memory_rows> folded(views.size());
  comparison found;
  const auto of = at->index();
  std::optional<messages::error> fault;
  const auto fold = [&](std::string_view key, std::string_view bytes) {
    const auto index = read_big_endian(key);
    if (index > of) return false; // committed since
    const auto entry = parse_entry(index, bytes);
    const auto envelope = entry ? parts_->clear_envelope(*entry) : failure(entry.error());
    const auto event = envelope ? messages::decode_event(*envelope) : failure(envelope.error());
    if (!event || index != found.entries + 1) {
      fault = {error_code::journal_damaged, {"entry " + std::to_string(found.entries + 1), "missing or unreadable"}};
      return false;
    }
    for (std::size_t n = 0; n < views.size(); ++n)
      views[n]->apply(*event, folded[n]);
    found.entries = index;
    if (progress && index % 4096 == 0) progress(index, of);
    return true;
  };
  if (auto seen = parts_->database->scan(entries_table, {}, fold, &parts_->folding->stored(*at)); !seen)
    fault = seen.error();
  if (fault) return failure(located(*fault, parts_->options.folder, "entry " + std::to_string(found.entries + 1)));
  for (std::size_t n = 0; n < views.size() && !found.first_difference; ++n) {
    found.rows += folded[n].all().size();
    auto differs = difference(*parts_->folding, *parts_->keys, views[n]->name(), n, *at, folded[n]);
    if (!differs) return failure(located(differs.error(), parts_->options.folder, parts_->last_entry()));
    if (*differs) found.first_difference = "view " + std::string{views[n]->name()} + ", key " + **differs;
  }
  if (progress) progress(found.entries, found.entries);
  return found;
}

} // namespace storage
