// Bulk requests and results: in pieces, whatever their size, and hostile ones.
#include "tests/test.hpp"

#include "drivers/line/bulk.hpp"
#include "drivers/line/insured_persons.hpp"
#include "tests/drivers/line/support_rigs.hpp"

#include <fstream>
#include <sstream>

using namespace line_test;

namespace {

/// The most memory this process has ever had, in MiB.
std::size_t most_memory() {
  std::ifstream from("/proc/self/status");
  for (std::string word; from >> word;)
    if (word == "VmHWM:") {
      std::size_t kib = 0;
      from >> kib;
      return kib / 1024;
    }
  return 0;
}

std::string why(const std::string& xml) {
  const auto opened =
      bulk_document::open(octets_in_memory(xml), function::bulk_eligibility, facts::usual(), {institution, {}, {}});
  return opened ? "read" : opened.error().args.front();
}

const std::string head = "<XmlMsg><MessageHeader><MedicalInstitutionCode>1319999999</MedicalInstitutionCode>"
                         "</MessageHeader><MessageBody>";
const std::string tail = "</MessageBody></XmlMsg>";

} // namespace

BOOST_AUTO_TEST_CASE(a_hundred_thousand_persons_are_asked_and_read_within_300_MiB_with_progress) {
  constexpr std::size_t count = 100000;
  temporary_folder folder;
  const auto file = folder / "OQSmuquc02res_big.xml";
  std::uint64_t rows_told = 0, units_told = 0;
  {
    std::vector<listed_person> persons;
    std::ofstream to(file);
    to << head;
    for (std::size_t n = 0; n < count; ++n) {
      const auto person = insured_persons::made_from(7, n % 500); // 500 people, each with many numbers
      const auto& seen = person.insurances.front().seen;
      persons.push_back(
          {{seen.insurer, seen.symbol, std::to_string(n), seen.branch, seen.birth_date}, "row-" + std::to_string(n)});
      wire::confirmed_unit unit;
      unit.searched = to_search(persons.back().person, "").value();
      unit.searched->identifier = persons.back().row;
      unit.status = person_status::normal;
      unit.validity = qualification::valid;
      unit.insurances.push_back(person.insurances.front().full);
      to << write_unit(unit, *facts::usual());
    }
    to << tail;
    bulk_request request;
    request.question = new_id();
    request.confirmed_on = "20261124";
    request.rows = messages::personal{decltype(request.rows)::value_type{std::move(persons)}};
    const auto written = build_bulk_request(institution, request, *facts::usual(),
                                            [&](std::uint64_t done, std::uint64_t) { rows_told = done; });
    BOOST_REQUIRE_EQUAL(code_of(written), "no error");
  }
  const auto opened = bulk_document::open(octets_in_file(file).value(), function::bulk_eligibility, facts::usual(),
                                          {institution, {}, {}});
  BOOST_REQUIRE_EQUAL(code_of(opened), "no error");
  std::size_t read = 0, in_order = 0;
  const auto done = (*opened)->each_confirmed(
      [&](wire::confirmed_unit&& u) {
        in_order += u.searched->identifier == "row-" + std::to_string(read);
        ++read;
        return true;
      },
      [&](std::uint64_t n, std::uint64_t) { units_told = n; });
  BOOST_REQUIRE_EQUAL(code_of(done), "no error");
  BOOST_CHECK_EQUAL(read, count);
  BOOST_CHECK_EQUAL(in_order, count);
  BOOST_CHECK_EQUAL(rows_told, count);
  BOOST_CHECK_EQUAL(units_told, count);
  BOOST_CHECK_LT(most_memory(), 300u);
}

BOOST_AUTO_TEST_CASE(a_result_cut_anywhere_gives_nothing_at_all) {
  const auto whole =
      head + "<BulkConfirmUnit><ProcessingResultStatus>1</ProcessingResultStatus></BulkConfirmUnit>" + tail;
  BOOST_CHECK_EQUAL(why(whole), "read");
  for (std::size_t cut = 0; cut < whole.size(); ++cut)
    BOOST_CHECK(why(whole.substr(0, cut)) != "read");
}

