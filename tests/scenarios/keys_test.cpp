// A whole clinic's journal after its day: audited, asked who did what, one patient forgotten, the other read as before.
#include "tests/test.hpp"

#include "tests/scenarios/support_visit.hpp"

using namespace scenarios;

BOOST_FIXTURE_TEST_CASE(a_clinics_journal_passes_its_audit_and_says_who_did_what, after_a_visit) {
  const auto verified = uketsuke({"audit", "verify", "--json"});
  BOOST_TEST(verified.status == 0, verified.err);
  BOOST_TEST(verified.out.find("\"faults\":0") != std::string::npos, verified.out);
  const auto rebuilt = uketsuke({"audit", "rebuild"});
  BOOST_TEST(rebuilt.status == 0, rebuilt.err);
  const auto who = uketsuke({"audit", "who", "--patient", patient().text(), "--csv"});
  BOOST_TEST(who.status == 0, who.err);
  BOOST_TEST(who.out.starts_with("index,time_jst,topic,desk,account,patient,checkin\n"), who.out);
  BOOST_TEST(who.out.find("eligibility.answered") != std::string::npos, who.out);
  BOOST_TEST(who.out.find("checkin.ended") != std::string::npos, who.out); // by its check-in: it names no patient
  const auto nobody = uketsuke({"audit", "who", "--to", "2020-01-01"});
  BOOST_TEST(nobody.out.empty(), nobody.out);
  BOOST_TEST(uketsuke({"audit", "who", "--from", "yesterday"}).status == 1);
}

BOOST_FIXTURE_TEST_CASE(a_patient_is_forgotten_by_command_and_reads_as_forgotten, after_a_visit) {
  const auto handle = patient().text();
  const auto unasked = uketsuke({"keys", "forget", "--patient", handle});
  BOOST_TEST(unasked.status == 1); // says what it would destroy, and does nothing
  BOOST_TEST(unasked.err.find("will destroy") != std::string::npos, unasked.err);
  const auto done = uketsuke({"keys", "forget", "--patient", handle, "--yes"});
  BOOST_TEST(done.status == 0, done.err);
  BOOST_TEST(done.out.find("no longer open") != std::string::npos, done.out);
  const auto seen = uketsuke({"watch", "--json", "--topic", "eligibility.answered"});
  BOOST_TEST(seen.out.find("{\"forgotten\":true}") != std::string::npos, seen.out);
  const auto verified = uketsuke({"audit", "verify"});
  BOOST_TEST(verified.status == 0, verified.err);
  const auto rebuilt = uketsuke({"audit", "rebuild"});
  BOOST_TEST(rebuilt.status == 0, rebuilt.err);
}
