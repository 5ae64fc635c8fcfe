// The folders of 連携アプリ: files as working programs meet them (oqs-interface.md §1, §10).
#include "tests/test.hpp"

#include "drivers/line/folder_watch.hpp"
#include "drivers/line/zip_file.hpp"
#include "tests/drivers/line/support_rigs.hpp"

#include <fstream>
#include <iterator>
#include <thread>

using namespace line_test;
namespace fs = std::filesystem;

namespace {

const messages::insured_number see_mihon{"999901", "見本12", "3456", "02", "19840229"};

std::size_t files(const fs::path& folder) {
  std::size_t n = 0;
  const auto here = files_in(folder).files;
  for (const auto& [name, path] : here)
    n += name.ends_with(".xml") || name.ends_with(".zip") || name.ends_with(".err") || name.ends_with(".tmp");
  return n;
}

std::string content(const fs::path& file) {
  std::ifstream from(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(from), {}};
}

/// Waits until @p true_now, at most ten seconds; counts nothing and asserts only that it came.
void until(const std::function<bool()>& true_now) {
  for (int n = 0; n < 10000 && !true_now(); ++n)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  BOOST_REQUIRE(true_now());
}

/// Answers whatever lies in Req by hand.
std::string waiting_request(const fs::path& requests) {
  std::string found;
  until([&] {
    const auto here = files_in(requests).files;
    for (const auto& [name, path] : here)
      if (name.starts_with("OQS") && name.ends_with(".xml")) found = name;
    return !found.empty();
  });
  return found;
}

bulk_request of_one() {
  bulk_request r;
  r.question = new_id();
  r.confirmed_on = "20261124";
  r.rows = messages::personal{decltype(r.rows)::value_type{std::vector<listed_person>{{see_mihon, "row-1"}}}};
  return r;
}

std::string collected(const std::string& header, const std::string& units) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><XmlMsg><MessageHeader><MedicalInstitutionCode>1319999999"
         "</MedicalInstitutionCode>" +
         header + "</MessageHeader><MessageBody>" + units + "</MessageBody></XmlMsg>";
}

} // namespace

BOOST_AUTO_TEST_CASE(a_request_appears_whole_under_its_name_and_leaves_nothing_else) {
  through_folders rig;
  rig.link().behave({.down = true});
  const auto q = typed(see_mihon);
  std::thread asking{[&] { (void)ask(rig.port(), q, 100); }};
  const auto name = waiting_request(rig.requests());
  BOOST_CHECK_EQUAL(name, "OQSsiquc01req_" + q.question.text() + ".xml");
  const auto octets = content(rig.requests() / name);
  BOOST_CHECK(octets.find("encoding=\"Shift_JIS\"") != std::string::npos);
  BOOST_CHECK(to_utf8(octets)->find("見本12") != std::string::npos);
  asking.join();
  BOOST_CHECK_EQUAL(files(rig.requests()), 1u); // nobody took it, and it is not taken back
}

BOOST_AUTO_TEST_CASE(a_result_that_comes_after_the_timeout_answers_the_next_asking_and_nothing_is_sent_twice) {
  through_folders rig;
  rig.link().behave({.silent = true});
  const auto q = typed(see_mihon);
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), q, 50)), "line_silent");
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), q, 50)), "line_silent");
  rig.link().behave({});
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), q)), "no error");
  BOOST_REQUIRE_EQUAL(rig.ledger().size(), 1u);
  BOOST_CHECK_EQUAL(rig.ledger().front().times_seen, 1u);
}

BOOST_AUTO_TEST_CASE(a_restart_between_request_and_result_does_not_send_again) {
  through_folders rig;
  rig.link().behave({.silent = true});
  const auto r = of_one();
  const auto request = [&](std::uint32_t wait) {
    return await<bulk_acceptance>([&](auto done) { rig.port().request_bulk(r, wait, done); });
  };
  BOOST_CHECK_EQUAL(code_of(request(50)), "line_silent");
  rig.restart_line();
  BOOST_CHECK_EQUAL(code_of(request(50)), "line_silent");
  BOOST_CHECK_EQUAL(files(rig.requests()), 0u);
  rig.link().behave({});
  const auto accepted = request(wait_ms);
  BOOST_REQUIRE_EQUAL(code_of(accepted), "no error");
  rig.restart_line(); // and the answer is still there, until it is kept
  BOOST_CHECK_EQUAL(request(wait_ms)->reception_number, accepted->reception_number);
  BOOST_CHECK_EQUAL(rig.ledger().front().times_seen, 1u);
}

