// The element lists of drug, treatment and check-up information (oqs-interface.md §2.10).
//
// The blocks of e-prescriptions are known by the beginnings of their names only (Sh…, Cz…). This project's profile
// reads them as the claims' block with that beginning before every name in it; what is spelt otherwise is kept.
#include "drivers/line/xml_tables.hpp"

namespace drivers::line::tables {
namespace {

constexpr std::size_t months_max = 2000, days_max = 2000, items_max = 5000;

template <class T> using rows = std::vector<typename element_table<T>::row>;

const element_table<wire::drug>& drug() {
  using t = wire::drug;
  static const element_table<t> table{
      {text_row("DrugC", &t::code), text_row("DrugN", &t::name), text_row("IngreN", &t::ingredient),
       text_row("Qua1", &t::quantity), text_row("Unit", &t::unit), text_row("UsageN", &t::usage),
       text_row("SpInst", &t::instruction), text_row("Times", &t::times), text_row("MeTrIdCl", &t::treatment_class)},
      &t::rest};
  return table;
}

const element_table<wire::treatment>& treatment() {
  using t = wire::treatment;
  static const element_table<t> table{{text_row("SinInfN", &t::name), text_row("SinInfCd", &t::code),
                                       text_row("MeTrIdCl", &t::treatment_class), text_row("Qua1", &t::quantity),
                                       text_row("Times", &t::times), text_row("Unit", &t::unit)},
                                      &t::rest};
  return table;
}

const element_table<wire::dispensed_day>& day() {
  using t = wire::dispensed_day;
  static const element_table<t> table{
      {text_row("DiDate", &t::dispensed_on), text_row("PrDate", &t::prescribed_on),
       list_row("DrugInfs", "DrugInf", &t::drugs, drug(), items_max, &t::rest),
       list_row("MeTrInfs", "MeTrInf", &t::treatments, treatment(), items_max, &t::rest)},
      &t::rest};
  return table;
}

rows<wire::treated_month> month_rows(const std::string& before) {
  using t = wire::treated_month;
  return {text_row(before + "DiOrg", &t::kind),
          text_row(before + "MeTrDiHCd", &t::institution),
          text_row(before + "MeTrDiHNm", &t::institution_name),
          text_row(before + "MeTrMonth", &t::month),
          text_row(before + "PrlsHCd", &t::prescriber),
          text_row(before + "PrlsHNm", &t::prescriber_name),
          text_row(before + "PrIsOrg", &t::prescribed_by),
          text_row(before + "InOut", &t::in_out),
          list_row(before + "DiDateInfs", before + "DiDateInf", &t::days, day(), days_max, &t::rest)};
}
const element_table<wire::treated_month>& month() {
  static const element_table<wire::treated_month> table{month_rows(""), &wire::treated_month::rest};
  return table;
}
const element_table<wire::treated_month>& prescribed_month() {
  static const element_table<wire::treated_month> table{month_rows("Sh"), &wire::treated_month::rest};
  return table;
}
const element_table<wire::treated_month>& dispensed_month() {
  static const element_table<wire::treated_month> table{month_rows("Cz"), &wire::treated_month::rest};
  return table;
}

const element_table<wire::record_person>& drug_person() {
  using t = wire::record_person;
  static const element_table<t> table{{text_row("Name", &t::name), text_row("KanaName", &t::name_kana),
                                       text_row("Birth", &t::birth_date), code_row("AdmGendCode", &t::sex)},
                                      &t::rest};
  return table;
}
const element_table<wire::record_person>& checkup_person() {
  using t = wire::record_person;
  static const element_table<t> table{{text_row("Name", &t::name), text_row("KanasName", &t::name_kana),
                                       text_row("Birthday", &t::birth_date),
                                       code_row("AdministrativeGenderCode", &t::sex)},
                                      &t::rest};
  return table;
}

const element_table<wire::checkup_item>& item() {
  using t = wire::checkup_item;
  static const element_table<t> table{{text_row("ItemCode", &t::code), text_row("ItemName", &t::name),
                                       text_row("DataType", &t::type), text_row("DataValue", &t::value),
                                       text_row("Unit", &t::unit), text_row("Oid", &t::oid),
                                       text_row("DataValueName", &t::value_name)},
                                      &t::rest};
  return table;
}
const element_table<wire::checkup>& checkup() {
  using t = wire::checkup;
  static const element_table<t> table{
      {text_row("EffectiveTime", &t::done_on),
       list_row("HealthCheckupResultAndQuestionInfos", "HealthCheckupResultAndQuestionInfo", &t::items, item(),
                items_max, &t::rest)},
      &t::rest};
  return table;
}

/// Where ResultCode and MessageContents stand is not known: read in header and body, written in the header.
template <class T> typename element_table<T>::row read_only(typename element_table<T>::row r) {
  r.write = [](xml_writer&, const T&) {};
  return r;
}

} // namespace

const element_table<wire::records_header>& records_header() {
  using t = wire::records_header;
  static const element_table<t> table{
      {text_row("MedicalInstitutionCode", &t::institution), text_row("InsurerNumber", &t::insurer),
       text_row("InsuranceCardSymbol", &t::symbol), text_row("InsuredPersonIdentificationNumber", &t::number),
       text_row("BranchNumber", &t::branch), text_row("ArbitraryFileIdentifier", &t::identifier)},
      &t::rest};
  return table;
}

const element_table<wire::records_request>& records_request() {
  using t = wire::records_request;
  static const element_table<t> table{
      {text_row("StartDate", &t::from_month), text_row("EndDate", &t::to_month), code_row("FileCategory", &t::category),
       text_row("PrDiInfClassification", &t::classification), code_row("MedicalTreatmentFlag", &t::treatment)},
      &t::rest};
  return table;
}

const element_table<wire::drug_history>& drug_header() {
  using t = wire::drug_history;
  static const element_table<t> table{{text_row("ResultCode", &t::result_code),
                                       text_row("MessageContents", &t::message),
                                       group_row("QuaInf", &t::person, drug_person())},
                                      &t::header_rest};
  return table;
}
const element_table<wire::drug_history>& drug_history() {
  using t = wire::drug_history;
  static const element_table<t> table{
      {read_only<t>(text_row("ResultCode", &t::result_code)), read_only<t>(text_row("MessageContents", &t::message)),
       each_row("MeTrMonthInf", &t::claims, month(), months_max),
       list_row("ShPrInf", "ShPrMonthInf", &t::prescriptions, prescribed_month(), months_max, &t::rest),
       list_row("CzDiInf", "CzDiMonthInf", &t::dispensings, dispensed_month(), months_max, &t::rest)},
      &t::rest};
  return table;
}

const element_table<wire::checkup_history>& checkup_header() {
  using t = wire::checkup_history;
  static const element_table<t> table{{text_row("ResultCode", &t::result_code),
                                       text_row("MessageContents", &t::message),
                                       group_row("QualificationsInfo", &t::person, checkup_person())},
                                      &t::header_rest};
  return table;
}
const element_table<wire::checkup_history>& checkup_history() {
  using t = wire::checkup_history;
  static const element_table<t> table{{read_only<t>(text_row("ResultCode", &t::result_code)),
                                       read_only<t>(text_row("MessageContents", &t::message)),
                                       each_row("SpecificHealthCheckupInfo", &t::checkups, checkup(), months_max)},
                                      &t::rest};
  return table;
}

} // namespace drivers::line::tables
