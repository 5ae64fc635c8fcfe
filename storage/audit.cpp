// Walks the chain and says which entry is not the one that was written.
#include "storage/audit.hpp"

#include "messages/registry.hpp"
#include "storage/big_endian.hpp"
#include "storage/entry.hpp"
#include "storage/head_mark.hpp"
#include "storage/hexadecimal.hpp"
#include "storage/key_mark.hpp"
#include "storage/sealing.hpp"
#include "storage/still_files.hpp"
#include "storage/tables.hpp"

namespace storage {

using messages::error_code;
using messages::failure;
using messages::result;

namespace {

constexpr std::size_t faults_told_max = 100;

void add_fault(audit_report& to, std::uint64_t index, std::string what) {
  ++to.faults;
  if (to.first_faults.size() < faults_told_max) to.first_faults.push_back({index, std::move(what)});
}

class auditor {
public:
  auditor(store& of, keyring& keys, const view_list& views) : store_(of), keys_(keys), views_(views) {}

  result<audit_report> run(const std::optional<head_mark>& mark,
                           const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    const auto last = store_.last(entries_table);
    if (!last) return failure(last.error());
    const auto of = *last ? read_big_endian((*last)->first) : 0;
    const auto seen = store_.scan(entries_table, {}, [&](std::string_view key, std::string_view bytes) {
      entry(read_big_endian(key), bytes);
      if (progress && report_.entries % 4096 == 0) progress(report_.entries, of);
      return true;
    });
    if (!seen) return failure(seen.error());
    if (auto done = check_ends(mark); !done) return failure(done.error());
    if (auto done = check_rows(); !done) return failure(done.error());
    report_.head_tag = hexadecimal(tag_);
    if (progress) progress(report_.entries, report_.entries);
    return std::move(report_);
  }

private:
  void fault(std::uint64_t index, std::string what) { add_fault(report_, index, std::move(what)); }

  void entry(std::uint64_t index, std::string_view bytes) {
    if (index != expected_) {
      const auto last = std::to_string(index - 1);
      fault(expected_, index == expected_ + 1 ? "missing" : "missing, like all up to entry " + last);
      believed_.clear(); // what the next one follows is not there: its own tag cannot be judged
      tag_.clear();
    }
    expected_ = index + 1;
    ++report_.entries;
    const auto parsed = parse_entry(index, bytes);
    if (!parsed) {
      fault(index, "changed: " + parsed.error().args.back());
      believed_.clear();
      tag_.clear();
      return;
    }
    const auto why = judge(index, bytes, *parsed);
    if (why) fault(index, *why);
    // The entry's own tag, and the tag it should have: a fault is told once, where it is, not for all that follows.
    believed_ = tag_.empty() ? std::string{} : chain_tag(tags_, tag_, index, bytes);
    tag_ = parsed->chain_tag;
    topics_.insert_or_assign(std::string{parsed->topic}, index);
  }

  std::optional<std::string> judge(std::uint64_t index, std::string_view bytes, const entry_view& parsed) {
    const auto envelope = unsealed_event(keys_, parsed.topic, parsed.envelope);
    const auto event = envelope ? messages::decode_event(*envelope) : failure(envelope.error());
    if (event && event->index != index) return other_place(event->index, bytes);
    const auto fits = [&](std::string_view before) {
      return !before.empty() && chain_tag(tags_, before, index, bytes) == parsed.chain_tag;
    };
    const bool judged = !tag_.empty();
    if (judged && !fits(tag_) && !fits(believed_)) return "changed: the chain does not hold";
    if (!event) return "changed: " + event.error().args.back();
    if (event->topic != parsed.topic) return "changed: its topic";
    const auto before = topics_.find(parsed.topic);
    if (judged && parsed.previous_of_topic != (before == topics_.end() ? 0 : before->second) && report_.faults == 0)
      return "changed: the entry of its topic before it";
    if (parsed.key_id != 0) count_sealed(*event);
    return check_signature(*event);
  }

  std::string other_place(std::uint64_t index, std::string_view bytes) const {
    const auto there = store_.get(entries_table, index_key(index));
    const bool same = there && *there && **there == bytes;
    return same ? "doubled: it is a copy of entry " + std::to_string(index)
                : "reordered: entry " + std::to_string(index) + " stands here";
  }

  void count_sealed(const messages::event_envelope& event) {
    bool forgotten = false;
    const auto seen = messages::replace_extensions(event.body, messages::ext_forgotten, [&](std::string_view) {
      forgotten = true;
      return std::string{"\xc0"};
    });
    ++(forgotten || !seen ? report_.forgotten : report_.sealed);
  }

