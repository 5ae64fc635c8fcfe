// `uketsuke bench journal`: the journal as a node opens it, a bare table of RocksDB, and a bare file, in turns.
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
#include <mutex>
#include <ostream>

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

/// One event of a check-in with personal values, about 300 bytes once it is an entry; 500 patients in turn.
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

  /// Until @p length is over, or @p count were sent.
  result<measured> run(std::chrono::duration<double> length, std::uint64_t count = ~std::uint64_t{0}) {
    const auto begin = steady::now();
    std::unique_lock lock(mutex_);
    while (steady::now() - begin < length && sent_ < count && !why_) {
      if (sent_ - answered_ >= in_flight_) {
        changed_.wait(lock);
        continue;
      }
      const auto n = sent_++;
      lock.unlock();
      const auto at = steady::now();
      to_.append(draft_number(n), [this, at](const result<storage::appended>& landed) { answer(at, landed); });
      lock.lock();
    }
    changed_.wait(lock, [this] { return answered_ == sent_; });
    if (why_) return failure(*why_);
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

/// Batches of @p in_flight rows as large as the journal's entries, one sync each, in one table and nothing else.
result<measured> bare_rocksdb(const fs::path& folder, std::uint64_t in_flight, std::size_t row_bytes, double seconds) {
  auto opened = storage::store::open({folder, {"entries"}, false, 32u << 20, 1u << 20, nullptr});
  if (!opened) return failure(opened.error());
  const std::string row(row_bytes, 'x');
  std::vector<double> waits;
  std::uint64_t n = 0;
  const auto begin = steady::now();
  while (seconds_since(begin) < seconds) {
    const auto at = steady::now();
    storage::store::batch batch;
    for (std::uint64_t i = 0; i < in_flight; ++i)
      (*opened)->put(batch, 0, storage::index_key(++n), row);
    if (auto done = (*opened)->commit(batch); !done) return failure(done.error());
    waits.push_back(seconds_since(at) * 1e6);
  }
  return measured{static_cast<double>(n) / seconds_since(begin), median(std::move(waits))};
}

/// The same bytes over the zeros of a file that is there already, one fdatasync each.
result<measured> bare_sync(const fs::path& file, std::uint64_t in_flight, std::size_t row_bytes, double seconds) {
  constexpr std::size_t filled = 32u << 20;
  std::ofstream(file, std::ios::binary) << std::string(filled, '\0');
  const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0 || ::fsync(fd) != 0) return failure(error_code::write_failed, file.string(), std::strerror(errno));
  const std::string rows(row_bytes * in_flight, 'x');
  std::vector<double> waits;
  bool good = true;
  std::size_t written = 0;
  std::uint64_t n = 0;
  const auto begin = steady::now();
  while (good && seconds_since(begin) < seconds) {
    const auto at = steady::now();
    if (written + rows.size() > filled) written = 0;
    good = ::pwrite(fd, rows.data(), rows.size(), static_cast<off_t>(written)) == static_cast<ssize_t>(rows.size()) &&
           ::fdatasync(fd) == 0;
    written += rows.size();
    n += in_flight;
    waits.push_back(seconds_since(at) * 1e6);
  }
  ::close(fd);
  if (!good) return failure(error_code::write_failed, file.string(), std::strerror(errno));
  return measured{static_cast<double>(n) / seconds_since(begin), median(std::move(waits))};
}

result<journal_rates> measure(const journal_bench_options& o, storage::journal& journal, std::uint64_t in_flight) {
  const auto seconds = static_cast<double>(o.seconds_tenths) / 10;
  std::vector<double> ours, theirs, syncs, waits, sync_waits;
  for (std::uint64_t round = 0; round < o.rounds; ++round) {
    const auto before = journal.counts();
    const auto mine = closed_loop(journal, in_flight).run(std::chrono::duration<double>(seconds));
    if (!mine) return failure(mine.error());
    const auto after = journal.counts();
    const auto events = std::max<std::uint64_t>(1, after.events - before.events);
    const auto row = static_cast<std::size_t>((after.bytes - before.bytes) / events);
    fs::remove_all(o.data / "bare");
    const auto bare = bare_rocksdb(o.data / "bare", in_flight, row, seconds);
    if (!bare) return failure(bare.error());
    const auto sync = bare_sync(o.data / "bare.file", in_flight, row, seconds);
    if (!sync) return failure(sync.error());
    ours.push_back(mine->rate);
    theirs.push_back(bare->rate);
    syncs.push_back(sync->rate);
    waits.push_back(mine->p50_us);
    sync_waits.push_back(sync->p50_us);
  }
  return journal_rates{in_flight, median(ours), median(theirs), median(syncs), median(waits), median(sync_waits)};
}

double resident_mib() {
  std::uint64_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

struct history {
  double half_mib = 0, full_mib = 0, start_seconds = 0;
};

/// Fills a journal, looks at the memory half way and at the end, and opens it again.
result<history> measure_history(const fs::path& folder, std::uint64_t events) {
  auto opened = open_journal(folder);
  if (!opened) return failure(opened.error());
  history seen;
  for (auto* mib : {&seen.half_mib, &seen.full_mib}) {
    const auto filled = closed_loop(**opened, 512).run(std::chrono::hours(24), events / 2);
    if (!filled) return failure(filled.error());
    *mib = resident_mib();
  }
  opened->reset();
  const auto begin = steady::now();
  opened = open_journal(folder);
  if (!opened) return failure(opened.error());
  seen.start_seconds = seconds_since(begin);
  return seen;
}

void print(const journal_rates& r, bool json, std::ostream& out) {
  if (json)
    out << "{\"in_flight\":" << r.in_flight << ",\"journal\":" << r.journal << ",\"rocksdb\":" << r.rocksdb
        << ",\"bare_sync\":" << r.bare_sync << ",\"p50_us\":" << r.journal_p50_us << ",\"sync_p50_us\":"
        << r.sync_p50_us << "}\n";
  else
    out << r.in_flight << " in flight: " << r.journal << " appends/s; " << r.journal / r.rocksdb
        << " of bare RocksDB (" << r.rocksdb << "), " << r.journal / r.bare_sync << " of bare fdatasync ("
        << r.bare_sync << "); p50 " << r.journal_p50_us << " us, " << r.journal_p50_us / r.sync_p50_us
        << " of fdatasync's " << r.sync_p50_us << " us\n";
  out.flush();
}

} // namespace

result<void> bench_journal(const journal_bench_options& options, std::ostream& out) {
  {
    auto journal = open_journal(options.data / "journal");
    if (!journal) return failure(journal.error());
    for (const std::uint64_t in_flight : {1, 8, 64, 512}) {
      const auto rates = measure(options, **journal, in_flight);
      if (!rates) return failure(rates.error());
      print(*rates, options.json, out);
    }
  }
  if (options.events == 0) return {};
  const auto seen = measure_history(options.data / "history", options.events);
  if (!seen) return failure(seen.error());
  if (options.json)
    out << "{\"events\":" << options.events << ",\"start_seconds\":" << seen->start_seconds
        << ",\"half_mib\":" << seen->half_mib << ",\"full_mib\":" << seen->full_mib << "}\n";
  else
    out << options.events << " events: start-up " << seen->start_seconds << " s; resident " << seen->half_mib
        << " MiB half way, " << seen->full_mib << " MiB at the end\n";
  return {};
}

} // namespace tools
