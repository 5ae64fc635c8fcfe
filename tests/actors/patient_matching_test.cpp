// Whose an answer is: the cases of oqs-interface.md §10 that concern patients, each by its name.
#include "tests/actors/support_gateway.hpp"

#include "actors/eligibility_gateway/declaration.hpp"
#include "messages/spelling.hpp"

#include <algorithm>

using namespace actors_test;
using namespace eligibility_gateway;

namespace {

/// Whom the clinic knows, in memory.
class memory_book final : public patient_book {
public:
  std::vector<patient_record> all;
  std::map<id, undecided_answer> open;

  std::vector<patient_record> of_handle(const id& handle) const override {
    return those([&](const auto& r) { return r.patient == handle; });
  }
  std::vector<patient_record> of_reference(const std::string& number) const override {
    return those([&](const auto& r) { return normal_number(r.reference_number) == normal_number(number); });
  }
  std::vector<patient_record> of_kana(const std::string& kana, const std::string& birth) const override {
    return those([&](const auto& r) { return normal_kana(r.kana) == normal_kana(kana) && r.birth_date == birth; });
  }
  std::optional<undecided_answer> undecided(const id& question) const override {
    const auto found = open.find(question);
    return found == open.end() ? std::nullopt : std::optional{found->second};
  }
  std::optional<viewing_consent> consent(const id&, information_kind) const override { return {}; }

private:
  template <class F> std::vector<patient_record> those(F&& fit) const {
    std::vector<patient_record> found;
    std::ranges::copy_if(all, std::back_inserter(found), fit);
    return found;
  }
};

insurance elderly() {
  insurance i;
  i.card_class = "01";
  i.insurer = "39999901";
  i.number = "01234567";
  i.name = "見本　花子";
  i.name_kana = "ﾐﾎﾝ ﾊﾅｺ";
  i.sex = "2";
  i.birth_date = "19480517";
  i.address = "見本県架空市例町１－２－３";
  i.insurer_name = "見本県後期高齢者医療広域連合";
  i.burden_ratio = "020";
  i.limit_flag = "B09";
  return i;
}

eligibility_answer saying(std::vector<insurance> all, validity judged = validity::valid) {
  eligibility_answer a;
  a.segment = a.status = 1;
  a.judged = judged;
  a.insurances = personal{std::move(all)};
  return a;
}

patient_record known_as(id patient, const insurance& i, const std::string& number = "") {
  auto r = record_of(saying({i}), patient);
  r.reference_number = number;
  return r;
}

std::vector<differing> fields_of(const std::vector<difference>& all) {
  std::vector<differing> fields;
  for (const auto& d : all)
    fields.push_back(d.field);
  return fields;
}

const auto somebody = numbered(1), another = numbered(2), handle = numbered(600), key = numbered(10);

} // namespace

BOOST_AUTO_TEST_CASE(a_face_with_an_unknown_letter_fits_the_known_name_and_overwrites_nothing) {
  auto came = elderly();
  came.name = "見本　花●";
  memory_book book;
  book.all = {known_as(somebody, elderly())};
  const auto found = find_patient(saying({came}), {}, book);
  BOOST_CHECK_EQUAL(found.by, match_basis::kana_birth_insurance);
  BOOST_CHECK(differences(book.all[0], saying({came}), {}).empty());
  const auto after = accept(book.all[0], saying({came}), {differing::name});
  BOOST_CHECK_EQUAL(after.name, "見本　花子");
  BOOST_CHECK_EQUAL(after.national_name, "見本　花●"); // its alias, remembered
}

BOOST_AUTO_TEST_CASE(one_unknown_letter_stands_for_exactly_one) {
  BOOST_CHECK(same_name("見本　花●", "見本 花子"));
  BOOST_CHECK(!same_name("見本　花●", "見本 花"));
  BOOST_CHECK(!same_name("見本　花●", "見本 太郎子"));
}

BOOST_AUTO_TEST_CASE(a_face_without_a_reference_number_is_found_by_kana_birth_date_and_insurance) {
  memory_book book;
  book.all = {known_as(somebody, elderly(), "0001234")};
  const auto found = find_patient(saying({elderly()}), {}, book);
  BOOST_CHECK_EQUAL(found.by, match_basis::kana_birth_insurance);
  BOOST_CHECK(found.candidates.front().patient == somebody);
}

