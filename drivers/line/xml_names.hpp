// The known element names that writing and reading share (oqs-interface.md §2.2-2.4): each list stands once.
#pragma once

#include "messages/eligibility.hpp"

#include <array>
#include <string>

namespace drivers::line::names {

/// One text of an insurance and its element inside ResultOfQualificationConfirmation.
struct insurance_text {
  const char* element;
  std::string messages::insurance::*member;
};

inline constexpr std::array insurance_texts{
    insurance_text{"InsuredCardClassification", &messages::insurance::card_class},
    insurance_text{"InsurerNumber", &messages::insurance::insurer},
    insurance_text{"InsuredCardSymbol", &messages::insurance::symbol},
    insurance_text{"InsuredIdentificationNumber", &messages::insurance::number},
    insurance_text{"InsuredBranchNumber", &messages::insurance::branch},
    insurance_text{"PersonalFamilyClassification", &messages::insurance::relation},
    insurance_text{"Name", &messages::insurance::name},
    insurance_text{"NameKana", &messages::insurance::name_kana},
    insurance_text{"Sex1", &messages::insurance::sex},
    insurance_text{"Birthdate", &messages::insurance::birth_date},
    insurance_text{"Address", &messages::insurance::address},
    insurance_text{"PostNumber", &messages::insurance::post_code},
    insurance_text{"QualificationDate", &messages::insurance::qualified},
    insurance_text{"DisqualificationDate", &messages::insurance::disqualified},
    insurance_text{"InsuredCardValidDate", &messages::insurance::valid_from},
    insurance_text{"InsuredCardExpirationDate", &messages::insurance::valid_to},
    insurance_text{"InsuredPartialContributionRatio", &messages::insurance::burden_ratio},
    insurance_text{"InsurerName", &messages::insurance::insurer_name},
    insurance_text{"ReferenceNumber", &messages::insurance::reference_number},
};

/// One consent triple: <prefix>ConsFlg, <prefix>ConsTime, <prefix>AvailableTime; and the choice it comes from.
struct consent {
  const char* prefix;
  messages::consent_flag messages::eligibility_answer::*flag;
  messages::choice messages::consent_choices::*choice;
};

inline constexpr std::array consents{
    consent{"LimitApplicationCertificateRelated", &messages::eligibility_answer::limit,
            &messages::consent_choices::limit},
    consent{"SpecificDiseasesCertificateRelated", &messages::eligibility_answer::specified_disease,
            &messages::consent_choices::specified_disease},
    consent{"SpecificHealthCheckupsInfo", &messages::eligibility_answer::checkup, &messages::consent_choices::checkup},
    consent{"PharmacistsInfo", &messages::eligibility_answer::drugs, &messages::consent_choices::drugs},
    consent{"DiagnosisInfo", &messages::eligibility_answer::treatment, &messages::consent_choices::treatment},
    consent{"OperationInfo", &messages::eligibility_answer::surgery, &messages::consent_choices::surgery},
};

inline constexpr const char* limit_group = "LimitApplicationCertificateRelatedInfo";
inline constexpr const char* limit_class = "LimitApplicationCertificateClassification";
inline constexpr const char* limit_flag = "LimitApplicationCertificateClassificationFlag";
inline constexpr const char* limit_consent = "LimitApplicationCertificateRelatedConsFlg";
inline constexpr const char* search_info = "QualificationConfirmSearchInfo";
inline constexpr const char* registration_info = "ReferenceNumberRegistrationInfo";
inline constexpr const char* care_kind = "MedicalTreatmentFlag"; // OQSCD028; in a question it is our profile

} // namespace drivers::line::names
