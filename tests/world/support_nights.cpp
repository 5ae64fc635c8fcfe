// How a simulated night goes.
#include "tests/world/support_nights.hpp"

#include "drivers/card/card_authority.hpp"
#include "messages/japanese_time.hpp"
#include "messages/spelling.hpp"
#include "storage/views/batches.hpp"
#include "storage/views/visitors.hpp"

#include <unistd.h>

#include <algorithm>

namespace world_test {

using namespace messages;
using namespace batch_scheduler;
namespace line_ = drivers::line;

namespace {

constexpr auto institution = "1319999999";
constexpr std::uint64_t hour = 3'600'000;

std::string card_name(std::size_t n) {
  char text[32];
  std::snprintf(text, sizeof text, "GEN%012zu", n);
  return text;
}

} // namespace

// -- the views -----------------------------------------------------------------------------------------------------

std::optional<known_visitor> night_views::of(const id& patient) const {
  const std::lock_guard lock{mutex_};
  const auto bytes = visitors_.get(storage::visitor_key(patient));
  const auto row = bytes ? storage::decode_row<storage::visitor_row>(*bytes) : std::nullopt;
  return row ? std::optional{known_visitor{row->who.reveal(), row->last.reveal()}} : std::nullopt;
}

void night_views::fold(const event_draft& e, std::uint64_t now_ms) {
  const std::lock_guard lock{mutex_};
  const storage::folded_event event{
      event_envelope{e.v, ++index_, now_ms, e.topic, "hub", e.desk, e.checkin, e.account, e.cause, e.body}};
  storage::fold_visitors(event, visitors_);
  storage::fold_batches(event, batches_);
}

left_over night_views::left() const {
  left_over left;
  const auto each = [](storage::memory_rows& rows, std::string_view prefix, auto&& take) {
    for (const auto& [key, bytes] : rows.all())
      if (key.starts_with(prefix)) take(bytes);
  };
  const std::lock_guard lock{mutex_};
  each(batches_, storage::batch_prefix,
       [&](const auto& b) { left.batches.push_back(*storage::decode_row<batch_status>(b)); });
  each(batches_, storage::planned_prefix, [&](const auto& b) {
    auto row = *storage::decode_row<storage::planned_rows>(b);
    left.rows.emplace_back(row.batch, std::move(row.rows));
  });
  each(batches_, storage::change_prefix, [&](const auto& b) {
    const auto c = *storage::decode_row<storage::change_kept>(b);
    left.changes.push_back({c.change,
                            c.patient,
                            c.batch,
                            c.what,
                            c.ended,
                            c.how,
                            {},
                            {},
                            {},
                            c.noticed_ms,
                            c.decided_ms,
                            c.decided_by,
                            {},
                            {},
                            c.kept,
                            c.came});
  });
  each(batches_, storage::run_prefix, [&](const auto& b) {
    const auto run = *storage::decode_row<storage::run_kept>(b);
    left.runs[run.schedule] = run.night;
  });
  each(visitors_, storage::visit_prefix, [&](const auto& b) {
    const auto v = *storage::decode_row<storage::visit_kept>(b);
    left.visits.push_back({v.visit, v.patient, v.how, v.day, v.until, v.repeats, v.desk});
  });
  return left;
}

std::vector<remembered_visitor> night_views::visitors() const {
  std::vector<remembered_visitor> all;
  const std::lock_guard lock{mutex_};
  for (const auto& [key, bytes] : visitors_.all())
    if (key.starts_with(storage::visitor_prefix)) {
      auto row = *storage::decode_row<storage::visitor_row>(bytes);
      all.push_back({row.patient, row.who});
    }
  return all;
}

// -- the world -----------------------------------------------------------------------------------------------------

namespace {

std::unique_ptr<line_::centre> open_centre(const std::filesystem::path& folder, std::size_t people,
                                           const std::atomic<std::uint64_t>& now_ms) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder / "cards");
  BOOST_REQUIRE(drivers::card::card_authority::open(folder / "cards", 1'795'000'000));
  line_::centre_options o;
  o.persons_file = std::filesystem::path{UKETSUKE_SOURCE_DIR} / "tools/simulated/insured_persons.json";
  o.card_ca_file = folder / "cards" / "card-authority.pem";
  o.data_folder = folder / "centre";
  o.now_ms = [&now_ms] { return now_ms.load(); };
  o.random_octets = [](std::size_t n) { return bytes(n); };
  o.bulk_ms = 5 * 60'000;
  o.population = people;
  std::filesystem::create_directories(o.data_folder);
  auto opened = line_::centre::open(std::move(o));
  BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : to_sentence(opened.error())));
  return std::move(*opened);
}

} // namespace