BOOST_AUTO_TEST_CASE(a_reference_number_needs_the_birth_date_or_the_kana_beside_it) {
  memory_book book;
  book.all = {known_as(somebody, elderly(), "0001234")};
  auto came = elderly();
  came.reference_number = "1234"; // leading zeros apart, the same
  came.number = "7777777";        // the insurance has changed: the number carries on
  BOOST_CHECK_EQUAL(find_patient(saying({came}), {}, book).by, match_basis::reference_number);
  came.name_kana = "ｶｸｳ ﾊﾙｺ"; // married, say
  BOOST_CHECK_EQUAL(find_patient(saying({came}), {}, book).by, match_basis::reference_number);
  came.birth_date = "19480518";
  const auto stopped = find_patient(saying({came}), {}, book);
  BOOST_CHECK_EQUAL(stopped.by, match_basis::none);
  BOOST_CHECK_EQUAL(stopped.why, match_stop::mismatch);
  BOOST_CHECK_EQUAL(stopped.candidates.size(), 1u); // shown beside the answer
}

BOOST_AUTO_TEST_CASE(what_blocks_stops_the_matching_and_a_clinic_says_what_does) {
  memory_book book;
  book.all = {known_as(somebody, elderly(), "0001234")};
  auto came = elderly();
  came.reference_number = "0001234";
  came.sex = "1";
  const auto stopped = find_patient(saying({came}), {}, book);
  BOOST_CHECK_EQUAL(stopped.why, match_stop::mismatch);
  BOOST_CHECK_EQUAL(stopped.candidates.size(), 1u);
  weights lenient;
  lenient.of[static_cast<std::size_t>(differing::sex)] = severity::warn;
  BOOST_CHECK_EQUAL(find_patient(saying({came}), {}, book, lenient).by, match_basis::reference_number);
  book.all[0].sex.clear(); // nothing is known that could be contradicted
  BOOST_CHECK_EQUAL(find_patient(saying({came}), {}, book).by, match_basis::reference_number);
}

BOOST_AUTO_TEST_CASE(a_number_of_one_patient_with_the_data_of_another_shows_both) {
  auto other = elderly();
  other.name = "架空　春子";
  other.name_kana = "ｶｸｳ ﾊﾙｺ";
  other.birth_date = "19500101";
  memory_book book;
  book.all = {known_as(somebody, elderly(), "K-1"), known_as(another, other, "K-2")};
  other.reference_number = "K-1";
  const auto stopped = find_patient(saying({other}), {}, book);
  BOOST_CHECK_EQUAL(stopped.why, match_stop::mismatch);
  BOOST_CHECK_EQUAL(stopped.candidates.size(), 2u);
}

BOOST_AUTO_TEST_CASE(name_equal_birth_date_equal_two_patients_are_never_picked_from) {
  memory_book book;
  book.all = {known_as(somebody, elderly()), known_as(another, elderly())};
  const auto stopped = find_patient(saying({elderly()}), {}, book);
  BOOST_CHECK_EQUAL(stopped.by, match_basis::none);
  BOOST_CHECK_EQUAL(stopped.why, match_stop::several);
  BOOST_CHECK_EQUAL(stopped.candidates.size(), 2u);
}

BOOST_AUTO_TEST_CASE(the_same_kana_and_birth_date_with_another_insurance_stops_and_shows_both) {
  memory_book book;
  book.all = {known_as(somebody, elderly())};
  auto came = elderly();
  came.insurer = "06999902";
  const auto stopped = find_patient(saying({came}), {}, book);
  BOOST_CHECK_EQUAL(stopped.why, match_stop::mismatch);
  BOOST_CHECK_EQUAL(stopped.candidates.size(), 1u);
}

BOOST_AUTO_TEST_CASE(an_answer_with_several_insurances_in_question_names_nobody) {
  memory_book book;
  book.all = {known_as(somebody, elderly())};
  BOOST_CHECK_EQUAL(find_patient(saying({elderly()}, validity::several), {}, book).why,
                    match_stop::answer_names_nobody);
  BOOST_CHECK_EQUAL(find_patient(saying({}, validity::no_match), {}, book).why, match_stop::answer_names_nobody);
}

