// Appointment files as other systems write them: every row that cannot be used is told with its line and the reason,
// and the others go on.
#include "tests/test.hpp"

#include "actors/batch_scheduler/visit_file.hpp"

#include <fstream>
#include <random>

using namespace batch_scheduler;
using messages::care;
using messages::visit_wanted;

namespace {

visit_layout usual() {
  visit_layout l;
  l.columns[static_cast<std::size_t>(visit_column::number)] = "患者番号";
  l.columns[static_cast<std::size_t>(visit_column::name)] = "氏名";
  l.columns[static_cast<std::size_t>(visit_column::insurer)] = "保険者番号";
  l.columns[static_cast<std::size_t>(visit_column::card_number)] = "番号";
  l.columns[static_cast<std::size_t>(visit_column::birth_date)] = "生年月日";
  l.columns[static_cast<std::size_t>(visit_column::day)] = "予約日";
  l.columns[static_cast<std::size_t>(visit_column::care)] = "区分";
  l.care_words["訪問"] = care::home_visit;
  return l;
}
const std::string heading = "患者番号,氏名,保険者番号,番号,生年月日,予約日,区分\r\n";

struct reading {
  std::vector<visit_wanted> rows;
  std::vector<std::uint64_t> lines;
  std::vector<rejected_row> rejected;
  bool useless = false;
  std::uint64_t good = 0;

  explicit reading(const std::string& octets, const visit_layout& layout = usual(), std::size_t piece = 7) {
    visit_reader r{layout,
                   [&](visit_wanted&& row, std::uint64_t line) {
                     rows.push_back(std::move(row));
                     lines.push_back(line);
                   },
                   [&](const rejected_row& row) { rejected.push_back(row); }};
    for (std::size_t at = 0; at < octets.size(); at += piece)
      r.feed(std::string_view{octets}.substr(at, piece));
    r.finish();
    useless = r.useless();
    good = r.good();
  }
  std::string faults() const {
    std::string text;
    for (const auto& r : rejected)
      text += std::to_string(r.line) + ":" + std::to_string(static_cast<int>(r.why)) + ":" + r.what + " ";
    return text;
  }
};
std::string fault(std::uint64_t line, row_fault why, const std::string& what = {}) {
  return std::to_string(line) + ":" + std::to_string(static_cast<int>(why)) + ":" + what + " ";
}

} // namespace

BOOST_AUTO_TEST_CASE(a_file_with_a_byte_order_mark_is_read_like_one_without) {
  const auto row = std::string{"7,見本　花子,39999901,123,19480517,2026-11-27,\r\n"};
  for (const std::string mark : {"", "\xEF\xBB\xBF"})
    for (const std::size_t piece : {1u, 3u, 4096u}) {
      const reading r{mark + heading + row, usual(), piece};
      BOOST_REQUIRE_EQUAL(r.rows.size(), 1u);
      BOOST_CHECK_EQUAL(r.faults(), "");
      BOOST_CHECK_EQUAL(r.rows[0].day, "20261127");
      BOOST_CHECK(r.rows[0].how == care::outpatient);
      BOOST_CHECK_EQUAL(r.rows[0].who.reveal().name, "見本　花子");
      BOOST_CHECK_EQUAL(r.rows[0].who.reveal().person.number, "123");
      BOOST_CHECK_EQUAL(r.lines[0], 2u);
    }
}

