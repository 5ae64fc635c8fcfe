// The simulated national system: requests in, answers out; no network, no threads, no clock and no chance of its own.
//
// It knows the fictional people of one data file, gives challenges, checks cards' proofs, answers questions, keeps
// reference numbers per institution, and answers a repeated identifier with the same bytes. What it accepted is in its
// ledger before the answer leaves. A refused request binds nothing: the same identifier may come again with a better
// proof.
#pragma once

#include "drivers/line/card_proof.hpp"
#include "drivers/line/facts.hpp"
#include "drivers/line/insured_persons.hpp"
#include "drivers/line/ledger.hpp"
#include "drivers/line/profile.hpp"
#include "drivers/line/web_consents.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drivers::line {

struct centre_options {
  std::filesystem::path persons_file; ///< tools/simulated/insured_persons.json
  std::filesystem::path card_ca_file; ///< PEM: who makes the cards
  std::filesystem::path data_folder;  ///< the ledger's
  std::uint64_t challenge_valid_ms = 10 * 60 * 1000;
  std::function<std::uint64_t()> now_ms;                     ///< milliseconds since 1970, UTC
  std::function<messages::bytes(std::size_t)> random_octets; ///< unforeseeable in earnest, by seed in a test
  std::uint64_t bulk_ms = 0;  ///< how long a bulk request is 処理中 after it was accepted
  std::size_t population = 0; ///< persons made from `population_seed` beside those of the file
  std::uint64_t population_seed = 1;
  /// Where マイナ在宅受付Web is played ("http://127.0.0.1:5590"); empty: nowhere, and its addresses lead to nobody.
  std::string web_address{};
};

/// How a centre misbehaves on purpose; kept by whatever carries its answers.
struct centre_behaviour {
  static constexpr std::uint32_t down_for_good = std::numeric_limits<std::uint32_t>::max();

  std::uint32_t answer_delay_ms = 0;
  bool silent = false;             ///< takes requests, remembers them, never answers
  std::uint32_t down_requests = 0; ///< as many of the next ones find nobody; nothing of them arrives
};

/// Any thread; one request after another.
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

  /// What a certified reader at @p institution would put into Face for the holder of @p card_name; nullopt for nobody.
  std::optional<std::string> check_in(const std::string& card_name, const std::string& institution,
                                      const messages::consent_choices& choices);

  // マイナ在宅受付Web (centre_web.cpp). Its address ends with `?at=` and a token.

  std::optional<web_place> web_place_of(std::string_view token);
  /// Whose cards there are, as far as the data file names them: card names and names.
  std::vector<std::pair<std::string, std::string>> card_holders();
  struct web_challenge {
    std::string id;
    messages::bytes value;
  };
  /// What a patient's card has to sign; nullopt: there is no room for more just now.
  std::optional<web_challenge> challenge_card_at_home(const web_place& place);
  struct web_proof {
    std::string challenge;                  ///< its id
    messages::bytes certificate, signature; ///< of the user-authentication key
  };
  enum class web_outcome : std::uint8_t {
    registered,
    unknown_address, ///< it was renewed, or never was one
    wrong_day,       ///< no 診療予約日 from today on, or one where there is none
    stale,           ///< the challenge is too old, or was used: the card is read again
    wrong_card,      ///< its certificate or its signature is not believed, or has ended
    nobody,          ///< the card's owner has no insurance here
    nothing_to_end,  ///< no consent is in force that could be ended
    busy
  };
  struct web_registration {
    web_outcome is = web_outcome::busy;
    web_consent consent; ///< only when it is registered
  };
  /// 同意登録; without @p choices the patient ends what they had consented to. Durable when it returns.
  web_registration register_at_home(std::string_view token, const web_proof& proof,
                                    const std::optional<web_choices>& choices, const std::string& examined_on);

  /// SIMULATED: something happens to a person, or they decide something at home. False: nobody of that name.
  bool change_person(const std::string& card_name, const std::function<void(simulated_person&)>& how);

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
  reply dispatch(call asked, const std::string& institution, std::string_view body);
  // centre_visits.cpp
  reply take_visit_question(const std::string& institution, std::string_view body, function what);
  reply take_withdrawal(const std::string& institution, std::string_view body);
  reply give_url(const std::string& institution, std::string_view body);
  reply give_records(const std::string& institution, std::string_view body, bool checkup);
  // centre_bulk.cpp
  reply take_bulk(const std::string& institution, std::string_view body, function what);
  reply give_bulk(const std::string& institution, std::string_view body, function what);
  messages::result<std::string> units_for(const std::string& institution, const std::string& request, function what,
                                          wire::header& counts);
  messages::result<std::string> made_result(const std::string& institution, const std::string& reception,
                                            const std::string& request, function what, wire::header& counts);
  std::optional<wire::search> period_of(const std::string& request, function what) const;
  wire::confirmed_unit confirm(const std::string& institution, const wire::search& asked, function what);
  wire::confirmed_unit consented(const std::string& institution, const simulated_person& person, function what);
  std::vector<wire::insurance> insurances_of(const std::string& institution, const simulated_person& person,
                                             function what);
  bool has_withdrawn(const std::string& institution, const simulated_person& person) const;
  /// A consent in the form that answers need, wherever it came from.
  struct given_consent {
    std::string when;                       ///< yyyyMMddHHmmss; empty: none was given
    web_choices chosen{true, true, true, true};
    std::string examined_on;
    code<expiry_reason> ended; ///< unstated: it is in force
    bool on_web = false;
  };
  given_consent consent_of(const std::string& institution, const simulated_person& person, bool online) const;
  static void state_consents_of(const given_consent& given, wire::insurance& insurance);
  void remember_what_happened(const std::vector<ledger_question>& asked);
  wire::header wire_header(const std::string& institution, const std::string& identifier) const;

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
  std::shared_ptr<const facts> names_ = facts::usual();
  std::mutex mutex_;
  std::set<std::pair<std::string, std::string>> withdrawn_, viewable_; ///< institution and person
  web_consents web_;
  std::map<std::pair<std::string, std::string>, std::string> limit_told_; ///< the class that a bulk result rested on
};

} // namespace drivers::line
