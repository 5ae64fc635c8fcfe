// Claims about the gateway's views: the outage's ledger, hand-over, registrations, Face files and patients.
#include "tests/test.hpp"

#include "tests/storage/support.hpp"

#include "storage/views/face_files.hpp"
#include "storage/views/handovers.hpp"
#include "storage/views/outage_ledger.hpp"
#include "storage/views/patients.hpp"
#include "storage/views/registrations.hpp"

using namespace storage_test;
using namespace messages;
using storage::memory_rows;

namespace {

template <class M> event_envelope event_of(const M& body, id checkin = numbered(77), std::uint64_t time_ms = 1000,
                                           std::string desk = "desk-1") {
  event_envelope event;
  event.v = M::version;
  event.time_ms = time_ms;
  event.topic = M::topic;
  event.desk = std::move(desk);
  event.checkin = checkin;
  event.body = encode_body(body);
  return event;
}

storage::ledger_row ledger_of(memory_rows& rows, const id& checkin) {
  return storage::row_or_new<storage::ledger_row>(rows, std::string{storage::ledger_prefix} + storage::key_of(checkin));
}

eligibility_answered answer_to(const id& question, const id& patient) {
  eligibility_answered answered{question, patient, false, {}, {}};
  insurance first;
  first.name = "架空　太郎";
  first.number = "12";
  answered.answer.judged = validity::valid;
  answered.answer.insurances = personal{std::vector{first}};
  return answered;
}

const auto checkin = numbered(77), patient = numbered(2), question = numbered(3);

} // namespace

BOOST_AUTO_TEST_CASE(who_could_not_be_asked_stays_on_the_list_until_the_walk_in_is_answered) {
  memory_rows rows;
  fold_outage_ledger(event_of(eligibility_not_asked{patient, "line_down"}), rows);
  BOOST_TEST((ledger_of(rows, checkin).outcome == question_outcome::not_asked));
  BOOST_TEST(ledger_of(rows, checkin).question.empty());
  walk_in_kept kept{patient, question, personal{insured_number{"06123456", "", "12", "", "19660912"}}, {}, {}};
  fold_outage_ledger(event_of(kept), rows);
  BOOST_TEST((ledger_of(rows, checkin).question == question));
  fold_outage_ledger(event_of(outcome_unknown{question, patient, "line_down"}), rows);
  BOOST_TEST((ledger_of(rows, checkin).outcome == question_outcome::not_asked)); // it still was not
  fold_outage_ledger(event_of(answer_to(question, patient), checkin, 5000), rows);
  const auto row = ledger_of(rows, checkin);
  BOOST_TEST(row.settled());
  BOOST_TEST(row.begun_ms == 1000u);
  BOOST_TEST(row.answered.reveal().name == "架空　太郎");
}

BOOST_AUTO_TEST_CASE(a_card_read_again_later_settles_who_could_not_be_asked_and_nobody_elses) {
  memory_rows rows;
  fold_outage_ledger(event_of(eligibility_not_asked{patient, "line_down"}), rows);
  fold_outage_ledger(event_of(eligibility_not_asked{numbered(20), "line_down"}, numbered(78)), rows);
  fold_outage_ledger(event_of(answer_to(numbered(9), patient), numbered(80)), rows);
  BOOST_TEST(ledger_of(rows, checkin).settled());
  BOOST_TEST(!ledger_of(rows, numbered(78)).settled());
}

BOOST_AUTO_TEST_CASE(a_registration_in_doubt_is_no_check_ins_and_an_answer_at_once_is_on_no_list) {
  memory_rows rows;
  fold_outage_ledger(event_of(question_asked{question, patient, question_kind::registration}), rows);
  fold_outage_ledger(event_of(outcome_unknown{question, patient, "line_silent"}), rows);
  fold_outage_ledger(event_of(reference_number_registered{question, patient, personal<std::string>{"K"}}), rows);
  fold_outage_ledger(event_of(question_asked{numbered(4), patient, question_kind::card}), rows);
  fold_outage_ledger(event_of(answer_to(numbered(4), patient)), rows);
  BOOST_TEST(rows.all().empty());
}

BOOST_AUTO_TEST_CASE(settled_rows_go_after_48_hours_with_all_that_leads_to_them) {
  memory_rows rows;
  for (std::uint64_t hour = 0; hour < 200; ++hour) {
    const auto q = numbered(1000 + hour);
    const auto at = 1 + hour * 3600 * 1000;
    fold_outage_ledger(event_of(outcome_unknown{q, patient, "line_silent"}, numbered(5000 + hour), at), rows);
    fold_outage_ledger(event_of(answer_to(q, patient), numbered(5000 + hour), at), rows);
  }
  BOOST_TEST(rows.all().size() == 3 * 48u + 1); // row, way to it, place in the queue; the queue's own row
}