BOOST_AUTO_TEST_CASE(a_file_in_cp932_is_read_also_where_a_second_byte_is_a_backslash) {
  auto layout = usual();
  // 患者番号,氏名,保険者番号,番号,生年月日,予約日,区分 / 表 (0x95 0x5C), ① (NEC), 訪問
  const std::string file =
      "\x8a\xb3\x8e\xd2\x94\xd4\x8d\x86,\x8e\x81\x96\xbc,\x95\xdb\x8c\xaf\x8e\xd2\x94\xd4\x8d\x86,"
      "\x94\xd4\x8d\x86,\x90\xb6\x94\x4e\x8c\x8e\x93\xfa,\x97\x5c\x96\xf1\x93\xfa,\x8b\xe6\x95\xaa\n"
      "7,\"\x95\x5c\x87\x40\",06132013,12,19480517,20261127,\x96\x4b\x96\xe2\n";
  for (const auto* encoding : {"auto", "cp932"}) {
    layout.encoding = encoding;
    const reading r{file, layout, 1};
    BOOST_CHECK_EQUAL(r.faults(), "");
    BOOST_REQUIRE_EQUAL(r.rows.size(), 1u);
    BOOST_CHECK_EQUAL(r.rows[0].who.reveal().name, "表①");
    BOOST_CHECK(r.rows[0].how == care::home_visit);
  }
  layout.encoding = "utf-8";
  BOOST_CHECK(reading(file, layout).useless);
}

BOOST_AUTO_TEST_CASE(each_row_that_cannot_be_used_is_told_with_its_line_and_the_others_go_on) {
  const reading r{heading + "1,a,39999901,1,19480517,20261127,\n"                     // 2
                            "2,a,39999901,2,19480517\n"                               // 3: columns
                            "3,a,,3,19480517,20261127,\n"                             // 4: no insurer
                            "4,a,39999901,4,19480230,20261127,\n"                     // 5: no such birth date
                            "5,a,39999901,5,19480517,2026-02-29,\n"                   // 6: no such day
                            "6,a,39999901,6,19480517,20261127,往診?\n"                // 7: no such care
                            "\n"                                                      // 8: empty: nothing
                            "1,a,39999901,1,19480517,20261127,\n"                     // 9: the same as line 2
                            "7,a,39999901,123456789012345678901,19480517,20261127,\n" // 10: too long
                            "8,a,3999990x,8,19480517,20261127,\n"                     // 11: no number
                            "9,a,39999901,9,19480517,20261127,\n"};                   // 12
  BOOST_CHECK_EQUAL(r.faults(),
                    fault(3, row_fault::column_count) + fault(4, row_fault::missing, "保険者番号") +
                        fault(5, row_fault::not_a_date, "生年月日") + fault(6, row_fault::not_a_date, "予約日") +
                        fault(7, row_fault::not_a_care, "区分") + fault(9, row_fault::duplicate, "2") +
                        fault(10, row_fault::too_long, "番号") + fault(11, row_fault::not_a_number, "保険者番号"));
  BOOST_REQUIRE_EQUAL(r.rows.size(), 2u);
  BOOST_CHECK((r.lines == std::vector<std::uint64_t>{2, 12}));
}

BOOST_AUTO_TEST_CASE(quotes_hold_commas_and_line_ends_and_one_that_is_not_closed_costs_its_own_line_only) {
  const reading good{heading +
                     "1,\"見本, \"\"花\"\"\n子\",39999901,1,19480517,20261127,\n2,b,39999901,2,19480517,20261127,\n"};
  BOOST_CHECK_EQUAL(good.faults(), "");
  BOOST_REQUIRE_EQUAL(good.rows.size(), 2u);
  BOOST_CHECK_EQUAL(good.rows[0].who.reveal().name, "見本, \"花\" 子");
  BOOST_CHECK_EQUAL(good.lines[1], 4u);
  const reading open{heading + "1,\"見本,39999901,1,19480517,20261127,\n2,b,39999901,2,19480517,20261127,\n"};
  BOOST_CHECK_EQUAL(open.faults(), fault(2, row_fault::quotes, "row"));
  BOOST_REQUIRE_EQUAL(open.rows.size(), 1u);
  BOOST_CHECK_EQUAL(open.lines[0], 3u);
}

BOOST_AUTO_TEST_CASE(a_row_without_an_end_is_told_and_what_follows_is_read) {
  const std::string endless(3 * visit_reader::record_bytes_max, 'x');
  const reading r{heading + endless + "\n9,b,39999901,2,19480517,20261127,\n", usual(), 1000};
  BOOST_REQUIRE_EQUAL(r.rejected.size(), 1u);
  BOOST_CHECK(r.rejected[0].why == row_fault::too_long);
  BOOST_CHECK_EQUAL(r.rejected[0].line, 2u);
  BOOST_REQUIRE_EQUAL(r.rows.size(), 1u);
  BOOST_CHECK_EQUAL(r.lines[0], 3u);
}

