// Who saw or did what: an entry of the journal as a line for the person who asks, pure. Most events say themselves
// whose they are and by whom; what they leave out follows from those before them.
#pragma once

#include "messages/account.hpp"
#include "messages/value.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tools {

/// One entry, as it is told.
struct deed {
  std::uint64_t index = 0, time_ms = 0; ///< UTC
  std::string topic, where;             ///< where: the desk, else the node
  messages::id patient, checkin;
  std::string account;                 ///< who did it; empty: the house, or a patient at the desk
  std::string behalf;                  ///< nobody did it directly: it follows from what this account asked for
  std::string concerned;               ///< the account that it happened to
  std::vector<std::string> could_see;  ///< it was shown at reception while these were signed in
  std::vector<messages::id> also;      ///< further patients that it names
  messages::value::map said;           ///< the fields of its body, without octets and what stands above
};

/// Reads a journal from entry 1 on, in order: what it knows of a question or a session comes from earlier entries.
class deeds {
public:
  deed take(const messages::event_envelope& event);

private:
  /// The newest million: ids are ordered by age.
  template <class T> using known = std::map<messages::id, T>;

  void learn_patient(const messages::event_envelope& event, const messages::value& body, deed& of);
  void learn_account(const messages::event_envelope& event, const messages::value& body, deed& of);
  std::vector<std::string> signed_in_at(std::uint64_t time_ms) const;

  known<messages::id> patient_of_; ///< by check-in, question, registration, hand-over
  known<std::string> asked_by_;    ///< by question, registration
  std::map<std::string, messages::account_record> accounts_;
};

/// What is asked for; empty: everything.
struct deed_filter {
  messages::id patient;
  std::string account, desk;
  std::uint64_t from_ms = 0, to_ms = UINT64_MAX; ///< both belong to it
  bool wants(const deed& d) const;
};

/// 2026-11-22 or 2026-11-22T08:42 (or with a blank) in Japan as UTC milliseconds: the first of that day or minute, the
/// last with @p end. Nothing when it is no such time, or a day that no month has.
std::optional<std::uint64_t> time_asked(const std::string& text, bool end);

/// `outcome answered, tries_left 3`: what a deed says beside who and where, on one line.
std::string words_of(const deed& d);

} // namespace tools
