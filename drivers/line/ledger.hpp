// The simulated centre's memory: one append-only file of JSON lines that survives kill -9 and is replayed at the start.
//
// It is also evidence: a test reads from it under which identifiers the clinic has asked, and how often (read_ledger).
// A line is written before the answer leaves. Power cuts are not survived: this is a simulator, nothing is synced.
#pragma once

#include "drivers/line/port.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace drivers::line {

/// A question that the centre has accepted. The same identifier from the same institution is the same question.
struct ledger_question {
  std::string institution, identifier;
  std::string kind;             ///< card | typed | reference
  std::string person;           ///< the person's id, "" when nobody was found
  std::string content;          ///< SHA-256 of what was asked: equal contents under two identifiers were asked twice
  std::string challenge;        ///< of a card question
  std::string reference_number; ///< of a registration that succeeded
  std::uint64_t first_seen_ms = 0;
  std::uint64_t times_seen = 0;
  std::string reply; ///< the XML that was, and will be, answered
};

struct ledger_challenge {
  std::string institution;
  messages::bytes value;
  std::uint64_t issued_ms = 0;
  std::string used_by; ///< identifier of the question that used it
};

/// One thread at a time.
class ledger {
public:
  static constexpr const char* file_name = "centre-ledger.jsonl";
  static constexpr std::size_t questions_max = 50000;
  static constexpr std::size_t challenges_max = 10000;

  /// Creates or replays the ledger in @p folder and locks it. A half-written last line is cut off.
  /// `database_locked`, `journal_damaged`, `write_failed`.
  static messages::result<std::unique_ptr<ledger>> open(const std::filesystem::path& folder);
  ~ledger();
  ledger(const ledger&) = delete;
  ledger& operator=(const ledger&) = delete;

  const ledger_question* find_question(const std::string& institution, const std::string& identifier) const;
  const ledger_challenge* find_challenge(const std::string& id) const;
  /// The number registered for @p person at @p institution, "" when none; and whom a number belongs to.
  std::string number_of(const std::string& institution, const std::string& person) const;
  std::string owner_of(const std::string& institution, const std::string& number) const;
  bool full() const;

  messages::result<void> add_challenge(const std::string& id, ledger_challenge issued, std::uint64_t forget_before_ms);
  messages::result<void> add_question(ledger_question asked);
  messages::result<void> add_repeat(const std::string& institution, const std::string& identifier,
                                    std::uint64_t time_ms);
  /// A number known from the data file, which is not written.
  void remember_number(const std::string& institution, const std::string& person, const std::string& number);

private:
  struct contents;
  ledger();
  messages::result<void> write(const std::string& line);

  friend messages::result<std::vector<ledger_question>> read_ledger(const std::filesystem::path& folder);
  std::unique_ptr<contents> contents_;
  std::filesystem::path file_;
  int descriptor_ = -1;
};

/// The questions in the order in which they were first seen; reads a running centre's ledger, too.
messages::result<std::vector<ledger_question>> read_ledger(const std::filesystem::path& folder);

} // namespace drivers::line
