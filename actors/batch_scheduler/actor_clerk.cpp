// The clerk's thread.
#include "actors/batch_scheduler/actor_clerk.hpp"

#include "drivers/line/xml_messages.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <utility>

namespace batch_scheduler {

using namespace messages;
namespace line = drivers::line;

namespace {

constexpr int niceness = 10;
constexpr std::size_t gathered_at_once = 256; ///< persons looked up in the views between two looks at the desks
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

care care_asked_for(batch_kind kind) {
  return kind == batch_kind::home_visit_persons ? care::home_visit
         : kind == batch_kind::online_persons   ? care::online
                                                : care::outpatient;
}

/// The identifier under which the batch asks about one person, also after a crash: never under another.
id question_of(const id& batch, std::size_t row) {
  auto question = batch;
  auto n = row + 1;
  for (auto at = question.bytes.rbegin(); n > 0; ++at, n >>= 8)
    *at = static_cast<std::uint8_t>(*at ^ (n & 0xFF));
  return question;
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
  case work::kind::find: return find(what);
  case work::kind::ask: return ask(what);
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
    if (n % gathered_at_once == 0) yield_to_desks();
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
  } else if (!nobody && !what.batch.singly)
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

/// Waits for what @p begin asks of the line; nothing when this clerk is stopped first.
template <class T>
std::optional<result<T>> clerk::await(const std::function<void(drivers::line::completion<T>)>& begin) {
  struct arrival { // the completion may come after this clerk
    std::mutex mutex;
    std::condition_variable there;
    std::optional<result<T>> came;
  };
  const auto waits = std::make_shared<arrival>();
  begin([waits](result<T> came) {
    const std::lock_guard lock{waits->mutex};
    waits->came = std::move(came);
    waits->there.notify_all();
  });
  std::unique_lock lock{waits->mutex};
  for (;;) {
    if (waits->there.wait_for(lock, std::chrono::milliseconds{200}, [&] { return waits->came.has_value(); }))
      return std::move(waits->came);
    const std::lock_guard stop{mutex_};
    if (stopped_) return std::nullopt;
  }
}

void clerk::collect(const work& what) {
  how_.line->kept(what.batch.batch); // its acceptance is durable
  auto came = await<line::bulk_answer>([&](auto done) {
    how_.line->collect_bulk({what.question, line_kind(what.batch.kind), what.batch.reception_number},
                            how_.wait_ms_max, std::move(done));
  });
  if (came) opened(what.batch.batch, std::move(*came));
}

void clerk::find(const work& what) {
  const auto came = await<line::bulk_acceptance>([&](auto done) {
    how_.line->find_bulk(line_kind(what.batch.kind), what.batch.batch, how_.look_ms_max, std::move(done));
  });
  if (!came) return;
  if (*came)
    hears_.found(what.batch.batch, (*came)->reception_number);
  else
    hears_.found(what.batch.batch, failure(came->error()));
}

void clerk::take(const work& what) {
  opened(what.batch.batch, line::take_downloaded(how_.institution, line_kind(what.batch.kind), how_.by_hand / what.file,
                                                 how_.zip_password, line::facts::usual()));
}

void wait_for_gap(const std::function<std::uint64_t()>& steps, std::chrono::microseconds quiet,
                  std::chrono::milliseconds at_most) {
  using clock = std::chrono::steady_clock;
  constexpr std::chrono::microseconds look{100};
  const auto until = clock::now() + at_most;
  auto seen = steps();
  for (auto since = clock::now(); clock::now() < until;) {
    std::this_thread::sleep_for(look);
    const auto now = steps();
    if (std::exchange(seen, now) != now)
      since = clock::now();
    else if (clock::now() - since >= quiet)
      return;
  }
}

void clerk::yield_to_desks() const {
  if (how_.desk_steps && how_.rests)
    wait_for_gap(how_.desk_steps, std::chrono::microseconds{how_.quiet_us},
                 std::chrono::milliseconds{how_.yield_ms_max});
}

/// Tells a piece and waits until it is durable; false: somebody stopped it.
bool clerk::tell_units(const id& batch, std::vector<answered_unit>& units) {
  using clock = std::chrono::steady_clock;
  auto worked = clock::now() - working_since_;
  yield_to_desks();
  const auto began = clock::now();
  {
    const std::lock_guard lock{mutex_};
    go_on_ = false;
  }
  hears_.units(batch, std::exchange(units, {}));
  {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, durable_wait_max, [&] { return stopped_ || go_on_; }) || stopped_) return false;
  }
  worked += clock::now() - began;
  if (how_.rests) std::this_thread::sleep_for(worked);
  working_since_ = clock::now();
  return true;
}