BOOST_AUTO_TEST_CASE(a_heading_that_the_mapping_names_and_the_file_lacks_makes_the_file_useless) {
  const reading r{"患者番号,氏名\n1,a\n"};
  BOOST_CHECK(r.useless);
  BOOST_CHECK(r.rows.empty());
  BOOST_REQUIRE(!r.rejected.empty());
  BOOST_CHECK(r.rejected[0].why == row_fault::heading);
}

BOOST_AUTO_TEST_CASE(columns_may_be_numbers_and_standing_visits_name_their_days) {
  visit_layout l;
  l.headed = false;
  l.care = care::home_visit;
  l.columns[static_cast<std::size_t>(visit_column::insurer)] = "1";
  l.columns[static_cast<std::size_t>(visit_column::card_number)] = "2";
  l.columns[static_cast<std::size_t>(visit_column::birth_date)] = "3";
  l.columns[static_cast<std::size_t>(visit_column::repeats)] = "4";
  const reading r{"39999901,1,S23.5.17,\"mon,thu\"\n39999901,2,昭和23年5月17日,never\n", l};
  BOOST_REQUIRE_EQUAL(r.rows.size(), 1u);
  BOOST_CHECK(r.rows[0].how == care::home_visit);
  BOOST_CHECK_EQUAL(r.rows[0].repeats, "mon,thu");
  BOOST_CHECK_EQUAL(r.rows[0].who.reveal().person.birth_date, "19480517");
  BOOST_CHECK_EQUAL(r.faults(), fault(2, row_fault::not_days, "4"));
}

BOOST_AUTO_TEST_CASE(dates_are_read_as_people_write_them_and_only_those_that_exist) {
  const std::pair<const char*, const char*> good[]{{"20261127", "20261127"},       {"2026-11-27", "20261127"},
                                                   {"2026/1/7", "20260107"},       {"2026.01.07", "20260107"},
                                                   {"R8.11.27", "20261127"},       {"令和8年11月27日", "20261127"},
                                                   {"令和元年5月1日", "20190501"}, {"S23/5/17", "19480517"},
                                                   {"H12.2.29", "20000229"},       {"2024-02-29", "20240229"}};
  for (const auto& [written, meant] : good)
    BOOST_CHECK_EQUAL(date_from(written).value_or("none"), meant);
  for (const auto* written : {"", "20260229", "2026-13-01", "2026-00-10", "2026-11-31", "R0.1.1", "26-11-27", "2026-11",
                              "2026-11-27-1", "令和8年11月", "x", "2026--11-27", "99999999", "20261127 10:00"})
    BOOST_CHECK_MESSAGE(!date_from(written), written);
}

BOOST_AUTO_TEST_CASE(half_a_million_rows_are_read_in_flat_memory) {
  std::uint64_t good = 0, rejected = 0;
  visit_reader r{usual(), [&](visit_wanted&&, std::uint64_t) { ++good; }, [&](const rejected_row&) { ++rejected; }};
  const auto resident = [] {
    std::ifstream in{"/proc/self/statm"};
    std::size_t all = 0, here = 0;
    in >> all >> here;
    return here * 4096 / 1024;
  };
  r.feed(heading);
  const auto before = resident();
  for (int n = 0; n < 500'000; ++n)
    r.feed(std::to_string(n) + ",見本　花子,39999901," + std::to_string(n) + ",19480517," +
           (n % 1000 == 7 ? "20260230" : "20261127") + ",\n");
  r.finish();
  BOOST_CHECK_EQUAL(good, 499'500u);
  BOOST_CHECK_EQUAL(rejected, 500u);
  BOOST_TEST_MESSAGE("memory grew by " << resident() - before << " KiB");
  BOOST_CHECK_LT(resident() - before, 64u * 1024); // what finds duplicates: 16 bytes and their bucket a row
}