BOOST_AUTO_TEST_CASE(a_full_width_symbol_and_a_leading_zero_number_are_the_same_and_are_kept_as_received) {
  auto kept = elderly();
  kept.symbol = "見本１２－３";
  kept.number = "００３４５６";
  memory_book book;
  book.all = {known_as(somebody, kept)};
  auto came = kept;
  came.symbol = "見本12-3";
  came.number = "3456";
  BOOST_CHECK_EQUAL(find_patient(saying({came}), {}, book).by, match_basis::kana_birth_insurance);
  BOOST_CHECK(differences(book.all[0], saying({came}), {}).empty());
  BOOST_CHECK_EQUAL(accept(book.all[0], saying({came}), {differing::name}).insurances.front().number, "００３４５６");
}

BOOST_AUTO_TEST_CASE(a_changed_ratio_and_limit_class_stand_side_by_side_and_are_not_applied_by_themselves) {
  const auto kept = known_as(somebody, elderly());
  auto came = elderly();
  came.burden_ratio = "030";
  came.limit_flag = "B05";
  const auto found = differences(kept, saying({came}), {});
  BOOST_CHECK(fields_of(found) == (std::vector{differing::burden_ratio, differing::limit_class}));
  BOOST_CHECK_EQUAL(found[0].kept, "020");
  BOOST_CHECK_EQUAL(found[0].came, "030");
  BOOST_CHECK_EQUAL(found[0].weight, severity::warn);
  BOOST_CHECK_EQUAL(accept(kept, saying({came}), {}).insurances[0].burden_ratio, "020");
  const auto after = accept(kept, saying({came}), {differing::burden_ratio});
  BOOST_CHECK_EQUAL(after.insurances[0].burden_ratio, "030");
  BOOST_CHECK_EQUAL(after.insurances[0].limit_flag, "B09"); // field by field
}

BOOST_AUTO_TEST_CASE(kana_and_relation_only_note_and_a_clinic_may_weigh_differently) {
  auto came = elderly();
  came.name_kana = "ﾐﾎﾝ ﾊﾅﾖ";
  came.relation = "2";
  const auto found = differences(known_as(somebody, elderly()), saying({came}), {});
  for (const auto& d : found)
    BOOST_CHECK_EQUAL(d.weight, severity::note);
  BOOST_CHECK_EQUAL(found.size(), 2u);
  weights strict;
  strict.of[static_cast<std::size_t>(differing::kana)] = severity::block;
  BOOST_CHECK_EQUAL(differences(known_as(somebody, elderly()), saying({came}), strict)[0].weight, severity::block);
}

BOOST_AUTO_TEST_CASE(a_face_with_two_blocks_keeps_the_insurance_and_the_medical_assistance_apart) {
  auto assistance = elderly();
  assistance.card_class = "A1";
  assistance.insurer = "12999901";
  assistance.number = "7654321";
  memory_book book;
  book.all = {known_as(somebody, elderly())};
  const auto answer = saying({assistance, elderly()}); // whatever stands first
  BOOST_CHECK_EQUAL(find_patient(answer, {}, book).by, match_basis::kana_birth_insurance);
  const auto after = accept(book.all[0], answer, {differing::public_expense, differing::insurer});
  BOOST_CHECK_EQUAL(after.insurances.size(), 2u);
  BOOST_REQUIRE_EQUAL(after.public_expenses.size(), 1u);
  BOOST_CHECK_EQUAL(after.public_expenses[0].recipient, "7654321");
}

BOOST_AUTO_TEST_CASE(a_blank_never_erases_a_public_expense_or_anything_else) {
  auto kept = known_as(somebody, elderly());
  kept.public_expenses = {{"12999901", "7654321", "", ""}};
  auto came = elderly();
  came.address.clear();
  came.burden_ratio.clear();
  BOOST_CHECK(differences(kept, saying({came}), {}).empty());
  std::vector<differing> all;
  for (std::size_t n = 0; n < enumeration<differing>::names.size(); ++n)
    all.push_back(static_cast<differing>(n));
  BOOST_CHECK(accept(kept, saying({came}), all) == kept);
}

