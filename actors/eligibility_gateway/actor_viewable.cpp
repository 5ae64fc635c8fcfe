// Searching the consents in force.
#include "actors/eligibility_gateway/actor_viewable.hpp"

#include "actors/eligibility_gateway/actor_lists.hpp"
#include "messages/spelling.hpp"
#include "storage/load.hpp"
#include "storage/views/consents.hpp"
#include "storage/views/questions.hpp"

#include <algorithm>

namespace eligibility_gateway {

using namespace messages;

namespace {

constexpr std::size_t consents_max = 20'000, found_max = 200;

/// What is known of whoever gave a consent.
struct person_known {
  std::string name, kana, reference_number, birth_date;
};

person_known known_of(const storage::consent_row& row, const storage::journal& from, const journal_book& book) {
  person_known known;
  if (const auto records = book.of_handle(row.patient); !records.empty()) {
    const auto& r = records.front();
    known = {r.name, r.kana, r.reference_number, r.birth_date};
  }
  if (const auto& person = row.person.reveal(); known.birth_date.empty()) known.birth_date = person.birth_date;
  // Nobody has said yet who of the clinic's patients it is: visitors have names, and so do answers.
  if (const auto visitor = known.name.empty() ? visitor_of(row.patient, from) : std::nullopt) {
    known.name = visitor->name;
    known.kana = visitor->kana;
    known.reference_number = visitor->number;
    if (known.birth_date.empty()) known.birth_date = visitor->person.birth_date;
  }
  if (!known.name.empty() || row.question.empty()) return known;
  const auto stored = from.get("questions", storage::question_key(row.question));
  const auto asked = stored && *stored ? storage::decode_row<storage::question_row>(**stored) : std::nullopt;
  if (asked) {
    known.name = asked->name.reveal();
    known.reference_number = asked->reference_number.reveal();
  }
  return known;
}

bool same_number(const personal<std::string>& wanted, std::string_view known) {
  return wanted.reveal().empty() || normal_number(wanted.reveal()) == normal_number(known);
}

bool is_named(const std::string& wanted, const person_known& known) {
  if (wanted.empty()) return true;
  const auto holds = [](const std::string& all, const std::string& part) {
    return !part.empty() && all.find(part) != std::string::npos;
  };
  return holds(normal_name(known.name), normal_name(wanted)) || holds(normal_kana(known.kana), normal_kana(wanted));
}

bool fits(const search_conditions& wanted, const storage::consent_row& row) {
  const auto& person = row.person.reveal();
  return same_number(wanted.insurer, person.insurer) && same_number(wanted.symbol, person.symbol) &&
         same_number(wanted.number, person.number) && same_number(wanted.branch, person.branch);
}

std::vector<viewable_kind> open_kinds(const storage::consent_row& row, const search_conditions& wanted,
                                      const journal_book& book, const viewing_windows& windows, std::uint64_t now_ms) {
  std::vector<viewable_kind> open;
  for (std::size_t n = 0; n < enumeration<information_kind>::names.size(); ++n) {
    const auto kind = static_cast<information_kind>(n);
    const auto given = book.consent(row.patient, kind);
    if (!given || !may_view(name(kind), given->flag, given->scope, windows, now_ms)) continue;
    const bool of_that_care =
        wanted.how.empty() || std::ranges::find(wanted.how, given->scope.how) != wanted.how.end();
    if (of_that_care) open.push_back({kind, given->scope.how, given->index, open_until(*given, windows)});
  }
  return open;
}

} // namespace

result<viewable_list> find_viewable(const search_conditions& wanted, const storage::journal& from,
                                    const viewing_windows& windows, std::uint64_t now_ms) {
  const auto rows = storage::load_rows<storage::consent_row>(from, "consents", "", consents_max);
  if (!rows) return failure(rows.error());
  const journal_book book{from};
  viewable_list list;
  for (const auto& row : *rows) {
    if (!fits(wanted, row)) continue;
    const auto known = known_of(row, from, book);
    const auto& birth = wanted.birth_date.reveal();
    if (!is_named(wanted.name.reveal(), known) || !same_number(wanted.reference_number, known.reference_number) ||
        (!birth.empty() && birth != known.birth_date))
      continue;
    auto open = open_kinds(row, wanted, book, windows, now_ms);
    if (open.empty()) continue;
    list.more = list.patients.size() == found_max;
    if (list.more) break;
    list.patients.push_back({row.patient, personal{known.name}, personal{known.reference_number},
                             personal{known.birth_date}, std::move(open)});
  }
  return list;
}

bool is_in_force(const id& patient, information_kind kind, std::uint64_t consent, const storage::journal& from,
                 const viewing_windows& windows, std::uint64_t now_ms) {
  const auto given = journal_book{from}.consent(patient, kind);
  return given && given->index == consent && may_view(name(kind), given->flag, given->scope, windows, now_ms);
}

} // namespace eligibility_gateway
