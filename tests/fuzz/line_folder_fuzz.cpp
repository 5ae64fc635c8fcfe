// Arbitrary bytes as bulk results, zips and file names: no reader of the folders crashes, hangs or grows beyond limits.
#include "drivers/line/bulk.hpp"
#include "drivers/line/facts.hpp"
#include "drivers/line/zip_file.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drivers::line;
  const std::string octets{reinterpret_cast<const char*>(data), size};
  const auto& names = facts::usual();
  (void)unzip(octets, "password", 1 << 20);
  if (const auto asked = names->call_of_request_file(octets))
    if (names->request_prefix(asked->first) + asked->second != octets.substr(0, octets.rfind('.'))) std::abort();
  for (const auto what : {function::bulk_eligibility, function::bulk_registration}) {
    const auto opened = bulk_document::open(octets_in_memory(octets), what, names, {});
    if (!opened) continue;
    std::uint64_t units = 0;
    const auto read = what == function::bulk_eligibility
                          ? (*opened)->each_confirmed([&](wire::confirmed_unit&&) { return ++units > 0; })
                          : (*opened)->each_registered([&](wire::registered_unit&&) { return ++units > 0; });
    if (read && units != (*opened)->units()) std::abort();
  }
  return 0;
}
