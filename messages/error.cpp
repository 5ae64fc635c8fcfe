// The rows of errors.def as a table, and how an error's arguments come into its sentence.
#include "messages/error.hpp"

#include <algorithm>

namespace messages {
namespace {

const std::vector<error_description> table{
#define UKETSUKE_ERROR(number, name, retry, who, patient_ja, patient_en, staff_ja, staff_en, vendor_ja, vendor_en)     \
  error_description{error_code::name, #name,    retry_class::retry, remedy_by::who, patient_ja,                        \
                    patient_en,       staff_ja, staff_en,           vendor_ja,      vendor_en},
#include "messages/errors.def"
#undef UKETSUKE_ERROR
};

} // namespace

const std::vector<error_description>& all_errors() { return table; }

const error_description& describe(error_code code) {
  const auto row = std::ranges::find(table, code, &error_description::code);
  return row == table.end() ? table.front() : *row;
}

std::optional<error_code> find_error(std::string_view name) {
  const auto row = std::ranges::find(table, name, &error_description::name);
  if (row == table.end()) return std::nullopt;
  return row->code;
}

std::string fill_in(std::string_view text, const error& e) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hole =
        text[i] == '{' && i + 2 < text.size() && text[i + 1] >= '1' && text[i + 1] <= '9' && text[i + 2] == '}';
    if (!hole) {
      out += text[i];
      continue;
    }
    const auto n = static_cast<std::size_t>(text[i + 1] - '1');
    out += n < e.args.size() ? e.args[n] : "?";
    i += 2;
  }
  return out;
}

std::string to_sentence(const error& e) { return fill_in(describe(e.code).staff_en, e); }

} // namespace messages
