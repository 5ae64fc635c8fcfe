// Claims about the folds: what each view says after which events, and that stored views are the fold of the journal.
#include "tests/test.hpp"

#include "tests/storage/support.hpp"

#include "storage/views/consents.hpp"
#include "storage/views/desks.hpp"
#include "storage/views/face_failures.hpp"
#include "storage/views/questions.hpp"
#include "storage/views/reference_numbers.hpp"

using namespace storage_test;
using messages::choice;
using messages::question_outcome;
using storage::memory_rows;

namespace {

constexpr std::uint64_t hour_ms = 3600 * 1000;

template <class M>
messages::event_envelope event_of(const M& body, std::uint64_t time_ms = 1000, std::string desk = "desk-1") {
  messages::event_envelope event;
  event.v = M::version;
  event.time_ms = time_ms;
  event.topic = M::topic;
  event.desk = std::move(desk);
  event.checkin = numbered(77);
  event.body = messages::encode_body(body);
  return event;
}

messages::eligibility_answered answer_to(const messages::id& question, const messages::id& patient) {
  messages::eligibility_answered answered{question, patient, false, {}, {}};
  messages::insurance first;
  first.name = "架空　太郎";
  first.insurer = "06123456";
  first.number = "12";
  first.reference_number = "R-9";
  answered.answer.judged = messages::validity::valid;
  answered.answer.insurances = messages::personal{std::vector{first}};
  return answered;
}

storage::question_row question_in(memory_rows& rows, const messages::id& question) {
  return storage::row_or_new<storage::question_row>(rows, storage::question_key(question));
}

} // namespace

BOOST_AUTO_TEST_SUITE(views)

BOOST_AUTO_TEST_CASE(a_cards_failures_count_in_a_row_until_it_is_proven_whose_it_is_or_a_day_is_over) {
  memory_rows rows;
  const auto one = numbered(1), other = numbered(2);
  const auto failures_of = [&](const messages::id& patient) {
    const auto key = std::string{storage::face_failures_prefix} + storage::key_of(patient);
    return storage::row_or_new<storage::face_failures_row>(rows, key).failures;
  };
  const auto compared = [&](const messages::id& patient, messages::face_outcome outcome, std::uint64_t at_ms) {
    fold_face_failures(event_of(messages::face_attempt_ended{patient, outcome, "model"}, at_ms), rows);
  };
  using messages::face_outcome;
  for (const auto outcome : {face_outcome::different, face_outcome::no_face, face_outcome::cannot_tell,
                             face_outcome::unsure, face_outcome::matched, face_outcome::different})
    compared(one, outcome, 1000);
  compared(other, face_outcome::different, 1000);
  BOOST_TEST(failures_of(one) == 2u); // what says nothing about the face counts for nothing
  fold_face_failures(event_of(messages::face_decided{one, false}, 2000), rows);
  fold_face_failures(event_of(messages::face_decided{one, true}, 2000), rows);
  BOOST_TEST(failures_of(one) == 3u);
  fold_face_failures(event_of(messages::identity_proven{one, messages::identity_method::pin, "c", {}, {}}), rows);
  BOOST_TEST(failures_of(one) == 0u);
  BOOST_TEST(failures_of(other) == 1u);
  for (std::uint64_t hour = 1; hour < 30; ++hour)
    compared(one, face_outcome::different, hour * hour_ms);
  BOOST_TEST(failures_of(other) == 0u);
  BOOST_TEST(failures_of(one) == 29u); // failed again and again
}

BOOST_AUTO_TEST_CASE(a_question_is_open_then_unknown_then_answered_and_stays_answered) {
  memory_rows rows;
  const auto question = numbered(1), patient = numbered(2);
  fold_questions(event_of(messages::question_asked{question, patient, messages::question_kind::typed}), rows);
  BOOST_TEST((question_in(rows, question).outcome == question_outcome::open));
  fold_questions(event_of(messages::outcome_unknown{question, patient, "line_silent"}, 2000), rows);
  BOOST_TEST((question_in(rows, question).outcome == question_outcome::unknown));
  BOOST_TEST(question_in(rows, question).error == "line_silent");
  fold_questions(event_of(answer_to(question, patient), 3000), rows);
  const auto row = question_in(rows, question);
  BOOST_TEST((row.outcome == question_outcome::answered));
  BOOST_TEST((row.kind == messages::question_kind::typed));
  BOOST_TEST((row.judged == messages::validity::valid));
  BOOST_TEST((row.checkin == numbered(77)));
  BOOST_TEST(row.asked_ms == 1000u);
  BOOST_TEST(row.changed_ms == 3000u);
  BOOST_TEST(row.error == "");
  BOOST_TEST(row.name.reveal() == "架空　太郎");
  BOOST_TEST(row.reference_number.reveal() == "R-9");
  BOOST_TEST(row.person.reveal().insurer == "06123456");
  fold_questions(event_of(messages::outcome_unknown{question, patient, "line_silent"}, 4000), rows);
  BOOST_TEST((question_in(rows, question).outcome == question_outcome::answered)); // a late time-out takes nothing back
}

