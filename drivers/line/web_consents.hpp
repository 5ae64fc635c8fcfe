// SIMULATED: what マイナ在宅受付Web remembers. Addresses that institutions were given, and the consents that patients gave
// and ended behind them. Pure; what it holds is rebuilt from the centre's ledger.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace drivers::line {

/// What an address leads to.
struct web_place {
  std::string institution; ///< 医療機関コード
  bool online = false;     ///< オンライン診療等; otherwise 訪問診療等
  friend bool operator==(const web_place&, const web_place&) = default;
};

/// 閲覧同意の内容: what the patient chose. Not chosen is refused.
struct web_choices {
  bool surgery = false;  ///< 手術情報
  bool medicine = false; ///< 診療・薬剤情報
  bool checkup = false;  ///< 特定健診等情報
  bool limit = false;    ///< 限度額情報
  friend bool operator==(const web_choices&, const web_choices&) = default;
};

/// One person's consent at one institution, for one kind of care. The newest replaces the one before.
struct web_consent {
  std::string registered; ///< yyyyMMddHHmmss (JST)
  web_choices chosen;
  std::string examined_on; ///< 診療予約日, yyyyMMdd; of online consultations only
  bool ended = false;      ///< by the patient (OQSCD031 2): then nothing else counts
  friend bool operator==(const web_consent&, const web_consent&) = default;
};

class web_consents {
public:
  /// The token of the institution's address; @p renewal (any text nobody can guess) makes a new one, and the one before
  /// leads nowhere.
  std::string address_of(const web_place& place, const std::string& renewal = {});
  /// An address as it was given out before a restart.
  void remember_address(const std::string& institution, std::string_view token);
  std::optional<web_place> place_of(std::string_view token) const;

  void take(const web_place& place, const std::string& person, web_consent consent);
  /// nullptr: none was ever given there.
  const web_consent* of(const web_place& place, const std::string& person) const;

private:
  std::map<std::pair<std::string, bool>, std::string> tokens_;
  std::map<std::string, web_place, std::less<>> places_;
  std::map<std::tuple<std::string, bool, std::string>, web_consent> consents_;
};

/// As a line of the ledger, and back; nullopt for what is no such line.
std::string to_line(const web_consent& consent);
std::optional<web_consent> web_consent_from(std::string_view line);

} // namespace drivers::line