BOOST_AUTO_TEST_CASE(kana_is_the_same_in_half_and_full_width_with_small_letters_and_marks) {
  BOOST_CHECK_EQUAL(normal_kana("ｶﾞﾝﾊﾞ ｼﾞｮｰｼﾞ"), normal_kana("ガンバ　ジョージ"));
  BOOST_CHECK_EQUAL(normal_kana("きょうこ"), normal_kana("ｷﾖｳｺ"));
  BOOST_CHECK_EQUAL(normal_kana("ﾊﾟｰ"), "パー");
  BOOST_CHECK_EQUAL(normal_number("  ００1２ｂ-３"), "12B-3");
  BOOST_CHECK_EQUAL(normal_number("000"), "");
  BOOST_CHECK_EQUAL(normal_name("\xe3\x81"), "\xc3\xa3\xc2\x81"); // no UTF-8: not lost, not joined
}

// -- in the gateway ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_confirmed_match_registers_the_clinics_number_in_the_background_and_holds_nobody_up) {
  memory_book book;
  book.all = {known_as(somebody, elderly(), "K-77")};
  gateway g{{}, &book};
  g.say(a_typed_question(key));
  g.line(key, line_answer{saying({elderly()}), {}});
  BOOST_CHECK(event_in<answer_matched>(g.last)->record == somebody);
  BOOST_CHECK_EQUAL(g.last.replies.size(), 1u); // the patient's answer does not wait
  BOOST_REQUIRE_EQUAL(g.last.line.size(), 1u);
  const auto registration = g.last.line.front();
  BOOST_CHECK_EQUAL(registration.person.reveal().number, "01234567");
  BOOST_CHECK_EQUAL(event_in<registration_begun>(g.last)->number.reveal(), "K-77");
  g.line(registration.key, failure(error_code::line_refused, "E1", "x"));
  BOOST_CHECK(event_in<question_refused>(g.last));
  BOOST_CHECK(g.last.replies.empty());
  BOOST_CHECK(g.told.empty()); // nobody at a desk hears of it
}

BOOST_AUTO_TEST_CASE(a_number_that_is_on_its_way_already_is_not_registered_under_a_second_identifier) {
  memory_book book;
  book.all = {known_as(somebody, elderly(), "K-77")};
  gateway g{{}, &book};
  g.say(a_question(key));
  g.line(key, line_answer{saying({elderly()}), {}});
  const auto background = g.last.line.front().key;
  g.say(register_number{
      numbered(11), key, numbered(500), numbered(600), "desk-1", personal<std::string>{"K-77"}, {}, false});
  BOOST_CHECK(g.last.line.empty());
  BOOST_CHECK(g.last.replies.empty());
  g.line(background, line_answer{});
  BOOST_CHECK_EQUAL(reply_in<question_report>(g.last)->outcome, question_outcome::answered);
}

BOOST_AUTO_TEST_CASE(a_registered_number_can_be_corrected) {
  gateway g;
  const number_wanted wrong{numbered(11), somebody, personal<std::string>{"K-1"},
                            personal{insured_number{"39999901", "", "1", "", "19480517"}}};
  auto right = wrong;
  right.registration = numbered(12);
  right.number = personal<std::string>{"K-2"};
  g.say(register_numbers{{wrong}});
  g.line(wrong.registration, line_answer{});
  g.say(register_numbers{{right}});
  BOOST_CHECK_EQUAL(reply_in<numbers_taken>(g.last)->begun, 1u);
  g.say(register_numbers{{wrong, right}});
  BOOST_CHECK_EQUAL(reply_in<numbers_taken>(g.last)->known, 2u); // the same rows again are the same rows
}

