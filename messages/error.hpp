// Every way in which something can fail, as values. The table itself is errors.def.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace messages {

/// May the same thing be asked again?
enum class retry_class : std::uint8_t {
  never,        ///< the same request fails again: change it
  later,        ///< nothing happened: the same request may succeed later
  same_identity ///< it may have happened: ask again only under the same identifier
};

/// Who can do something about it.
enum class remedy_by : std::uint8_t { patient, staff, vendor };

/// Numbers are stable and never reused: they stand in journals, in replies and in vendors' notes.
enum class error_code : std::uint16_t {
#define UKETSUKE_ERROR(number, name, retry, who, patient_ja, patient_en, staff_ja, staff_en, vendor_ja, vendor_en)     \
  name = number,
#include "messages/errors.def"
#undef UKETSUKE_ERROR
};

/// One row of the table. In a text, {1} … {4} stand for the error's arguments.
struct error_description {
  error_code code;
  std::string_view name;
  retry_class retry;
  remedy_by who;
  std::string_view patient_ja, patient_en; ///< never names a code, a cause or a person
  std::string_view staff_ja, staff_en;     ///< what happened and what to do next
  std::string_view vendor_ja, vendor_en;   ///< where to look
};

/// The row of @p code. Every code of the enumeration has one.
const error_description& describe(error_code code);

/// The code named @p name, if the table has it.
std::optional<error_code> find_error(std::string_view name);

/// All rows, in the order of their numbers.
const std::vector<error_description>& all_errors();

/// An error that happened: its kind, and what it happened to. Arguments never hold personal data.
struct error {
  error_code code{};
  std::vector<std::string> args;

  friend bool operator==(const error&, const error&) = default;
};

/// The staff's sentence in English with its arguments filled in: what a command line prints.
std::string to_sentence(const error& e);

/// Puts the arguments of @p e into @p text.
std::string fill_in(std::string_view text, const error& e);

} // namespace messages