BOOST_AUTO_TEST_CASE(hostile_results_are_refused_and_strange_ones_understood) {
  BOOST_CHECK_EQUAL(why("<!DOCTYPE a>" + head + tail), "a DOCTYPE");
  BOOST_CHECK_EQUAL(why(head + "<!ENTITY a 'b'>" + tail), "a DOCTYPE");
  BOOST_CHECK_EQUAL(why("<Other></Other>"), "the root is not XmlMsg");
  BOOST_CHECK_EQUAL(why(head + "<BulkConfirmUnit>" + std::string(2 << 20, 'x') + "</BulkConfirmUnit>" + tail),
                    "a unit that is too large");
  std::string deep = head;
  for (int n = 0; n < 100; ++n)
    deep += "<a>";
  BOOST_CHECK_EQUAL(why(deep), "nested too deep");
  BOOST_CHECK_EQUAL(
      why(head + "<!-- <BulkConfirmUnit> --><![CDATA[<BulkConfirmUnit>]]><BulkConfirmUnit a='>'/>" + tail), "read");
}

BOOST_AUTO_TEST_CASE(a_result_is_the_same_however_its_bytes_arrive) {
  const auto whole = head + "<BulkConfirmUnit><A>あ</A><!-- x --></BulkConfirmUnit>\n <BulkConfirmUnit/>" + tail;
  for (std::size_t size = 1; size < 40; ++size) {
    std::vector<std::string> units;
    unit_splitter splitter{"BulkConfirmUnit", 1000, 1000, [&](std::string& u) {
                             units.push_back(u);
                             return true;
                           }};
    for (std::size_t at = 0; at < whole.size(); at += size)
      splitter.feed(std::string_view{whole}.substr(at, size));
    splitter.finish();
    BOOST_CHECK_EQUAL(splitter.trouble(), "");
    BOOST_REQUIRE_EQUAL(units.size(), 2u);
    BOOST_CHECK_EQUAL(units[0], "<BulkConfirmUnit><A>あ</A><!-- x --></BulkConfirmUnit>");
  }
}

BOOST_AUTO_TEST_CASE(a_request_is_saved_for_upload_by_hand_and_its_download_is_taken_in) {
  temporary_folder folder;
  bulk_request request;
  request.question = new_id();
  request.confirmed_on = "20261124";
  request.rows = messages::personal{decltype(request.rows)::value_type{
      std::vector<listed_person>{{{"999901", "見本12", "3456", "02", "19840229"}, "row-1"}}}};
  const auto saved = save_for_upload(institution, request, folder / ".", facts::usual());
  BOOST_REQUIRE_EQUAL(code_of(saved), "no error");
  BOOST_CHECK(saved->filename().string().starts_with("OQSmuquc01req_"));
  const auto download = folder / "download.xml";
  std::ofstream{download} << head << "<BulkConfirmUnit/>" << tail;
  const auto came = take_downloaded(institution, bulk_kind::eligibility, download, "", facts::usual());
  BOOST_REQUIRE_EQUAL(code_of(came), "no error");
  BOOST_CHECK_EQUAL(came->units->units(), 1u);
  BOOST_CHECK_EQUAL(code_of(take_downloaded("1310000000", bulk_kind::eligibility, download, "", facts::usual())),
                    "line_unreadable");
}

BOOST_AUTO_TEST_CASE(a_row_that_cannot_be_sent_is_named) {
  bulk_request request;
  request.question = new_id();
  request.confirmed_on = "20261124";
  request.rows = messages::personal{decltype(request.rows)::value_type{
      std::vector<listed_person>{{{"999901", "", "1", "", "19840229"}, ""}, {{"999901", "", "1", "", "1984"}, ""}}}};
  const auto written = build_bulk_request(institution, request, *facts::usual());
  BOOST_REQUIRE_EQUAL(code_of(written), "wrong_value");
  BOOST_CHECK_EQUAL(written.error().args.front(), "row 2 birth_date");
}
