// Comparing answer with answer.
#include "actors/batch_scheduler/changes.hpp"

#include "actors/batch_scheduler/calendar.hpp"
#include "messages/spelling.hpp"

namespace batch_scheduler {

using namespace messages;

namespace {

std::string card_text(const std::string& insurer, const std::string& symbol, const std::string& number,
                      const std::string& branch) {
  auto text = insurer;
  for (const auto* part : {&symbol, &number, &branch})
    if (!part->empty()) text += ' ' + *part;
  const auto first = text.find_first_not_of(' ');
  return first == std::string::npos ? std::string{} : text.substr(first);
}
std::string normal_card(const std::string& insurer, const std::string& symbol, const std::string& number,
                        const std::string& branch) {
  return normal_number(insurer) + '|' + normal_number(symbol) + '|' + normal_number(number) + '|' +
         normal_number(branch);
}

/// Does a certificate that is valid to @p valid_to end within `ending_days` of @p confirmed_on?
bool ends_soon(const std::string& valid_to, const std::string& confirmed_on) {
  const auto last = day_from(valid_to), asked = day_from(confirmed_on);
  return last && asked && *last <= *asked + std::chrono::days{ending_days};
}

class notebook {
public:
  explicit notebook(const std::function<id()>& make_id) : make_id_(make_id) {}
  void note(change_kind what, std::string kept, std::string came, consent_end ended = consent_end::none) {
    all.push_back({make_id_(), what, ended, personal{std::move(kept)}, personal{std::move(came)}});
  }
  std::vector<noticed_change> all;

private:
  const std::function<id()>& make_id_;
};

void compare_insurance(const last_answer& before, const last_answer& now, const batch_row_answered& came,
                       notebook& book) {
  if (came.answer.insurances.reveal().empty()) return;
  // a certificate was never told of: nothing to compare with
  if (before.insurer.empty()) return;
  if (normal_card(before.insurer, before.symbol, before.number, before.branch) !=
      normal_card(now.insurer, now.symbol, now.number, now.branch))
    book.note(change_kind::insurer, card_text(before.insurer, before.symbol, before.number, before.branch),
              card_text(now.insurer, now.symbol, now.number, now.branch));
  if (before.burden_ratio != now.burden_ratio)
    book.note(change_kind::burden_ratio, before.burden_ratio, now.burden_ratio);
  if (before.limit_told && now.limit_class != before.limit_class)
    book.note(change_kind::limit_class, before.limit_class, now.limit_class);
  else if (came.limit_changed && now.limit_class == before.limit_class)
    book.note(change_kind::limit_class, before.limit_class, "");
}

void compare_consents(const consent_state& before, const consent_state& now, bool first_counts, notebook& book) {
  if (!now.told || (!before.told && !first_counts)) return;
  if (before.flag != 1 && now.flag == 1) book.note(change_kind::consent_given, "", "1");
  if (before.flag != 1 || now.flag == 1) return;
  const bool withdrawn =
      now.ended == consent_end::cancelled_by_institution || now.ended == consent_end::cancelled_by_patient;
  book.note(withdrawn ? change_kind::consent_withdrawn : change_kind::consent_ended, "1", std::to_string(now.flag),
            now.ended);
}

} // namespace

std::vector<noticed_change> changes_between(const last_answer& before, const batch_row_answered& came,
                                            bool found_by_consent, const std::function<id()>& make_id) {
  notebook book{make_id};
  const auto now = after(before, came, 0);
  const bool first = before.batch.empty();
  if (!first) {
    compare_insurance(before, now, came, book);
    if (before.judged != now.judged)
      book.note(change_kind::validity, std::string{name(before.judged)}, std::string{name(now.judged)});
  }
  if (ends_soon(now.valid_to, now.confirmed_on) && before.ending_noticed != now.valid_to &&
      now.judged != validity::invalid)
    book.note(change_kind::certificate_ending, "", now.valid_to);
  if (!first && now.ticket_month != before.ticket_month)
    book.note(change_kind::medical_ticket, before.ticket_month, now.ticket_month);
  if (came.how == care::home_visit) compare_consents(before.home_visit, now.home_visit, found_by_consent, book);
  if (came.how == care::online) compare_consents(before.online, now.online, found_by_consent, book);
  return std::move(book.all);
}

} // namespace batch_scheduler
