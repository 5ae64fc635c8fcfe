// 閲覧: drug, treatment, surgery and check-up information, fetched and handed out only within a consent that is in force,
// and the withdrawal that closes it. Every view and every refusal is an event with account, desk, patient and consent.
#include "actors/eligibility_gateway/questions.hpp"

#include "messages/japanese_time.hpp"

#include <algorithm>

namespace eligibility_gateway {

using namespace messages;

namespace {

constexpr std::size_t withdrawals_max = 10'000;

bool is_month(const std::string& text) {
  if (text.size() != 6 || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return false;
  const auto month = text.substr(4);
  return month >= "01" && month <= "12";
}

/// yyyyMM of @p months before the month of @p utc_ms; 0: that month.
std::string month_before(std::uint64_t utc_ms, std::uint32_t months) {
  const auto now = japanese_time(utc_ms);
  const auto count = std::stoul(now.substr(0, 4)) * 12 + std::stoul(now.substr(4, 2)) - 1 - months;
  const auto month = std::to_string(count % 12 + 1);
  return std::to_string(count / 12) + (month.size() == 1 ? "0" : "") + month;
}

/// An event that names its asker, whenever it is written.
template <class M>
void write_for(const command_envelope& asker, const M& event, const std::string& desk, decision& out) {
  out.write(event, desk, {}, asker.id);
  out.journal.events.back().account = asker.account;
}

} // namespace

result<viewing_consent> questions::consent_in_force(const id& patient, information_kind kind,
                                                    std::uint64_t as_seen) const {
  auto found = book_ ? book_->consent(patient, kind) : std::nullopt;
  if (!found) return failure(error_code::consent_missing, std::string{name(kind)}, "not given");
  const auto withdrawn = withdrawn_.find(patient);
  found->scope.withdrawn = found->scope.how == care::home_visit && withdrawn != withdrawn_.end() &&
                           found->flag.consented <= withdrawn->second;
  if (auto open = may_view(name(kind), found->flag, found->scope, options_.viewing, now_ms_); !open)
    return failure(open.error());
  if (as_seen != 0 && as_seen != found->index)
    return failure(error_code::consent_missing, std::string{name(kind)}, "another consent is in force");
  return *found;
}

void questions::refuse_view(const obtain_records& m, const command_envelope& command, error why, decision& out) {
  const records_refused refused{m.question, m.patient, m.kind, m.consent, std::string{describe(why.code).name}};
  write_for(command, refused, m.desk, out);
  out.refuse(command, std::move(why));
}

void questions::handle(const obtain_records& m, const command_envelope& command, decision& out) {
  if (m.question.empty()) return out.refuse(command, {error_code::missing_value, {"question"}});
  if (command.account.empty()) return refuse_view(m, command, {error_code::not_signed_in, {}}, out);
  const auto from = m.from_month.empty() ? month_before(now_ms_, options_.records_months - 1) : m.from_month;
  const auto to = m.to_month.empty() ? month_before(now_ms_, 0) : m.to_month;
  if (!is_month(from) || !is_month(to) || to < from)
    return refuse_view(m, command, {error_code::wrong_value, {"months", "yyyyMM to yyyyMM is needed"}}, out);
  const auto consent = consent_in_force(m.patient, m.kind, m.consent);
  if (!consent) return refuse_view(m, command, consent.error(), out);
  if (consent->person.reveal().number.empty())
    return refuse_view(m, command, {error_code::wrong_value, {"patient", "no answer names a person"}}, out);
  if (questions_.contains(m.question)) return refuse_view(m, command, {error_code::already_done, {}}, out);
  auto* q = want(m.question, command, out);
  if (!q) return;
  q->patient = m.patient;
  q->desk = m.desk;
  q->person = consent->person;
  q->records = records_wanted{m.kind, consent->scope.how, consent->index, from, to, m.desk};
  write_for(command, records_asked{m.question, m.patient, m.kind, consent->index}, m.desk, out);
  fire(*q, {.on = event::wanted, .cause = command.id, .command = &command}, out);
}

decision questions::on_records(id key, const result<fetched_records>& came, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  const auto found = questions_.find(key);
  if (found == questions_.end() || !found->second.records) return out;
  found->second.in_flight = false;
  end_fetch(found->second, came, out);
  note_arrival(key, came ? nullptr : &came.error(), out);
  send_next(out);
  return out;
}

/// It is over, however it went: nothing of it stays here. What came after the consent ended is not kept either.
void questions::end_fetch(question& q, const result<fetched_records>& came, decision& out) {
  const auto& wanted = *q.records;
  const auto consent = consent_in_force(q.patient, wanted.kind, wanted.consent);
  const auto gone = [&](const error& why) {
    for (const auto& command : q.waiting) {
      const records_refused refused{q.key, q.patient, wanted.kind, wanted.consent,
                                    std::string{describe(why.code).name}};
      write_for(command, refused, wanted.desk, out);
      out.refuse(command, why);
    }
  };
  if (!consent || !came)
    gone(consent ? came.error() : consent.error());
  else {
    const records_fetched fetched{q.key,           q.patient,       wanted.kind, wanted.consent, wanted.from_month,
                                  wanted.to_month, came->original};
    out.write(fetched, wanted.desk, {});
    auto shown = came->found.reveal();
    shown.drugs = without_doubles(std::move(shown.drugs));
    for (const auto& command : q.waiting)
      show_records(q, *consent, shown, command, out);
  }
  out.kept.push_back(q.key);
  q.waiting.clear();
  const auto key = q.key;
  open_.erase(key);
  traffic_.leave(key);
  questions_.erase(key);
}

void questions::show_records(const question& q, const viewing_consent& consent, const medical_records& found,
                             const command_envelope& command, decision& out) {
  const auto& wanted = *q.records;
  const records_obtained shown{q.key,           q.patient,       wanted.kind, consent.index,
                               open_until(consent, options_.viewing),
                               wanted.from_month, wanted.to_month, now_ms_,     personal{found}};
  auto body = encode_body(shown);
  if (body.size() > options_.records_bytes_max) {
    const error why{error_code::too_large,
                    {"records: ask for fewer months", std::to_string(options_.records_bytes_max)}};
    write_for(command,
              records_refused{q.key, q.patient, wanted.kind, consent.index, std::string{describe(why.code).name}},
              wanted.desk, out);
    return out.refuse(command, why);
  }
  write_for(command, records_viewed{q.key, q.patient, wanted.kind, consent.index}, wanted.desk, out);
  out.replies.push_back({command, std::move(body), false}); // said once: a second asking passes the gate again
}

/// Closed from here on, whatever the centre makes of it.
void questions::handle(const withdraw_consent& m, const command_envelope& command, decision& out) {
  if (m.patient.empty()) return out.refuse(command, {error_code::missing_value, {"patient"}});
  if (m.person.reveal().number.empty()) return out.refuse(command, {error_code::missing_value, {"person"}});
  auto* q = want(m.question, command, out);
  if (!q) return;
  if (q->now == state::fresh) {
    q->kind = question_kind::withdrawal;
    q->patient = m.patient;
    q->desk = m.desk;
    q->person = m.person;
    if (withdrawn_.size() >= withdrawals_max) withdrawn_.clear(); // the view has known them long since
    withdrawn_[m.patient] = japanese_time(now_ms_);
    out.write(consent_withdrawn{m.question, m.patient}, m.desk, {}, command.id);
  }
  fire(*q, {.on = event::wanted, .cause = command.id, .command = &command}, out);
}

} // namespace eligibility_gateway