/// What the line says about the person of row @p n; of whom the batch was answered before a crash, only that. Nothing
/// of whom cannot be asked about, which was told when the rows were gathered. Nothing at all: this clerk is stopped.
std::optional<result<std::optional<answered_unit>>> clerk::ask_about(const work& what, std::size_t n) {
  const auto& patient = (*what.rows)[n].patient;
  answered_unit told;
  told.row = n;
  told.known = book_.of(patient);
  if (!told.known || !line::to_search(told.known->who.person, "")) return std::optional<answered_unit>{};
  if (told.known->last.batch == what.batch.batch) return std::optional{std::move(told)};
  line::typed_question question{question_of(what.batch.batch, n), personal{told.known->who.person}, {},
                                care_asked_for(what.batch.kind), what.batch.confirmed_on};
  auto came = await<line::answer>(
      [&](auto done) { how_.line->ask(std::move(question), how_.one_person_ms_max, std::move(done)); });
  if (!came) return std::nullopt;
  if (!*came && came->error().code != error_code::line_refused && came->error().code != error_code::line_unprocessed)
    return failure(came->error());
  if (!*came) {
    told.refused = came->error();
    return std::optional{std::move(told)};
  }
  auto whole = (*came)->full.reveal();
  const auto header = whole.header;
  line::wire::confirmed_unit unit;
  unit.status = whole.status;
  unit.result_code = std::move(whole.result_code);
  unit.message = std::move(whole.message);
  unit.validity = whole.validity;
  unit.insurances = std::move(whole.insurances);
  auto known = std::move(told.known);
  told = unit_of(std::move(unit), header);
  told.row = n;
  told.known = std::move(known);
  return std::optional{std::move(told)};
}

void clerk::ask(const work& what) {
  const auto& batch = what.batch.batch;
  begin_telling(batch);
  std::vector<answered_unit> units;
  for (std::size_t n = 0; n < what.rows->size(); ++n) {
    auto told = ask_about(what, n);
    if (!told) return;
    if (!*told) return end_telling(batch, failure(told->error()));
    if (!**told) continue;
    units.push_back(std::move(***told));
    if (!tell_units(batch, units)) return end_telling(batch, failure(error_code::deadline_passed, "journal"));
    how_.line->kept(question_of(batch, n));
  }
  end_telling(batch, {});
}

void clerk::begin_telling(const id& batch) {
  working_since_ = std::chrono::steady_clock::now();
  const std::lock_guard lock{mutex_};
  reading_ = batch;
}

void clerk::end_telling(const id& batch, const result<void>& how) {
  {
    const std::lock_guard lock{mutex_};
    reading_ = {};
    if (stopped_) return;
  }
  hears_.read(batch, how);
}

void clerk::read(const work& what) {
  const auto& batch = what.batch.batch;
  begin_telling(batch);
  std::shared_ptr<const line::bulk_document> result_of;
  {
    const std::lock_guard lock{mutex_};
    if (const auto found = results_.find(batch); found != results_.end()) result_of = found->second;
    results_.erase(batch);
  }
  if (!result_of) return end_telling(batch, failure(error_code::line_unreadable, "the result is gone"));
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
  end_telling(batch, stopped ? failure(error_code::deadline_passed, "journal") : read);
}

} // namespace batch_scheduler