night_world::night_world(std::uint64_t seed, std::size_t people, std::size_t home_patients, bool crashes_,
                         std::size_t singly_max)
    : chance_(seed), people_(people), home_patients_(home_patients), crashing_(crashes_) {
  folder_ = std::filesystem::temp_directory_path() /
            ("uketsuke-nights-" + std::to_string(seed) + "-" + std::to_string(::getpid()));
  now_ms_ = moment_of(*day_from("20261101"), 13 * 60);
  centre_ = open_centre(folder_, people, now_ms_);
  line = std::make_unique<night_line>(*centre_, seed);
  options_.calendar = *clinic_calendar::from({"2026-11-03", "2026-11-23"}, {"sun"});
  options_.schedules = {{"appointments", asking_reason::appointment, *schedule::from("every day at 19:00")},
                        {"standing_visits", asking_reason::standing_visit, *schedule::from("every day at 19:30")},
                        {"claims", asking_reason::before_claims, *schedule::from("day last-1 at 20:00")}};
  options_.rows_per_file = 300;
  options_.singly_max = singly_max;
  for (std::size_t n = 0; n < people_; ++n) {
    const auto made = line_::insured_persons::made_from(1, n);
    truth t;
    t.judged = made.judged;
    t.insurance = made.insurances.front().seen.number;
    now_.push_back(t);
    by_number_["K-" + std::to_string(n)] = n;
    change(n, [&](line_::simulated_person& p) {
      p.insurances.front().full.burden_ratio = "030";
      if (n < home_patients_) p.home_visit_consent = "20261015100000";
    });
    now_[n].ratio = "030";
    if (n < home_patients_) now_[n].consent = 1;
  }
  start();
  take_visits standing; // home visits, twice a week
  for (std::size_t n = 0; n < home_patients_; ++n) {
    const auto made = line_::insured_persons::made_from(1, n).insurances.front().seen;
    visit_wanted row{care::home_visit, "20261101", "", n % 2 == 0 ? "mon,thu" : "tue,fri", "", false, {}};
    row.who = personal{visitor{"K-" + std::to_string(n),
                               made.name,
                               made.name_kana,
                               {made.insurer, made.symbol, made.number, made.branch, made.birth_date},
                               false}};
    standing.rows.push_back(std::move(row));
    if (standing.rows.size() == 250 || n + 1 == home_patients_) {
      BOOST_REQUIRE(say(standing));
      standing.rows.clear();
    }
  }
}