BOOST_AUTO_TEST_CASE(the_outage_itself_is_remembered) {
  memory_rows rows;
  const auto lost = [&] { return storage::row_or_new<storage::line_row>(rows, storage::line_key).lost_ms; };
  fold_outage_ledger(event_of(line_lost{"line_down"}), rows);
  BOOST_TEST(lost() == 1000u);
  fold_outage_ledger(event_of(line_restored{5}), rows);
  BOOST_TEST(lost() == 0u);
}

BOOST_AUTO_TEST_CASE(a_hand_over_is_listed_until_it_was_taken) {
  memory_rows rows;
  const auto row = [&] { return storage::row_or_new<handover_status>(rows, storage::key_of(numbered(1))); };
  fold_handovers(event_of(handover_begun{numbered(1), question, patient, "one", "a.xml"}), rows);
  BOOST_TEST((row().now == handover_state::waiting));
  fold_handovers(event_of(handover_written{numbered(1)}), rows);
  BOOST_TEST((row().now == handover_state::written));
  fold_handovers(event_of(handover_taken{numbered(1)}), rows);
  fold_handovers(event_of(handover_written{numbered(1)}), rows);
  BOOST_TEST(rows.all().empty());
}

BOOST_AUTO_TEST_CASE(registrations_are_waiting_registered_or_refused) {
  memory_rows rows;
  const auto row = [&](std::uint64_t n) {
    return storage::row_or_new<registration_status>(rows, std::string{storage::registration_prefix} +
                                                              storage::key_of(numbered(n)));
  };
  for (std::uint64_t n = 1; n <= 3; ++n)
    fold_registrations(event_of(registration_begun{numbered(n), patient, personal<std::string>{"K"}, true}), rows);
  fold_registrations(event_of(reference_number_registered{numbered(1), patient, personal<std::string>{"K"}}), rows);
  fold_registrations(event_of(question_refused{numbered(2), patient, "line_refused", {}, {}}), rows);
  fold_registrations(event_of(question_refused{numbered(9), patient, "line_refused", {}, {}}), rows); // no registration
  BOOST_TEST((row(1).outcome == question_outcome::answered));
  BOOST_TEST((row(2).outcome == question_outcome::refused));
  BOOST_TEST((row(3).outcome == question_outcome::open));
  BOOST_TEST(row(9).registration.empty());
}

BOOST_AUTO_TEST_CASE(a_face_file_is_kept_in_mind_and_claimed) {
  memory_rows rows;
  fold_face_files(event_of(face_file_taken{question, patient, "face.xml"}, checkin, 1000, ""), rows);
  const auto row = [&] { return storage::row_or_new<storage::face_file_row>(rows, storage::face_file_key(question)); };
  BOOST_TEST(row().desk == "");
  fold_face_files(event_of(face_file_claimed{question, patient}, checkin, 2000, "desk-2"), rows);
  BOOST_TEST(row().desk == "desk-2");
  BOOST_TEST((row().checkin == checkin));
}

BOOST_AUTO_TEST_CASE(a_patient_is_found_by_handle_number_and_kana_and_no_longer_by_a_corrected_number) {
  memory_rows rows;
  patient_record r;
  r.kana = "ﾐﾎﾝ ﾊﾅｺ";
  r.birth_date = "19480517";
  r.reference_number = "0012";
  fold_patients(event_of(patient_recorded{patient, question, personal{r}}), rows);
  const auto mark = storage::key_of(patient);
  BOOST_TEST(rows.get(storage::handle_key(patient)).has_value());
  BOOST_TEST(rows.get(storage::reference_prefix("１２") + mark).has_value());
  BOOST_TEST(rows.get(storage::kana_prefix("ミホンハナコ", "19480517") + mark).has_value());
  fold_patients(event_of(answer_matched{question, numbered(55), patient, match_basis::reference_number, {}}), rows);
  fold_patients(event_of(reference_number_registered{numbered(8), numbered(55), personal<std::string>{"13"}}), rows);
  BOOST_TEST(!rows.get(storage::reference_prefix("12") + mark).has_value());
  BOOST_TEST(rows.get(storage::reference_prefix("13") + mark).has_value());
}

BOOST_AUTO_TEST_CASE(an_answer_is_undecided_until_staff_decide) {
  memory_rows rows;
  const auto open = [&] { return rows.get(storage::undecided_key(question)).has_value(); };
  fold_patients(event_of(answer_to(question, patient)), rows);
  fold_patients(event_of(match_stopped{question, patient, match_stop::several, {}}), rows);
  BOOST_TEST(open());
  fold_patients(event_of(answer_matched{question, patient, patient, match_basis::staff, {}}), rows);
  BOOST_TEST(!open());
}
