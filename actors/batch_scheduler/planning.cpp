// Who is asked about, when and why: those expected until the next open day, those who were here before the month's
// claims, medical assistance after the 20th, consents given elsewhere. Nobody twice in a night.
#include "actors/batch_scheduler/scheduler.hpp"

#include <algorithm>

namespace batch_scheduler {

using namespace messages;

namespace {

constexpr std::uint64_t catch_up_ms = 12ull * 3600 * 1000; ///< a planned time that passed while nobody was there

constexpr batch_kind kind_for(care how) {
  return how == care::home_visit ? batch_kind::home_visit_persons
         : how == care::online   ? batch_kind::online_persons
                                 : batch_kind::eligibility;
}
constexpr bool is_period(batch_kind kind) {
  return kind == batch_kind::home_visit_consented || kind == batch_kind::online_consented ||
         kind == batch_kind::medical_assistance;
}
bool can_be_asked_singly(batch_kind kind) {
  return kind == batch_kind::eligibility || kind == batch_kind::home_visit_persons ||
         kind == batch_kind::online_persons;
}
bool is_visit_reason(asking_reason why) {
  return why == asking_reason::appointment || why == asking_reason::standing_visit ||
         why == asking_reason::before_claims;
}

} // namespace

/// Forgets who was asked about when another evening has come.
void scheduler::turn_night() {
  const auto tonight = night_of(now_ms_);
  if (tonight == night_) return;
  night_ = tonight;
  asked_tonight_.clear();
}

/// Every reason whose planned day is this evening's; appointments and standing visits always are.
std::vector<asking_reason> scheduler::due_tonight() const {
  std::vector<asking_reason> why{asking_reason::appointment, asking_reason::standing_visit};
  for (const auto& s : options_.schedules)
    if (s.when.days.contains(night_, options_.calendar) && std::ranges::find(why, s.why) == why.end())
      why.push_back(s.why);
  return why;
}

void scheduler::plan_visits(asking_reason why, plan& into, std::unordered_map<id, std::size_t>& there) const {
  using std::chrono::days;
  const std::chrono::year_month_day evening{night_};
  const day month_begin{evening.year() / evening.month() / 1};
  const day month_end{evening.year() / evening.month() / std::chrono::last};
  const bool claims = why == asking_reason::before_claims;
  const auto first = claims ? month_begin : night_ + days{1};
  const auto last = claims ? month_end : options_.calendar.next_open(night_);
  for (const auto& [key, visit] : visits_) {
    if (!claims && visit.days.has_value() != (why == asking_reason::standing_visit)) continue;
    auto when = std::max(first, visit.first);
    while (when <= last && !is_expected(visit, when))
      when += days{1};
    if (when > last || !is_expected(visit, when)) continue;
    const auto kind = kind_for(key.how);
    if (const auto known = there.find(key.patient); known != there.end()) {
      auto& planned = into.people[known->second]; // one question, the one that tells more
      if (planned.kind == batch_kind::eligibility) planned.kind = kind;
      continue;
    }
    if (asked_tonight_.contains(key.patient)) {
      ++into.asked_already;
      continue;
    }
    there.emplace(key.patient, into.people.size());
    into.people.push_back({key.patient, why, kind, claims ? night_ : when, claims ? "" : text_of(when)});
  }
}

scheduler::plan scheduler::plan_for(const std::vector<asking_reason>& why) const {
  plan all;
  std::unordered_map<id, std::size_t> there;
  const auto period = [&](batch_kind kind, std::string from, std::string to) {
    // Somebody may have consented since: that is asked as often as anybody wants to know, but not twice at a time.
    const bool again = kind == batch_kind::home_visit_consented || kind == batch_kind::online_consented;
    const auto same = [&](const auto& entry) {
      const auto& s = entry.second.status;
      const bool over = s.now == state::failed || (again && s.now == state::listed);
      return s.kind == kind && s.night == text_of(night_) && !over;
    };
    if (std::ranges::any_of(batches_, same)) return; // asked this night already
    batch_planned p;
    p.kind = kind;
    p.confirmed_on = text_of(day_of(now_ms_));
    p.from = std::move(from);
    p.to = std::move(to);
    all.periods.push_back(std::move(p));
  };
  for (const auto reason : why) {
    if (is_visit_reason(reason)) plan_visits(reason, all, there);
    if (reason == asking_reason::medical_assistance)
      period(batch_kind::medical_assistance, text_of(night_).substr(0, 6), "");
    if (reason == asking_reason::web_consent)
      for (const auto kind : {batch_kind::home_visit_consented, batch_kind::online_consented})
        period(kind, text_of(night_ - std::chrono::days{options_.consent_days}), text_of(day_of(now_ms_)));
  }
  return all;
}

void scheduler::begin_batch(batch_planned what, std::vector<planned_row> rows, decision& out) {
  what.batch = make_id_();
  what.night = text_of(night_);
  what.rows = rows.size();
  for (std::size_t first = 0; first < rows.size(); first += planned_rows_max) {
    const auto end = std::min(first + planned_rows_max, rows.size());
    batch_rows_planned part{what.batch, first, {}};
    part.rows.assign(rows.begin() + static_cast<std::ptrdiff_t>(first),
                     rows.begin() + static_cast<std::ptrdiff_t>(end));
    out.write(part, {}, {});
  }
  out.write(what, {}, {});
  for (const auto& row : rows) {
    asked_tonight_.insert(row.patient);
    asked_in_[row.patient] = what.batch;
  }
  auto& b = batches_[what.batch];
  b.status.batch = what.batch;
  b.status.kind = what.kind;
  b.status.night = what.night;
  b.status.confirmed_on = what.confirmed_on;
  b.status.from = what.from;
  b.status.to = what.to;
  b.status.rows = what.rows;
  b.status.by_hand = what.by_hand;
  b.status.singly = what.singly;
  b.status.planned_ms = b.status.changed_ms = now_ms_;
  b.rows = std::make_shared<const std::vector<planned_row>>(std::move(rows));
  to_clerk(b, work::kind::build, out);
}

batches_begun scheduler::begin(const plan& what, const std::string& name, way how, decision& out) {
  batches_begun begun;
  begun.asked_already = what.asked_already;
  std::map<std::pair<batch_kind, day>, std::vector<planned_row>> files;
  for (const auto& person : what.people)
    files[{person.kind, person.confirmed}].push_back({person.patient, person.why});
  const auto before = batches_.size();
  const auto last_before = out.clerk.size();
  for (auto& [of, rows] : files)
    for (std::size_t first = 0; first < rows.size(); first += options_.rows_per_file) {
      const auto end = std::min(first + options_.rows_per_file, rows.size());
      batch_planned p;
      p.kind = of.first;
      p.confirmed_on = text_of(of.second);
      p.by_hand = how == way::by_hand;
      const bool few = of.first != batch_kind::eligibility && rows.size() <= options_.singly_max;
      p.singly = can_be_asked_singly(of.first) && (how == way::singly || (how == way::usual && few));
      begin_batch(
          p, {rows.begin() + static_cast<std::ptrdiff_t>(first), rows.begin() + static_cast<std::ptrdiff_t>(end)}, out);
      begun.rows += end - first;
    }
  for (auto p : what.periods) {
    p.by_hand = how == way::by_hand;
    begin_batch(p, {}, out);
  }
  for (auto n = last_before; n < out.clerk.size(); ++n)
    begun.batches.push_back(out.clerk[n].batch.batch);
  out.write(batch_run_begun{name, text_of(night_), batches_.size() - before, begun.rows}, {}, {});
  if (!name.empty()) runs_[name] = text_of(night_);
  return begun;
}

/// What was planned for a time that has come, also while nobody was there to see it come.
void scheduler::run_due_schedules(decision& out) {
  turn_night();
  bool ran = false;
  for (const auto& s : options_.schedules) {
    const auto came = s.when.last(now_ms_, options_.calendar);
    if (!came || *came + catch_up_ms < now_ms_ || night_of(*came) != night_) continue;
    if (const auto run = runs_.find(s.name); run != runs_.end() && run->second == text_of(night_)) continue;
    begin(plan_for({s.why}), s.name, way::usual, out);
    ran = true;
  }
  if (ran) let_pass(out);
}

std::vector<planned_time> scheduler::times() const {
  std::vector<planned_time> all;
  for (const auto& s : options_.schedules)
    if (const auto next = s.when.next(now_ms_, options_.calendar)) {
      const auto minute = minute_of(*next);
      const auto two = [](unsigned n) { return (n < 10 ? "0" : "") + std::to_string(n); };
      all.push_back({s.name, text_of(day_of(*next)) + two(minute / 60) + two(minute % 60), s.when.text});
    }
  std::ranges::sort(all, {}, &planned_time::when);
  return all;
}

void scheduler::handle(const plan_batches& m, const command_envelope& command, decision& out) {
  turn_night();
  const auto what = plan_for(m.why.empty() ? due_tonight() : m.why);
  batch_plan answer;
  answer.night = text_of(night_);
  answer.times = times();
  answer.total = what.people.size() + what.periods.size();
  answer.asked_already = what.asked_already;
  for (std::size_t n = m.first; n < what.people.size() && answer.rows.size() < options_.page_max; ++n) {
    const auto& person = what.people[n];
    plan_row row{person.patient, person.why, person.kind, person.visit_day, {}, {}};
    if (const auto known = book_ ? book_->of(person.patient) : std::nullopt) {
      row.number = personal{known->who.number};
      row.name = personal{known->who.name};
    }
    answer.rows.push_back(std::move(row));
  }
  if (answer.rows.size() < options_.page_max)
    for (const auto& p : what.periods)
      answer.rows.push_back(
          {{},
           p.kind == batch_kind::medical_assistance ? asking_reason::medical_assistance : asking_reason::web_consent,
           p.kind,
           p.from,
           {},
           {}});
  out.reply(command, answer);
}

void scheduler::handle(const send_batches& m, const command_envelope& command, decision& out) {
  turn_night();
  if (m.by_hand && m.singly)
    return out.refuse(command, {error_code::wrong_value, {"singly", "by hand and singly: one of them"}});
  if (m.by_hand && !options_.by_hand_possible) return out.refuse(command, {error_code::no_hand_folder, {}});
  const auto how = m.by_hand ? way::by_hand : m.singly ? way::singly : way::usual;
  const auto begun = begin(plan_for(m.why.empty() ? due_tonight() : m.why), {}, how, out);
  for (auto& e : out.journal.events)
    e.cause = command.id;
  out.reply(command, begun);
}

} // namespace batch_scheduler