BOOST_AUTO_TEST_CASE(staff_decide_whose_a_stopped_answer_is_and_a_new_patient_only_after_the_alike_were_seen) {
  memory_book book;
  book.all = {known_as(somebody, elderly()), known_as(another, elderly())};
  gateway g{{}, &book};
  g.say(a_typed_question(key));
  g.line(key, line_answer{saying({elderly()}), {}});
  BOOST_CHECK_EQUAL(event_in<match_stopped>(g.last)->candidates.size(), 2u);
  book.open[key] = {key, numbered(500), handle, "desk-1", match_stop::several, personal{saying({elderly()})}};
  g.say(find_match{key});
  BOOST_CHECK_EQUAL(reply_in<match_report>(g.last)->candidates.reveal().size(), 2u);
  g.say(decide_match{key, {}, {}, "K-3", false});
  BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::possible_duplicate);
  g.say(decide_match{key, {}, {}, "K-3", true});
  BOOST_CHECK_EQUAL(event_in<patient_recorded>(g.last)->record.reveal().reference_number, "K-3");
  BOOST_CHECK_EQUAL(event_in<answer_matched>(g.last)->by, match_basis::staff);
  g.say(decide_match{key, another, {}, "", false});
  BOOST_CHECK(event_in<answer_matched>(g.last)->record == another);
}

// -- Face files and hand-over --------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_face_file_ends_in_the_same_events_and_the_same_file_twice_is_one_check_in) {
  gateway g;
  const face_file file{numbered(42), "OQSsiquc01res_face_x_20261122084210.xml", "desk-1",
                       line_answer{saying({elderly()}), personal{bytes{1}}}};
  g.take(g.all.on_face_file(file, g.now_ms));
  BOOST_CHECK(event_in<face_file_taken>(g.last)->question == numbered(42));
  BOOST_CHECK(event_in<eligibility_answered>(g.last)->question == numbered(42));
  BOOST_CHECK_EQUAL(g.last.journal.events.front().desk, "desk-1");
  BOOST_CHECK(!g.last.journal.events.front().checkin.empty());
  BOOST_CHECK(std::ranges::count(g.last.kept, numbered(42)) > 0);
  g.take(g.all.on_face_file(file, g.now_ms));
  BOOST_CHECK(g.last.journal.events.empty());
  g.restart({}, {.face_files = {{numbered(42), {numbered(1), numbered(2), "desk-1"}}}});
  g.take(g.all.on_face_file(file, g.now_ms));
  BOOST_CHECK(g.last.journal.events.empty());
  BOOST_CHECK(std::ranges::count(g.last.kept, numbered(42)) > 0); // and the source is told again
}

BOOST_AUTO_TEST_CASE(a_shared_face_folder_leaves_the_desk_unknown_until_staff_claim_it) {
  gateway g;
  g.take(g.all.on_face_file({numbered(42), "face.xml", "", line_answer{saying({elderly()}), {}}}, g.now_ms));
  BOOST_CHECK_EQUAL(g.last.journal.events.front().desk, "");
  g.say(claim_face_file{numbered(42), "desk-2"});
  BOOST_CHECK_EQUAL(g.last.journal.events.front().desk, "desk-2");
  g.say(claim_face_file{numbered(42), "desk-2"});
  BOOST_CHECK(g.last.journal.events.empty());
  g.say(claim_face_file{numbered(42), "desk-3"});
  BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::not_now);
  g.say(claim_face_file{numbered(43), "desk-3"});
  BOOST_CHECK_EQUAL(refusal_in(g.last).code, error_code::wrong_value);
}

BOOST_AUTO_TEST_CASE(a_face_file_that_cannot_be_read_is_refused_with_the_reason_and_taken_once) {
  gateway g;
  g.take(g.all.on_face_file({numbered(42), "face.xml", "desk-1", failure(error_code::line_unreadable, "DOCTYPE")},
                            g.now_ms));
  BOOST_CHECK_EQUAL(event_in<question_refused>(g.last)->error, "line_unreadable");
}

BOOST_AUTO_TEST_CASE(a_refused_face_files_bytes_are_kept_unless_no_event_could_hold_them) {
  gateway g;
  face_file odd{numbered(42), "face.xml", "desk-1", failure(error_code::line_unreadable, "a DOCTYPE"),
                personal{bytes{'<', '!'}}};
  g.take(g.all.on_face_file(odd, g.now_ms));
  BOOST_CHECK(event_in<question_refused>(g.last)->original == odd.original);
  odd.arrival = numbered(43);
  odd.original = personal{bytes(g.how.original_bytes_max + 1, '<')};
  g.take(g.all.on_face_file(odd, g.now_ms));
  BOOST_CHECK(event_in<question_refused>(g.last)->original.reveal().empty());
}

