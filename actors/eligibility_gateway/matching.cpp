// Finding the patient, and saying what differs.
#include "actors/eligibility_gateway/matching.hpp"

#include "messages/spelling.hpp"

#include <algorithm>

namespace eligibility_gateway {

using namespace messages;

weights::weights() {
  of.fill(severity::warn);
  const auto set = [&](severity weight, std::initializer_list<differing> fields) {
    for (const auto f : fields)
      of[static_cast<std::size_t>(f)] = weight;
  };
  set(severity::block, {differing::sex}); // the birth date has its say in the matching itself
  set(severity::note, {differing::kana, differing::relation, differing::address, differing::post_code,
                       differing::insurer_name, differing::valid_to});
}

namespace {

constexpr auto medical_assistance = "A1"; // 医療扶助, beside or instead of an insurance

bool is_assistance(const insurance& i) { return i.card_class == medical_assistance; }

/// The block that names the person: an insurance where there is one.
const insurance* person_in(const eligibility_answer& answer) {
  const auto& all = answer.insurances.reveal();
  const auto first = std::ranges::find_if_not(all, is_assistance);
  if (first != all.end()) return &*first;
  return all.empty() ? nullptr : &all.front();
}

bool same_number(std::string_view a, std::string_view b) { return normal_number(a) == normal_number(b); }

/// One side may lack the branch, and 後期高齢 has no symbol.
bool same_if_both(std::string_view a, std::string_view b) { return a.empty() || b.empty() || same_number(a, b); }

bool same_insurance(const insurance& a, const insurance& b) {
  return same_number(a.insurer, b.insurer) && same_number(a.number, b.number) && same_if_both(a.symbol, b.symbol) &&
         same_if_both(a.branch, b.branch);
}

bool has_insurance(const patient_record& known, const eligibility_answer& answer) {
  const auto& all = answer.insurances.reveal();
  return std::ranges::any_of(known.insurances, [&](const insurance& kept) {
    return std::ranges::any_of(all, [&](const insurance& came) { return same_insurance(kept, came); });
  });
}

/// The birth date or the kana: one of them has to agree.
bool is_the_person(const patient_record& known, const insurance& came) {
  const bool birth = !came.birth_date.empty() && known.birth_date == came.birth_date;
  const bool kana = !came.name_kana.empty() && normal_kana(known.kana) == normal_kana(came.name_kana);
  return birth || kana;
}

match stopped(match_stop why, std::vector<patient_record> candidates) {
  return {match_basis::none, why, std::move(candidates)};
}

match by_reference(const insurance& came, const patient_book& book) {
  auto known = book.of_reference(came.reference_number);
  if (known.size() > 1) return stopped(match_stop::several, std::move(known));
  if (known.empty()) return stopped(match_stop::nobody, {});
  if (is_the_person(known.front(), came)) return {match_basis::reference_number, match_stop::none, std::move(known)};
  auto both = std::move(known); // the number is one patient's; the rest may be another's
  for (auto& other : book.of_kana(came.name_kana, came.birth_date))
    if (other.patient != both.front().patient) both.push_back(std::move(other));
  return stopped(match_stop::mismatch, std::move(both));
}

match by_kana(const eligibility_answer& answer, const insurance& came, const patient_book& book) {
  if (came.name_kana.empty() || came.birth_date.empty()) return stopped(match_stop::answer_names_nobody, {});
  auto known = book.of_kana(came.name_kana, came.birth_date);
  if (known.empty()) return stopped(match_stop::nobody, {});
  std::vector<patient_record> fit;
  for (const auto& k : known)
    if (has_insurance(k, answer) && same_name(k.name, came.name) && (k.sex.empty() || k.sex == came.sex))
      fit.push_back(k);
  if (fit.size() == 1) return {match_basis::kana_birth_insurance, match_stop::none, std::move(fit)};
  // Twins, or somebody who has changed the insurance: whoever it is, staff see them beside each other.
  const auto why = fit.empty() ? match_stop::mismatch : match_stop::several;
  return stopped(why, fit.empty() ? std::move(known) : std::move(fit));
}

/// Collects differences; a blank in the answer is none.
class comparison {
public:
  explicit comparison(const weights& weigh) : weigh_(weigh) {}
  void note(differing field, const std::string& kept, const std::string& came, bool same) {
    if (!came.empty() && !same) found.push_back({field, weigh_[field], kept, came});
  }
  void text(differing field, const std::string& kept, const std::string& came) {
    note(field, kept, came, kept == came);
  }
  void number(differing field, const std::string& kept, const std::string& came) {
    note(field, kept, came, same_number(kept, came));
  }
  std::vector<difference> found;

private:
  const weights& weigh_;
};

/// The kept insurance to compare with: the same one, else the newest of its kind.
insurance counterpart(const patient_record& kept, const insurance& came) {
  for (const auto& i : kept.insurances)
    if (same_insurance(i, came)) return i;
  for (auto i = kept.insurances.rbegin(); i != kept.insurances.rend(); ++i)
    if (is_assistance(*i) == is_assistance(came)) return *i;
  return {};
}

void compare_insurance(const insurance& kept, const insurance& came, comparison& c) {
  c.number(differing::insurer, kept.insurer, came.insurer);
  c.number(differing::symbol, kept.symbol, came.symbol);
  c.number(differing::number, kept.number, came.number);
  c.number(differing::branch, kept.branch, came.branch);
  c.text(differing::insurer_name, kept.insurer_name, came.insurer_name);
  c.text(differing::relation, kept.relation, came.relation);
  c.number(differing::burden_ratio, kept.burden_ratio, came.burden_ratio);
  c.text(differing::limit_class, kept.limit_flag, came.limit_flag);
  c.text(differing::valid_to, kept.valid_to, came.valid_to);
}

public_expense expense_of(const insurance& i) { return {i.insurer, i.number, i.valid_from, i.valid_to}; }

bool same_expense(const public_expense& a, const public_expense& b) {
  return same_number(a.payer, b.payer) && same_number(a.recipient, b.recipient);
}

/// A name as it is kept: the clinic's own letters, unless it has none or the other has them all.
void accept_name(patient_record& kept, const std::string& came, bool wanted) {
  if (came.empty()) return;
  kept.national_name = came;
  if (kept.name.empty() || (wanted && !has_unknown_letter(came))) kept.name = came;
}

template <class Wanted> void accept_insurance(patient_record& kept, const insurance& came, Wanted&& wanted) {
  const auto same = std::ranges::find_if(kept.insurances, [&](const insurance& i) { return same_insurance(i, came); });
  if (same == kept.insurances.end()) {
    if (wanted(differing::insurer) || wanted(differing::number) || wanted(differing::symbol) ||
        wanted(differing::branch))
      kept.insurances.push_back(came);
    return;
  }
  const auto take = [&](differing field, std::string insurance::*member) {
    if (wanted(field) && !(came.*member).empty()) (*same).*member = came.*member;
  };
  take(differing::symbol, &insurance::symbol);
  take(differing::branch, &insurance::branch);
  take(differing::insurer_name, &insurance::insurer_name);
  take(differing::relation, &insurance::relation);
  take(differing::burden_ratio, &insurance::burden_ratio);
  take(differing::limit_class, &insurance::limit_class);
  take(differing::limit_class, &insurance::limit_flag);
  take(differing::valid_to, &insurance::valid_from);
  take(differing::valid_to, &insurance::valid_to);
}

} // namespace

namespace {

match the_one(const eligibility_answer& answer, const id& handle, const patient_book& book) {
  const auto* came = person_in(answer);
  if (!came || answer.judged == validity::several) return stopped(match_stop::answer_names_nobody, {});
  if (!handle.empty()) {
    auto known = book.of_handle(handle);
    if (known.size() == 1 && known.front().birth_date == came->birth_date)
      return {match_basis::card, match_stop::none, std::move(known)};
    if (!known.empty()) return stopped(match_stop::mismatch, std::move(known));
  }
  if (!came->reference_number.empty()) {
    auto found = by_reference(*came, book);
    if (found.why != match_stop::nobody) return found; // a number that nobody has here is as good as none
  }
  return by_kana(answer, *came, book);
}

} // namespace

match find_patient(const eligibility_answer& answer, const id& handle, const patient_book& book,
                   const weights& weigh) {
  auto found = the_one(answer, handle, book);
  if (found.by == match_basis::none) return found;
  const auto differ = differences(found.candidates.front(), answer, weigh);
  const bool blocked = std::ranges::any_of(
      differ, [](const difference& d) { return d.weight == severity::block && !d.kept.empty(); });
  return blocked ? stopped(match_stop::mismatch, std::move(found.candidates)) : found;
}

std::vector<difference> differences(const patient_record& kept, const eligibility_answer& answer,
                                    const weights& weigh) {
  comparison c{weigh};
  const auto* came = person_in(answer);
  if (!came) return {};
  c.note(differing::name, kept.name, came->name, same_name(kept.name, came->name));
  c.note(differing::kana, kept.kana, came->name_kana, normal_kana(kept.kana) == normal_kana(came->name_kana));
  c.text(differing::birth_date, kept.birth_date, came->birth_date);
  c.text(differing::sex, kept.sex, came->sex);
  c.note(differing::address, kept.address, came->address, same_name(kept.address, came->address));
  c.number(differing::post_code, kept.post_code, came->post_code);
  c.number(differing::reference_number, kept.reference_number, came->reference_number);
  for (const auto& i : answer.insurances.reveal()) {
    compare_insurance(counterpart(kept, i), i, c);
    if (!is_assistance(i)) continue;
    const auto expense = expense_of(i);
    const bool known =
        std::ranges::any_of(kept.public_expenses, [&](const auto& k) { return same_expense(k, expense); });
    c.note(differing::public_expense, "", i.insurer + " " + i.number, known);
  }
  std::ranges::stable_sort(c.found, {}, &difference::field);
  return std::move(c.found);
}

std::vector<difference> differences(const insured_number& typed, const declared_insurance& declared,
                                    const insurance& answered, const weights& weigh) {
  comparison c{weigh};
  // What nobody wrote down is no difference.
  const auto stated = [&](differing field, const std::string& kept, bool same) {
    const auto& came = field == differing::name           ? answered.name
                       : field == differing::burden_ratio ? answered.burden_ratio
                       : field == differing::insurer_name ? answered.insurer_name
                                                          : answered.birth_date;
    if (!kept.empty()) c.note(field, kept, came, same);
  };
  stated(differing::name, declared.name, same_name(declared.name, answered.name));
  const auto& birth = typed.birth_date.empty() ? declared.birth_date : typed.birth_date;
  stated(differing::birth_date, birth, birth == answered.birth_date);
  if (!typed.number.empty()) {
    c.number(differing::insurer, typed.insurer, answered.insurer);
    c.number(differing::symbol, typed.symbol, answered.symbol);
    c.number(differing::number, typed.number, answered.number);
    c.number(differing::branch, typed.branch, answered.branch);
  }
  stated(differing::insurer_name, declared.insurer_name, same_name(declared.insurer_name, answered.insurer_name));
  stated(differing::burden_ratio, declared.burden_ratio, same_number(declared.burden_ratio, answered.burden_ratio));
  return std::move(c.found);
}

patient_record record_of(const eligibility_answer& answer, const id& patient) {
  patient_record fresh;
  fresh.patient = patient;
  const auto* came = person_in(answer);
  if (!came) return fresh;
  fresh.reference_number = came->reference_number;
  fresh.name = fresh.national_name = came->name;
  fresh.kana = came->name_kana;
  fresh.birth_date = came->birth_date;
  fresh.sex = came->sex;
  fresh.address = came->address;
  fresh.post_code = came->post_code;
  fresh.insurances = answer.insurances.reveal();
  for (const auto& i : fresh.insurances)
    if (is_assistance(i)) fresh.public_expenses.push_back(expense_of(i));
  return fresh;
}

patient_record accept(patient_record kept, const eligibility_answer& answer, const std::vector<differing>& accepted) {
  const auto wanted = [&](differing field) { return std::ranges::find(accepted, field) != accepted.end(); };
  const auto* came = person_in(answer);
  if (!came) return kept;
  accept_name(kept, came->name, wanted(differing::name));
  const auto take = [&](differing field, std::string& into, const std::string& from) {
    if (wanted(field) && !from.empty() && !has_unknown_letter(from)) into = from;
  };
  take(differing::kana, kept.kana, came->name_kana);
  take(differing::birth_date, kept.birth_date, came->birth_date);
  take(differing::sex, kept.sex, came->sex);
  take(differing::address, kept.address, came->address);
  take(differing::post_code, kept.post_code, came->post_code);
  take(differing::reference_number, kept.reference_number, came->reference_number);
  for (const auto& i : answer.insurances.reveal()) {
    accept_insurance(kept, i, wanted);
    if (!is_assistance(i) || !wanted(differing::public_expense)) continue;
    const auto expense = expense_of(i);
    const auto same =
        std::ranges::find_if(kept.public_expenses, [&](const auto& k) { return same_expense(k, expense); });
    if (same == kept.public_expenses.end())
      kept.public_expenses.push_back(expense);
    else
      *same = expense;
  }
  return kept;
}

std::vector<patient_record> alike(const patient_record& fresh, const patient_book& book) {
  auto found = book.of_kana(fresh.kana, fresh.birth_date);
  if (!fresh.reference_number.empty())
    for (auto& same : book.of_reference(fresh.reference_number))
      if (std::ranges::find(found, same.patient, &patient_record::patient) == found.end())
        found.push_back(std::move(same));
  return found;
}

} // namespace eligibility_gateway