BOOST_AUTO_TEST_CASE(a_refused_question_and_a_registration_have_their_outcomes) {
  memory_rows rows;
  fold_questions(event_of(messages::question_refused{numbered(1), numbered(2), "line_refused", {}, {}}), rows);
  BOOST_TEST((question_in(rows, numbered(1)).outcome == question_outcome::refused));
  BOOST_TEST(question_in(rows, numbered(1)).error == "line_refused");
  fold_questions(event_of(messages::question_asked{numbered(3), numbered(2), messages::question_kind::registration}),
                 rows);
  fold_questions(
      event_of(messages::reference_number_registered{numbered(3), numbered(2), messages::personal{std::string{"7"}}}),
      rows);
  BOOST_TEST((question_in(rows, numbered(3)).outcome == question_outcome::answered));
  BOOST_TEST(question_in(rows, numbered(3)).has_reference_number);
}

BOOST_AUTO_TEST_CASE(ended_questions_go_after_48_hours_and_unknown_ones_stay) {
  memory_rows rows;
  const auto patient = numbered(2);
  fold_questions(event_of(messages::outcome_unknown{numbered(500), patient, "line_silent"}, 1), rows);
  for (std::uint64_t hour = 0; hour < 200; ++hour)
    fold_questions(event_of(answer_to(numbered(1000 + hour), patient), 1 + hour * hour_ms), rows);
  std::size_t questions = 0;
  for (const auto& [key, bytes] : rows.all())
    questions += key.starts_with(storage::question_prefix);
  BOOST_TEST(questions == 49u); // 48 hours of answers, and the unknown one
  BOOST_TEST(rows.all().size() == 2 * 48u + 2);
  BOOST_TEST((question_in(rows, numbered(500)).outcome == question_outcome::unknown));
}

