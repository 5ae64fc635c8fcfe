// `uketsuke bench journal`: the journal as a node opens it, a bare table of RocksDB, and a bare file, in turns. All
// three write the same number of bytes of the same kind (noise does not compress, nor does ciphertext) over zeros.
#include "tools/bench/journal.hpp"

#include "messages/registry.hpp"
#include "storage/big_endian.hpp"
#include "storage/journal.hpp"
#include "storage/store.hpp"
#include "storage/views/all.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <iomanip>
#include <mutex>
#include <ostream>
#include <random>

namespace tools {

using namespace messages;
namespace fs = std::filesystem;

namespace {

using steady = std::chrono::steady_clock;

double seconds_since(steady::time_point begin) { return std::chrono::duration<double>(steady::now() - begin).count(); }

double median(std::vector<double> of) {
  if (of.empty()) return 0;
  const auto middle = of.begin() + static_cast<std::ptrdiff_t>(of.size() / 2);
  std::nth_element(of.begin(), middle, of.end());
  return *middle;
}

struct measured {
  double rate = 0, p50_us = 0;
};

/// The dearest event of a check-in: an answer, which seven of the views fold. A question of its own each, 500 patients
/// in turn.
draft draft_number(std::uint64_t n) {
  constexpr std::uint64_t time_ms = 1'700'000'000'000;
  eligibility_answered answered;
  answered.question = make_id(time_ms, n, 1);
  answered.patient = make_id(time_ms, n % 500, 2);
  answered.answer.judged = validity::valid;
  insurance one;
  one.name = "架空　花子";
  answered.answer.insurances = personal{std::vector{one}};
  draft made;
  made.events.push_back(make_draft(answered, "desk-1"));
  return made;
}

/// Keeps a number of appends under way: each answer sends the next.
class closed_loop {
public:
  closed_loop(storage::journal& to, std::uint64_t in_flight) : to_(to), in_flight_(in_flight) {}

  /// Until @p length is over, or @p count were sent, and until the views have followed: what they cost is not left to
  /// others. Events are numbered from @p first on, which is moved along.
  result<measured> run(std::uint64_t& first, std::chrono::duration<double> length,
                       std::uint64_t count = ~std::uint64_t{0}) {
    const auto begin = steady::now();
    std::unique_lock lock(mutex_);
    while (steady::now() - begin < length && sent_ < count && !why_) {
      if (sent_ - answered_ >= in_flight_) {
        changed_.wait(lock);
        continue;
      }
      ++sent_;
      lock.unlock();
      auto what = draft_number(first++);
      const auto at = steady::now();
      to_.append(std::move(what), [this, at](const result<storage::appended>& landed) { answer(at, landed); });
      lock.lock();
    }
    changed_.wait(lock, [this] { return answered_ == sent_; });
    if (why_) return failure(*why_);
    if (auto written = to_.write_rows(); !written) return failure(written.error());
    return measured{static_cast<double>(answered_) / seconds_since(begin), median(waits_us_)};
  }

private:
  void answer(steady::time_point at, const result<storage::appended>& landed) {
    const auto us = seconds_since(at) * 1e6;
    const std::lock_guard lock(mutex_);
    if (!landed) why_ = landed.error();
    if (waits_us_.size() < 1'000'000) waits_us_.push_back(us);
    ++answered_;
    // Woken once half may be sent again: the sender makes a batch, not one at a time.
    if (sent_ - answered_ <= in_flight_ / 2) changed_.notify_one();
  }