BOOST_AUTO_TEST_CASE(every_answer_is_handed_to_every_receipt_computer_until_it_was_written_and_listed_until_taken) {
  gateway g{{.receipt_computers = {"fast", "slow"}, .institution = "1319999999"}};
  auto came = an_answer();
  came.original = personal{bytes{'<', 'x', '/', '>'}};
  g.say(a_question(key));
  g.line(key, came);
  BOOST_REQUIRE_EQUAL(g.last.handovers.size(), 2u);
  const auto fast = g.last.handovers[0], slow = g.last.handovers[1];
  BOOST_CHECK(fast.file.starts_with("OQSsiquc01res_face_1319999999"));
  BOOST_CHECK_EQUAL(fast.file, slow.file);
  BOOST_CHECK_EQUAL(fast.file.size(), std::string{"OQSsiquc01res_face_"}.size() + 30 + 1 + 14 + 4);
  BOOST_CHECK_EQUAL(g.journal.outbox.size(), 2u);
  g.take(g.all.on_handed_over(fast.handover, {}, g.now_ms));
  BOOST_CHECK(event_in<handover_written>(g.last)->handover == fast.handover);
  g.take(g.all.on_handed_over(slow.handover, failure(error_code::write_failed, "folder", "gone"), g.now_ms));
  g.pass(1'000);
  BOOST_REQUIRE_EQUAL(g.last.handovers.size(), 1u); // the slow one again, and only that one
  BOOST_CHECK(g.last.handovers[0].handover == slow.handover);
  g.restart({}, {.written = {{fast.handover, "fast", fast.file, {}}}});
  BOOST_REQUIRE_EQUAL(g.last.handovers.size(), 1u);
  BOOST_CHECK(g.last.handovers[0].octets == came.original); // its row had it
  g.pass(0);
  BOOST_REQUIRE_EQUAL(g.last.looks.size(), 1u);
  g.take(g.all.on_looked(fast.handover, true, g.now_ms));
  BOOST_CHECK(g.last.journal.events.empty());
  g.take(g.all.on_looked(fast.handover, false, g.now_ms));
  BOOST_CHECK(event_in<handover_taken>(g.last)->handover == fast.handover);
  g.take(g.all.on_handed_over(slow.handover, {}, g.now_ms));
  BOOST_CHECK(g.journal.outbox.empty());
}

BOOST_AUTO_TEST_CASE(a_typed_answer_has_the_typed_name_and_a_face_file_keeps_its_own) {
  gateway g{{.receipt_computers = {"one"}, .institution = "1319999999"}};
  auto came = an_answer();
  came.original = personal{bytes{'<'}};
  g.say(a_typed_question(key));
  g.line(key, came);
  BOOST_CHECK(g.last.handovers.at(0).file.starts_with("OQSsiquc01res_2023"));
  BOOST_CHECK(g.last.handovers.at(0).file.find("face") == std::string::npos);
  g.take(g.all.on_face_file({numbered(42), "OQSsiquc01res_face_abc.xml", "", came}, g.now_ms));
  BOOST_CHECK_EQUAL(g.last.handovers.at(0).file, "OQSsiquc01res_face_abc.xml");
}

BOOST_AUTO_TEST_CASE(the_declaration_is_filled_in_and_runs_nothing_that_was_typed) {
  declared_insurance d;
  d.name = "<script>見本</script>";
  d.burden_ratio = "030";
  d.type = insurance_type::national;
  const auto page = eligibility_gateway::declaration_page(d, {"06999902", "12", "3456", "02", "19840229"}, start_ms);
  BOOST_CHECK(page.find("<script") == std::string::npos);
  BOOST_CHECK(page.find("&lt;script&gt;見本") != std::string::npos);
  BOOST_CHECK(page.find("☑ 国民健康保険") != std::string::npos);
  BOOST_CHECK(page.find("☑ 3割") != std::string::npos);
  BOOST_CHECK(page.find("1984年02月29日") != std::string::npos);
}
