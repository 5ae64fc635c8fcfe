// batch_scheduler's pure part with its journal folded into the real views, and a clerk that does what a test says.
#pragma once

#include "tests/actors/support.hpp"

#include "actors/batch_scheduler/scheduler.hpp"

namespace actors_test {

/// The views' last answers and visitors, as events tell them.
struct batch_book final : batch_scheduler::visit_book {
  std::map<id, batch_scheduler::known_visitor> all;
  std::map<std::string, id> numbers; ///< of the clinic's patients
  std::optional<batch_scheduler::known_visitor> of(const id& patient) const override {
    const auto found = all.find(patient);
    return found == all.end() ? std::nullopt : std::optional{found->second};
  }
  std::optional<id> with_number(const std::string& number) const override {
    const auto found = numbers.find(number);
    return found == numbers.end() ? std::nullopt : std::optional{found->second};
  }
};

/// Friday 2026-11-27, 19:00 in Japan.
inline std::uint64_t friday_evening() {
  return batch_scheduler::moment_of(*batch_scheduler::day_from("20261127"), 19 * 60);
}

struct night_desk {
  explicit night_desk(batch_scheduler::options o = {}) : how(std::move(o)) {}
  batch_scheduler::options how;
  batch_book book;
  batch_scheduler::scheduler all{how, counting_ids(), &book};
  std::uint64_t now_ms = friday_evening();
  std::vector<event_draft> events;
  std::deque<batch_scheduler::work> clerk; ///< not yet done
  batch_scheduler::decision last;
  batch_scheduler::left_over kept; ///< as the views hold it, for a restart

  const batch_scheduler::decision& take(batch_scheduler::decision d) {
    for (const auto& e : d.journal.events)
      fold(e);
    events.insert(events.end(), d.journal.events.begin(), d.journal.events.end());
    clerk.insert(clerk.end(), d.clerk.begin(), d.clerk.end());
    last = std::move(d);
    return last;
  }
  void fold(const event_draft& e) {
    if (const auto m = body_as<visitor_recorded>(e)) book.all[m->patient].who = m->who.reveal();
    if (const auto m = body_as<batch_row_answered>(e))
      book.all[m->patient].last = after(book.all[m->patient].last, *m, now_ms);
    if (const auto m = body_as<visit_expected>(e))
      kept.visits.push_back({m->visit, m->patient, m->how, m->day, m->until, m->repeats, e.desk});
    if (const auto m = body_as<batch_rows_planned>(e)) kept.rows.emplace_back(m->batch, m->rows);
  }
  template <class M> const batch_scheduler::decision& say(const M& m) {
    auto command = command_of("screen@hub", m, now_ms);
    command.account = "suzuki";
    return take(all.on_command(command, now_ms));
  }
  const auto& pass(std::uint64_t ms) {
    now_ms += ms;
    return take(all.on_tick(now_ms));
  }
  /// What the clerk does next; it has to be of this kind.
  batch_scheduler::work next(batch_scheduler::work::kind what) {
    BOOST_REQUIRE(!clerk.empty());
    auto w = clerk.front();
    clerk.pop_front();
    BOOST_REQUIRE(w.what == what);
    return w;
  }
  id build() {
    const auto w = next(batch_scheduler::work::kind::build);
    take(all.on_built(w.batch.batch, batch_scheduler::built{w.rows->size(), {}, {}}, now_ms));
    return w.batch.batch;
  }
  const auto& uploaded(const result<std::string>& came) {
    const auto w = next(batch_scheduler::work::kind::upload);
    return take(all.on_uploaded(w.batch.batch, came, now_ms));
  }
  /// The result comes, with these units.
  void answer(const id& batch, const std::vector<batch_scheduler::answered_unit>& units) {
    take(all.on_collected(batch, std::optional<std::uint64_t>{units.size()}, now_ms));
    for (const auto& unit : units) {
      next(batch_scheduler::work::kind::read);
      take(all.on_units(batch, {unit}, now_ms));
    }
    next(batch_scheduler::work::kind::read);
    take(all.on_read(batch, {}, now_ms));
  }
  batch_status status(const id& batch) const {
    for (const auto& b : all.batches())
      if (b.batch == batch) return b;
    return {};
  }
  std::vector<change_row> changes() {
    say(list_changes{});
    return reply_in<change_list>(last)->rows;
  }
  /// The process dies; another one goes on from what the views hold.
  void restart() {
    auto left = kept;
    left.batches = all.batches();
    clerk.clear();
    all = batch_scheduler::scheduler{how, counting_ids(restarts += 5000), &book};
    for (const auto& [patient, known] : book.all)
      all.remember({patient, personal{known.who}});
    take(all.resume(std::move(left), now_ms));
  }
  std::uint64_t restarts = 1000;
};

inline visit_wanted a_visit(int n, const std::string& day, care how = care::outpatient,
                            const std::string& repeats = {}) {
  visit_wanted row;
  row.how = how;
  row.day = day;
  row.repeats = repeats;
  visitor who;
  who.number = "K-" + std::to_string(n);
  who.name = "見本 " + std::to_string(n);
  who.person = {"39999901", "", std::to_string(1000 + n), "", "19480517"};
  row.who = personal{std::move(who)};
  return row;
}

inline batch_scheduler::answered_unit a_unit(std::size_t row, int n, const std::string& ratio = "010",
                                             validity judged = validity::valid) {
  batch_scheduler::answered_unit unit;
  unit.row = row;
  unit.answer.judged = judged;
  unit.answer.confirmed_on = "20261128";
  insurance i;
  i.insurer = "39999901";
  i.number = std::to_string(1000 + n);
  i.birth_date = "19480517";
  i.burden_ratio = ratio;
  unit.answer.insurances = personal<std::vector<insurance>>{{i}};
  return unit;
}

inline const error down{error_code::line_down, {"test"}}, silent{error_code::line_silent, {"test"}};
inline const error refused{error_code::line_refused, {"SIM0001", "no"}};
inline const std::string reception = "999920261127000001";

inline batch_scheduler::options usual() {
  batch_scheduler::options o;
  o.calendar = *batch_scheduler::clinic_calendar::from({}, {"sun"});
  return o;
}

struct night : night_desk {
  night() : night_desk(usual()) {}
  void expect(int people, const std::string& day = "20261128") {
    take_visits m;
    for (int n = 0; n < people; ++n)
      m.rows.push_back(a_visit(n, day));
    say(m);
  }
  batches_begun send(std::vector<asking_reason> why = {}) {
    say(send_batches{std::move(why), false});
    return *reply_in<batches_begun>(last);
  }
  id accepted(int people) {
    expect(people);
    send();
    const auto batch = build();
    uploaded(reception);
    return batch;
  }
};

} // namespace actors_test
