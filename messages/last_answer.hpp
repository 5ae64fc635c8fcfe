// What is kept of the last answers about a visitor, so that the next one can be compared with them.
#pragma once

#include "messages/batch_events.hpp"

namespace messages {

/// How far consents of one kind of care had come; OQSCD016.
struct consent_state {
  std::int64_t flag = 0; ///< 0 none, 1 given, 2 ended: 1 when any kind of information is given
  bool told = false;     ///< an answer spoke of them
  consent_end ended{};

  UKETSUKE_FIELDS(consent_state, flag, told, ended)
};

/// The last answers about one visitor. What an answer does not speak of (a result without limit details, without
/// consents) stays as it was.
struct last_answer {
  id batch; ///< the newest; none: never answered
  std::uint64_t answered_ms = 0;
  std::string confirmed_on; ///< yyyyMMdd
  validity judged{};
  std::string insurer, symbol, number, branch, insurer_name; ///< as received
  std::string burden_ratio;                                  ///< 3 digits of percent; empty: not told
  std::string limit_class;                                   ///< OQSCD012, or OQSCD011 where only that is told
  bool limit_told = false;
  std::string valid_to;       ///< yyyyMMdd: the certificate's; empty: open
  std::string ending_noticed; ///< the `valid_to` of which staff were told already
  std::string ticket_month;   ///< yyyyMM of the newest 医療券
  consent_state home_visit, online;

  UKETSUKE_FIELDS(last_answer, batch, answered_ms, confirmed_on, judged, insurer, symbol, number, branch, insurer_name,
                  burden_ratio, limit_class, limit_told, valid_to, ending_noticed, ticket_month, home_visit, online)
};

/// What is kept after @p came. Pure.
last_answer after(last_answer before, const batch_row_answered& came, std::uint64_t time_ms);

/// The consents of @p answer in one: given when one is, else ended when one is.
consent_state consents_in(const eligibility_answer& answer, consent_end why);

} // namespace messages
