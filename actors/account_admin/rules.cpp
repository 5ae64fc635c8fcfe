// Judging by the table of rights, and printing it.
#include "actors/account_admin/rules.hpp"

namespace account_admin {

using namespace messages;

namespace {

constexpr bool each_command_has_one_row() {
  bool good = true;
  std::size_t commands = 0;
  for_each_message(all_commands{}, [&]<class M>() {
    std::size_t rows = 0;
    for (const auto& r : rights)
      rows += r.topic == M::topic;
    good = good && rows == 1;
    ++commands;
  });
  return good && commands == rights.size();
}
static_assert(each_command_has_one_row(), "a command without a row in the table of rights, or with two");

constexpr bool is_own(std::string_view topic) {
  return topic == sign_out::topic || topic == change_password::topic;
}
constexpr bool is_about_codes(std::string_view topic) { return is_own(topic) || topic == enrol_code::topic; }

} // namespace

std::optional<error> refusal_of(std::string_view topic, const giver& who) {
  const auto* row = find_right(topic);
  if (!row) return error{error_code::not_allowed, {std::string{topic}}};
  if (row->without == unnamed::stranger) return {};
  if (who.account.empty()) {
    if (row->without == unnamed::node || (row->without == unnamed::house && who.of_the_house)) return {};
    return error{error_code::not_signed_in, {}};
  }
  if (!who.row || !who.session) return error{error_code::not_signed_in, {}};
  if (!row->may.has(who.row->kind))
    return error{error_code::right_missing, {std::string{name(who.row->kind)}, std::string{topic}}};
  if (who.row->standing == account_standing::initial && !is_system(who.row->kind) && !is_own(topic))
    return error{error_code::password_to_change, {}};
  if (who.code_missing && !is_about_codes(topic)) return error{error_code::code_needed, {}};
  return {};
}

std::string printed_rights() {
  std::string text = "| command | without an account |";
  for (const auto kind : enumeration<account_kind>::names)
    text += " " + std::string{kind} + " |";
  text += "\n|---|---|";
  for (std::size_t n = 0; n < enumeration<account_kind>::names.size(); ++n)
    text += "---|";
  text += "\n";
  constexpr std::array<std::string_view, 4> without{"", "house", "a node", "anybody"};
  for (const auto& r : rights) {
    text += "| " + std::string{r.topic} + " | " + std::string{without[static_cast<std::size_t>(r.without)]} + " |";
    for (std::size_t n = 0; n < enumeration<account_kind>::names.size(); ++n)
      text += r.may.has(static_cast<account_kind>(n)) ? " ✓ |" : " |";
    text += "\n";
  }
  return text;
}

std::string printed_administration() {
  std::string text = "| kind | registers, hands passwords to, updates, resets, deletes |\n|---|---|\n";
  for (std::size_t n = 0; n < enumeration<account_kind>::names.size(); ++n) {
    const auto whom = administered_by(static_cast<account_kind>(n));
    if (whom == nobody) continue;
    std::string list;
    for (std::size_t k = 0; k < enumeration<account_kind>::names.size(); ++k)
      if (whom.has(static_cast<account_kind>(k)))
        list += (list.empty() ? "" : ", ") + std::string{enumeration<account_kind>::names[k]};
    text += "| " + std::string{enumeration<account_kind>::names[n]} + " | " + list + " |\n";
  }
  return text;
}

} // namespace account_admin
