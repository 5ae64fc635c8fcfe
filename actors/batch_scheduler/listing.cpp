// What changed: each answer is compared with the last one, and what is different waits for somebody to accept it.
#include "actors/batch_scheduler/scheduler.hpp"

#include "actors/batch_scheduler/changes.hpp"

#include <algorithm>

namespace batch_scheduler {

using namespace messages;

namespace {

care care_of(batch_kind kind) {
  switch (kind) {
  case batch_kind::home_visit_persons:
  case batch_kind::home_visit_consented: return care::home_visit;
  case batch_kind::online_persons:
  case batch_kind::online_consented: return care::online;
  default: return care::outpatient;
  }
}
bool asks_for_consents(batch_kind kind) {
  return kind == batch_kind::home_visit_consented || kind == batch_kind::online_consented;
}

} // namespace

/// Whose answer it is. Of a period whoever is not known yet is a visitor from now on.
std::optional<id> scheduler::patient_of(batch& b, const answered_unit& unit, decision& out) {
  if (unit.row) {
    if (*unit.row >= b.rows->size()) return std::nullopt;
    if (b.taken.size() < b.rows->size()) b.taken.resize(b.rows->size());
    if (b.taken[*unit.row]) return std::nullopt; // told twice: the first counts
    b.taken[*unit.row] = true;
    return (*b.rows)[*unit.row].patient;
  }
  if (!b.rows->empty() || unit.searched.number.empty()) return std::nullopt;
  auto patient = find_insured(unit.searched).value_or(id{});
  if (patient.empty() && book_ && !unit.reference_number.empty())
    patient = book_->with_number(unit.reference_number).value_or(id{});
  if (patient.empty()) {
    visitor who;
    who.number = unit.reference_number;
    who.person = unit.searched;
    who.medical_assistance = b.status.kind == batch_kind::medical_assistance;
    const auto& all = unit.answer.insurances.reveal();
    if (!all.empty()) {
      who.name = all.front().name;
      who.kana = all.front().name_kana;
    }
    const auto made = visitor_for(who, out);
    if (!made) return std::nullopt;
    patient = made->first;
  }
  return b.told.insert(patient).second ? std::optional{patient} : std::nullopt;
}

void scheduler::take_unit(batch& b, answered_unit& unit, decision& out) {
  const auto patient = patient_of(b, unit, out);
  if (!patient) return;
  if (unit.refused) {
    ++b.status.refused;
    out.write(batch_row_refused{b.status.batch, *patient, std::string{describe(unit.refused->code).name},
                                unit.refused->args},
              {}, {});
    return;
  }
  auto known = std::move(unit.known);
  if (!known && book_) known = book_->of(*patient);
  const auto before = known ? known->last : last_answer{};
  ++b.status.answered;
  if (before.batch == b.status.batch) return; // durable before a crash
  batch_row_answered came{b.status.batch, *patient,          care_of(b.status.kind), {}, std::move(unit.answer),
                          unit.ended,     unit.ticket_month, unit.limit_changed,     {}};
  if (came.answer.confirmed_on.empty()) came.answer.confirmed_on = b.status.confirmed_on;
  if (came.how == care::online) came.appointment = b.status.confirmed_on;
  came.changes = changes_between(before, came, asks_for_consents(b.status.kind), make_id_);
  b.status.changes += came.changes.size();
  for (const auto& c : came.changes) {
    if (changes_.size() >= options_.changes_max) break;
    change_row row;
    row.change = c.change;
    row.patient = *patient;
    row.batch = b.status.batch;
    row.what = c.what;
    row.ended = c.ended;
    row.noticed_ms = now_ms_;
    row.kept = c.kept;
    row.came = c.came;
    changes_of_[*patient].push_back(c.change);
    changes_[c.change] = std::move(row);
  }
  asked_in_[*patient] = b.status.batch;
  out.write(came, {}, {});
}

decision scheduler::on_units(const id& batch_id, std::vector<answered_unit> units, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  const auto found = batches_.find(batch_id);
  if (found == batches_.end()) return out;
  if (const auto now = found->second.status.now; now != state::answered && now != state::asking) return out;
  for (auto& unit : units)
    take_unit(found->second, unit, out);
  to_clerk(found->second, work::kind::read, out); // when this is durable
  return out;
}

// -- the morning list ----------------------------------------------------------------------------------------------

void scheduler::handle(const list_changes& m, const command_envelope& command, decision& out) {
  change_list list;
  /// Where and when the patient is expected next.
  const auto next_visit = [&](const id& patient) {
    std::pair<std::string, const expected_visit*> next;
    const auto mine = visits_of_.find(patient);
    if (mine == visits_of_.end()) return next;
    for (const auto* visit : mine->second)
      for (auto d = day_of(now_ms_); d <= day_of(now_ms_) + std::chrono::days{7}; d += std::chrono::days{1})
        if (is_expected(*visit, d) && (!next.second || text_of(d) < next.first)) next = {text_of(d), &visit->is};
    return next;
  };
  std::vector<change_row> rows;
  for (const auto& [key, change] : changes_) {
    list.open += change.how == change_decision::open;
    if (m.open_only && change.how != change_decision::open) continue;
    auto row = change;
    const auto [when, visit] = next_visit(change.patient);
    if (visit) {
      row.desk = visit->desk;
      row.day = when;
      row.visit = visit->how;
    }
    if (!m.desk.empty() && row.desk != m.desk) continue;
    rows.push_back(std::move(row));
  }
  std::ranges::stable_sort(rows, [](const auto& a, const auto& b) { return a.desk < b.desk; });
  list.total = rows.size();
  for (std::size_t n = m.first; n < rows.size() && list.rows.size() < options_.page_max; ++n) {
    auto& row = rows[n];
    if (const auto known = book_ ? book_->of(row.patient) : std::nullopt) {
      row.number = personal{known->who.number};
      row.name = personal{known->who.name};
    }
    list.rows.push_back(std::move(row));
  }
  for (const auto& [key, b] : batches_)
    if (b.status.night == text_of(night_))
      list.unanswered += b.status.rows - std::min(b.status.rows, b.status.answered);
  out.reply(command, list);
}

void scheduler::handle(const decide_change& m, const command_envelope& command, decision& out) {
  const auto found = changes_.find(m.change);
  if (found == changes_.end()) return out.refuse(command, {error_code::unknown_change, {}});
  if (m.how == change_decision::open) return out.refuse(command, {error_code::wrong_value, {"how", "open"}});
  auto& row = found->second;
  if (row.how != m.how) {
    row.how = m.how;
    row.decided_ms = now_ms_;
    row.decided_by = command.account;
    out.write(change_decided{m.change, row.patient, m.how}, {}, {}, command.id);
  }
  out.reply(command, done{});
}

} // namespace batch_scheduler
