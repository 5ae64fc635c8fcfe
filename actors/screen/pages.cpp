// What a page may ask, what it is answered, and what it is shown.
#include "actors/screen/pages.hpp"

#include "messages/json.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace screen {

using namespace messages;

pages::pages(std::string node, std::string hub) : node_(std::move(node)), hub_(std::move(hub)) {
  prompt_.shown = prompt::please_wait;
}

namespace {

/// What a page may ask of which actor.
struct permitted {
  std::string_view topic, actor;
  bool patient;           ///< from the patient's page; otherwise from reception's
  bool with_body = false; ///< the page reads the answer
};
constexpr std::array permissions{
    permitted{choose_method::topic, "consent_session", true},
    permitted{enter_pin::topic, "consent_session", true},
    permitted{enter_check_number::topic, "consent_session", true},
    permitted{answer_consents::topic, "consent_session", true},
    permitted{provide_information::topic, "consent_session", true},
    permitted{extend_time::topic, "consent_session", true},
    permitted{stop_checkin::topic, "consent_session", true},
    permitted{call_staff::topic, "desks", true},
    permitted{register_reference_number::topic, "consent_session", false},
    permitted{skip_reference_number::topic, "consent_session", false},
    permitted{finish_at_window::topic, "consent_session", false},
    permitted{keep_walk_in::topic, "consent_session", false},
    permitted{begin_visual_check::topic, "consent_session", false},
    permitted{vouch::topic, "consent_session", false},
    permitted{end_visual_check::topic, "consent_session", false},
    permitted{move_patient::topic, "consent_session", false},
    permitted{find_match::topic, "eligibility_gateway", false, true},
    permitted{decide_match::topic, "eligibility_gateway", false},
    permitted{list_waiting::topic, "eligibility_gateway", false, true},
    permitted{print_declaration::topic, "eligibility_gateway", false, true},
    permitted{list_registrations::topic, "eligibility_gateway", false, true},
    permitted{ask_typed::topic, "eligibility_gateway", false, true},
    permitted{describe_desk::topic, "desks", false},
    permitted{note_update::topic, "desks", false},
    permitted{decide_face::topic, "consent_session", false},
    permitted{open_desk::topic, "desks", false},
    permitted{close_desk::topic, "desks", false},
    permitted{switch_mode::topic, "desks", false},
    permitted{attend_desk::topic, "desks", false},
    permitted{list_desks::topic, "desks", false},
};
constexpr std::string_view read_topic = "screen.read_events";
constexpr std::string_view today_topic = "screen.read_today";
constexpr std::uint64_t read_max = 200;
constexpr std::uint16_t step_consent_session = 1, step_desks = 2; ///< of tags: asked to show everything
const std::string consent_session = "consent_session", desks = "desks";

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

std::string answer_line(std::uint64_t n, const error* why, const value* body = nullptr) {
  value v{value::map{{"n", {n}}}};
  auto& entries = std::get<value::map>(v.is);
  if (!why) {
    entries.emplace_back("ok", value{true});
    if (body) entries.emplace_back("body", *body);
  } else
    entries.emplace_back("error", value{value::map{{"number", {static_cast<std::uint64_t>(why->code)}},
                                                   {"name", {std::string{describe(why->code).name}}},
                                                   {"text", {fill_in(describe(why->code).staff_ja, *why)}},
                                                   {"text_en", {to_sentence(*why)}}}});
  return to_json(v);
}

template <class M> value value_of(const M& m) { return *unpack(encode_body(m)); }

constexpr std::string_view name_of(page_kind kind) {
  constexpr std::array<std::string_view, 4> names{"hands", "patient", "reception", "monitor"};
  return names[static_cast<std::size_t>(kind)];
}

} // namespace

// -- what the actors show ------------------------------------------------------------------------------------------

decision pages::on_command(const command_envelope& command) {
  decision out;
  actors::dispatch(message_list<show_prompt, show_at_reception, show_desk, show_visual_check, show_sight>{}, command, out,
                   [&](const auto& body) { handle(body, command, out); });
  return out;
}

void pages::handle(const show_prompt& m, const command_envelope& command, decision& out) {
  if (m.sequence > prompt_.sequence) {
    prompt_ = m;
    patch("prompt", prompt_now(), out);
  }
  out.reply(command, done{});
}

void pages::handle(const show_at_reception& m, const command_envelope& command, decision& out) {
  auto& row = board_[m.checkin];
  if (m.sequence > row.sequence) {
    row = m;
    patch("checkin", value_of(m), out);
  }
  while (board_.size() > rows_max)
    board_.erase(board_.begin());
  out.reply(command, done{});
}