night_world::~night_world() {
  clerk_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void night_world::complain(const std::string& what) {
  ++wrong;
  if (first_wrong.empty()) first_wrong = japanese_time(now_ms_) + ": " + what;
}

template <class M> result<typename M::reply> night_world::say(const M& m) {
  command_envelope c;
  c.v = M::version;
  c.id = make_id(now_ms_, ++ids_, 7);
  c.topic = M::topic;
  c.from = "screen@hub";
  c.account = "suzuki";
  c.body = encode_body(m);
  auto d = scheduler_->on_command(c, now_ms_);
  result<std::string> body = failure(error_code::outcome_unknown, "none");
  if (!d.replies.empty()) body = d.replies.front().body;
  act(std::move(d));
  if (!body) return failure(body.error());
  return decode_body<typename M::reply>(*body, M::reply::version);
}

void night_world::start() {
  scheduler_ = std::make_unique<scheduler>(
      options_, [this] { return make_id(now_ms_, ++ids_, 3); }, &views_);
  const auto hear = [this](std::function<decision()> what) {
    {
      const std::lock_guard lock{mutex_};
      heard_.push_back(std::move(what));
    }
    came_.notify_all();
  };
  clerk_hears hears;
  hears.built_it = [this, hear](id b, result<built> came) {
    hear([this, b, came] { return scheduler_->on_built(b, came, now_ms_); });
  };
  hears.uploaded = [this, hear](id b, result<std::string> came) {
    hear([this, b, came] { return scheduler_->on_uploaded(b, came, now_ms_); });
  };
  hears.found = [this, hear](id b, result<std::string> came) {
    hear([this, b, came] { return scheduler_->on_found(b, came, now_ms_); });
  };
  hears.collected = [this, hear](id b, result<std::optional<std::uint64_t>> came) {
    hear([this, b, came] { return scheduler_->on_collected(b, came, now_ms_); });
  };
  hears.units = [this, hear](id b, std::vector<answered_unit> units) {
    hear([this, b, units] { return scheduler_->on_units(b, units, now_ms_); });
  };
  hears.read = [this, hear](id b, result<void> came) {
    hear([this, b, came] { return scheduler_->on_read(b, came, now_ms_); });
  };
  clerk_options how;
  how.line = std::shared_ptr<line_::line>{line.get(), [](auto*) {}};
  how.institution = institution;
  how.rests = false;
  clerk_ = std::make_unique<clerk>(how, views_, std::move(hears));
  for (const auto& who : views_.visitors())
    scheduler_->remember(who);
  act(scheduler_->resume(views_.left(), now_ms_));
}

/// kill -9: what the clerk was at, and what it had told, is gone.
void night_world::crash() {
  ++crashes;
  clerk_.reset();
  {
    const std::lock_guard lock{mutex_};
    heard_.clear();
  }
  at_clerk_ = 0;
  start();
}

void night_world::act(decision d) {
  for (const auto& e : d.journal.events) {
    if (const auto m = body_as<batch_row_answered>(e)) note_answer(*m);
    views_.fold(e, now_ms_);
  }
  if (crashing_ && !d.clerk.empty() && chance_() % 400 == 0) return crash(); // written, and not acted on
  at_clerk_ += d.clerk.size();
  for (auto& w : d.clerk)
    clerk_->post(std::move(w));
}

/// What the clerk tells, until it has nothing to do.
void night_world::pump() {
  while (at_clerk_ > 0) {
    std::function<decision()> next;
    {
      std::unique_lock lock{mutex_};
      came_.wait(lock, [&] { return !heard_.empty(); });
      next = std::move(heard_.front());
      heard_.pop_front();
    }
    --at_clerk_;
    if (crashing_ && chance_() % 400 == 0) {
      crash(); // told, and not heard
      continue;
    }
    auto d = next();
    if (crashing_ && chance_() % 400 == 0) {
      crash(); // decided, and not written
      continue;
    }
    act(std::move(d));
  }
}

// -- by day --------------------------------------------------------------------------------------------------------

void night_world::change(std::size_t n, const std::function<void(line_::simulated_person&)>& how) {
  BOOST_REQUIRE(centre_->change_person(card_name(n), how));
}

/// Something happens to one person.
void night_world::happen(std::size_t n) {
  auto& t = now_[n];
  switch (chance_() % 5) {
  case 0:
    t.ratio = t.ratio == "030" ? "020" : t.ratio == "020" ? "010" : "030";
    return change(n, [&](auto& p) { p.insurances.front().full.burden_ratio = t.ratio; });
  case 1:
    t.judged = t.judged == validity::valid ? validity::invalid : validity::valid;
    return change(n, [&](auto& p) { p.judged = t.judged; });
  case 2: {
    t.limit = t.limit == "A04" ? "A05" : "A04";
    return change(n, [&](auto& p) {
      line_::wire::limit_certificate limit;
      limit.kind = line_::limit_class::limit;
      limit.category.text = t.limit;
      p.insurances.front().full.limit = limit;
    });
  }
  case 3:
    t.valid_to = japanese_time(now_ms_ + (10 + chance_() % 10) * 24 * hour).substr(0, 8);
    t.ending_told = false;
    return change(n, [&](auto& p) { p.insurances.front().full.valid_to = t.valid_to; });
  case 4:
    if (n >= home_patients_ || t.consent != 1) return;
    t.consent = 2;
    t.ended = chance_() % 2 == 0 ? consent_end::cancelled_by_patient : consent_end::period_over;
    return change(n, [&](auto& p) { p.expired_reason = t.ended == consent_end::period_over ? "0" : "2"; });
  }
}

void night_world::day() {
  const auto today = day_of(now_ms_);
  now_ms_ = moment_of(today, 13 * 60);
  for (std::size_t n = 0; n < people_ / 40; ++n)
    happen(chance_() % people_);
  take_visits visits; // for tomorrow and the day after
  for (std::size_t n = home_patients_; n < people_; ++n) {
    if (chance_() % 5 != 0) continue;
    const auto made = line_::insured_persons::made_from(1, n).insurances.front().seen;
    visit_wanted row{care::outpatient,
                     text_of(today + std::chrono::days{1 + static_cast<int>(chance_() % 2)}),
                     "",
                     "",
                     "desk-1",
                     false,
                     {}};
    row.who = personal{visitor{"K-" + std::to_string(n),
                               made.name,
                               made.name_kana,
                               {made.insurer, made.symbol, made.number, made.branch, made.birth_date},
                               false}};
    visits.rows.push_back(std::move(row));
    if (visits.rows.size() < 250) continue;
    BOOST_REQUIRE(say(visits));
    visits.rows.clear();
  }
  BOOST_REQUIRE(say(visits));
  pump();
}

// -- by night ------------------------------------------------------------------------------------------------------

/// What this answer has to say is new, from what was true when the last one came.
void night_world::note_answer(const batch_row_answered& came) {
  ++answers;
  const auto known = views_.of(came.patient);
  const auto person = known ? by_number_.find(known->who.number) : by_number_.end();
  if (person == by_number_.end()) return complain("an answer about nobody");
  const auto n = person->second;
  auto& t = now_[n];
  std::multiset<change_kind> wanted, told;
  const auto before = answered_.find(came.patient);
  const bool soon = !t.valid_to.empty();
  if (before != answered_.end()) {
    const auto& last = before->second.second;
    if (last.judged != t.judged) wanted.insert(change_kind::validity);
    if (last.ratio != t.ratio) wanted.insert(change_kind::burden_ratio);
    if (last.limit != t.limit) wanted.insert(change_kind::limit_class);
    if (last.consent == 1 && t.consent == 2)
      wanted.insert(t.ended == consent_end::cancelled_by_patient ? change_kind::consent_withdrawn
                                                                 : change_kind::consent_ended);
  }
  if (soon && t.judged != validity::invalid &&
      !(before != answered_.end() && before->second.second.ending_told &&
        before->second.second.valid_to == t.valid_to)) {
    wanted.insert(change_kind::certificate_ending);
    t.ending_told = true;
  }
  for (const auto& c : came.changes) {
    told.insert(c.what);
    expected_.emplace(came.patient, c.what);
  }
  if (told != wanted) {
    std::string text = "person " + std::to_string(n) + ": told";
    for (const auto k : told)
      text += " " + std::string{name(k)};
    text += ", true";
    for (const auto k : wanted)
      text += " " + std::string{name(k)};
    complain(text);
  }
  auto kept = t;
  if (before != answered_.end() && before->second.second.valid_to == t.valid_to)
    kept.ending_told = kept.ending_told || before->second.second.ending_told;
  answered_[came.patient] = {n, kept};
}

void night_world::evening() {
  line->night_begins();
  const auto until = moment_of(day_of(now_ms_) + std::chrono::days{1}, 6 * 60);
  const auto outage = chance_() % 4 == 0 ? now_ms_ + (6 + chance_() % 3) * hour : 0;
  while (now_ms_ < until) {
    const auto next = scheduler_->next_tick_ms().value_or(until);
    now_ms_ = std::min(std::max(next, now_ms_ + 1'000), until);
    line->down = outage > 0 && now_ms_ >= outage && now_ms_ < outage + hour;
    act(scheduler_->on_tick(now_ms_));
    pump();
  }
  line->down = false;
}

void night_world::morning() {
  now_ms_ = moment_of(day_of(now_ms_), 7 * 60);
  std::multiset<std::pair<id, change_kind>> listed;
  for (list_changes wanted{true, "", 0};;) {
    const auto list = say(wanted);
    BOOST_REQUIRE(list);
    for (const auto& row : list->rows)
      listed.emplace(row.patient, row.what);
    wanted.first += list->rows.size();
    if (list->rows.empty()) break;
    if (wanted.first >= list->total) break;
  }
  if (listed != expected_)
    complain("the list has " + std::to_string(listed.size()) + " rows, not " + std::to_string(expected_.size()));
  changes_listed += listed.size();
  expected_.clear();
  for (;;) {
    const auto list = say(list_changes{true, "", 0});
    BOOST_REQUIRE(list);
    if (list->rows.empty()) break;
    for (const auto& row : list->rows)
      BOOST_REQUIRE(say(decide_change{row.change, change_decision::accepted}));
  }
  for (const auto& b : scheduler_->batches()) // staff look at the national system
    if (b.now == batch_state::doubtful && chance_() % 2 == 0) {
      const auto there = line->arrived.find(b.batch);
      BOOST_REQUIRE(say(settle_batch{b.batch, there == line->arrived.end() ? "" : there->second}));
      ++settled;
    }
  pump();
  now_ms_ = moment_of(day_of(now_ms_), 11 * 60);
  act(scheduler_->on_tick(now_ms_));
  pump();
}

} // namespace world_test
