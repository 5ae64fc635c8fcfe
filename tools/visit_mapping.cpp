// Reads [file], [columns], [care] and [words] of a mapping.
#include "tools/visit_mapping.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#include <toml++/toml.h>
#pragma GCC diagnostic pop

#include <algorithm>

namespace tools {

using batch_scheduler::column_names;
using batch_scheduler::visit_layout;
using messages::error_code;
using messages::failure;
using messages::result;

namespace {

/// What is wrong with one entry; empty: nothing.
using complaint = std::string;

complaint read_file_key(std::string_view key, const toml::node& value, visit_layout& into) {
  const auto text = value.value<std::string>();
  if (key == "encoding") {
    if (!text || (*text != "auto" && *text != "utf-8" && *text != "cp932"))
      return "'auto', 'utf-8' or 'cp932' is needed";
    into.encoding = *text;
  } else if (key == "separator") {
    const bool tab = text && *text == "tab";
    if (!text || (text->size() != 1 && !tab) || *text == "\"") return "one character, or 'tab', is needed";
    into.separator = tab ? '\t' : text->front();
  } else if (key == "headed") {
    const auto headed = value.value<bool>();
    if (!headed) return "true or false is needed";
    into.headed = *headed;
  } else if (key == "care") {
    const auto care = text ? messages::from_name<messages::care>(*text) : std::nullopt;
    if (!care || *care == messages::care::emergency) return "outpatient, home_visit or online is needed";
    into.care = *care;
  } else
    return "there is no such key in [file]; known: encoding, separator, headed, care";
  return {};
}

complaint read_column(std::string_view key, const toml::node& value, visit_layout& into) {
  const auto column = std::ranges::find(column_names, key);
  if (column == column_names.end()) {
    complaint known = "there is no such column; known:";
    for (const auto name : column_names)
      known += " " + std::string{name};
    return known;
  }
  const auto number = value.value<std::int64_t>();
  const auto text = value.value<std::string>();
  auto& place = into.columns[static_cast<std::size_t>(column - column_names.begin())];
  if (value.is_integer() && number && *number > 0 && *number <= 200)
    place = std::to_string(*number);
  else if (value.is_string() && text && !text->empty())
    place = *text;
  else
    return "the heading in quotes, or the column's number from 1, is needed";
  return {};
}

complaint read_care_word(std::string_view key, const toml::node& value, visit_layout& into) {
  const auto text = value.value<std::string>();
  const auto care = text ? messages::from_name<messages::care>(*text) : std::nullopt;
  if (!care || *care == messages::care::emergency) return "outpatient, home_visit or online is needed";
  into.care_words[std::string{key}] = *care;
  return {};
}

complaint read_words(std::string_view key, const toml::node& value, visit_layout& into) {
  auto* list = key == "cancelled" ? &into.cancelled_words : key == "yes" ? &into.yes_words : nullptr;
  if (!list) return "there is no such key in [words]; known: cancelled, yes";
  const auto* words = value.as_array();
  if (!words) return "a list of words is needed";
  list->clear();
  for (const auto& word : *words) {
    const auto text = word.value<std::string>();
    if (!text) return "a list of words is needed";
    list->push_back(*text);
  }
  return {};
}

} // namespace

result<visit_layout> read_visit_mapping(const std::filesystem::path& file) {
  visit_layout layout;
  if (file.empty()) {
    for (std::size_t n = 0; n < column_names.size(); ++n)
      layout.columns[n] = column_names[n];
    return layout;
  }
  const auto wrong = [&](std::uint32_t line, const std::string& what) {
    return failure(error_code::wrong_configuration, file.string(), std::to_string(line), what);
  };
  toml::table table;
  try {
    table = toml::parse_file(file.string());
  } catch (const toml::parse_error& e) {
    if (e.source().begin.line == 0)
      return failure(error_code::file_unreadable, file.string(), std::string{e.description()});
    return wrong(e.source().begin.line, std::string{e.description()});
  }
  for (const auto& [section, node] : table) {
    const auto read = section == "file"      ? &read_file_key
                      : section == "columns" ? &read_column
                      : section == "care"    ? &read_care_word
                      : section == "words"   ? &read_words
                                             : nullptr;
    if (!read || !node.is_table())
      return wrong(node.source().begin.line,
                   "[" + std::string{section.str()} + "]: known sections are file, columns, care and words");
    for (const auto& [key, value] : *node.as_table())
      if (const auto why = read(key.str(), value, layout); !why.empty())
        return wrong(value.source().begin.line, std::string{key.str()} + ": " + why);
  }
  for (const auto needed : {batch_scheduler::visit_column::insurer, batch_scheduler::visit_column::card_number,
                            batch_scheduler::visit_column::birth_date})
    if (const auto n = static_cast<std::size_t>(needed); layout.columns[n].empty())
      return wrong(1,
                   "[columns] " + std::string{column_names[n]} + " is missing: nobody can be asked about without it");
  const auto column = [&](batch_scheduler::visit_column c) { return layout.columns[static_cast<std::size_t>(c)]; };
  if (column(batch_scheduler::visit_column::day).empty() && column(batch_scheduler::visit_column::repeats).empty())
    return wrong(1, "[columns] needs day, or repeats for standing visits");
  return layout;
}

} // namespace tools