void pages::handle(const show_desk& m, const command_envelope& command, decision& out) {
  if (desks_.contains(m.desk.desk) || desks_.size() < desks_max) {
    desks_[m.desk.desk] = m;
    patch("desk", value_of(m), out);
  }
  out.reply(command, done{});
}

void pages::handle(const show_visual_check& m, const command_envelope& command, decision& out) {
  if (visual_.contains(m.desk) || visual_.size() < desks_max) {
    auto& check = visual_[m.desk];
    if (m.sequence > check.sequence) {
      check = m;
      patch("visual", value_of(m), out);
    }
  }
  out.reply(command, done{});
}

/// Of the moment: a page that opens later is told by the next frame.
void pages::handle(const show_sight& m, const command_envelope& command, decision& out) {
  if (m.checkin == prompt_.checkin && prompt_.shown == prompt::show_face) patch("sight", value_of(m), out);
  out.reply(command, done{});
}

/// Who sees what: the patient only the own desk's prompt, reception no prompt, the monitor no person.
bool pages::is_shown(const visitor& who, std::string_view key) const {
  if (key == "hub") return who.kind != page_kind::hands;
  if (key == "prompt" || key == "sight") return who.kind == page_kind::hands || who.kind == page_kind::patient;
  if (key == "checkin" || key == "visual") return who.kind == page_kind::hands || who.kind == page_kind::reception;
  return who.kind != page_kind::patient;
}

void pages::patch(std::string_view key, const value& what, decision& out) {
  for (auto& [p, open] : open_) {
    if (!is_shown(open.who, key)) continue;
    out.lines.push_back({p, to_json(value{value::map{{"seq", {++open.sequence}}, {std::string{key}, what}}})});
  }
}

value pages::prompt_now() const {
  auto shown = prompt_;
  if (!hub_there_) shown.shown = prompt::see_reception;
  return value_of(shown);
}

value pages::snapshot_for(const visitor& who) const {
  value::map all{{"page", {std::string{name_of(who.kind)}}},
                 {"node", {node_}},
                 {"account", {who.account}},
                 {"hub", value{hub_there_}}};
  if (is_shown(who, "prompt")) all.emplace_back("prompt", prompt_now());
  if (is_shown(who, "checkin")) {
    value::array rows;
    for (const auto& [checkin, row] : board_)
      rows.push_back(value_of(row));
    all.emplace_back("checkins", value{std::move(rows)});
  }
  if (is_shown(who, "desk")) {
    value::array rows;
    for (const auto& [name, d] : desks_)
      rows.push_back(value_of(d));
    all.emplace_back("desks", value{std::move(rows)});
  }
  if (is_shown(who, "visual")) {
    value::array rows;
    for (const auto& [name, check] : visual_)
      rows.push_back(value_of(check));
    all.emplace_back("visuals", value{std::move(rows)});
  }
  return value{std::move(all)};
}

decision pages::on_joined(std::uint64_t page, visitor who) {
  decision out;
  auto& open = open_[page] = {std::move(who), 0};
  out.lines.push_back(
      {page, to_json(value{value::map{{"seq", {++open.sequence}}, {"snapshot", snapshot_for(open.who)}}})});
  return out;
}

decision pages::on_left(std::uint64_t page) {
  open_.erase(page);
  std::erase_if(asked_, [&](const auto& entry) { return entry.second.page == page; });
  return {};
}

// -- what the pages say --------------------------------------------------------------------------------------------

decision pages::on_said(std::uint64_t page, const std::string& text) {
  decision out;
  const auto written = from_json(text);
  const auto* n = written ? written->find("n") : nullptr;
  const auto number = n && n->as_unsigned() ? *n->as_unsigned() : 0;
  const auto refused = written ? say(page, number, *written, out) : std::optional<error>{written.error()};
  if (refused) out.lines.push_back({page, answer_line(number, &*refused)});
  return out;
}

