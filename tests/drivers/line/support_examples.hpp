// The examples of oqs-interface.md §2.4, §2.5 and §2.8, word for word. Institution and people are fictional.
#pragma once

#include <string>

namespace line_test::examples {

/// §2.4: a check-in's result.
inline const std::string check_in = R"(<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<XmlMsg>
  <MessageHeader>
    <ProcessExecutionTime>20261122084210</ProcessExecutionTime>
    <QualificationConfirmationDate>20261122</QualificationConfirmationDate>
    <MedicalInstitutionCode>1319999999</MedicalInstitutionCode>
    <ArbitraryFileIdentifier>QmFzZTY0U2FtcGxlMQ==</ArbitraryFileIdentifier>
    <ReferenceClassification>1</ReferenceClassification>
    <SegmentOfResult>1</SegmentOfResult>
    <CharacterCodeIdentifier>0</CharacterCodeIdentifier>
  </MessageHeader>
  <MessageBody>
    <ProcessingResultStatus>1</ProcessingResultStatus>
    <QualificationValidity>1</QualificationValidity>
    <PrescriptionIssueSelect>1</PrescriptionIssueSelect>
    <ResultList>
      <ResultOfQualificationConfirmation>
        <InsuredCardClassification>01</InsuredCardClassification>
        <InsurerNumber>39999901</InsurerNumber>
        <InsuredIdentificationNumber>01234567</InsuredIdentificationNumber>
        <PersonalFamilyClassification>1</PersonalFamilyClassification>
        <Name>見本　花●</Name>
        <NameKana>ﾐﾎﾝ ﾊﾅｺ</NameKana>
        <Sex1>2</Sex1>
        <Birthdate>19480517</Birthdate>
        <Address>見本県架空市例町１－２－３</Address>
        <PostNumber>999-0001</PostNumber>
        <QualificationDate>20230517</QualificationDate>
        <InsuredCardValidDate>20260801</InsuredCardValidDate>
        <InsuredCardExpirationDate>20270731</InsuredCardExpirationDate>
        <InsuredPartialContributionRatio>020</InsuredPartialContributionRatio>
        <InsurerName>見本県後期高齢者医療広域連合</InsurerName>
        <LimitApplicationCertificateRelatedConsFlg>1</LimitApplicationCertificateRelatedConsFlg>
        <LimitApplicationCertificateRelatedConsTime>20261122084155</LimitApplicationCertificateRelatedConsTime>
        <LimitApplicationCertificateRelatedInfo>
          <LimitApplicationCertificateClassification>01</LimitApplicationCertificateClassification>
          <LimitApplicationCertificateClassificationFlag>B09</LimitApplicationCertificateClassificationFlag>
          <LimitApplicationCertificateValidStartDate>20260801</LimitApplicationCertificateValidStartDate>
          <LimitApplicationCertificateValidEndDate>20270731</LimitApplicationCertificateValidEndDate>
        </LimitApplicationCertificateRelatedInfo>
        <SpecificDiseasesCertificateRelatedConsFlg>1</SpecificDiseasesCertificateRelatedConsFlg>
        <SpecificDiseasesCertificateRelatedConsTime>20261122084155</SpecificDiseasesCertificateRelatedConsTime>
        <SpecificDiseasesCertificateList>
          <SpecificDiseasesCertificateInfo>
            <SpecificDiseasesDiseaseCategory>1</SpecificDiseasesDiseaseCategory>
            <SpecificDiseasesCertificateDate>20240401</SpecificDiseasesCertificateDate>
            <SpecificDiseasesValidStartDate>20240401</SpecificDiseasesValidStartDate>
            <SpecificDiseasesSelfPay>10000</SpecificDiseasesSelfPay>
          </SpecificDiseasesCertificateInfo>
        </SpecificDiseasesCertificateList>
        <SpecificHealthCheckupsInfoConsFlg>0</SpecificHealthCheckupsInfoConsFlg>
        <PharmacistsInfoConsFlg>1</PharmacistsInfoConsFlg>
        <PharmacistsInfoConsTime>20261122084155</PharmacistsInfoConsTime>
        <PharmacistsInfoAvailableTime>20261123084155</PharmacistsInfoAvailableTime>
        <DiagnosisInfoConsFlg>1</DiagnosisInfoConsFlg>
        <DiagnosisInfoConsTime>20261122084155</DiagnosisInfoConsTime>
        <DiagnosisInfoAvailableTime>20261123084155</DiagnosisInfoAvailableTime>
        <OperationInfoConsFlg>0</OperationInfoConsFlg>
        <ReferenceNumber>0001234</ReferenceNumber>
      </ResultOfQualificationConfirmation>
    </ResultList>
  </MessageBody>
</XmlMsg>
)";

