// One kind of information out of what the national system sent, and nothing of any other.
#include "tests/test.hpp"

#include "drivers/line/viewed_records.hpp"
#include "drivers/line/xml_messages.hpp"
#include "tests/drivers/line/support.hpp"

using namespace line_test;
using messages::drug_source;
using messages::information_kind;

namespace {

records all_there_is() {
  records r;
  wire::treated_month month;
  month.institution = "1318888888";
  month.institution_name = "架空内科医院";
  auto& day = month.days.emplace_back();
  day.dispensed_on = "20260915";
  day.drugs.push_back({"999", "ミホン錠５ｍｇ", "", "1", "錠", "１日１回", "", "28", "", {}});
  day.treatments.push_back({"見本検査", "160", "60", "1", "1", "回", {}});
  day.treatments.push_back({"見本手術", "150", "50", "1", "1", "回", {}});
  r.drugs.claims.push_back(month);
  month.days.front().treatments.clear();
  r.drugs.prescriptions.push_back(month);
  r.drugs.dispensings.push_back(month);
  auto& checkup = r.checkups.checkups.emplace_back();
  checkup.done_on = "20260610";
  checkup.items.push_back({"9A751", "収縮期血圧", "PQ", "132", "mmHg", "", "", {}});
  return r;
}

messages::medical_records seen(information_kind kind) {
  return viewed_records(all_there_is(), kind, *facts::usual());
}

} // namespace

BOOST_AUTO_TEST_CASE(drugs_come_from_claims_and_e_prescriptions_with_their_source) {
  const auto shown = seen(information_kind::drugs);
  BOOST_REQUIRE_EQUAL(shown.drugs.size(), 3u);
  BOOST_CHECK(shown.drugs[0].source == drug_source::claim);
  BOOST_CHECK(shown.drugs[1].source == drug_source::prescription);
  BOOST_CHECK(shown.drugs[2].source == drug_source::dispensing);
  BOOST_CHECK_EQUAL(shown.drugs[0].institution_name, "架空内科医院");
  BOOST_CHECK_EQUAL(shown.drugs[0].day, "20260915");
  BOOST_CHECK(shown.treatments.empty() && shown.checkups.empty());
}

BOOST_AUTO_TEST_CASE(surgery_is_told_from_treatment_by_its_class_and_neither_brings_drugs) {
  const auto treatment = seen(information_kind::treatment), surgery = seen(information_kind::surgery);
  BOOST_REQUIRE_EQUAL(treatment.treatments.size(), 1u);
  BOOST_CHECK_EQUAL(treatment.treatments.front().name, "見本検査");
  BOOST_REQUIRE_EQUAL(surgery.treatments.size(), 1u);
  BOOST_CHECK_EQUAL(surgery.treatments.front().name, "見本手術");
  BOOST_CHECK(treatment.drugs.empty() && surgery.drugs.empty());
}

BOOST_AUTO_TEST_CASE(check_ups_come_value_by_value) {
  const auto shown = seen(information_kind::checkup);
  BOOST_REQUIRE_EQUAL(shown.checkups.size(), 1u);
  BOOST_CHECK_EQUAL(shown.checkups.front().value, "132");
  BOOST_CHECK_EQUAL(shown.checkups.front().day, "20260610");
  BOOST_CHECK(shown.drugs.empty() && shown.treatments.empty());
}

BOOST_AUTO_TEST_CASE(each_kind_is_asked_for_by_its_own_message) {
  BOOST_CHECK(question_for(information_kind::checkup).checkup);
  BOOST_CHECK(question_for(information_kind::checkup).category == file_category::drugs_xml);
  BOOST_CHECK(question_for(information_kind::drugs).category == file_category::drugs_xml);
  for (const auto kind : {information_kind::treatment, information_kind::surgery})
    BOOST_CHECK(question_for(kind).category == file_category::drugs_and_treatment_xml);
}
