// Folding a day's events into its list.
#include "actors/screen/day_list.hpp"

#include <chrono>

namespace screen {

using namespace messages;

namespace {

constexpr std::uint64_t japan_ms = 9ull * 3600 * 1000, day_ms = 24ull * 3600 * 1000;

/// The first millisecond (UTC) of the Japanese month of @p now_ms.
std::uint64_t month_begin(std::uint64_t now_ms) {
  using namespace std::chrono;
  const sys_days today{days{static_cast<int>((now_ms + japan_ms) / day_ms)}};
  const year_month_day date{today};
  const sys_days first{date.year() / date.month() / day{1}};
  return static_cast<std::uint64_t>(first.time_since_epoch().count()) * day_ms - japan_ms;
}

template <class E> value named(E e) { return value{std::string{name(e)}}; }

value in_clear(const personal<std::string>& text) {
  return value{text.seen() == visibility::clear ? text.reveal() : std::string{}};
}

} // namespace

day_list::day_list(std::uint64_t now_ms)
    : day_begin_ms_((now_ms + japan_ms) / day_ms * day_ms - japan_ms), day_end_ms_(day_begin_ms_ + day_ms),
      month_begin_ms_(month_begin(now_ms)) {}

bool day_list::is_of(std::uint64_t now_ms) const { return now_ms >= day_begin_ms_ && now_ms < day_end_ms_; }

const std::vector<std::string>& day_list::topics() {
  static const std::vector<std::string> all{"checkin.", std::string{eligibility_answered::topic}};
  return all;
}

void day_list::take(const event_envelope& e) {
  if (e.topic == eligibility_answered::topic) return take_answer(e);
  if (const auto m = body_as<card_placed>(e); m && is_of(e.time_ms) && arrivals_.size() < rows_max) {
    auto& a = arrivals_[e.checkin];
    a.desk = e.desk;
    a.at_ms = e.time_ms;
    a.patient = m->patient;
    a.verified_before = verified_.contains(m->patient);
  }
  const auto found = arrivals_.find(e.checkin);
  if (found == arrivals_.end()) return;
  auto& a = found->second;
  if (const auto m = body_as<identity_vouched>(e)) a.vouched_by = m->account;
  if (const auto m = body_as<identity_proven>(e)) {
    a.method = m->method;
    a.identified = true;
  }
  if (const auto m = body_as<consents_recorded>(e)) {
    a.question = m->question;
    a.choices = m->choices;
    a.language = m->language;
    a.text_version = m->text_version;
    a.consented_ms = e.time_ms;
  }
  if (const auto m = body_as<answer_shown>(e)) {
    a.outcome = m->outcome;
    a.judged = m->judged;
  }
  if (body_as<eligibility_not_asked>(e)) a.outcome = question_outcome::not_asked;
  if (const auto m = body_as<checkin_settled>(e)) {
    a.outcome = m->outcome;
    a.judged = m->judged;
    if (a.question.empty()) a.question = m->question;
  }
  if (const auto m = body_as<registration_requested>(e)) a.reference_number = m->number;
  if (body_as<card_forgotten>(e)) a.forgotten = true;
  if (const auto m = body_as<checkin_ended>(e)) {
    a.open = false;
    a.how = m->how;
  }
}

void day_list::take_answer(const event_envelope& e) {
  const auto m = body_as<eligibility_answered>(e);
  if (!m) return;
  const auto found = arrivals_.find(e.checkin);
  const bool readable = m->answer.insurances.seen() == visibility::clear && !m->answer.insurances.reveal().empty();
  if (found != arrivals_.end() && readable) {
    const auto& first = m->answer.insurances.reveal().front();
    found->second.name = personal<std::string>{first.name};
    if (!first.reference_number.empty()) found->second.reference_number = personal<std::string>{first.reference_number};
  }
  if (m->answer.judged == validity::valid) verified_.insert(m->patient);
}

value day_list::row_of(const id& checkin, const arrival& a) {
  const auto& c = a.choices;
  value consents{value::map{{"surgery", named(c.surgery)},
                            {"treatment", named(c.treatment)},
                            {"drugs", named(c.drugs)},
                            {"checkup", named(c.checkup)},
                            {"limit", named(c.limit)},
                            {"specified_disease", named(c.specified_disease)},
                            {"language", {a.language}},
                            {"text_version", {a.text_version}},
                            {"time_ms", {a.consented_ms}}}};
  return value{value::map{{"checkin", {checkin.text()}},
                          {"question", a.question.empty() ? value{} : value{a.question.text()}},
                          {"desk", {a.desk}},
                          {"time_ms", {a.at_ms}},
                          {"name", in_clear(a.name)},
                          {"reference_number", in_clear(a.reference_number)},
                          {"method", a.identified ? named(a.method) : value{std::string{}}},
                          {"vouched_by", {a.vouched_by}},
                          {"outcome", named(a.outcome)},
                          {"judged", named(a.judged)},
                          {"verified_before", value{a.verified_before}},
                          {"open", value{a.open}},
                          {"how", named(a.how)},
                          {"forgotten", value{a.forgotten}},
                          {"consents", a.consented_ms == 0 ? value{} : std::move(consents)}}};
}

value day_list::rows() const {
  value::array all;
  for (const auto& [checkin, a] : arrivals_)
    all.push_back(row_of(checkin, a));
  return value{std::move(all)};
}

} // namespace screen
