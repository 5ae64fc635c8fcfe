// Arbitrary bytes as messages of the line: no parser of XML crashes, hangs or reads beyond its input.
#include "drivers/line/viewed_records.hpp"
#include "drivers/line/xml.hpp"
#include "drivers/line/xml_messages.hpp"

#include <cstddef>
#include <cstdint>
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
  if (const auto question = parse_card_question(octets)) (void)build_card_question("1319999999", question->body);
  if (const auto question = parse_typed_question(octets)) (void)build_typed_question("1319999999", question->body);
  if (const auto asked = parse_registration(octets)) (void)build_registration("1319999999", asked->body);
  const auto& names = *facts::usual();
  if (const auto answered = read_message<wire::confirmation>(octets, names)) (void)to_answer(*answered);
  if (const auto drugs = read_message<wire::drug_history>(octets, names))
    (void)viewed_records({*drugs, {}, false}, messages::information_kind::drugs, names);
  return 0;
}