std::optional<error> pages::say(std::uint64_t page, std::uint64_t number, const value& written, decision& out) {
  const auto* topic = written.find("topic");
  const auto* name = topic ? topic->as<std::string>() : nullptr;
  if (!name) return error{error_code::missing_value, {"topic"}};
  const auto found = open_.find(page);
  const auto kind = found == open_.end() ? page_kind::hands : found->second.who.kind;
  if (*name == read_topic && kind == page_kind::monitor) {
    read_events(page, number, written.find("body"), out);
    return {};
  }
  if (*name == today_topic && (kind == page_kind::reception || kind == page_kind::hands) && node_ == hub_) {
    out.todays.push_back({page, number});
    return {};
  }
  const auto rule = std::ranges::find(permissions, *name, &permitted::topic);
  if (rule == permissions.end()) return error{error_code::unknown_topic, {*name}};
  const bool staff = kind == page_kind::reception || (kind == page_kind::hands && node_ == hub_);
  const bool patient = kind == page_kind::patient || kind == page_kind::hands;
  if (rule->patient ? !patient : !staff) return error{error_code::not_allowed, {*name}};
  const auto* body = written.find("body");
  auto packed = body_from(*name, body ? *body : value{value::map{}});
  if (!packed) return packed.error();
  if (asked_.size() >= asked_max) return error{error_code::busy, {"screen"}};
  asked_[++last_asked_] = {page, number, rule->with_body};
  actors::outgoing command{
      {std::string{rule->actor}, hub_}, *name, version_of(*name), std::move(*packed), 5000, {}, {}};
  command.answer_to = actors::tag{0, make_id(0, last_asked_, 0)};
  if (staff && found != open_.end()) command.account = found->second.who.account;
  if (!rule->patient && kind == page_kind::hands) command.account = "hands"; // of whoever owns the socket
  out.showing.push_back(std::move(command));
  return {};
}

void pages::read_events(std::uint64_t page, std::uint64_t number, const value* body, decision& out) const {
  events_wanted wanted{page, number, 1, 100, {}};
  const auto number_at = [&](std::string_view key, std::uint64_t otherwise) {
    const auto* v = body ? body->find(key) : nullptr;
    return v && v->as_unsigned() ? *v->as_unsigned() : otherwise;
  };
  wanted.from = std::max<std::uint64_t>(1, number_at("from", 1));
  wanted.limit = std::clamp<std::uint64_t>(number_at("limit", 100), 1, read_max);
  const auto* topics = body ? body->find("topics") : nullptr;
  if (const auto* list = topics ? topics->as<value::array>() : nullptr)
    for (const auto& item : *list)
      if (const auto* prefix = item.as<std::string>(); prefix && wanted.topics.size() < 20)
        wanted.topics.push_back(prefix->substr(0, 80));
  out.reads.push_back(std::move(wanted));
}

line pages::answer_events(const events_wanted& wanted, const std::vector<event_envelope>& found, std::uint64_t next,
                          std::uint64_t head) {
  // The envelopes are JSON already: the line is put together as text.
  std::string text = R"({"n":)" + std::to_string(wanted.n) + R"(,"ok":true,"next":)" + std::to_string(next) +
                     R"(,"head":)" + std::to_string(head) + R"(,"events":[)";
  for (const auto& e : found) {
    if (text.back() == '}') text += ',';
    text += to_json(redacted(e));
  }
  return {wanted.page, text + "]}"};
}

line pages::answer_today(const today_wanted& wanted, value rows, bool more) {
  return {wanted.page, to_json(value{value::map{
                           {"n", {wanted.n}}, {"ok", value{true}}, {"more", value{more}}, {"rows", std::move(rows)}}})};
}

decision pages::on_reply(const actors::tag& who, const result<std::string>& body) {
  decision out;
  if (who.step == step_consent_session || who.step == step_desks) {
    const auto& actor = who.step == step_desks ? desks : consent_session;
    if (!body && describe(body.error().code).retry != retry_class::never) unasked_.insert(actor);
    return out;
  }
  std::uint64_t key = 0;
  for (std::size_t i = 8; i < id::size; ++i)
    key = key << 8 | who.about.bytes[i];
  const auto found = asked_.find(key);
  if (found == asked_.end()) return out;
  const auto& [page, n, with_body] = found->second;
  const auto said = body && with_body ? unpack(*body) : failure(error_code::malformed, "");
  out.lines.push_back({page, answer_line(n, body ? nullptr : &body.error(), said ? &*said : nullptr)});
  asked_.erase(found);
  return out;
}

// -- the hub -------------------------------------------------------------------------------------------------------

/// What is shown is in no memory but this one's and the actors': a screen that starts anew asks for it, until it was
/// heard.
void pages::ask_for_everything(const std::string& actor, decision& out) const {
  const auto step = actor == consent_session ? step_consent_session : step_desks;
  out.inquire({actor, hub_}, show_again{}, {step, {}}, 2'000);
}

decision pages::on_tick() {
  decision out;
  for (const auto& actor : std::exchange(unasked_, {}))
    ask_for_everything(actor, out);
  return out;
}

decision pages::on_hub(bool there) {
  decision out;
  if (there == hub_there_) return out;
  hub_there_ = there;
  // Another hub process counts anew, perhaps from less: its clock may have been set back.
  if (!there) {
    prompt_.sequence = 0;
    visual_.clear();
  }
  unasked_.clear();
  if (there) ask_for_everything(consent_session, out);
  if (there && node_ == hub_) ask_for_everything(desks, out);
  patch("hub", value{there}, out);
  patch("prompt", prompt_now(), out);
  return out;
}

} // namespace screen