/// §2.4: the failure form.
inline const std::string failure = R"(<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<XmlMsg>
  <MessageHeader>
    <ProcessExecutionTime>20261122091511</ProcessExecutionTime>
    <QualificationConfirmationDate>20261122</QualificationConfirmationDate>
    <MedicalInstitutionCode>1319999999</MedicalInstitutionCode>
    <ArbitraryFileIdentifier>20261122091503412-k01a77f2</ArbitraryFileIdentifier>
    <ReferenceClassification>2</ReferenceClassification>
    <SegmentOfResult>9</SegmentOfResult>
    <ErrorCode>XXXXXXX0000000</ErrorCode>
    <ErrorMessage>（見本）要求を処理できませんでした。</ErrorMessage>
    <CharacterCodeIdentifier>0</CharacterCodeIdentifier>
  </MessageHeader>
  <MessageBody>
    <ProcessingResultStatus>2</ProcessingResultStatus>
    <ProcessingResultCode>XXXXXXX0000000</ProcessingResultCode>
    <ProcessingResultMessage>（見本）該当する資格がありません。</ProcessingResultMessage>
    <QualificationValidity>4</QualificationValidity>
  </MessageBody>
</XmlMsg>
)";

/// §2.5: 医療扶助.
inline const std::string assistance_block = R"(<ResultOfQualificationConfirmation>
  <InsuredCardClassification>A1</InsuredCardClassification>
  <InsurerNumber>12999901</InsurerNumber>
  <InsuredIdentificationNumber>7654321</InsuredIdentificationNumber>
  <Name>架空　次郎</Name>
  <NameKana>ｶｸｳ ｼﾞﾛｳ</NameKana>
  <Sex1>1</Sex1>
  <Birthdate>19660912</Birthdate>
  <QualificationDate>20250401</QualificationDate>
  <InsurerName>架空市福祉事務所</InsurerName>
  <PublicExpenseResultList>
    <MedicalTicketInfo>
      <TicketType>01</TicketType>
      <MedicalTicketValidDate>20261101</MedicalTicketValidDate>
      <MedicalTicketExpirationDate>20261130</MedicalTicketExpirationDate>
      <IssueNumber>0000123</IssueNumber>
      <MedicalTreatmentMonth>202611</MedicalTreatmentMonth>
      <DesignatedMedicalInstitutionCode>1319999999</DesignatedMedicalInstitutionCode>
      <DesignatedMedicalInstitutionFlag>0</DesignatedMedicalInstitutionFlag>
      <MedicalTreatmentType>02</MedicalTreatmentType>
      <SelfPayAmount>0</SelfPayAmount>
      <SingleOrCombinedUse>01</SingleOrCombinedUse>
      <StatusOfSocialInsurance>02</StatusOfSocialInsurance>
    </MedicalTicketInfo>
  </PublicExpenseResultList>
</ResultOfQualificationConfirmation>
)";

/// §2.8: a registration's result.
inline const std::string registration = R"(<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<XmlMsg>
  <MessageHeader>
    <ProcessExecutionTime>20261122091703</ProcessExecutionTime>
    <CharacterCodeIdentifier>0</CharacterCodeIdentifier>
    <SegmentOfResult>1</SegmentOfResult>
    <ArbitraryFileIdentifier>20261122091700555-9c1e44d0</ArbitraryFileIdentifier>
    <MedicalInstitutionCode>1319999999</MedicalInstitutionCode>
  </MessageHeader>
  <MessageBody>
    <ReferenceNumberRegistrationInfo>
      <ReferenceNumber>0005678</ReferenceNumber>
      <InsurerNumber>  999901</InsurerNumber>
      <InsuredCardSymbol>12</InsuredCardSymbol>
      <InsuredIdentificationNumber>3456</InsuredIdentificationNumber>
      <InsuredBranchNumber>02</InsuredBranchNumber>
    </ReferenceNumberRegistrationInfo>
    <ProcessingResultStatus>1</ProcessingResultStatus>
  </MessageBody>
</XmlMsg>
)";

} // namespace line_test::examples
