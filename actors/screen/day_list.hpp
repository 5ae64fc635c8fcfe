// 本日の受付: who arrived today, how each check-in went, and who was verified this month already. Folded from events, for
// reception's page. Pure.
#pragma once

#include "messages/registry.hpp"
#include "messages/value.hpp"

#include <map>
#include <set>

namespace screen {

class day_list {
public:
  /// Of the day and the month in which @p now_ms lies, in Japanese time.
  explicit day_list(std::uint64_t now_ms);

  bool is_of(std::uint64_t now_ms) const;
  std::uint64_t month_begin_ms() const { return month_begin_ms_; }
  /// Prefixes of the topics that take() reads.
  static const std::vector<std::string>& topics();

  /// Events in index order, from month_begin_ms() on.
  void take(const messages::event_envelope& event);
  /// Today's check-ins, oldest first: an array of maps for the page.
  messages::value rows() const;

  static constexpr std::size_t rows_max = 2'000; ///< arrivals of a day; later ones are counted by nobody

private:
  struct arrival {
    std::string desk;
    std::uint64_t at_ms = 0;
    messages::id patient, question;
    messages::identity_method method{};
    bool identified = false, open = true, forgotten = false, verified_before = false;
    std::string vouched_by;
    messages::personal<std::string> name, reference_number;
    messages::question_outcome outcome{};
    messages::validity judged{};
    messages::ending how{};
    messages::consent_choices choices;
    std::string language, text_version;
    std::uint64_t consented_ms = 0;
  };
  void take_answer(const messages::event_envelope& event);
  static messages::value row_of(const messages::id& checkin, const arrival& a);

  std::uint64_t day_begin_ms_ = 0, day_end_ms_ = 0, month_begin_ms_ = 0;
  std::map<messages::id, arrival> arrivals_; ///< by check-in: ids are ordered by time
  std::set<messages::id> verified_;          ///< patients, this month
};

} // namespace screen
