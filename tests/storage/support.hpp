// What the storage tests share: folders that vanish, a journal with every view, a story by seed, and child processes.
#pragma once

#include "tests/test.hpp"

#include "messages/registry.hpp"
#include "storage/journal.hpp"
#include "storage/views/all.hpp"

#include <condition_variable>
#include <mutex>
#include <set>

namespace storage_test {

/// A folder of its own, removed at the end.
class temporary_folder {
public:
  temporary_folder();
  ~temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  std::filesystem::path path;
  std::filesystem::path data() const { return path / "data"; } ///< its keys are beside it, in data-keys
};

using storage::all_views; // the hub's own list: a view that is added there is in every story here

/// The keys of the journal in @p folder, made at the first call.
storage::key_access keys_of(const std::filesystem::path& folder);

/// A clock at a fixed time, no lazy sync, no head mark but the last, rows of views unwritten until there are many:
/// nothing happens by itself.
storage::journal_options quiet_options(const std::filesystem::path& folder);

/// Opens, or fails the test with the error's sentence.
std::unique_ptr<storage::journal> open_journal(const std::filesystem::path& folder);
std::unique_ptr<storage::journal> open_journal(storage::journal_options options);

/// The error of an opening that must fail.
messages::error refusal(storage::journal_options options);
messages::error refusal(const std::filesystem::path& folder);

/// Appends and waits until it is durable.
messages::result<storage::appended> append(storage::journal& to, messages::draft what);

/// A draft of @p events small events of @p topic.
messages::draft events_of(std::string_view topic, std::size_t events = 1);

messages::id numbered(std::uint64_t n, std::uint64_t time_ms = 1'700'000'000'000);

/// Draft @p n of the story of @p seed: any number of events of every view, outbox rows, settlings and replies.
messages::draft story_draft(std::uint64_t seed, std::uint64_t n);

/// What the first drafts of a story may leave open when they have made @p head entries: drafts without events, of which
/// the head does not tell how many there were, only settle. Fails the test when no whole drafts make that many entries.
std::set<std::vector<messages::id>> open_after(std::uint64_t seed, std::uint64_t head);

/// Runs the (disabled) test case @p name of this very program as a child with environment variables; its wait status.
int run_child(const std::string& name, const std::map<std::string, std::string>& environment);
std::string environment(const char* name);

/// The newest write-ahead log with something in it.
std::filesystem::path newest_log(const std::filesystem::path& folder);

/// A gate on the journal's thread: holds it before a sync until it is opened.
class gate {
public:
  void pass(); ///< the journal's thread
  void await_arrival();
  void open();

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool arrived_ = false, open_ = false;
};

} // namespace storage_test
