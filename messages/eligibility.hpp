// 資格確認: what is asked of the national system and what it answers, as typed values (oqs-interface.md §2.3, §2.4).
#pragma once

#include "messages/bytes.hpp"
#include "messages/field.hpp"
#include "messages/id.hpp"
#include "messages/personal.hpp"
#include "messages/values.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace messages {

/// 同意・提供: what the patient gave or refused at the desk. Refusals are recorded too.
struct consent_choices {
  choice surgery{};           ///< 手術情報
  choice treatment{};         ///< 診療情報
  choice drugs{};             ///< 薬剤情報
  choice checkup{};           ///< 特定健診情報
  choice limit{};             ///< 限度額情報
  choice specified_disease{}; ///< 特定疾病療養受療証情報

  UKETSUKE_FIELDS(consent_choices, surgery, treatment, drugs, checkup, limit, specified_disease)
};

/// 被保険者証等の情報: how a person is named without a card.
struct insured_number {
  std::string insurer;    ///< 保険者番号, 8 characters as received (left-padded with spaces)
  std::string symbol;     ///< 記号, at most 20
  std::string number;     ///< 番号, at most 20
  std::string branch;     ///< 枝番, 2
  std::string birth_date; ///< yyyyMMdd

  UKETSUKE_FIELDS(insured_number, insurer, symbol, number, branch, birth_date)
};

/// One consent as the answer states it: flag (OQSCD016: 0 none, 1 given, 2 expired, 3 not obtainable) and its times.
struct consent_flag {
  std::int64_t flag = 0;
  std::string consented;       ///< yyyyMMddHHmmss (JST), only with flag 1
  std::string available_until; ///< yyyyMMddHHmmss (JST): viewing ends here

  UKETSUKE_FIELDS(consent_flag, flag, consented, available_until)
};

/// One ResultOfQualificationConfirmation: one insurance of one person. Text as received; empty when absent.
struct insurance {
  std::string card_class; ///< 被保険者証区分 (OQSCD010)
  std::string insurer;    ///< 保険者番号
  std::string symbol, number, branch;
  std::string insurer_name;
  std::string relation; ///< 本人・家族 (OQSCD009)
  std::string name, name_kana;
  std::string sex; ///< OQSCD007
  std::string birth_date;
  std::string address, post_code;
  std::string qualified, disqualified; ///< 資格取得・喪失, yyyyMMdd
  std::string valid_from, valid_to;    ///< 有効期限, yyyyMMdd
  std::string burden_ratio;            ///< 負担割合, 3 digits of percent
  std::string limit_class, limit_flag; ///< OQSCD011, OQSCD012
  std::string reference_number;        ///< 照会番号; empty when unregistered

  UKETSUKE_FIELDS(insurance, card_class, insurer, symbol, number, branch, insurer_name, relation, name, name_kana, sex,
                  birth_date, address, post_code, qualified, disqualified, valid_from, valid_to, burden_ratio,
                  limit_class, limit_flag, reference_number)
};

/// The answer to a question, its three layers apart: file (segment), person (status), insurance (validity).
struct eligibility_answer {
  std::int64_t segment = 0;      ///< OQSCD003: 1 normal, 2 in progress, 9 abnormal
  std::int64_t status = 0;       ///< OQSCD004: 1 normal, 2 error
  std::string code;              ///< ProcessingResultCode; also set on success for side information
  personal<std::string> message; ///< ProcessingResultMessage, shown to staff word for word
  validity judged{};             ///< QualificationValidity
  std::string confirmed_on;      ///< 資格確認日, yyyyMMdd
  personal<std::vector<insurance>> insurances;
  consent_flag surgery, treatment, drugs, checkup, limit, specified_disease;

  UKETSUKE_FIELDS(eligibility_answer, segment, status, code, message, judged, confirmed_on, insurances, surgery,
                  treatment, drugs, checkup, limit, specified_disease)
};

} // namespace messages
