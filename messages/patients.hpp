// 患者: whom the clinic knows, how an answer was found to be theirs, and what it says differently from what is kept.
#pragma once

#include "messages/eligibility.hpp"

namespace messages {

/// How an answer was found to be a patient's: by the card's own handle, by 照会番号 and birth date or kana, by kana,
/// birth date and insurance, or by staff who saw both.
UKETSUKE_ENUMERATION(match_basis, none, card, reference_number, kana_birth_insurance, staff)

/// Why an answer belongs to nobody yet. `mismatch`: the number is one patient's and the rest another's.
UKETSUKE_ENUMERATION(match_stop, none, nobody, mismatch, several, answer_names_nobody)

/// How much a difference weighs. `note` is shown, `warn` is shown first, `block` stops the matching.
UKETSUKE_ENUMERATION(severity, note, warn, block)

/// What can differ: first the patient's own data (基本), from `insurer` on the insurance's (保険).
UKETSUKE_ENUMERATION(differing, name, kana, birth_date, sex, address, post_code, reference_number, insurer, symbol,
                     number, branch, insurer_name, relation, burden_ratio, limit_class, valid_to, public_expense)

/// One difference, side by side, both as received.
struct difference {
  differing field{};
  severity weight{};
  std::string kept, came;

  UKETSUKE_FIELDS(difference, field, weight, kept, came)
};

/// 公費: who pays beside the insurance. A blank in an answer never takes one away (PMH cannot tell refusal from loss).
struct public_expense {
  std::string payer;     ///< 公費負担者番号
  std::string recipient; ///< 受給者番号
  std::string valid_from, valid_to;

  UKETSUKE_FIELDS(public_expense, payer, recipient, valid_from, valid_to)
};

/// One patient of this clinic. Numbers as received; they are compared normalised.
struct patient_record {
  id patient;                   ///< handle: the mark of the card, or an id of our own
  std::string reference_number; ///< 照会番号 (診察券番号); empty when none
  std::string name;             ///< as the clinic spells it; ● never overwrites a letter of it
  std::string national_name;    ///< as the national system spells it, ● included
  std::string kana;
  std::string birth_date; ///< yyyyMMdd
  std::string sex;        ///< OQSCD007
  std::string address, post_code;
  std::vector<insurance> insurances; ///< 医療保険 and 医療扶助 as last accepted
  std::vector<public_expense> public_expenses;

  UKETSUKE_FIELDS(patient_record, patient, reference_number, name, national_name, kana, birth_date, sex, address,
                  post_code, insurances, public_expenses)
};

/// An answer of which nobody has said yet whose it is.
struct undecided_answer {
  id question, checkin;
  id patient; ///< the answer's handle
  std::string desk;
  match_stop why{};
  personal<eligibility_answer> answer;

  UKETSUKE_FIELDS(undecided_answer, question, checkin, patient, desk, why, answer)
};

/// 保険種別 on the 被保険者資格申立書.
UKETSUKE_ENUMERATION(insurance_type, not_known, employees, national, elderly, other)
/// 証の交付を受けた時期 on the same form.
UKETSUKE_ENUMERATION(issued_when, not_known, within_a_month, earlier)

/// What a patient states when nothing can be asked: the items of the 被保険者資格申立書 (oqs-interface.md §7, 6).
struct declared_insurance {
  std::string name, kana;
  std::string sex; ///< OQSCD007
  std::string birth_date;
  std::string address, phone;
  insurance_type type{};
  std::string insurer_name; ///< 保険者等名称
  std::string workplace;    ///< 事業所名
  issued_when issued{};
  std::string burden_ratio; ///< 3 digits of percent; empty: not known
  std::string signed_by;    ///< who signs when it is not the patient, and how they are related

  UKETSUKE_FIELDS(declared_insurance, name, kana, sex, birth_date, address, phone, type, insurer_name, workplace,
                  issued, burden_ratio, signed_by)
};

} // namespace messages
