// The simulated national system: requests in, answers out; no network, no threads, no clock and no chance of its own.
//
// It knows the fictional people of one data file, gives challenges, checks cards' proofs, answers questions, keeps
// reference numbers per institution, and answers a repeated identifier with the same bytes. What it accepted is in its
// ledger before the answer leaves. A refused request binds nothing: the same identifier may come again with a better
// proof.
#pragma once

#include "drivers/line/card_proof.hpp"
#include "drivers/line/insured_persons.hpp"
#include "drivers/line/ledger.hpp"
#include "drivers/line/profile.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace drivers::line {

struct centre_options {
  std::filesystem::path persons_file; ///< tools/simulated/insured_persons.json
  std::filesystem::path card_ca_file; ///< PEM: who makes the cards
  std::filesystem::path data_folder;  ///< the ledger's
  std::uint64_t challenge_valid_ms = 10 * 60 * 1000;
  std::function<std::uint64_t()> now_ms;                     ///< milliseconds since 1970, UTC
  std::function<messages::bytes(std::size_t)> random_octets; ///< unforeseeable in earnest, by seed in a test
};

/// How a centre misbehaves on purpose; kept by whatever carries its answers.
struct centre_behaviour {
  static constexpr std::uint32_t down_for_good = std::numeric_limits<std::uint32_t>::max();

  std::uint32_t answer_delay_ms = 0;
  bool silent = false;             ///< takes requests, remembers them, never answers
  std::uint32_t down_requests = 0; ///< as many of the next ones find nobody; nothing of them arrives
};

/// One thread at a time.
class centre {
public:
  struct reply {
    int status = 500; ///< HTTP
    std::string xml;
  };

  /// Whatever is wrong with a file is an error that names it.
  static messages::result<std::unique_ptr<centre>> open(centre_options options);

  /// @p client_subject is the CN of the client's certificate: its 医療機関コード. Never throws, whatever @p body is.
  reply handle(std::string_view path, std::string_view client_subject, std::string_view body);

private:
  struct outcome;
  centre(centre_options options, insured_persons persons, std::unique_ptr<card_authority> cards,
         std::unique_ptr<ledger> book);

  reply give_challenge(const std::string& institution, std::string_view body);
  reply take_card_question(const std::string& institution, std::string_view body);
  reply take_typed_question(const std::string& institution, std::string_view body);
  reply take_registration(const std::string& institution, std::string_view body);
  /// Answers a known identifier, or judges the question, remembers it and answers.
  template <class Judge>
  reply settle(const message_header& asked, const char* kind, const std::string& content, Judge judge);
  outcome judge_card(const message_header& asked, const card_question& question);
  outcome judge_typed(const message_header& asked, const typed_question& question);
  outcome judge_registration(const message_header& asked, const reference_registration& registration);
  message_header answer_header(const message_header& asked, std::string confirmed_on,
                               const char* reference_class) const;
  reply refuse(const message_header& asked, const profile::refusal& why, const std::string& detail = {}) const;

  centre_options options_;
  insured_persons persons_;
  std::unique_ptr<card_authority> cards_;
  std::unique_ptr<ledger> ledger_;
};

} // namespace drivers::line
