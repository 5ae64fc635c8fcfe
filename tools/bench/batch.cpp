// Measures a batch of a whole hub, with people checking in one after another all the while.
#include "tools/bench/batch.hpp"

#include "actors/batch_scheduler/calendar.hpp"
#include "drivers/line/insured_persons.hpp"
#include "tools/bench/figures.hpp"
#include "tools/bench/one_process.hpp"
#include "tools/hub_client.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <iomanip>
#include <iostream>
#include <vector>

namespace tools {

using namespace messages;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

namespace {

constexpr auto scheduler = "batch_scheduler";
double seconds_since(steady::time_point begin) { return std::chrono::duration<double>(steady::now() - begin).count(); }

struct measured {
  double import_s = 0, plan_s = 0, accepted_s = 0, listed_s = 0;
  std::vector<double> alone_us, meanwhile_us;
  std::uint64_t answered = 0, missing = 0;
  double people_mb = 0; ///< before the first check-in: the simulated centre's people, above all
};

/// Says on stderr how far it is: in one line of a terminal, else a line every two seconds and when a phase ends.
class progress {
public:
  explicit progress(std::uint64_t of) : of_(of) {}
  ~progress() {
    if (terminal_) std::cerr << '\n';
  }
  void tell(const char* phase, std::uint64_t done, const std::string& more = {}) {
    const auto now = steady::now();
    if (done < of_ && phase == phase_ && now - told_ < (terminal_ ? 100ms : 2'000ms)) return;
    phase_ = phase;
    told_ = now;
    std::cerr << (terminal_ ? "\r" : "") << std::fixed << std::setprecision(1) << seconds_since(begun_) << " s  "
              << phase << ' ' << done << " / " << of_ << "  " << more << (terminal_ ? "        " : "\n")
              << std::flush;
  }

private:
  std::uint64_t of_;
  bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  steady::time_point begun_ = steady::now(), told_;
  const char* phase_ = nullptr;
};

double peak_memory_mb() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  return static_cast<double>(use.ru_maxrss) / 1024;
}

/// People whom the batches' centre knows, expected tomorrow.
result<void> import_people(const batch_bench_options& o, const one_process_clinic& clinic, measured& m,
                           progress& shown) {
  const auto now_ms = fresh_id().time_ms();
  const auto day = batch_scheduler::text_of(batch_scheduler::night_of(now_ms) + std::chrono::days{1});
  const auto begin = steady::now();
  take_visits part;
  for (std::size_t n = 0; n < o.rows; ++n) {
    const auto seen = drivers::line::insured_persons::made_from(1, n).insurances.front().seen;
    visit_wanted row{care::outpatient, day, "", "", "desk-1", false, {}};
    row.who = personal{visitor{"B-" + std::to_string(n),
                               seen.name,
                               seen.name_kana,
                               {seen.insurer, seen.symbol, seen.number, seen.branch, seen.birth_date},
                               false}};
    part.rows.push_back(std::move(row));
    if (part.rows.size() < 250 && n + 1 < o.rows) continue;
    const auto taken = ask_hub(clinic.run_folder(), scheduler, part, 60'000);
    if (!taken) return failure(taken.error());
    if (!taken->refused.empty()) return failure(error_code::wrong_value, "rows", taken->refused.front());
    shown.tell("imported", n + 1);
    part.rows.clear();
  }
  m.import_s = seconds_since(begin);
  return {};
}

result<void> check_in_once(one_process_clinic& clinic, std::vector<double>& into) {
  const auto took = clinic.check_in();
  if (!took) return failure(clinic.failed().value_or(error{error_code::deadline_passed, {"check-in"}}));
  into.push_back(std::chrono::duration<double, std::micro>(took->whole - took->others).count());
  return {};
}

/// So many check-ins one after another, with nothing else to do for the hub.
result<void> check_in_alone(std::size_t count, one_process_clinic& clinic, measured& m) {
  for (std::size_t n = 0; n < count; ++n)
    if (auto done = check_in_once(clinic, m.alone_us); !done) return done;
  return {};
}

/// How far the batches are; true when the last answer is listed.
result<bool> look(const one_process_clinic& clinic, measured& m, double seconds) {
  const auto list = ask_hub(clinic.run_folder(), scheduler, list_batches{}, 60'000);
  if (!list) return failure(list.error());
  std::uint64_t waiting = 0, open = 0;
  m.answered = m.missing = 0;
  for (const auto& b : list->rows) {
    if (b.now == batch_state::failed || b.now == batch_state::doubtful)
      return failure(error_code::outcome_unknown, "batch " + b.error);
    waiting += b.reception_number.empty();
    open += b.now != batch_state::listed;
    m.answered += b.answered;
    m.missing += b.missing;
  }
  if (waiting == 0 && m.accepted_s == 0) m.accepted_s = seconds;
  return open == 0;
}

/// Asks about everybody, and lets people check in until the last answer is listed.
result<void> ask_about_all(const batch_bench_options& o, one_process_clinic& clinic, measured& m, progress& shown) {
  const auto begin = steady::now();
  const auto begun = ask_hub(clinic.run_folder(), scheduler, send_batches{}, 60'000);
  if (!begun) return failure(begun.error());
  m.plan_s = seconds_since(begin);
  if (begun->rows != o.rows) return failure(error_code::wrong_value, "planned", std::to_string(begun->rows));
  for (auto next_look = begin; seconds_since(begin) < static_cast<double>(o.seconds_max);) {
    if (auto done = check_in_once(clinic, m.meanwhile_us); !done) return done;
    if (steady::now() < next_look) continue;
    const auto over = look(clinic, m, seconds_since(begin));
    if (!over) return failure(over.error());
    shown.tell(m.accepted_s == 0 ? "sent off, answered" : "answered", m.answered,
               std::to_string(m.meanwhile_us.size()) + " check-ins meanwhile");
    m.listed_s = seconds_since(begin);
    if (*over) return {};
    next_look = steady::now() + 500ms;
  }
  return failure(error_code::deadline_passed, "batch");
}

void print(const batch_bench_options& o, const measured& m, std::ostream& out) {
  const auto rows = static_cast<double>(o.rows), answered = static_cast<double>(m.answered);
  const auto alone = percentile(m.alone_us, 0.99), meanwhile = percentile(m.meanwhile_us, 0.99);
  if (o.json) {
    out << "{\"rows\":" << o.rows << ",\"import_rows_per_second\":" << rows / m.import_s << ",\"plan_s\":" << m.plan_s
        << ",\"accepted_s\":" << m.accepted_s << ",\"listed_s\":" << m.listed_s
        << ",\"rows_per_second\":" << answered / m.listed_s << ",\"answered\":" << m.answered
        << ",\"alone_us_p99\":" << alone << ",\"meanwhile_us_p99\":" << meanwhile << ",\"ratio\":" << meanwhile / alone
        << ",\"memory_mb\":" << peak_memory_mb() << ",\"of_it_people_mb\":" << m.people_mb << "}\n";
    return;
  }
  out << std::fixed << std::setprecision(1) << "people                 " << o.rows << ", " << m.answered
      << " answered, " << m.missing << " missing\n"
      << "import                 " << rows / m.import_s << " rows a second\n"
      << "plan                   " << m.plan_s << " s\n"
      << "files taken in after   " << m.accepted_s << " s\n"
      << "listed after           " << m.listed_s << " s, " << answered / m.listed_s << " rows a second\n"
      << "check-in alone         p50 " << percentile(m.alone_us, 0.5) << " us   p99 " << alone << " us   ("
      << m.alone_us.size() << ")\n"
      << "check-in meanwhile     p50 " << percentile(m.meanwhile_us, 0.5) << " us   p99 " << meanwhile << " us   ("
      << m.meanwhile_us.size() << ")\n"
      << std::setprecision(2) << "p99 meanwhile / alone  " << meanwhile / alone << "   (1.2 at most is asked for)\n"
      << std::setprecision(0) << "memory, peak           " << peak_memory_mb() << " MB, of these " << m.people_mb
      << " MB before the first check-in (the simulated centres' people)\n";
}

} // namespace

result<void> bench_batch(const batch_bench_options& options, std::ostream& out) {
  one_process_options how;
  how.data = options.data;
  how.persons = options.persons;
  how.batch_people = options.rows;
  how.rows_per_file = options.rows_per_file;
  auto opened = one_process_clinic::open(std::move(how));
  if (!opened) return failure(opened.error());
  auto& clinic = **opened;
  measured m;
  m.people_mb = peak_memory_mb();
  std::vector<double> warm;
  for (int n = 0; n < 20; ++n)
    if (auto done = check_in_once(clinic, warm); !done) return done;
  progress shown{options.rows};
  if (auto done = import_people(options, clinic, m, shown); !done) return done;
  shown.tell("check-ins alone, answered", 0);
  if (auto done = check_in_alone(options.checkins, clinic, m); !done) return done; // before and after: the journal grew
  const auto all = ask_about_all(options, clinic, m, shown);
  if (!all && all.error().code != error_code::deadline_passed) return all;
  if (all)
    if (auto done = check_in_alone(options.checkins, clinic, m); !done) return done;
  print(options, m, out); // when time is over: of those who were answered so far
  return all;
}

} // namespace tools
