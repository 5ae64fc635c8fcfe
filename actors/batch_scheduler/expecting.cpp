// Who is expected: appointments and standing visits as other systems tell them.
#include "actors/batch_scheduler/scheduler.hpp"

#include "messages/spelling.hpp"

#include <algorithm>

namespace batch_scheduler {

using namespace messages;

namespace {

constexpr std::chrono::days passed_after{45}; ///< claims of the month still ask about who was here
constexpr auto open_end = std::chrono::sys_days{std::chrono::year{2199} / 12 / 31};

std::string insurance_text(const insured_number& p) {
  return normal_number(p.insurer) + '|' + normal_number(p.symbol) + '|' + normal_number(p.number) + '|' +
         normal_number(p.branch) + '|' + p.birth_date;
}
/// By what somebody is the same again.
std::string identity_of(const visitor& who) {
  return who.number.empty() ? "|" + insurance_text(who.person) : normal_number(who.number);
}
std::size_t characters(const std::string& s) {
  return static_cast<std::size_t>(
      std::ranges::count_if(s, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

const char* wrong_in(const visit_wanted& row) {
  const auto& who = row.who.reveal();
  if (who.person.insurer.empty() || characters(who.person.insurer) > 8) return "insurer";
  if (who.person.number.empty() || characters(who.person.number) > 20) return "number";
  if (characters(who.person.symbol) > 20) return "symbol";
  if (characters(who.person.branch) > 2) return "branch";
  if (!day_from(who.person.birth_date)) return "birth_date";
  if (who.number.size() > 50 || who.name.size() > 400 || who.kana.size() > 400) return "who";
  if (row.how == care::emergency) return "how";
  if (!row.day.empty() && !day_from(row.day)) return "day";
  if (!row.until.empty() && !day_from(row.until)) return "until";
  if (row.repeats.empty() && row.day.empty()) return "day";
  if (!row.repeats.empty() && !day_pattern::from(row.repeats)) return "repeats";
  if (!row.desk.empty() && !is_name(row.desk)) return "desk";
  return nullptr;
}

} // namespace

void scheduler::index(const visitor& who, const id& patient) {
  by_identity_[identity_of(who)] = {patient, fingerprint(encode_body(who))};
  by_insurance_[fingerprint(insurance_text(who.person))] = patient;
}

void scheduler::remember(const remembered_visitor& who) {
  if (!who.who.reveal().person.number.empty()) index(who.who.reveal(), who.patient);
}

std::optional<id> scheduler::find_insured(const insured_number& person) const {
  const auto found = by_insurance_.find(fingerprint(insurance_text(person)));
  return found == by_insurance_.end() ? std::nullopt : std::optional{found->second};
}

/// Whose visit it is, and whether they were known.
result<std::pair<id, bool>> scheduler::visitor_for(const visitor& who, decision& out) {
  const auto found = by_identity_.find(identity_of(who));
  if (found != by_identity_.end() && found->second.details == fingerprint(encode_body(who)))
    return std::pair{found->second.patient, true};
  if (found == by_identity_.end() && by_identity_.size() >= options_.visits_max)
    return failure(error_code::busy, "batch_scheduler");
  auto patient = found == by_identity_.end() ? id{} : found->second.patient;
  if (patient.empty() && !who.number.empty() && book_) patient = book_->with_number(who.number).value_or(id{});
  if (patient.empty() && book_) // somebody found by their consent, who had no number yet
    if (const auto same = find_insured(who.person))
      if (const auto known = book_->of(*same); known && known->who.number.empty()) patient = *same;
  if (patient.empty()) patient = make_id_();
  index(who, patient);
  out.write(visitor_recorded{patient, personal{who}}, {}, {});
  return std::pair{patient, found != by_identity_.end()};
}

void scheduler::put_visit(expected_visit visit) {
  visit_entry e{std::move(visit), {}, {}, open_end};
  if (!e.is.repeats.empty()) {
    auto days = day_pattern::from(e.is.repeats);
    if (!days) return;
    e.days = std::move(*days);
  }
  e.first = day_from(e.is.day).value_or(day_of(now_ms_));
  if (e.is.repeats.empty())
    e.last = e.first;
  else if (const auto until = day_from(e.is.until))
    e.last = *until;
  const visit_key key{e.is.patient, e.is.how, e.is.repeats.empty() ? e.is.day : "", e.is.repeats};
  const auto [at, fresh] = visits_.insert_or_assign(key, std::move(e));
  if (fresh) visits_of_[key.patient].push_back(&at->second);
}

/// What is wrong with it; nullptr when it was taken.
const char* scheduler::take_visit(const visit_wanted& row, visits_taken& taken, decision& out) {
  if (const auto* wrong = wrong_in(row)) return wrong;
  if (visits_.size() >= options_.visits_max) return "too many";
  const auto whose = visitor_for(row.who.reveal(), out);
  if (!whose) return "too many";
  const visit_key key{whose->first, row.how, row.repeats.empty() ? row.day : "", row.repeats};
  const auto known = visits_.find(key);
  if (row.cancelled) {
    if (known == visits_.end()) return ++taken.known, nullptr;
    out.write(visit_cancelled{known->second.is.visit}, {}, {});
    std::erase(visits_of_[key.patient], &known->second);
    visits_.erase(known);
    return ++taken.cancelled, nullptr;
  }
  expected_visit visit{make_id_(), whose->first, row.how, row.day, row.until, row.repeats, row.desk};
  if (visit.day.empty()) visit.day = text_of(day_of(now_ms_));
  if (known != visits_.end()) {
    const auto& before = known->second.is;
    ++taken.known;
    if (before.desk == visit.desk && before.until == visit.until) return nullptr;
    visit.visit = before.visit;
    visit.day = before.day;
  } else
    ++taken.fresh;
  out.write(visit_expected{visit.visit, visit.patient, visit.how, visit.day, visit.until, visit.repeats}, visit.desk,
            {});
  put_visit(std::move(visit));
  return nullptr;
}

void scheduler::handle(const take_visits& m, const command_envelope& command, decision& out) {
  if (m.rows.size() > options_.rows_of_command_max)
    return out.refuse(command, {error_code::too_large, {"rows", std::to_string(options_.rows_of_command_max)}});
  visits_taken taken;
  for (std::size_t n = 0; n < m.rows.size(); ++n)
    if (const auto* wrong = take_visit(m.rows[n], taken, out))
      taken.refused.push_back("row " + std::to_string(n + 1) + ": " + wrong);
  for (auto& e : out.journal.events)
    e.cause = command.id;
  out.reply(command, taken);
}

bool scheduler::is_expected(const visit_entry& visit, day d) const {
  if (d < visit.first || d > visit.last) return false;
  return !visit.days || visit.days->contains(d, options_.calendar);
}

/// Visits that are over leave, some at a time: claims have asked about them.
void scheduler::let_pass(decision& out) {
  const auto before = day_of(now_ms_) - passed_after;
  visits_passed passed;
  for (auto at = visits_.begin(); at != visits_.end();) {
    if (at->second.last >= before) {
      ++at;
      continue;
    }
    passed.visits.push_back(at->second.is.visit);
    std::erase(visits_of_[at->first.patient], &at->second);
    at = visits_.erase(at);
    if (passed.visits.size() == planned_rows_max) out.write(std::exchange(passed, {}), {}, {});
  }
  if (!passed.visits.empty()) out.write(passed, {}, {});
}

// -- how they stand ------------------------------------------------------------------------------------------------

visitor_standing scheduler::standing_of(const id& patient) const {
  const auto asked = asked_in_.find(patient);
  if (asked == asked_in_.end()) return visitor_standing::not_asked;
  const auto found = batches_.find(asked->second);
  const auto known = book_ ? book_->of(patient) : std::nullopt;
  const bool answered = known && known->last.batch == asked->second;
  if (!answered)
    return found != batches_.end() && !is_over(found->second.status.now) ? visitor_standing::under_way
                                                                         : visitor_standing::not_answered;
  std::size_t open = 0, deferred = 0, accepted = 0;
  if (const auto mine = changes_of_.find(patient); mine != changes_of_.end())
    for (const auto& change : mine->second) {
      const auto c = changes_.find(change);
      if (c == changes_.end()) continue;
      open += c->second.how == change_decision::open;
      deferred += c->second.how == change_decision::deferred;
      accepted += c->second.how == change_decision::accepted && c->second.batch == asked->second;
    }
  if (open > 0) return visitor_standing::to_decide;
  if (deferred > 0) return visitor_standing::deferred;
  return accepted > 0 ? visitor_standing::accepted : visitor_standing::unchanged;
}

void scheduler::handle(const list_visits& m, const command_envelope& command, decision& out) {
  const auto wanted = m.day.empty() ? std::optional{day_of(now_ms_)} : day_from(m.day);
  if (!wanted) return out.refuse(command, {error_code::wrong_value, {"day", m.day}});
  visit_list list;
  list.day = text_of(*wanted);
  for (const auto& [key, visit] : visits_) {
    if (!is_expected(visit, *wanted)) continue;
    if (list.total++ < m.first || list.rows.size() >= options_.page_max) continue;
    visit_row row{visit.is.visit, visit.is.patient,       visit.is.how, list.day,
                  visit.is.desk,  visit.days.has_value(), {},           {}};
    if (const auto known = book_ ? book_->of(visit.is.patient) : std::nullopt) {
      row.number = personal{known->who.number};
      row.name = personal{known->who.name};
    }
    row.stands = standing_of(visit.is.patient);
    if (const auto mine = changes_of_.find(visit.is.patient); mine != changes_of_.end())
      row.open_changes = static_cast<std::uint64_t>(std::ranges::count_if(mine->second, [&](const id& c) {
        const auto found = changes_.find(c);
        return found != changes_.end() && found->second.how != change_decision::accepted;
      }));
    list.rows.push_back(std::move(row));
  }
  out.reply(command, list);
}

} // namespace batch_scheduler
