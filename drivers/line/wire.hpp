// Every message of the interface as values, field by field (oqs-interface.md §2): text as received, "" when absent.
//
// `rest` holds the elements that no field knows, as XML, so that what is read and written again has lost nothing.
// Persons' data: a value of these types never leaves the line but in a messages::personal.
#pragma once

#include "drivers/line/codes.hpp"

#include <optional>
#include <string>
#include <vector>

namespace drivers::line::wire {

using kept = std::vector<std::string>; ///< elements as XML

/// MessageHeader (§2.2).
struct header {
  std::string institution;  ///< 医療機関コード, 10 digits
  std::string identifier;   ///< ArbitraryFileIdentifier
  std::string confirmed_on; ///< yyyyMMdd
  std::string executed_at;  ///< yyyyMMddHHmmss (JST)
  code<reference_class> reference;
  code<drivers::line::segment> segment;
  std::string error_code, error_message; ///< only when the segment is not 1
  code<character_code> encoding;
  std::string reception_number;        ///< bulk results
  std::string total, normal, mistaken; ///< counts of a bulk result
  kept rest;
  friend bool operator==(const header&, const header&) = default;
};

/// QualificationConfirmSearchInfo (§2.3, §2.6, §2.7): a person, or a period, to be asked for.
struct search {
  std::string insurer, symbol, number, branch, birth_date;
  code<limit_consent> limit;
  code<treatment_kind> treatment;
  std::string identifier;                   ///< ArbitraryIdentifier: finds the person again
  std::string consented_from, consented_to; ///< yyyyMMdd
  std::string examined_from, examined_to;   ///< yyyyMMdd
  std::string month;                        ///< MedicalTreatmentMonth, yyyyMM
  kept rest;
  friend bool operator==(const search&, const search&) = default;
};

/// One consent as the result states it: flag and, only with flag 1, its times.
struct consent {
  code<consent_state> flag;
  std::string consented;       ///< yyyyMMddHHmmss
  std::string available_until; ///< yyyyMMddHHmmss
  code<expiry_reason> reason;  ///< why flag 2; the element's name is this project's profile
  friend bool operator==(const consent&, const consent&) = default;
};

struct elderly_certificate {
  std::string issued, valid_from, valid_to, ratio;
  kept rest;
  friend bool operator==(const elderly_certificate&, const elderly_certificate&) = default;
};

struct limit_certificate {
  code<drivers::line::limit_class> kind;
  code<limit_category> category;
  std::string issued, valid_from, valid_to, long_term; ///< yyyyMMdd
  kept rest;
  friend bool operator==(const limit_certificate&, const limit_certificate&) = default;
};

struct disease_certificate {
  code<drivers::line::disease> category;
  std::string issued, valid_from, valid_to, self_pay;
  kept rest;
  friend bool operator==(const disease_certificate&, const disease_certificate&) = default;
};

/// MedicalTicketInfo: 医療券・調剤券 (§2.5).
struct medical_ticket {
  code<ticket_kind> kind;
  std::string valid_from, valid_to, issue_number, month;
  std::string institution, institution_name;
  code<designation> designated;
  std::string prescriber, prescriber_name;
  std::string injury_1, injury_2, injury_3;
  code<ticket_treatment> treatment;
  std::string self_pay, district_contact, handling_contact;
  code<ticket_use> use;
  code<present> social_insurance;
  code<drivers::line::consistency> consistency;
  code<present> infection, elderly_care, prefectural;
  std::string remark_1, remark_2, remark_3;
  kept rest;
  friend bool operator==(const medical_ticket&, const medical_ticket&) = default;
};

/// ResultOfQualificationConfirmation: one insurance of one person (§2.4).
struct insurance {
  code<drivers::line::card_class> card_class;
  std::string insurer, symbol, number, branch;
  code<drivers::line::relation> relation;
  std::string insured_name; ///< 被保険者・世帯主
  std::string name, name_of_other, name_kana, name_of_other_kana;
  code<drivers::line::sex> sex, sex_2;
  std::string birth_date, address, post_code;
  std::string qualified, disqualified, issued, valid_from, valid_to; ///< yyyyMMdd
  std::string burden_ratio;
  code<drivers::line::preschool> preschool;
  code<drivers::line::loss_reason> loss_reason;
  std::string insurer_name;
  std::optional<elderly_certificate> elderly;
  std::optional<limit_certificate> limit;
  std::vector<disease_certificate> diseases;
  std::vector<medical_ticket> tickets;
  code<limit_changed> changed;      ///< bulk only
  consent limit_told, disease_told; ///< 限度額, 特定疾病
  consent checkup, drugs, treatment, surgery;
  consent disease_names, infections, allergies, contraindications, tests, prescriptions; ///< 電子カルテ情報共有
  std::string identifier;                                                                ///< ArbitraryIdentifier
  std::string reference_number; ///< 照会番号, "" when unregistered
  std::string key;              ///< QualificationConfirmationKey: kept, not used
  kept rest;
  friend bool operator==(const insurance&, const insurance&) = default;
};

/// OQSsiquc01req, OQSsihvq01req, OQSsionq01req, OQSsihvd01req; and, with many, the bulk requests.
struct question {
  wire::header header;
  std::vector<search> searches;
  kept rest;
  friend bool operator==(const question&, const question&) = default;
};

/// OQSsiquc01res, its face form, OQSsihvq01res, OQSsionq01res, OQSsihvd01res (§2.4).
struct confirmation {
  wire::header header;
  code<person_status> status;
  std::string result_code, message; ///< ProcessingResultCode and -Message
  code<qualification> validity;
  code<prescription_form> prescription;
  std::optional<search> searched; ///< the echo of the request; not in a face file
  std::vector<insurance> insurances;
  kept rest;
  friend bool operator==(const confirmation&, const confirmation&) = default;
};

/// BulkConfirmUnit (§2.6, §2.7).
struct confirmed_unit {
  std::optional<search> searched;
  code<person_status> status;
  std::string result_code, message;
  code<qualification> validity;
  std::vector<insurance> insurances;
  bool listed = false;                        ///< a ResultList stands between
  std::vector<std::string> reference_numbers; ///< none, one or more
  kept rest;
  friend bool operator==(const confirmed_unit&, const confirmed_unit&) = default;
};

/// ReferenceNumberRegistrationInfo (§2.8).
struct registration {
  std::string reference_number, insurer, symbol, number, branch;
  kept rest;
  friend bool operator==(const registration&, const registration&) = default;
};

/// OQSsiimm01req; with many, OQSmuimm01req.
struct registration_request {
  wire::header header;
  std::vector<registration> registrations;
  kept rest;
  friend bool operator==(const registration_request&, const registration_request&) = default;
};

/// OQSsiimm01res.
struct registration_result {
  wire::header header;
  std::optional<registration> registered;
  code<person_status> status;
  std::string result_code, message;
  kept rest;
  friend bool operator==(const registration_result&, const registration_result&) = default;
};

/// BulkRegistrationUnit (§2.9).
struct registered_unit {
  std::optional<registration> registered;
  code<person_status> status;
  std::string result_code, message;
  kept rest;
  friend bool operator==(const registered_unit&, const registered_unit&) = default;
};

/// Every bulk 01res: taken in for processing, which says nothing about the persons in it.
struct acceptance {
  wire::header header;
  std::string reception_number, received_at;
  code<person_status> status;
  std::string result_code, message;
  kept rest;
  friend bool operator==(const acceptance&, const acceptance&) = default;
};

/// Every bulk 02req.
struct collection {
  wire::header header;
  std::string reception_number;
  kept rest;
  friend bool operator==(const collection&, const collection&) = default;
};

/// Every bulk 02res: the header; its units are read one by one (bulk.hpp). `rest` is the body's.
template <class Unit> struct bulk_result {
  wire::header header;
  std::vector<Unit> units;
  kept rest;
  friend bool operator==(const bulk_result&, const bulk_result&) = default;
};

/// MessageHeader of YZK and TKK requests, which spell the same things differently (§2.10).
struct records_header {
  std::string institution, insurer, symbol, number, branch, identifier;
  kept rest;
  friend bool operator==(const records_header&, const records_header&) = default;
};

/// YZKsiquc01req, TKKsiquc01req.
struct records_request {
  records_header header;
  std::string from_month, to_month; ///< yyyyMM, YZK only
  code<drivers::line::file_category> category;
  std::string classification; ///< PrDiInfClassification
  code<treatment_kind> treatment;
  kept rest;
  friend bool operator==(const records_request&, const records_request&) = default;
};

struct drug {
  std::string code, name, ingredient, quantity, unit, usage, instruction, times, treatment_class;
  kept rest;
  friend bool operator==(const drug&, const drug&) = default;
};
struct treatment {
  std::string name, code, treatment_class, quantity, times, unit;
  kept rest;
  friend bool operator==(const treatment&, const treatment&) = default;
};
struct dispensed_day {
  std::string dispensed_on, prescribed_on; ///< yyyyMMdd
  std::vector<drug> drugs;
  std::vector<treatment> treatments;
  kept rest;
  friend bool operator==(const dispensed_day&, const dispensed_day&) = default;
};
/// MeTrMonthInf, and its like from the e-prescription: what one institution gave in one month.
struct treated_month {
  std::string kind, institution, institution_name, month, prescriber, prescriber_name, prescribed_by, in_out;
  std::vector<dispensed_day> days;
  kept rest;
  friend bool operator==(const treated_month&, const treated_month&) = default;
};
struct record_person {
  std::string name, name_kana, birth_date;
  code<drivers::line::sex> sex;
  kept rest;
  friend bool operator==(const record_person&, const record_person&) = default;
};
/// YZKsiquc01res as XML.
struct drug_history {
  std::string result_code, message; ///< "1" is right
  std::optional<record_person> person;
  std::vector<treated_month> claims;        ///< from receipts
  std::vector<treated_month> prescriptions; ///< from e-prescriptions: ShPrInf
  std::vector<treated_month> dispensings;   ///< from e-prescriptions: CzDiInf
  kept header_rest, rest;
  friend bool operator==(const drug_history&, const drug_history&) = default;
};

struct checkup_item {
  std::string code, name, type, value, unit, oid, value_name;
  kept rest;
  friend bool operator==(const checkup_item&, const checkup_item&) = default;
};
struct checkup {
  std::string done_on; ///< yyyyMMdd
  std::vector<checkup_item> items;
  kept rest;
  friend bool operator==(const checkup&, const checkup&) = default;
};
/// TKKsiquc01res as XML.
struct checkup_history {
  std::string result_code, message;
  std::optional<record_person> person;
  std::vector<checkup> checkups;
  kept header_rest, rest;
  friend bool operator==(const checkup_history&, const checkup_history&) = default;
};

/// OQSsiurl01req; its tree is this project's profile (§2.11).
struct url_request {
  wire::header header;
  code<url_purpose> purpose;
  code<url_format> format;
  code<url_change> change;
  kept rest;
  friend bool operator==(const url_request&, const url_request&) = default;
};
/// OQSsiurl01res; profile.
struct url_result {
  wire::header header;
  code<person_status> status;
  std::string result_code, message;
  std::string url, image; ///< the image in base64
  kept rest;
  friend bool operator==(const url_result&, const url_result&) = default;
};

} // namespace drivers::line::wire