BOOST_AUTO_TEST_CASE(the_late_answer_to_an_upload_is_found_by_its_identifier_and_nothing_is_sent_for_it) {
  through_folders rig;
  rig.link().behave({.silent = true});
  const auto r = of_one();
  const auto look = [&](const messages::id& question, std::uint32_t wait) {
    return await<bulk_acceptance>([&](auto done) { rig.port().find_bulk(r.kind, question, wait, done); });
  };
  BOOST_CHECK_EQUAL(code_of(look(r.question, 50)), "line_down"); // it never went out
  BOOST_CHECK_EQUAL(files(rig.requests()), 0u);
  BOOST_CHECK_EQUAL(code_of(await<bulk_acceptance>([&](auto done) { rig.port().request_bulk(r, 50, done); })),
                    "line_silent");
  BOOST_CHECK_EQUAL(code_of(look(r.question, 50)), "line_silent");
  rig.restart_line();
  rig.link().behave({});
  const auto found = look(r.question, wait_ms);
  BOOST_REQUIRE_EQUAL(code_of(found), "no error");
  BOOST_CHECK(!found->reception_number.empty());
  BOOST_CHECK_EQUAL(code_of(look(new_id(), 50)), "line_down");
  BOOST_REQUIRE_EQUAL(rig.ledger().size(), 1u);
  BOOST_CHECK_EQUAL(rig.ledger().front().times_seen, 1u);
}

BOOST_AUTO_TEST_CASE(a_request_cut_off_before_its_renaming_is_renamed_at_the_next_asking) {
  through_folders rig;
  rig.link().behave({.silent = true});
  const auto q = typed(see_mihon);
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), q, 50)), "line_silent");
  const auto name = "OQSsiquc01req_" + q.question.text() + ".xml";
  // as if the program had ended after its mark and before the renaming
  const auto taken = rig.folder() / "link" / "taken" / name;
  until([&] { return fs::exists(taken); });
  fs::rename(taken, temporary_of(rig.requests() / name));
  rig.restart_line();
  rig.link().behave({});
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), q)), "no error");
}

BOOST_AUTO_TEST_CASE(results_come_half_written_zipped_in_shift_jis_out_of_order_and_in_sub_folders) {
  const link_behaviour ways[] = {{.half_written_ms = 8},
                                 {.zipped = true},
                                 {.shift_jis = true},
                                 {.zipped = true, .shift_jis = true, .half_written_ms = 8},
                                 {.answer_delay_ms = 10, .out_of_order = true},
                                 {.sub_folder = "20261122"}};
  for (const auto& way : ways) {
    through_folders rig;
    rig.link().behave(way);
    const auto came = ask(rig.port(), typed(see_mihon));
    BOOST_REQUIRE_EQUAL(code_of(came), "no error");
    BOOST_CHECK_EQUAL(came->typed.insurances.reveal().front().name, "見本　花子");
    BOOST_CHECK_EQUAL(files(rig.results()), 0u); // ours, and taken
  }
}

BOOST_AUTO_TEST_CASE(a_prefix_that_is_zipped_here_is_asked_in_a_zip) {
  auto names = quick_facts();
  names->of[static_cast<std::size_t>(function::eligibility)].zipped = true;
  through_folders rig{names};
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), typed(see_mihon))), "no error");
}

BOOST_AUTO_TEST_CASE(a_result_of_another_institution_or_to_another_question_is_refused_with_the_reason) {
  for (const bool institution_too : {true, false}) {
    through_folders rig;
    rig.link().behave({.other_institution = institution_too, .other_identifier = !institution_too});
    const auto q = typed(see_mihon);
    const auto came = ask(rig.port(), q);
    BOOST_REQUIRE_EQUAL(code_of(came), "line_unreadable");
    BOOST_CHECK(came.error().args.front().find(institution_too ? "MedicalInstitutionCode"
                                                               : "ArbitraryFileIdentifier") != std::string::npos);
    const auto octets = rig.port().refused_original(q.question).reveal(); // what it was is not lost
    BOOST_CHECK(std::string(octets.begin(), octets.end()).find("</XmlMsg>") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(an_err_instead_of_a_result_is_told_in_its_own_words) {
  through_folders rig;
  rig.link().behave({.errors = true});
  const auto q = typed(see_mihon);
  const auto came = ask(rig.port(), q);
  BOOST_REQUIRE_EQUAL(code_of(came), "line_unprocessed");
  BOOST_CHECK_EQUAL(came.error().args.front(), "（模擬）処理できませんでした。");
  BOOST_CHECK(!rig.port().refused_original(q.question).reveal().empty());
  rig.link().behave({});
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), q)), "no error"); // it was given back: it may be asked again
}

// Opened all the same, libzip 1.7.3 loses memory over it (found by the fuzz program, whose seed this is).
BOOST_AUTO_TEST_CASE(a_zip_encrypted_in_an_unknown_way_is_refused_before_it_is_opened) {
  const auto seed = fs::path{UKETSUKE_SOURCE_DIR} / "tests/fuzz/corpus/line_folder_fuzz/zip_of_unknown_encryption";
  const auto came = unzip(content(seed), "password", 4096);
  BOOST_REQUIRE_EQUAL(code_of(came), "line_unreadable");
  BOOST_CHECK_EQUAL(came.error().args.front(), "a zip encrypted in a way that is not supported");
}

