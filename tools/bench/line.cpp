// `uketsuke bench line`: reading units into values, beside a tree of the same units and nothing else.
#include "tools/bench/line.hpp"

#include "drivers/line/bulk.hpp"
#include "drivers/line/insured_persons.hpp"

#include <pugixml.hpp>

#include <algorithm>
#include <chrono>
#include <ostream>
#include <string>

namespace tools {
namespace {

namespace line = drivers::line;
using steady = std::chrono::steady_clock;

std::string result_of(std::size_t persons) {
  std::string xml = "<XmlMsg><MessageHeader><SegmentOfResult>1</SegmentOfResult></MessageHeader><MessageBody>\n";
  for (std::size_t n = 0; n < persons; ++n) {
    const auto person = line::insured_persons::made_from(1, n % 1000);
    line::wire::confirmed_unit unit;
    unit.status = line::person_status::normal;
    unit.validity = line::qualification::valid;
    unit.insurances.push_back(person.insurances.front().full);
    unit.reference_numbers.push_back(std::to_string(n));
    xml += line::write_unit(unit, *line::facts::usual());
  }
  return xml + "</MessageBody></XmlMsg>\n";
}

/// Units of a second; split the same way in both.
double bare_rate(const line::octet_source& from) {
  std::uint64_t units = 0;
  const auto begin = steady::now();
  line::unit_splitter split{"BulkConfirmUnit", 1 << 20, 1 << 22, [&](std::string& xml) {
                              pugi::xml_document tree;
                              units += static_cast<bool>(tree.load_buffer_inplace(xml.data(), xml.size()));
                              return true;
                            }};
  (void)from.each_piece([&](std::string_view piece) {
    split.feed(piece);
    return true;
  });
  return static_cast<double>(units) / std::chrono::duration<double>(steady::now() - begin).count();
}

double read_rate(const line::bulk_document& document) {
  std::uint64_t units = 0;
  const auto begin = steady::now();
  (void)document.each_confirmed([&](line::wire::confirmed_unit&& unit) {
    units += !unit.insurances.empty();
    return true;
  });
  return static_cast<double>(units) / std::chrono::duration<double>(steady::now() - begin).count();
}

} // namespace

messages::result<void> bench_line(const line_bench_options& options, std::ostream& out) {
  const auto octets = line::octets_in_memory(result_of(options.persons));
  const auto opened = line::bulk_document::open(octets, line::function::bulk_eligibility, line::facts::usual(), {});
  if (!opened) return messages::failure(opened.error());
  double bare = 0, read = 0;
  for (int n = 0; n < 3; ++n) { // the best of three of each, one after the other
    bare = std::max(bare, bare_rate(*octets));
    read = std::max(read, read_rate(**opened));
  }
  const auto megabytes = static_cast<double>(octets->size()) / 1e6;
  if (options.json)
    out << "{\"persons\":" << options.persons << ",\"megabytes\":" << megabytes << ",\"rows_per_second\":" << read
        << ",\"bare_rows_per_second\":" << bare << ",\"ratio\":" << read / bare << "}\n";
  else
    out << "bulk result of " << options.persons << " persons, " << megabytes << " MB\n  read into values: " << read
        << " rows a second\n  bare parse:       " << bare << " rows a second\n  ratio:            " << read / bare
        << " (at least 0.5 is asked for)\n";
  return {};
}

} // namespace tools
