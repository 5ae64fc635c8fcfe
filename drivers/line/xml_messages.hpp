// Every message of wire.hpp as XML, both ways: parse(write(x)) is x, and write(parse(bytes)) has lost no element.
//
// Pure; any thread. Refused, with the reason and without any value (`line_unreadable`): more bytes than the limit, a
// DOCTYPE, a root that is not XmlMsg, a doubled element, another institution, another identifier.
#pragma once

#include "drivers/line/facts.hpp"
#include "drivers/line/wire.hpp"
#include "messages/eligibility.hpp"
#include "messages/result.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace drivers::line {

/// What a result has to say to be ours. An empty text is not compared.
struct expected_result {
  std::string institution, identifier, reception_number;
};

/// @p octets as UTF-8: by the XML declaration; without one, or when the bytes contradict it, by
/// CharacterCodeIdentifier. nullopt when they are neither UTF-8 nor CP932.
std::optional<std::string> to_utf8(std::string_view octets);

/// M is any message of wire.hpp.
template <class M>
messages::result<M> read_message(std::string_view octets, const facts& names, const expected_result& expected = {});
/// In UTF-8, or in CP932 when @p shift_jis and every character can be said in it. Optional elements that are empty are
/// left out.
template <class M> std::string write_message(const M& message, const facts& names, bool shift_jis = false);

/// One part alone: a BulkConfirmUnit, a BulkRegistrationUnit, a search or a registration; @p xml is UTF-8 and is used
/// up.
template <class Unit> messages::result<Unit> read_unit(std::string& xml, const facts& names);
/// And a unit as the centre writes it.
template <class Unit> std::string write_unit(const Unit& unit, const facts& names);

/// What the rest of the house knows of a confirmation.
messages::eligibility_answer to_answer(const wire::confirmation& from);
messages::insurance to_insurance(const wire::insurance& from);

/// Whether header and expectation agree; the reason otherwise.
std::optional<std::string> disagreement(const wire::header& header, const expected_result& expected);

} // namespace drivers::line
