// Keeping of an answer what the next one is compared with.
#include "messages/last_answer.hpp"

#include <algorithm>

namespace messages {

consent_state consents_in(const eligibility_answer& answer, consent_end why) {
  consent_state now{0, true, consent_end::none};
  for (const auto* one : {&answer.surgery, &answer.treatment, &answer.drugs, &answer.checkup}) {
    if (one->flag == 1) now.flag = 1;
    if (one->flag == 2 && now.flag == 0) now.flag = 2;
  }
  if (now.flag == 2) now.ended = why;
  return now;
}

last_answer after(last_answer before, const batch_row_answered& came, std::uint64_t time_ms) {
  before.batch = came.batch;
  before.answered_ms = time_ms;
  before.confirmed_on = came.answer.confirmed_on;
  before.judged = came.answer.judged;
  const auto& all = came.answer.insurances.reveal();
  if (!all.empty()) {
    const auto& one = all.front();
    before.insurer = one.insurer;
    before.symbol = one.symbol;
    before.number = one.number;
    before.branch = one.branch;
    before.insurer_name = one.insurer_name;
    before.burden_ratio = one.burden_ratio;
    before.valid_to = one.valid_to;
    if (came.how != care::outpatient || !one.limit_class.empty() || !one.limit_flag.empty()) {
      before.limit_class = one.limit_flag.empty() ? one.limit_class : one.limit_flag;
      before.limit_told = true;
    }
  }
  if (!came.ticket_month.empty()) before.ticket_month = std::max(before.ticket_month, came.ticket_month);
  if (came.how == care::home_visit) before.home_visit = consents_in(came.answer, came.ended);
  if (came.how == care::online) before.online = consents_in(came.answer, came.ended);
  for (const auto& change : came.changes)
    if (change.what == change_kind::certificate_ending) before.ending_noticed = before.valid_to;
  return before;
}

} // namespace messages
