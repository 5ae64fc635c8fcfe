// What a page may ask, what it is answered, and what it is shown.
#include "actors/screen/pages.hpp"

#include "messages/json.hpp"

#include <algorithm>
#include <array>

namespace screen {

using namespace messages;

pages::pages(std::string node, std::string hub) : node_(std::move(node)), hub_(std::move(hub)) {
  prompt_.shown = prompt::please_wait;
}

namespace {

/// What a page may ask of which actor.
struct permitted {
  std::string_view topic, actor;
  bool patient; ///< also from the patient's page
};
constexpr std::array permissions{
    permitted{choose_method::topic, "consent_session", true},
    permitted{enter_pin::topic, "consent_session", true},
    permitted{answer_consents::topic, "consent_session", true},
    permitted{provide_information::topic, "consent_session", true},
    permitted{stop_checkin::topic, "consent_session", true},
    permitted{register_reference_number::topic, "consent_session", false},
    permitted{skip_reference_number::topic, "consent_session", false},
    permitted{finish_at_window::topic, "consent_session", false},
    permitted{keep_walk_in::topic, "consent_session", false},
    permitted{open_desk::topic, "desks", false},
    permitted{close_desk::topic, "desks", false},
    permitted{switch_mode::topic, "desks", false},
    permitted{list_desks::topic, "desks", false},
};

/// The packed body of the command that @p topic names, from what the page wrote.
result<std::string> body_from(std::string_view topic, const value& written) {
  result<std::string> body = failure(error_code::unknown_topic, topic);
  for_each_message(all_commands{}, [&]<class M>() {
    if (topic != M::topic) return;
    const auto m = message_from_json<M>(written);
    if (m)
      body = encode_body(*m);
    else
      body = failure(m.error());
  });
  return body;
}

std::string answer_line(std::uint64_t n, const error* why) {
  value v{value::map{{"n", {n}}}};
  auto& entries = std::get<value::map>(v.is);
  if (!why)
    entries.emplace_back("ok", value{true});
  else
    entries.emplace_back("error", value{value::map{{"number", {static_cast<std::uint64_t>(why->code)}},
                                                   {"name", {std::string{describe(why->code).name}}},
                                                   {"text", {fill_in(describe(why->code).staff_ja, *why)}},
                                                   {"text_en", {to_sentence(*why)}}}});
  return to_json(v);
}

template <class M> std::string shown_line(std::string_view key, const M& m) {
  return to_json(value{value::map{{std::string{key}, *unpack(encode_body(m))}}});
}

} // namespace

decision pages::on_command(const command_envelope& command) {
  decision out;
  actors::dispatch(message_list<show_prompt, show_at_reception>{}, command, out,
                   [&](const auto& body) { handle(body, command, out); });
  return out;
}

void pages::handle(const show_prompt& m, const command_envelope& command, decision& out) {
  if (m.sequence > prompt_.sequence) {
    prompt_ = m;
    out.lines.push_back({0, prompt_line()});
  }
  out.reply(command, done{});
}

void pages::handle(const show_at_reception& m, const command_envelope& command, decision& out) {
  auto& row = board_[m.checkin];
  if (m.sequence > row.sequence) {
    row = m;
    out.lines.push_back({0, shown_line("desk", m)});
  }
  while (board_.size() > rows_max)
    board_.erase(board_.begin());
  out.reply(command, done{});
}

std::string pages::prompt_line() const {
  auto shown = prompt_;
  if (!hub_there_) shown.shown = prompt::see_reception;
  return shown_line("prompt", shown);
}

decision pages::on_joined(std::uint64_t page) {
  decision out;
  out.lines.push_back({page, prompt_line()});
  for (const auto& [checkin, row] : board_)
    out.lines.push_back({page, shown_line("desk", row)});
  return out;
}

decision pages::on_left(std::uint64_t page) {
  std::erase_if(asked_, [&](const auto& entry) { return entry.second.page == page; });
  return {};
}

decision pages::on_said(std::uint64_t page, const std::string& text) {
  decision out;
  const auto written = from_json(text);
  const auto* n = written ? written->find("n") : nullptr;
  const auto number = n && n->as_unsigned() ? *n->as_unsigned() : 0;
  const auto refuse = [&](const error& why) { out.lines.push_back({page, answer_line(number, &why)}); };
  if (!written) {
    refuse(written.error());
    return out;
  }
  const auto* topic = written->find("topic");
  const auto* name = topic ? topic->as<std::string>() : nullptr;
  if (!name) {
    refuse({error_code::missing_value, {"topic"}});
    return out;
  }
  const auto rule = std::ranges::find(permissions, *name, &permitted::topic);
  const bool reception = node_ == hub_;
  if (rule == permissions.end() || (!rule->patient && !reception)) {
    refuse({rule == permissions.end() ? error_code::unknown_topic : error_code::not_allowed, {*name}});
    return out;
  }
  const auto* body = written->find("body");
  auto packed = body_from(*name, body ? *body : value{value::map{}});
  if (!packed) {
    refuse(packed.error());
    return out;
  }
  if (asked_.size() >= asked_max) {
    refuse({error_code::busy, {"screen"}});
    return out;
  }
  asked_[++last_asked_] = {page, number};
  actors::outgoing command{
      {std::string{rule->actor}, hub_}, *name, version_of(*name), std::move(*packed), 5000, {}, {}};
  command.answer_to = actors::tag{0, make_id(0, last_asked_, 0)};
  out.showing.push_back(std::move(command));
  return out;
}

decision pages::on_reply(const actors::tag& who, const result<std::string>& body) {
  decision out;
  std::uint64_t key = 0;
  for (std::size_t i = 8; i < id::size; ++i)
    key = key << 8 | who.about.bytes[i];
  const auto found = asked_.find(key);
  if (found == asked_.end()) return out;
  out.lines.push_back({found->second.page, answer_line(found->second.n, body ? nullptr : &body.error())});
  asked_.erase(found);
  return out;
}

decision pages::on_hub(bool there) {
  decision out;
  if (there == hub_there_) return out;
  hub_there_ = there;
  out.lines.push_back({0, prompt_line()});
  return out;
}

} // namespace screen
