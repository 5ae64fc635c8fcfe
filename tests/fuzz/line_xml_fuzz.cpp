// Arbitrary bytes as messages of the line: no parser of XML crashes, hangs or reads beyond its input.
#include "drivers/line/xml.hpp"
#include "drivers/line/xml_messages.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

/// What was read can be written, and what was written can be looked at again.
template <class M> void there_and_back(std::string_view octets) {
  const auto& names = *drivers::line::facts::usual();
  const auto read = drivers::line::read_message<M>(octets, names);
  if (!read) return;
  (void)drivers::line::read_message<M>(drivers::line::write_message(*read, names), names);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace drivers::line;
  const std::string_view octets{reinterpret_cast<const char*>(data), size};
  const expectation anybody;
  there_and_back<wire::confirmation>(octets);
  there_and_back<wire::question>(octets);
  there_and_back<wire::bulk_result<wire::confirmed_unit>>(octets);
  there_and_back<wire::registration_result>(octets);
  there_and_back<wire::records_request>(octets);
  there_and_back<wire::drug_history>(octets);
  there_and_back<wire::checkup_history>(octets);
  (void)parse_challenge_request(octets);
  (void)parse_challenge(octets, anybody);
  (void)parse_registration_answer(octets, anybody);
  if (const auto question = parse_card_question(octets)) (void)build_card_question("1319999999", question->body);
  if (const auto question = parse_typed_question(octets)) (void)build_typed_question("1319999999", question->body);
  if (const auto asked = parse_registration(octets)) (void)build_registration("1319999999", asked->body);
  if (const auto answered = parse_answer(octets, anybody)) {
    // what was read can be written, and reads back as the same answer
    const auto again = parse_answer(build_answer(answered->header, answered->body, {}), anybody);
    if (again && again->body.insurances.reveal().size() != answered->body.insurances.reveal().size()) std::abort();
  }
  return 0;
}