  storage::journal& to_;
  const std::uint64_t in_flight_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t sent_ = 0, answered_ = 0;
  std::vector<double> waits_us_;
  std::optional<error> why_;
};

storage::journal_options journal_in(const fs::path& folder) {
  storage::journal_options o;
  o.folder = folder;
  o.node = "hub";
  o.now_ms = [] { return std::uint64_t{1'700'000'000'000}; };
  o.keys = storage::key_access{storage::default_key_folder(folder), {}};
  return o;
}

result<std::unique_ptr<storage::journal>> open_journal(const fs::path& folder) {
  const auto keys = storage::default_key_folder(folder);
  if (!storage::holds_keys(keys))
    if (auto made = storage::make_key_folder(keys); !made) return failure(made.error());
  return storage::journal::open(journal_in(folder), storage::all_views());
}

std::string noise(std::size_t size) {
  std::string octets(size, '\0');
  std::mt19937_64 chance{20261126};
  std::ranges::generate(octets, [&] { return static_cast<char>(chance()); });
  return octets;
}

/// Bare RocksDB: batches of @p in_flight rows, each as large as all that the journal writes for one append, one sync
/// each, in one table and nothing else, with the store's own options.
class bare_rocksdb {
public:
  static result<std::unique_ptr<bare_rocksdb>> open(const fs::path& folder) {
    auto opened = storage::store::open({folder, {"entries"}, false, 32u << 20, 1u << 20, nullptr});
    if (!opened) return failure(opened.error());
    return std::unique_ptr<bare_rocksdb>{new bare_rocksdb(std::move(*opened))};
  }
  result<measured> run(std::uint64_t in_flight, std::size_t row_bytes, double seconds) {
    const std::string row = noise(row_bytes);
    std::vector<double> waits;
    const auto first = n_;
    const auto begin = steady::now();
    while (seconds_since(begin) < seconds) {
      const auto at = steady::now();
      storage::store::batch batch;
      for (std::uint64_t i = 0; i < in_flight; ++i)
        store_->put(batch, 0, storage::index_key(++n_), row);
      if (auto done = store_->commit(batch); !done) return failure(done.error());
      waits.push_back(seconds_since(at) * 1e6);
    }
    return measured{static_cast<double>(n_ - first) / seconds_since(begin), median(std::move(waits))};
  }

private:
  explicit bare_rocksdb(std::unique_ptr<storage::store> opened) : store_(std::move(opened)) {}
  std::unique_ptr<storage::store> store_;
  std::uint64_t n_ = 0;
};

/// A bare file that is there already, filled and synced: the same bytes over what it holds, one fdatasync each.
class bare_file {
public:
  explicit bare_file(fs::path name) : name_(std::move(name)) {
    std::ofstream(name_, std::ios::binary) << std::string(filled_bytes, '\0');
    fd_ = ::open(name_.c_str(), O_RDWR | O_CLOEXEC);
    good_ = fd_ >= 0 && ::fsync(fd_) == 0;
  }
  ~bare_file() { ::close(fd_); }
  bare_file(const bare_file&) = delete;
  bare_file& operator=(const bare_file&) = delete;

