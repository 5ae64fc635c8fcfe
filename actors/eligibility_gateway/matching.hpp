// Whose an answer is: compares what the national system says with whom the clinic knows, picks nobody of several, and
// says every difference side by side. Pure (oqs-interface.md §7: complaints 1, 4, 10, 11, 12, 16, 21, 23).
#pragma once

#include "actors/eligibility_gateway/viewing.hpp"
#include "messages/patients.hpp"

#include <array>
#include <optional>
#include <vector>

namespace eligibility_gateway {

/// How much each difference weighs; a clinic may set its own. Kana and 本人・家族 only note: checks that cry wolf are
/// switched off by people (complaint 21).
struct weights {
  std::array<messages::severity, messages::enumeration<messages::differing>::names.size()> of{};
  weights();
  messages::severity operator[](messages::differing field) const { return of[static_cast<std::size_t>(field)]; }
};

/// Whom the clinic knows, and what may be viewed of them, as views keep it.
class patient_book {
public:
  virtual ~patient_book() = default;
  virtual std::vector<messages::patient_record> of_handle(const messages::id& handle) const = 0;
  virtual std::vector<messages::patient_record> of_reference(const std::string& number) const = 0;
  virtual std::vector<messages::patient_record> of_kana(const std::string& kana, const std::string& birth) const = 0;
  /// The answer to @p question, as long as nobody has decided whose it is.
  virtual std::optional<messages::undecided_answer> undecided(const messages::id& question) const = 0;
  /// What @p patient last said about this kind, given or not.
  virtual std::optional<viewing_consent> consent(const messages::id& patient,
                                                 messages::information_kind kind) const = 0;
};

struct match {
  messages::match_basis by{};
  messages::match_stop why{};
  std::vector<messages::patient_record> candidates; ///< the one, when `by` says so
};

/// @p handle: the mark of the card that was read; empty for a typed question or a Face file. Who is found and differs
/// in what `block`s is a mismatch: staff decide.
match find_patient(const messages::eligibility_answer& answer, const messages::id& handle, const patient_book& book,
                   const weights& weigh = {});

/// Everything that @p answer says differently from @p kept, in the order of messages::differing.
std::vector<messages::difference> differences(const messages::patient_record& kept,
                                              const messages::eligibility_answer& answer, const weights& weigh);
/// The same for what staff wrote down while nothing could be asked.
std::vector<messages::difference> differences(const messages::insured_number& typed,
                                              const messages::declared_insurance& declared,
                                              const messages::insurance& answered, const weights& weigh);

/// The answer as a patient of its own: what a new patient would be.
messages::patient_record record_of(const messages::eligibility_answer& answer, const messages::id& patient);

/// @p kept with the fields of @p accepted taken from @p answer. A letter that the national system could not express
/// (●) never overwrites one; the national spelling is kept beside it. What the answer leaves blank erases nothing.
messages::patient_record accept(messages::patient_record kept, const messages::eligibility_answer& answer,
                                const std::vector<messages::differing>& accepted);

/// Patients who may be the same as a new one: by kana and birth date, or by a name that fits and the birth date.
std::vector<messages::patient_record> alike(const messages::patient_record& fresh, const patient_book& book);

} // namespace eligibility_gateway