  std::optional<std::string> check_signature(const messages::event_envelope& event) {
    const auto head = messages::body_as<messages::head_signed>(event);
    if (!head) return std::nullopt;
    const auto text = [](const messages::bytes& b) { return std::string{b.begin(), b.end()}; };
    if (text(head->tag) != tag_ && !tag_.empty()) return "changed: the head it signs is another";
    if (!is_signed(public_key_, signed_text(head->day, head->index, text(head->tag)), text(head->signature)))
      return "changed: its signature does not hold";
    ++report_.signed_heads;
    return std::nullopt;
  }

  /// What was cut off at the end is seen by the head mark and by the table of topics.
  result<void> check_ends(const std::optional<head_mark>& mark) {
    const auto seen = store_.scan(topics_table, {}, [&](std::string_view topic, std::string_view last) {
      const auto index = read_big_endian(last);
      const auto found = topics_.find(topic);
      const auto held = found == topics_.end() ? 0 : found->second;
      if (held < index && index >= expected_)
        fault(index, "missing: it was the last of " + std::string{topic});
      else if (held != index && report_.faults == 0)
        fault(0,
              "the table of topics says that entry " + std::to_string(index) + " is the last of " + std::string{topic});
      return true;
    });
    if (!seen) return seen;
    if (mark && mark->index >= expected_ && report_.faults == 0)
      fault(expected_, "missing: the file head says that entry " + std::to_string(mark->index) + " was written");
    return {};
  }

  result<void> check_rows() {
    for (std::size_t n = 0; n < views_.size(); ++n) {
      const auto name = views_[n]->name();
      const auto seen = store_.scan(first_view_table + n, {}, [&](std::string_view key, std::string_view bytes) {
        ++report_.rows;
        if (!unsealed_row(keys_, place_of_row(name, key), bytes))
          fault(0, "a row of the view " + std::string{name} + " was changed: key " + hexadecimal(key));
        return true;
      });
      if (!seen) return seen;
    }
    const auto effects = store_.scan(outbox_table, {}, [&](std::string_view key, std::string_view bytes) {
      ++report_.rows;
      auto row = messages::decode_fields<messages::outbox_row>(bytes);
      if (!row || !unseal_in_place(keys_, *row))
        fault(0, "a row of the outbox was changed: key " + hexadecimal(key));
      return true;
    });
    if (!effects) return effects;
    return store_.scan(replies_table, {}, [&](std::string_view key, std::string_view bytes) {
      ++report_.rows;
      messages::id command;
      if (key.size() == messages::id::size)
        std::copy(key.begin(), key.end(), reinterpret_cast<char*>(command.bytes.data()));
      if (bytes.size() < 8 || !unsealed_reply(keys_, command, bytes.substr(8)))
        fault(0, "a remembered reply was changed: command " + hexadecimal(key));
      return true;
    });
  }

  store& store_;
  keyring& keys_;
  const view_list& views_;
  audit_report report_;
  tagger tags_{*keys_.chain_key()};
  const std::string public_key_ = public_key_of(*keys_.signing_key());
  std::uint64_t expected_ = 1;
  std::string tag_{first_tag()}, believed_; ///< of the entry before: as it stands there, and as it should be
  std::map<std::string, std::uint64_t, std::less<>> topics_;
};

} // namespace

result<audit_report> audit(journal_options options, std::vector<std::unique_ptr<view>> views,
                           const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  if (!options.keys) return failure(error_code::missing_value, "keys_dir");
  const auto mark = read_head_mark(options.folder);
  if (!mark) return failure(mark.error());
  if (auto fit = check_manifest_mark(options.folder); !fit) return failure(fit.error());
  auto database =
      store::open({options.folder, table_names(views), true, options.limits.wal_bytes_max, 0, options.test.files});
  if (!database) return failure(database.error());
  if (auto good = (*database)->check_files(); !good) return failure(good.error());
  keyring keys(**database, options.keys);
  if (auto loaded = keys.load(true); !loaded) return failure(loaded.error());
  if (!keys.chain_key()) return audit_report{}; // a journal in which nothing was ever written
  auditor work(**database, keys, views);
  const auto still = changed_still_files(**database, options.folder, *keys.chain_key());
  if (!still) return failure(still.error());
  auto report = work.run(*mark, progress);
  if (!report) return report;
  const auto epoch = (*database)->get(meta_table, epoch_key);
  if (!epoch) return failure(epoch.error());
  const auto reached =
      read_key_mark(options.keys->folder, *keys.chain_key(), *epoch ? read_big_endian(**epoch) : std::uint64_t{1});
  if (!reached) return failure(reached.error());
  if (*reached) report->journal_reached = (*reached)->index;
  for (const auto& name : *still)
    add_fault(*report, 0, "the file " + name + " was changed or is missing");
  if ((*database)->ends_torn())
    add_fault(*report, 0, "the end of the log was changed, or torn by a crash that no node has healed yet");
  if (!*mark) add_fault(*report, 0, "the file head is missing");
  return report;
}

} // namespace storage