BOOST_AUTO_TEST_CASE(a_desk_has_its_mode_and_its_reader) {
  memory_rows rows;
  const auto desk = [&] { return storage::row_or_new<storage::desk_row>(rows, "desk-1"); };
  fold_desks(event_of(messages::desk_opened{}), rows);
  fold_desks(event_of(messages::desk_mode_switched{messages::desk_mode::visual_check, {}}), rows);
  fold_desks(event_of(messages::reader_attached{"SCR3310"}), rows);
  storage::desk_row wanted;
  wanted.desk = "desk-1";
  wanted.open = true;
  wanted.mode = messages::desk_mode::visual_check;
  wanted.reader = messages::health::working;
  wanted.model = "SCR3310";
  wanted.changed_ms = 1000;
  BOOST_TEST((desk() == wanted));
  fold_desks(event_of(messages::reader_detached{"reader_lost"}, 2000), rows);
  BOOST_TEST((desk().reader == messages::health::absent));
  fold_desks(event_of(messages::reader_detached{"reader_failed"}, 3000), rows);
  BOOST_TEST((desk().reader == messages::health::failing));
  BOOST_TEST(desk().model == "SCR3310");
  fold_desks(event_of(messages::desk_closed{}, 4000), rows);
  BOOST_TEST(!desk().open);
  fold_desks(event_of(messages::desk_closed{}, 5000), rows);
  BOOST_TEST(desk().changed_ms == 4000u); // nothing changed
  BOOST_TEST(rows.all().size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_newest_reference_number_is_kept_and_none_is_picked_from_several_insurances) {
  memory_rows rows;
  const auto patient = numbered(2);
  const auto number = [&] {
    return storage::row_or_new<storage::reference_number_row>(rows, storage::key_of(patient)).number.reveal();
  };
  fold_reference_numbers(event_of(answer_to(numbered(1), patient)), rows);
  BOOST_TEST(number() == "R-9");
  fold_reference_numbers(
      event_of(messages::reference_number_registered{numbered(3), patient, messages::personal{std::string{"A-2"}}}),
      rows);
  BOOST_TEST(number() == "A-2");
  auto several = answer_to(numbered(4), patient);
  several.answer.judged = messages::validity::several;
  fold_reference_numbers(event_of(several), rows);
  auto unregistered = answer_to(numbered(5), patient);
  unregistered.answer.insurances = messages::personal{std::vector{messages::insurance{}}};
  fold_reference_numbers(event_of(unregistered), rows);
  BOOST_TEST(number() == "A-2");
}

BOOST_AUTO_TEST_CASE(consents_open_by_the_answers_flags_and_a_refusal_closes_at_once) {
  memory_rows rows;
  const auto patient = numbered(2);
  const auto row = [&] { return storage::row_or_new<storage::consent_row>(rows, storage::key_of(patient)); };
  messages::consents_recorded recorded{patient, numbered(1), {}, {}, {}};
  recorded.choices.drugs = choice::given;
  recorded.choices.surgery = choice::given;
  fold_consents(event_of(recorded), rows);
  BOOST_TEST(row().drugs.flag == 0); // a tap alone opens nothing
  auto answered = answer_to(numbered(1), patient);
  answered.answer.drugs = answered.answer.surgery = {1, "20260101100000", "20260102100000"};
  fold_consents(event_of(answered, 2000), rows);
  BOOST_TEST(row().drugs.available_until == "20260102100000");
  BOOST_TEST(row().answered_ms == 2000u);
  fold_consents(event_of(answer_to(numbered(9), patient), 3000), rows); // a typed question says nothing about viewing
  BOOST_TEST(row().drugs.flag == 1);
  messages::consents_recorded again{patient, numbered(5), {}, {}, {}};
  again.choices.drugs = choice::refused;
  fold_consents(event_of(again, 4000), rows);
  BOOST_TEST(row().drugs.flag == 0);
  BOOST_TEST(row().surgery.flag == 1); // not asked about this time
  BOOST_TEST((row().choices.surgery == choice::given));
  fold_consents(event_of(answer_to(numbered(5), patient), 5000), rows);
  BOOST_TEST(row().surgery.flag == 0); // the answer to the newest choices speaks for every kind chosen
}

BOOST_AUTO_TEST_CASE(a_consent_says_on_which_event_it_rests_and_whom_to_ask_about) {
  memory_rows rows;
  auto answered = answer_to(numbered(1), numbered(2));
  answered.answer.drugs = {1, "20260101100000", "20260102100000"};
  auto event = event_of(answered);
  event.index = 42;
  fold_consents(event, rows);
  const auto row = storage::row_or_new<storage::consent_row>(rows, storage::key_of(numbered(2)));
  BOOST_TEST(row.drugs.index == 42u);
  BOOST_TEST(row.person.reveal().number == "12");
  BOOST_TEST(row.checkup.index == 0u);
}

BOOST_AUTO_TEST_CASE(a_typed_outpatient_answer_opens_nothing_whatever_flags_it_states) {
  memory_rows rows;
  auto answered = answer_to(numbered(1), numbered(2));
  answered.kind = messages::question_kind::typed;
  answered.answer.drugs = {1, "20260101100000", "20260102100000"};
  fold_consents(event_of(answered), rows);
  BOOST_TEST(rows.all().empty());
  answered.how = messages::care::home_visit; // asked for a home visit it tells what was consented to earlier
  fold_consents(event_of(answered), rows);
  BOOST_TEST(rows.all().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_withdrawal_closes_home_visits_at_once_and_a_late_answer_does_not_open_them_again) {
  memory_rows rows;
  const auto patient = numbered(2);
  const auto row = [&] { return storage::row_or_new<storage::consent_row>(rows, storage::key_of(patient)); };
  auto visit = answer_to(numbered(1), patient);
  visit.kind = messages::question_kind::typed;
  visit.how = messages::care::home_visit;
  visit.answer.drugs = visit.answer.surgery = {1, "19700101090000", ""}; // consented at time 0 in Japan
  fold_consents(event_of(visit, 1000), rows);
  auto at_desk = answer_to(numbered(3), patient);
  at_desk.answer.surgery = {1, "19700101090001", "19700102090001"};
  fold_consents(event_of(at_desk, 1500), rows);
  auto withdrawal = event_of(messages::consent_withdrawn{numbered(4), patient}, 2000);
  withdrawal.index = 9;
  fold_consents(withdrawal, rows);
  BOOST_TEST(row().drugs.flag == 2);
  BOOST_TEST(row().drugs.index == 9u);
  BOOST_TEST(row().surgery.flag == 1); // given at the desk, for its day
  fold_consents(event_of(visit, 3000), rows); // asked before the withdrawal, answered after it
  BOOST_TEST(row().drugs.flag == 2);
  visit.answer.drugs.consented = "19700101091000"; // given anew
  fold_consents(event_of(visit, 700'000), rows);
  BOOST_TEST(row().drugs.flag == 1);
}

BOOST_AUTO_TEST_CASE(an_answer_without_flags_makes_no_row_of_consents) {
  memory_rows rows;
  fold_consents(event_of(answer_to(numbered(1), numbered(2))), rows);
  BOOST_TEST(rows.all().empty());
}

BOOST_AUTO_TEST_CASE(stored_views_are_the_fold_of_the_journal_and_the_same_after_reopening) {
  temporary_folder folder;
  std::map<std::string, std::vector<storage::stored_row>> before;
  {
    const auto journal = open_journal(folder.data());
    for (std::uint64_t n = 0; n < 600; ++n)
      journal->append(story_draft(11, n), {});
    append(*journal, events_of("node.started")).value();
    std::uint64_t progress = 0;
    const auto compared = journal->rebuild_and_compare([&](std::uint64_t done, std::uint64_t) { progress = done; });
    BOOST_TEST(compared->first_difference.value_or("") == "");
    BOOST_TEST(compared->entries == journal->head());
    BOOST_TEST(progress == journal->head());
    BOOST_TEST(compared->rows > 40u);
    for (const auto& view : all_views()) {
      const std::string name{view->name()};
      before[name] = journal->rows_of(name, "", 10'000).value();
      BOOST_TEST(!before[name].empty(), "the story fills no row of " << name);
    }
  }
  const auto journal = open_journal(folder.data());
  for (const auto& [name, rows] : before)
    BOOST_TEST((journal->rows_of(name, "", 10'000).value() == rows));
  const auto& [key, bytes] = before["desks"].front();
  BOOST_TEST(journal->get("desks", key).value().value() == bytes);
  BOOST_TEST(journal->rows_of("questions", storage::question_prefix, 3)->size() == 3u);
  BOOST_TEST((journal->rows_of("no_such_view", "", 1).error().code == messages::error_code::wrong_value));
}

BOOST_AUTO_TEST_CASE(a_new_view_and_a_new_version_are_folded_from_the_start_and_a_wrong_fold_is_found) {
  struct counter final : storage::view {
    std::uint32_t version_;
    std::uint64_t by_;
    counter(std::uint32_t version, std::uint64_t by) : version_(version), by_(by) {}
    std::string_view name() const override { return "counter"; }
    std::uint32_t version() const override { return version_; }
    void apply(const storage::folded_event&, storage::rows& into) const override {
      const auto was = into.get("n");
      into.put("n", std::to_string((was ? std::stoull(*was) : 0) + by_));
    }
  };
  temporary_folder folder;
  const auto open_with = [&](std::uint32_t version, std::uint64_t by) {
    std::vector<std::unique_ptr<storage::view>> views;
    views.push_back(std::make_unique<counter>(version, by));
    return std::move(storage::journal::open(quiet_options(folder.data()), std::move(views)).value());
  };
  const auto start = events_of("desk.opened", 900);
  {
    const auto journal = open_journal(folder.data()); // without the counter
    journal->append(start, {});
    append(*journal, start).value();
    append(*journal, start).value();
  }
  {
    const auto journal = open_with(1, 1);
    BOOST_TEST(journal->get("counter", "n")->value() == "2700");
    append(*journal, events_of("desk.closed")).value();
    BOOST_TEST(journal->get("counter", "n")->value() == "2701");
  }
  BOOST_TEST(open_journal(folder.data())->head() == 2701u); // the other views again: theirs were not kept up meanwhile
  BOOST_TEST(!open_journal(folder.data())->rebuild_and_compare()->first_difference.has_value());
  BOOST_TEST(open_with(2, 10)->get("counter", "n")->value() == "27010");
  const auto compared = open_with(2, 11)->rebuild_and_compare(); // its version should have been raised
  BOOST_TEST(compared->first_difference.value_or("") == "view counter, key 6e: is stored differently");
}

BOOST_AUTO_TEST_SUITE_END()