BOOST_AUTO_TEST_CASE(files_of_other_programs_stay_and_are_counted) {
  through_folders rig;
  for (const auto* name : {"del20261122.txt", "OQSsiquc01res_of_another_program.xml", "prescription_1.xml"})
    std::ofstream{rig.results() / name} << "not ours";
  BOOST_CHECK_EQUAL(code_of(ask(rig.port(), typed(see_mihon))), "no error");
  BOOST_CHECK_EQUAL(rig.folders().report().notices, 1u);
  BOOST_CHECK(fs::exists(rig.results() / "OQSsiquc01res_of_another_program.xml"));
  BOOST_CHECK(fs::exists(rig.results() / "del20261122.txt"));
}

BOOST_AUTO_TEST_CASE(a_real_node_asks_no_simulated_link_application) {
  through_folders rig;
  auto options = rig.line_options();
  options.who.simulated_allowed = false;
  const auto real = open_folder_line(options).value();
  until([&] { return fs::exists(rig.results() / simulated_mark); });
  BOOST_CHECK_EQUAL(code_of(ask(*real, typed(see_mihon))), "simulated_centre");
  BOOST_CHECK(rig.ledger().empty());
}

BOOST_AUTO_TEST_CASE(an_answer_too_large_for_an_event_is_refused_at_the_line) {
  through_folders rig;
  rig.link().behave({.down = true});
  messages::result<answer> came = messages::failure(messages::error_code::busy);
  const auto q = typed(see_mihon);
  std::thread asking{[&] { came = ask(rig.port(), q); }};
  waiting_request(rig.requests());
  const auto big = collected("<SegmentOfResult>1</SegmentOfResult><ArbitraryFileIdentifier>" + q.question.text() +
                                 "</ArbitraryFileIdentifier>",
                             "<Unknown>" + std::string(200 * 1024, 'x') + "</Unknown>");
  BOOST_REQUIRE(write_file(rig.results() / ("OQSsiquc01res_" + q.question.text() + ".xml"), big));
  asking.join();
  BOOST_REQUIRE_EQUAL(code_of(came), "line_unreadable");
  BOOST_CHECK(came.error().args.front().starts_with("larger than"));
  BOOST_CHECK_LE(2 * facts::usual()->answer_bytes_max, 200u * 1024); // twice: typed and original, in 256 KiB
}

BOOST_AUTO_TEST_CASE(a_bulk_result_is_first_in_progress_then_there_and_may_have_fewer_or_doubled_units) {
  through_folders rig;
  rig.link().behave({.down = true});
  const auto collect_once = [&](const std::string& header, const std::string& units, bool zipped) {
    const bulk_collection c{new_id(), bulk_kind::eligibility, "999920261122000001"};
    messages::result<bulk_answer> came = messages::failure(messages::error_code::busy);
    std::thread asking{
        [&] { came = await<bulk_answer>([&](auto done) { rig.port().collect_bulk(c, wait_ms, done); }); }};
    waiting_request(rig.requests());
    const auto name = "OQSmuquc02res_" + c.question.text();
    const auto xml = collected(header, units);
    if (zipped)
      BOOST_REQUIRE(write_file(rig.results() / (name + ".zip"),
                               zip(name + ".xml", xml, rig.line_options().zip_password).value()));
    else
      BOOST_REQUIRE(write_file(rig.results() / (name + ".xml"), xml));
    asking.join();
    fs::remove(rig.requests() / ("OQSmuquc02req_" + c.question.text() + ".xml"));
    return came;
  };
  const std::string number = "<ReceptionNumber>999920261122000001</ReceptionNumber>";
  const auto early = collect_once(number + "<SegmentOfResult>2</SegmentOfResult>", "", false);
  BOOST_REQUIRE_EQUAL(code_of(early), "no error");
  BOOST_CHECK(!early->units);
  const std::string unit = "<BulkConfirmUnit><ProcessingResultStatus>9</ProcessingResultStatus></BulkConfirmUnit>";
  const auto there = collect_once(number + "<SegmentOfResult>1</SegmentOfResult>", unit + unit, true);
  BOOST_REQUIRE_EQUAL(code_of(there), "no error");
  BOOST_CHECK_EQUAL(there->units->units(), 2u); // the same twice: both are told, who matches them sees it
  std::size_t unknown = 0;
  BOOST_REQUIRE(there->units->each_confirmed([&](wire::confirmed_unit&& u) {
    unknown += u.status.stated() && !u.status.known();
    return true;
  }));
  BOOST_CHECK_EQUAL(unknown, 2u); // status 9 is nobody's, and kept
  const auto fewer = collect_once(number + "<SegmentOfResult>1</SegmentOfResult>", "", false);
  BOOST_CHECK_EQUAL(fewer.value().units->units(), 0u);
  BOOST_CHECK_EQUAL(code_of(collect_once("<ReceptionNumber>another</ReceptionNumber><SegmentOfResult>1"
                                         "</SegmentOfResult>",
                                         "", false)),
                    "line_unreadable");
}
