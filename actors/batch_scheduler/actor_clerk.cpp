// The clerk's thread.
#include "actors/batch_scheduler/actor_clerk.hpp"

#include "drivers/line/xml_messages.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <chrono>

namespace batch_scheduler {

using namespace messages;
namespace line = drivers::line;

namespace {

constexpr int niceness = 10;
constexpr std::chrono::seconds durable_wait_max{60}; ///< for what was told to become durable

line::bulk_kind line_kind(batch_kind kind) {
  switch (kind) {
  case batch_kind::eligibility: return line::bulk_kind::eligibility;
  case batch_kind::home_visit_persons: return line::bulk_kind::home_visit_persons;
  case batch_kind::online_persons: return line::bulk_kind::online_persons;
  case batch_kind::home_visit_consented: return line::bulk_kind::home_visit_consented;
  case batch_kind::online_consented: return line::bulk_kind::online_consented;
  case batch_kind::medical_assistance: return line::bulk_kind::medical_assistance;
  }
  return line::bulk_kind::eligibility;
}

std::string row_name(std::size_t n) { return "r" + std::to_string(n); }
std::optional<std::size_t> row_number(const std::string& name) {
  std::size_t n = 0;
  const auto* end = name.data() + name.size();
  if (name.size() < 2 || name.front() != 'r') return std::nullopt;
  const auto read = std::from_chars(name.data() + 1, end, n);
  return read.ec == std::errc{} && read.ptr == end ? std::optional{n} : std::nullopt;
}

} // namespace

answered_unit unit_of(line::wire::confirmed_unit&& unit, const line::wire::header& header) {
  answered_unit told;
  if (unit.searched) told.row = row_number(unit.searched->identifier);
  for (auto& one : unit.insurances) {
    if (one.burden_ratio.empty() && one.elderly) one.burden_ratio = one.elderly->ratio; // 高齢受給者証
    for (const auto& ticket : one.tickets)
      told.ticket_month = std::max(told.ticket_month, ticket.month);
    for (const auto* consent : {&one.drugs, &one.treatment, &one.surgery, &one.checkup})
      if (consent->flag.is(line::consent_state::expired) && told.ended == consent_end::none)
        if (const auto why = consent->reason.known()) told.ended = static_cast<consent_end>(static_cast<int>(*why) + 1);
    told.limit_changed = told.limit_changed || one.changed.is(line::limit_changed::changed_or_unknown);
  }
  if (!unit.insurances.empty()) {
    const auto& one = unit.insurances.front();
    told.searched = {one.insurer, one.symbol, one.number, one.branch, one.birth_date};
    told.reference_number = one.reference_number;
  }
  if (!unit.reference_numbers.empty()) told.reference_number = unit.reference_numbers.front();
  line::wire::confirmation whole;
  whole.header = header;
  whole.status = unit.status;
  whole.result_code = std::move(unit.result_code);
  whole.message = std::move(unit.message);
  whole.validity = unit.validity;
  whole.insurances = std::move(unit.insurances);
  told.answer = line::to_answer(whole);
  return told;
}

clerk::clerk(clerk_options how, const visit_book& book, clerk_hears hears)
    : how_(std::move(how)), book_(book), hears_(std::move(hears)), thread_([this] { run(); }) {}

clerk::~clerk() {
  {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void clerk::post(work what) {
  {
    const std::lock_guard lock{mutex_};
    if (what.what == work::kind::read && what.batch.batch == reading_)
      go_on_ = true;
    else
      waiting_.push_back(std::move(what));
  }
  changed_.notify_all();
}

void clerk::run() {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), niceness);
  for (;;) {
    work next;
    {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [&] { return stopped_ || !waiting_.empty(); });
      if (stopped_) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    carry_out(next);
  }
}

void clerk::carry_out(const work& what) {
  switch (what.what) {
  case work::kind::build: return build(what);
  case work::kind::upload: return upload(what);
  case work::kind::collect: return collect(what);
  case work::kind::take: return take(what);
  case work::kind::read: return read(what);
  }
}

// -- the request ---------------------------------------------------------------------------------------------------

/// The rows with what is known of each person now; whoever cannot be sent is told and left out.
result<line::bulk_request> clerk::gather(const work& what, built& made) const {
  line::bulk_request request{what.batch.batch, line_kind(what.batch.kind), what.batch.confirmed_on, {}};
  if (what.rows->empty()) {
    request.rows = decltype(request.rows){line::bulk_period{what.batch.from, what.batch.to, false}};
    return request;
  }
  std::vector<line::listed_person> persons;
  persons.reserve(what.rows->size());
  for (std::size_t n = 0; n < what.rows->size(); ++n) {
    const auto& patient = (*what.rows)[n].patient;
    const auto known = book_.of(patient);
    if (!known) {
      made.unfit.push_back({patient, {error_code::missing_value, {"patient"}}});
      continue;
    }
    if (const auto sendable = line::to_search(known->who.person, ""); !sendable)
      made.unfit.push_back({patient, sendable.error()});
    else
      persons.push_back({known->who.person, row_name(n)});
  }
  made.rows = persons.size();
  request.rows = decltype(request.rows){std::move(persons)};
  return request;
}

void clerk::build(const work& what) {
  built made;
  auto request = gather(what, made);
  if (!request) return hears_.built_it(what.batch.batch, failure(request.error()));
  const bool nobody = made.rows == 0 && !what.rows->empty();
  if (what.batch.by_hand && !nobody) {
    const auto saved = line::save_for_upload(how_.institution, *request, how_.by_hand, line::facts::usual());
    if (!saved) return hears_.built_it(what.batch.batch, failure(saved.error()));
    made.file = saved->filename().string();
  } else if (!nobody)
    built_.insert_or_assign(what.batch.batch, std::move(*request));
  hears_.built_it(what.batch.batch, std::move(made));
}

void clerk::upload(const work& what) {
  auto request = built_.extract(what.batch.batch);
  if (request.empty()) { // after a retry: it went once and nothing of it left
    built ignored;
    auto again = gather(what, ignored);
    if (!again) return hears_.uploaded(what.batch.batch, failure(error_code::line_down, "gather"));
    built_.emplace(what.batch.batch, std::move(*again));
    request = built_.extract(what.batch.batch);
  }
  how_.line->request_bulk(std::move(request.mapped()), how_.wait_ms_max,
                          [heard = hears_.uploaded, batch = what.batch.batch](result<line::bulk_acceptance> came) {
                            if (came)
                              heard(batch, came->reception_number);
                            else
                              heard(batch, failure(came.error()));
                          });
}

// -- the result ----------------------------------------------------------------------------------------------------

void clerk::opened(const id& batch, result<line::bulk_answer> came) {
  if (!came) return hears_.collected(batch, failure(came.error()));
  if (!came->units) return hears_.collected(batch, std::optional<std::uint64_t>{});
  const auto units = came->units->units();
  {
    const std::lock_guard lock{mutex_};
    results_.insert_or_assign(batch, came->units);
  }
  hears_.collected(batch, std::optional{units});
}

void clerk::collect(const work& what) {
  // the completion may come after this clerk: it goes through the actor, which outlives neither
  struct arrival {
    std::mutex mutex;
    std::condition_variable there;
    std::optional<result<line::bulk_answer>> came;
  };
  const auto waits = std::make_shared<arrival>();
  how_.line->collect_bulk({what.question, line_kind(what.batch.kind), what.batch.reception_number}, how_.wait_ms_max,
                          [waits](result<line::bulk_answer> came) {
                            const std::lock_guard lock{waits->mutex};
                            waits->came = std::move(came);
                            waits->there.notify_all();
                          });
  std::unique_lock lock{waits->mutex};
  for (;;) {
    if (waits->there.wait_for(lock, std::chrono::milliseconds{200}, [&] { return waits->came.has_value(); })) break;
    const std::lock_guard stop{mutex_};
    if (stopped_) return;
  }
  opened(what.batch.batch, std::move(*waits->came));
}

void clerk::take(const work& what) {
  opened(what.batch.batch, line::take_downloaded(how_.institution, line_kind(what.batch.kind), how_.by_hand / what.file,
                                                 how_.zip_password, line::facts::usual()));
}

/// Tells a piece and waits until it is durable; false: somebody stopped it.
bool clerk::tell_units(const id& batch, std::vector<answered_unit>& units) {
  const auto began = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock{mutex_};
    go_on_ = false;
  }
  hears_.units(batch, std::exchange(units, {}));
  {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, durable_wait_max, [&] { return stopped_ || go_on_; }) || stopped_) return false;
  }
  if (how_.rests) std::this_thread::sleep_for(std::chrono::steady_clock::now() - began);
  return true;
}

void clerk::read(const work& what) {
  const auto& batch = what.batch.batch;
  std::shared_ptr<const line::bulk_document> result_of;
  {
    const std::lock_guard lock{mutex_};
    if (const auto found = results_.find(batch); found != results_.end()) result_of = found->second;
    results_.erase(batch);
    reading_ = batch;
  }
  if (!result_of) return hears_.read(batch, failure(error_code::line_unreadable, "the result is gone"));
  std::vector<answered_unit> units;
  bool stopped = false;
  const auto read = result_of->each_confirmed([&](line::wire::confirmed_unit&& unit) {
    auto told = unit_of(std::move(unit), result_of->header());
    if (told.row && *told.row < what.rows->size()) told.known = book_.of((*what.rows)[*told.row].patient);
    units.push_back(std::move(told));
    if (units.size() >= how_.units_at_once) stopped = !tell_units(batch, units);
    return !stopped;
  });
  if (read && !stopped && !units.empty()) stopped = !tell_units(batch, units);
  {
    const std::lock_guard lock{mutex_};
    reading_ = {};
    if (stopped_) return;
  }
  if (stopped)
    hears_.read(batch, failure(error_code::deadline_passed, "journal"));
  else
    hears_.read(batch, read);
}

} // namespace batch_scheduler
