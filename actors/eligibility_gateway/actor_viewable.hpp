// Whose records may be viewed now, read from the journal's views: for whoever searches, and whoever shows a view and
// has to close it in time. Belongs to the shells: the pure part knows no storage.
#pragma once

#include "actors/eligibility_gateway/viewing.hpp"
#include "storage/journal.hpp"

namespace eligibility_gateway {

/// 検索条件を入力し、患者の情報を検索: all conditions given have to be met; none: everybody there is.
struct search_conditions {
  messages::personal<std::string> name;             ///< or kana; a part of it
  messages::personal<std::string> reference_number; ///< 照会番号
  messages::personal<std::string> birth_date;       ///< yyyyMMdd
  messages::personal<std::string> insurer, symbol, number, branch;
  std::vector<messages::care> how; ///< 診療区分 under which the consent was given; none: any
  UKETSUKE_FIELDS(search_conditions, name, reference_number, birth_date, insurer, symbol, number, branch, how)
};

struct viewable_kind {
  messages::information_kind kind{};
  messages::care how{};
  std::uint64_t consent = 0; ///< index of the event that a view would rest on
  std::string open_until;    ///< yyyyMMddHHmmss (JST); empty: until it is withdrawn
  UKETSUKE_FIELDS(viewable_kind, kind, how, consent, open_until)
};

/// One patient with something that may be viewed now.
struct viewable_patient {
  messages::id patient; ///< the handle under which the consent was given
  messages::personal<std::string> name, reference_number, birth_date;
  std::vector<viewable_kind> kinds;
  UKETSUKE_FIELDS(viewable_patient, patient, name, reference_number, birth_date, kinds)
};
struct viewable_list {
  std::vector<viewable_patient> patients;
  bool more = false; ///< there are more than fit
  UKETSUKE_FIELDS(viewable_list, patients, more)
};

/// Patients who meet every condition of @p wanted and whose consent for some kind is in force at @p now_ms. Reads every
/// consent there is (20,000 at most): a few microseconds each.
messages::result<viewable_list> find_viewable(const search_conditions& wanted, const storage::journal& from,
                                              const viewing_windows& windows, std::uint64_t now_ms);

/// Is @p consent, the index that a view of @p kind rests on, the one in force at @p now_ms?
bool is_in_force(const messages::id& patient, messages::information_kind kind, std::uint64_t consent,
                 const storage::journal& from, const viewing_windows& windows, std::uint64_t now_ms);

} // namespace eligibility_gateway
