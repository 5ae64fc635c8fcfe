// The element lists of eligibility, bulk, reference numbers and URL.
#include "drivers/line/xml_tables.hpp"

namespace drivers::line::tables {
namespace {

// Bounds against hostile files, not rules of the interface.
constexpr std::size_t insurances_max = 20, certificates_max = 50, numbers_max = 50, rows_max = 1'000'000;

template <class T> using rows = std::vector<typename element_table<T>::row>;

/// <prefix>ConsFlg, <prefix>ConsTime, <prefix>AvailableTime, and the profile's <prefix>ExpirationReason.
void add_consent(rows<wire::insurance>& to, const std::string& prefix, wire::consent wire::insurance::*member) {
  using T = wire::insurance;
  const auto text = [&](const std::string& suffix, std::string wire::consent::*part) {
    to.push_back({prefix + suffix, true, false,
                  [=](reading&, const pugi::xml_node& n, T& into) { into.*member.*part = node_view::text(n); },
                  [=, name = prefix + suffix](xml_writer& w, const T& from) {
                    if (!(from.*member.*part).empty()) w.leaf(name, from.*member.*part);
                  }});
  };
  const auto coded = [&]<class E>(const std::string& suffix, code<E> wire::consent::*part) {
    to.push_back({prefix + suffix, true, false,
                  [=](reading&, const pugi::xml_node& n, T& into) { (into.*member.*part).text = node_view::text(n); },
                  [=, name = prefix + suffix](xml_writer& w, const T& from) {
                    if ((from.*member.*part).stated()) w.leaf(name, (from.*member.*part).text);
                  }});
  };
  coded("ConsFlg", &wire::consent::flag);
  text("ConsTime", &wire::consent::consented);
  text("AvailableTime", &wire::consent::available_until);
  coded("ConsExpirationReason", &wire::consent::reason);
}

const element_table<wire::elderly_certificate>& elderly() {
  using t = wire::elderly_certificate;
  static const element_table<t> table{{text_row("ElderlyRecipientCertificateDate", &t::issued),
                                       text_row("ElderlyRecipientValidStartDate", &t::valid_from),
                                       text_row("ElderlyRecipientValidEndDate", &t::valid_to),
                                       text_row("ElderlyRecipientContributionRatio", &t::ratio)},
                                      &t::rest};
  return table;
}

const element_table<wire::limit_certificate>& limit() {
  using t = wire::limit_certificate;
  static const element_table<t> table{{code_row("LimitApplicationCertificateClassification", &t::kind),
                                       code_row("LimitApplicationCertificateClassificationFlag", &t::category),
                                       text_row("LimitApplicationCertificateDate", &t::issued),
                                       text_row("LimitApplicationCertificateValidStartDate", &t::valid_from),
                                       text_row("LimitApplicationCertificateValidEndDate", &t::valid_to),
                                       text_row("LimitApplicationCertificateLongTermDate", &t::long_term)},
                                      &t::rest};
  return table;
}

const element_table<wire::disease_certificate>& disease() {
  using t = wire::disease_certificate;
  static const element_table<t> table{{code_row("SpecificDiseasesDiseaseCategory", &t::category),
                                       text_row("SpecificDiseasesCertificateDate", &t::issued),
                                       text_row("SpecificDiseasesValidStartDate", &t::valid_from),
                                       text_row("SpecificDiseasesValidEndDate", &t::valid_to),
                                       text_row("SpecificDiseasesSelfPay", &t::self_pay)},
                                      &t::rest};
  return table;
}

const element_table<wire::medical_ticket>& ticket() {
  using t = wire::medical_ticket;
  static const element_table<t> table{{code_row("TicketType", &t::kind),
                                       text_row("MedicalTicketValidDate", &t::valid_from),
                                       text_row("MedicalTicketExpirationDate", &t::valid_to),
                                       text_row("IssueNumber", &t::issue_number),
                                       text_row("MedicalTreatmentMonth", &t::month),
                                       text_row("DesignatedMedicalInstitutionCode", &t::institution),
                                       code_row("DesignatedMedicalInstitutionFlag", &t::designated),
                                       text_row("DesignatedMedicalInstitutionName", &t::institution_name),
                                       text_row("PrescriptionIssuerMedicalInstitutionCode", &t::prescriber),
                                       text_row("PrescriptionIssuerMedicalInstitutionName", &t::prescriber_name),
                                       text_row("InjuryName1", &t::injury_1),
                                       text_row("InjuryName2", &t::injury_2),
                                       text_row("InjuryName3", &t::injury_3),
                                       code_row("MedicalTreatmentType", &t::treatment),
                                       text_row("SelfPayAmount", &t::self_pay),
                                       text_row("DistrictContactName", &t::district_contact),
                                       text_row("HandlingContactName", &t::handling_contact),
                                       code_row("SingleOrCombinedUse", &t::use),
                                       code_row("StatusOfSocialInsurance", &t::social_insurance),
                                       code_row("ConsistencyFlag", &t::consistency),
                                       code_row("StatusOfInfecton", &t::infection), // the wire's own spelling
                                       code_row("StatusOfElderlyMedicalCare", &t::elderly_care),
                                       code_row("StatusOfPrefecturalExpenses", &t::prefectural),
                                       text_row("Remarks1", &t::remark_1),
                                       text_row("Remarks2", &t::remark_2),
                                       text_row("Remarks3", &t::remark_3)},
                                      &t::rest};
  return table;
}

rows<wire::insurance> insurance_rows() {
  using t = wire::insurance;
  rows<t> r{code_row("InsuredCardClassification", &t::card_class),
            text_row("InsurerNumber", &t::insurer),
            text_row("InsuredCardSymbol", &t::symbol),
            text_row("InsuredIdentificationNumber", &t::number),
            text_row("InsuredBranchNumber", &t::branch),
            code_row("PersonalFamilyClassification", &t::relation),
            text_row("InsuredName", &t::insured_name),
            text_row("Name", &t::name),
            text_row("NameOfOther", &t::name_of_other),
            text_row("NameKana", &t::name_kana),
            text_row("NameOfOtherKana", &t::name_of_other_kana),
            code_row("Sex1", &t::sex),
            code_row("Sex2", &t::sex_2),
            text_row("Birthdate", &t::birth_date),
            text_row("Address", &t::address),
            text_row("PostNumber", &t::post_code),
            text_row("QualificationDate", &t::qualified),
            text_row("DisqualificationDate", &t::disqualified),
            text_row("InsuredCertificateIssuanceDate", &t::issued),
            text_row("InsuredCardValidDate", &t::valid_from),
            text_row("InsuredCardExpirationDate", &t::valid_to),
            text_row("InsuredPartialContributionRatio", &t::burden_ratio),
            code_row("PreschoolClassification", &t::preschool),
            code_row("ReasonOfLoss", &t::loss_reason),
            text_row("InsurerName", &t::insurer_name),
            group_row("ElderlyRecipientCertificateInfo", &t::elderly, elderly())};
  add_consent(r, "LimitApplicationCertificateRelated", &t::limit_told);
  r.push_back(group_row("LimitApplicationCertificateRelatedInfo", &t::limit, limit()));
  add_consent(r, "SpecificDiseasesCertificateRelated", &t::disease_told);
  r.push_back(list_row("SpecificDiseasesCertificateList", "SpecificDiseasesCertificateInfo", &t::diseases, disease(),
                       certificates_max, &t::rest));
  r.push_back(
      list_row("PublicExpenseResultList", "MedicalTicketInfo", &t::tickets, ticket(), certificates_max, &t::rest));
  add_consent(r, "SpecificHealthCheckupsInfo", &t::checkup);
  add_consent(r, "PharmacistsInfo", &t::drugs);
  add_consent(r, "DiagnosisInfo", &t::treatment);
  add_consent(r, "OperationInfo", &t::surgery);
  add_consent(r, "DiagnosisName", &t::disease_names);
  add_consent(r, "InfectiousInfo", &t::infections);
  add_consent(r, "AllergyInfo", &t::allergies);
  add_consent(r, "ContraindicationInfo", &t::contraindications);
  add_consent(r, "TestInfo", &t::tests);
  add_consent(r, "PrescriptionInfo", &t::prescriptions);
  r.push_back(code_row("LimitApplicationCertificateChanged", &t::changed));
  r.push_back(text_row("ArbitraryIdentifier", &t::identifier));
  r.push_back(text_row("ReferenceNumber", &t::reference_number));
  r.push_back(text_row("QualificationConfirmationKey", &t::key));
  return r;
}

/// ProcessingResultStatus, -Code and -Message, which end many bodies.
template <class T> void add_status(rows<T>& to) {
  to.push_back(code_row("ProcessingResultStatus", &T::status));
  to.push_back(text_row("ProcessingResultCode", &T::result_code));
  to.push_back(text_row("ProcessingResultMessage", &T::message));
}

} // namespace

const element_table<wire::header>& header() {
  using t = wire::header;
  static const element_table<t> table{
      {text_row("ProcessExecutionTime", &t::executed_at), text_row("QualificationConfirmationDate", &t::confirmed_on),
       text_row("MedicalInstitutionCode", &t::institution), text_row("ArbitraryFileIdentifier", &t::identifier),
       text_row("ReceptionNumber", &t::reception_number), code_row("ReferenceClassification", &t::reference),
       code_row("SegmentOfResult", &t::segment), text_row("ErrorCode", &t::error_code),
       text_row("ErrorMessage", &t::error_message), text_row("NumberOfProcessingResult", &t::total),
       text_row("NumberOfNormalProcessing", &t::normal), text_row("NumberOfError", &t::mistaken),
       code_row("CharacterCodeIdentifier", &t::encoding)},
      &t::rest};
  return table;
}

const element_table<wire::search>& search() {
  using t = wire::search;
  static const element_table<t> table{
      {text_row("InsurerNumber", &t::insurer), text_row("InsuredCardSymbol", &t::symbol),
       text_row("InsuredIdentificationNumber", &t::number), text_row("InsuredBranchNumber", &t::branch),
       text_row("Birthdate", &t::birth_date), code_row("LimitApplicationCertificateRelatedConsFlg", &t::limit),
       text_row("ConsentDateFrom", &t::consented_from), text_row("ConsentDateTo", &t::consented_to),
       text_row("ExaminationDateFrom", &t::examined_from), text_row("ExaminationDateTo", &t::examined_to),
       text_row("MedicalTreatmentMonth", &t::month), code_row("MedicalTreatmentFlag", &t::treatment),
       text_row("ArbitraryIdentifier", &t::identifier)},
      &t::rest};
  return table;
}

const element_table<wire::insurance>& insurance() {
  static const element_table<wire::insurance> table{insurance_rows(), &wire::insurance::rest};
  return table;
}

const element_table<wire::registration>& registration() {
  using t = wire::registration;
  static const element_table<t> table{
      {text_row("ReferenceNumber", &t::reference_number), text_row("InsurerNumber", &t::insurer),
       text_row("InsuredCardSymbol", &t::symbol), text_row("InsuredIdentificationNumber", &t::number),
       text_row("InsuredBranchNumber", &t::branch)},
      &t::rest};
  return table;
}

const element_table<wire::question>& question() {
  using t = wire::question;
  static const element_table<t> table{{each_row("QualificationConfirmSearchInfo", &t::searches, search(), rows_max)},
                                      &t::rest};
  return table;
}

const element_table<wire::confirmation>& confirmation() {
  using t = wire::confirmation;
  static const auto made = [] {
    rows<t> r;
    add_status<t>(r);
    r.push_back(code_row("QualificationValidity", &t::validity));
    r.push_back(code_row("PrescriptionIssueSelect", &t::prescription));
    r.push_back(group_row("QualificationConfirmSearchInfo", &t::searched, search()));
    r.push_back(list_row("ResultList", "ResultOfQualificationConfirmation", &t::insurances, insurance(), insurances_max,
                         &t::rest));
    return r;
  };
  static const element_table<t> table{made(), &t::rest};
  return table;
}

const element_table<wire::confirmed_unit>& confirmed_unit() {
  using t = wire::confirmed_unit;
  static const auto made = [] {
    rows<t> r{group_row("QualificationConfirmSearchInfo", &t::searched, search())};
    add_status<t>(r);
    r.push_back(code_row("QualificationValidity", &t::validity));
    auto direct = each_row("ResultOfQualificationConfirmation", &t::insurances, insurance(), insurances_max);
    auto listed = list_row("ResultList", "ResultOfQualificationConfirmation", &t::insurances, insurance(),
                           insurances_max, &t::rest);
    direct.write = [write = direct.write](xml_writer& to, const t& from) {
      if (!from.listed) write(to, from);
    };
    listed.write = [write = listed.write](xml_writer& to, const t& from) {
      if (from.listed) write(to, from);
    };
    listed.read = [read = listed.read](reading& from, const pugi::xml_node& n, t& into) {
      read(from, n, into);
      into.listed = true;
    };
    r.push_back(std::move(direct));
    r.push_back(std::move(listed));
    r.push_back({"ReferenceNumber", true, true,
                 [](reading& from, const pugi::xml_node& n, t& into) {
                   if (into.reference_numbers.size() == numbers_max) return from.complain("too many ReferenceNumber");
                   into.reference_numbers.push_back(node_view::text(n));
                 },
                 [](xml_writer& to, const t& from) {
                   for (const auto& number : from.reference_numbers)
                     to.leaf("ReferenceNumber", number);
                 }});
    return r;
  };
  static const element_table<t> table{made(), &t::rest};
  return table;
}

const element_table<wire::registration_request>& registration_request() {
  using t = wire::registration_request;
  static const element_table<t> table{
      {each_row("ReferenceNumberRegistrationInfo", &t::registrations, registration(), rows_max)}, &t::rest};
  return table;
}

template <class T> rows<T> registered_rows() {
  rows<T> r{group_row("ReferenceNumberRegistrationInfo", &T::registered, registration())};
  add_status<T>(r);
  return r;
}
const element_table<wire::registration_result>& registration_result() {
  using t = wire::registration_result;
  static const element_table<t> table{registered_rows<t>(), &t::rest};
  return table;
}
const element_table<wire::registered_unit>& registered_unit() {
  using t = wire::registered_unit;
  static const element_table<t> table{registered_rows<t>(), &t::rest};
  return table;
}

const element_table<wire::acceptance>& acceptance() {
  using t = wire::acceptance;
  static const auto made = [] {
    rows<t> r{text_row("ReceptionNumber", &t::reception_number), text_row("ReceptionDateTime", &t::received_at)};
    add_status<t>(r);
    return r;
  };
  static const element_table<t> table{made(), &t::rest};
  return table;
}

const element_table<wire::collection>& collection() {
  using t = wire::collection;
  static const element_table<t> table{{text_row("ReceptionNumber", &t::reception_number)}, &t::rest};
  return table;
}

// Profile (§2.11): no public source names these.
const element_table<wire::url_request>& url_request() {
  using t = wire::url_request;
  static const element_table<t> table{{code_row("UrlAcquisitionClassification", &t::purpose),
                                       code_row("UrlFileFormat", &t::format), code_row("UrlChangeFlag", &t::change)},
                                      &t::rest};
  return table;
}
const element_table<wire::url_result>& url_result() {
  using t = wire::url_result;
  static const auto made = [] {
    rows<t> r;
    add_status<t>(r);
    r.push_back(text_row("AccessUrl", &t::url));
    r.push_back(text_row("AccessUrlImage", &t::image));
    return r;
  };
  static const element_table<t> table{made(), &t::rest};
  return table;
}

} // namespace drivers::line::tables
