// Arbitrary bytes as an appointment file, in pieces of any size: the reader neither crashes, hangs nor grows, and tells
// of every row the same, however it comes.
#include "actors/batch_scheduler/calendar.hpp"
#include "actors/batch_scheduler/visit_file.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace batch_scheduler;

std::string read(std::string_view octets, std::size_t piece, const visit_layout& layout) {
  std::string told;
  std::uint64_t good = 0, rejected = 0;
  visit_reader reader{layout,
                      [&](messages::visit_wanted&& row, std::uint64_t line) {
                        ++good;
                        const auto& who = row.who.reveal();
                        if (!day_from(who.person.birth_date) || who.person.number.empty()) std::abort();
                        if (!row.day.empty() && !day_from(row.day)) std::abort();
                        if (!row.repeats.empty() && !day_pattern::from(row.repeats)) std::abort();
                        told += std::to_string(line) + '+' + who.name + row.day;
                      },
                      [&](const rejected_row& row) {
                        ++rejected;
                        told += std::to_string(row.line) + '-' + std::to_string(static_cast<int>(row.why)) + row.what;
                      }};
  for (std::size_t at = 0; at < octets.size(); at += piece)
    reader.feed(octets.substr(at, piece));
  reader.finish();
  if (good != reader.good() || rejected != reader.rejected()) std::abort();
  return told;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets{reinterpret_cast<const char*>(data), size};
  visit_layout layout;
  layout.headed = size % 2 == 0;
  for (std::size_t n = 0; n < visit_columns; ++n)
    layout.columns[n] = std::to_string(n + 1);
  if (read(octets, 1 << 20, layout) != read(octets, 1 + size % 7, layout)) std::abort();
  (void)schedule::from(octets);
  (void)date_from(octets);
  return 0;
}