  result<measured> run(std::uint64_t in_flight, std::size_t row_bytes, double seconds) {
    const std::string rows = noise(row_bytes * in_flight);
    std::vector<double> waits;
    std::uint64_t n = 0;
    const auto begin = steady::now();
    while (good_ && seconds_since(begin) < seconds) {
      const auto at = steady::now();
      if (end_ + rows.size() > filled_bytes) end_ = 0;
      good_ = ::pwrite(fd_, rows.data(), rows.size(), static_cast<off_t>(end_)) == static_cast<ssize_t>(rows.size()) &&
              ::fdatasync(fd_) == 0;
      end_ += rows.size();
      n += in_flight;
      waits.push_back(seconds_since(at) * 1e6);
    }
    if (!good_) return failure(error_code::write_failed, name_.string(), std::strerror(errno));
    return measured{static_cast<double>(n) / seconds_since(begin), median(std::move(waits))};
  }

private:
  static constexpr std::size_t filled_bytes = 32u << 20;
  const fs::path name_;
  int fd_ = -1;
  bool good_ = false;
  std::size_t end_ = 0;
};

/// The three in turn, again and again: whatever else this machine does, it does to neighbours alike.
result<journal_rates> measure(const journal_bench_options& o, storage::journal& journal, std::uint64_t& number,
                              std::uint64_t in_flight) {
  const auto seconds = static_cast<double>(o.slice_tenths) / 10;
  auto rocks = bare_rocksdb::open(o.data / ("bare-" + std::to_string(in_flight)));
  if (!rocks) return failure(rocks.error());
  bare_file file{o.data / "bare.file"};
  std::vector<double> ours, theirs, syncs, waits, sync_waits, of_rocksdb, of_sync;
  const auto at_first = journal.counts();
  for (std::uint64_t round = 0; round < o.rounds; ++round) {
    const auto before = journal.counts();
    const auto mine = closed_loop(journal, in_flight).run(number, std::chrono::duration<double>(seconds));
    if (!mine) return failure(mine.error());
    const auto after = journal.counts();
    const auto row = (after.bytes - before.bytes) / std::max<std::uint64_t>(1, after.events - before.events);
    const auto bare = (*rocks)->run(in_flight, row, seconds);
    if (!bare) return failure(bare.error());
    const auto sync = file.run(in_flight, row, seconds);
    if (!sync) return failure(sync.error());
    ours.push_back(mine->rate);
    theirs.push_back(bare->rate);
    syncs.push_back(sync->rate);
    waits.push_back(mine->p50_us);
    sync_waits.push_back(sync->p50_us);
    of_rocksdb.push_back(mine->rate / bare->rate);
    of_sync.push_back(mine->p50_us / sync->p50_us);
  }
  const auto at_last = journal.counts();
  const auto appends = static_cast<double>(at_last.appends - at_first.appends);
  return journal_rates{in_flight,
                       median(ours),
                       median(theirs),
                       median(syncs),
                       median(of_rocksdb),
                       median(waits),
                       median(sync_waits),
                       median(of_sync),
                       appends / static_cast<double>(std::max<std::uint64_t>(1, at_last.syncs - at_first.syncs)),
                       static_cast<double>(at_last.bytes - at_first.bytes) / appends};
}

double resident_mib() {
  std::uint64_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

struct history {
  double half_mib = 0, full_mib = 0, start_seconds = 0, replayed_per_second = 0;
};

/// Reads all of @p journal in pages, in clear, as a subscriber that begins at 1 is sent it.
result<double> measure_replay(const storage::journal& journal) {
  const auto begin = steady::now();
  std::uint64_t read = 0;
  for (std::uint64_t next = 1; next <= journal.head();) {
    const auto page = journal.read(next, 1000);
    if (!page) return failure(page.error());
    read += page->events.size();
    next = page->next;
  }
  return static_cast<double>(read) / seconds_since(begin);
}

/// Fills a journal, looks at the memory half way and at the end, opens it again, and reads it from its beginning.
result<history> measure_history(const fs::path& folder, std::uint64_t events) {
  auto opened = open_journal(folder);
  if (!opened) return failure(opened.error());
  history seen;
  std::uint64_t number = 0;
  for (auto* mib : {&seen.half_mib, &seen.full_mib}) {
    const auto filled = closed_loop(**opened, 512).run(number, std::chrono::hours(24), events / 2);
    if (!filled) return failure(filled.error());
    *mib = resident_mib();
  }
  opened->reset();
  const auto begin = steady::now();
  opened = open_journal(folder);
  if (!opened) return failure(opened.error());
  seen.start_seconds = seconds_since(begin);
  const auto replayed = measure_replay(**opened);
  if (!replayed) return failure(replayed.error());
  seen.replayed_per_second = *replayed;
  return seen;
}

void print(const journal_rates& r, bool json, std::ostream& out) {
  if (json)
    out << "{\"in_flight\":" << r.in_flight << ",\"journal\":" << r.journal << ",\"rocksdb\":" << r.rocksdb
        << ",\"of_rocksdb\":" << r.of_rocksdb << ",\"bare_sync\":" << r.bare_sync << ",\"p50_us\":" << r.p50_us
        << ",\"sync_p50_us\":" << r.sync_p50_us << ",\"of_sync\":" << r.of_sync
        << ",\"appends_per_sync\":" << r.appends_per_sync << ",\"bytes\":" << r.bytes << "}\n";
  else
    out << r.in_flight << " in flight: " << std::fixed << std::setprecision(0) << r.journal << " appends/s, "
        << std::setprecision(2) << r.of_rocksdb << " of bare RocksDB (" << std::setprecision(0) << r.rocksdb
        << "); p50 " << r.p50_us << " us, " << std::setprecision(2) << r.of_sync << " of a bare fdatasync ("
        << std::setprecision(0) << r.sync_p50_us << " us, " << r.bare_sync << "/s); " << std::setprecision(1)
        << r.appends_per_sync << " appends a sync, " << std::setprecision(0) << r.bytes << " bytes each\n";
  out.flush();
}

} // namespace

result<void> bench_journal(const journal_bench_options& options, std::ostream& out) {
  {
    auto journal = open_journal(options.data / "journal");
    if (!journal) return failure(journal.error());
    if (!options.json)
      out << "the journal (sealed, chained, with its views) beside bare RocksDB batches and bare fdatasyncs of the "
             "same "
             "bytes on the same\nkind of file (zeros that are there already); medians of "
          << options.rounds << " rounds in turn, ratios of neighbours\n";
    std::uint64_t number = 0;
    for (const auto in_flight : options.in_flight) {
      const auto rates = measure(options, **journal, number, in_flight);
      if (!rates) return failure(rates.error());
      print(*rates, options.json, out);
    }
  }
  if (options.events == 0) return {};
  const auto seen = measure_history(options.data / "history", options.events);
  if (!seen) return failure(seen.error());
  if (options.json)
    out << "{\"events\":" << options.events << ",\"start_seconds\":" << seen->start_seconds
        << ",\"half_mib\":" << seen->half_mib << ",\"full_mib\":" << seen->full_mib
        << ",\"replayed_per_second\":" << seen->replayed_per_second << "}\n";
  else
    out << options.events << " events: start-up " << seen->start_seconds << " s; resident " << seen->half_mib
        << " MiB half way, " << seen->full_mib << " MiB at the end; replay " << std::fixed << std::setprecision(0)
        << seen->replayed_per_second << " events/s\n";
  return {};
}

} // namespace tools
