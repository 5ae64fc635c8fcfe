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

/// On which pages something is asked. Scripted hands are the patient's page, and on the hub the staff's, too.
enum class asked_on : std::uint8_t { patient, reception, accounts, records, any_of_staff };

/// What a page may ask of which actor. Whether its account may is for that actor to say.
struct permitted {
  std::string_view topic, actor;
  asked_on where;
};
using enum asked_on;
constexpr std::array permissions{
    permitted{choose_method::topic, "consent_session", patient},
    permitted{enter_pin::topic, "consent_session", patient},
    permitted{enter_check_number::topic, "consent_session", patient},
    permitted{answer_consents::topic, "consent_session", patient},
    permitted{provide_information::topic, "consent_session", patient},
    permitted{extend_time::topic, "consent_session", patient},
    permitted{stop_checkin::topic, "consent_session", patient},
    permitted{call_staff::topic, "desks", patient},
    permitted{register_reference_number::topic, "consent_session", reception},
    permitted{skip_reference_number::topic, "consent_session", reception},
    permitted{finish_at_window::topic, "consent_session", reception},
    permitted{keep_walk_in::topic, "consent_session", reception},
    permitted{begin_visual_check::topic, "consent_session", reception},
    permitted{vouch::topic, "consent_session", reception},
    permitted{end_visual_check::topic, "consent_session", reception},
    permitted{move_patient::topic, "consent_session", reception},
    permitted{decide_face::topic, "consent_session", reception},
    permitted{find_match::topic, "eligibility_gateway", reception},
    permitted{decide_match::topic, "eligibility_gateway", reception},
    permitted{list_waiting::topic, "eligibility_gateway", reception},
    permitted{print_declaration::topic, "eligibility_gateway", reception},
    permitted{list_registrations::topic, "eligibility_gateway", reception},
    permitted{ask_typed::topic, "eligibility_gateway", reception},
    permitted{describe_desk::topic, "desks", reception},
    permitted{note_update::topic, "desks", reception},
    permitted{open_desk::topic, "desks", reception},
    permitted{close_desk::topic, "desks", reception},
    permitted{switch_mode::topic, "desks", reception},
    permitted{attend_desk::topic, "desks", reception},
    permitted{list_desks::topic, "desks", reception},
    permitted{sign_out::topic, "account_admin", any_of_staff},
    permitted{change_password::topic, "account_admin", any_of_staff},
    permitted{enrol_code::topic, "account_admin", any_of_staff},
    permitted{register_account::topic, "account_admin", accounts},
    permitted{receive_password::topic, "account_admin", accounts},
    permitted{search_accounts::topic, "account_admin", accounts},
    permitted{update_account::topic, "account_admin", accounts},
    permitted{reset_account::topic, "account_admin", accounts},
    permitted{delete_account::topic, "account_admin", accounts},
    permitted{obtain_records::topic, "eligibility_gateway", records},
    permitted{withdraw_consent::topic, "eligibility_gateway", any_of_staff},
    permitted{find_consented::topic, "eligibility_gateway", reception},
    permitted{list_changes::topic, "batch_scheduler", reception},
    permitted{decide_change::topic, "batch_scheduler", reception},
    permitted{list_visits::topic, "batch_scheduler", reception},
    permitted{list_batches::topic, "batch_scheduler", reception},
    permitted{send_batches::topic, "batch_scheduler", reception},
    permitted{obtain_url::topic, "batch_scheduler", reception},
    permitted{register_numbers::topic, "eligibility_gateway", reception},
};

/// @p on_hub: hands there are the staff's, too.
constexpr bool is_asked_on(asked_on where, page_kind kind, bool on_hub) {
  if (kind == page_kind::hands) return where == asked_on::patient || on_hub;
  switch (where) {
  case asked_on::patient: return kind == page_kind::patient;
  case asked_on::reception: return kind == page_kind::reception;
  case asked_on::accounts: return kind == page_kind::accounts;
  case asked_on::records: return kind == page_kind::records;
  case asked_on::any_of_staff: return kind != page_kind::patient;
  }
  return false;
}
constexpr std::uint32_t wait_ms = 5'000, long_wait_ms = 30'000; ///< of hashing, and of the national system
constexpr std::string_view in_use_topic = "screen.in_use"; ///< somebody is at the page, and types or points
constexpr std::string_view search_topic = "screen.search_records"; ///< whose records may be viewed now
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

/// @p reply: what an actor answered beside "done".
std::string answer_line(std::uint64_t n, const error* why, const std::string& reply = {}) {
  value v{value::map{{"n", {n}}}};
  auto& entries = std::get<value::map>(v.is);
  if (why)
    entries.emplace_back("error", value_of_error(*why));
  else
    entries.emplace_back("ok", value{true});
  if (auto said = reply.empty() ? result<value>{value{}} : unpack(reply); said && !why)
    if (const auto* fields = said->as<value::map>(); fields && !fields->empty()) entries.emplace_back("body", *said);
  return to_json(v);
}

template <class M> value value_of(const M& m) { return *unpack(encode_body(m)); }

constexpr std::string_view name_of(page_kind kind) {
  constexpr std::array<std::string_view, 6> names{"hands", "patient", "reception", "monitor", "accounts", "records"};
  return names[static_cast<std::size_t>(kind)];
}

} // namespace

value value_of_error(const error& why) {
  return value{value::map{{"number", {static_cast<std::uint64_t>(why.code)}},
                          {"name", {std::string{describe(why.code).name}}},
                          {"text", {fill_in(describe(why.code).staff_ja, why)}},
                          {"text_en", {to_sentence(why)}}}};
}

// -- what the actors show ------------------------------------------------------------------------------------------

decision pages::on_command(const command_envelope& command) {
  decision out;
  actors::dispatch(message_list<show_prompt, show_at_reception, show_desk, show_visual_check, show_sight>{}, command,
                   out, [&](const auto& body) { handle(body, command, out); });
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

/// Who sees what: the patient only the own desk's prompt, reception no prompt, the monitor no person; nobody what the
/// own account may not see.
bool pages::is_shown(const visitor& who, std::string_view key) const {
  if (key == "hub") return who.kind != page_kind::hands;
  if (key == "prompt" || key == "sight") return who.kind == page_kind::hands || who.kind == page_kind::patient;
  if (key == "checkin" || key == "visual")
    return (who.kind == page_kind::hands || who.kind == page_kind::reception) && who.now.sees_board;
  return (who.kind == page_kind::hands || who.kind == page_kind::reception)
             ? who.now.sees_board
             : who.kind == page_kind::monitor && who.now.sees_journal;
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
  if (!who.session.empty()) {
    value::array may, administers;
    for (const auto& topic : who.now.may)
      may.push_back({topic});
    for (const auto& one : who.now.administers)
      administers.push_back({one});
    all.emplace_back("who", value{value::map{{"account", {who.account}},
                                             {"kind", {who.now.kind}},
                                             {"first", {who.now.first}},
                                             {"idle_ms", {who.now.idle_ms}},
                                             {"may", value{std::move(may)}},
                                             {"administers", value{std::move(administers)}}}});
  }
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
  if (!open.who.session.empty()) begin_session(open.who.session, open.who.account);
  out.lines.push_back(
      {page, to_json(value{value::map{{"seq", {++open.sequence}}, {"snapshot", snapshot_for(open.who)}}})});
  return out;
}

decision pages::on_left(std::uint64_t page) {
  open_.erase(page);
  std::erase_if(views_, [&](const auto& view) { return view.page == page; });
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
  const visitor nobody{};
  const auto& who = found == open_.end() ? nobody : found->second.who;
  if (*name == in_use_topic && !who.session.empty()) {
    use(who.session);
    out.used_by = who.account;
    out.lines.push_back({page, answer_line(number, nullptr)});
    return {};
  }
  if (*name == read_topic && kind == page_kind::monitor) {
    if (!who.now.sees_journal) return error{error_code::not_signed_in, {}};
    read_events(page, number, written.find("body"), out);
    return {};
  }
  if (*name == today_topic && (kind == page_kind::reception || kind == page_kind::hands) && node_ == hub_) {
    if (!who.now.sees_board) return error{error_code::not_allowed, {*name}};
    out.todays.push_back({page, number});
    return {};
  }
  const bool on_hub = node_ == hub_;
  if (*name == search_topic && is_asked_on(records, kind, on_hub)) {
    if (std::ranges::find(who.now.may, obtain_records::topic) == who.now.may.end())
      return error{who.session.empty() ? error_code::not_signed_in : error_code::right_missing,
                   {who.now.kind, std::string{obtain_records::topic}}};
    use(who.session);
    const auto* wanted = written.find("body");
    out.searches.push_back({page, number, wanted ? *wanted : value{value::map{}}});
    return {};
  }
  if (*name == search_topic) return error{error_code::not_allowed, {*name}};
  const bool signs_in = *name == sign_in::topic && kind == page_kind::hands && on_hub;
  const auto rule = std::ranges::find(permissions, *name, &permitted::topic);
  if (rule == permissions.end() && !signs_in) return error{error_code::unknown_topic, {*name}};
  if (!signs_in && !is_asked_on(rule->where, kind, on_hub)) return error{error_code::not_allowed, {*name}};
  const auto* body = written.find("body");
  auto packed = body_from(*name, body ? *body : value{value::map{}});
  if (!packed) return packed.error();
  if (asked_.size() >= asked_max) return error{error_code::busy, {"screen"}};
  const auto actor = signs_in ? "account_admin" : rule->actor;
  auto command = asking(actor, *name, std::move(*packed), {page, number, *name});
  if (!signs_in && rule->where != patient && found != open_.end()) command.account = who.account;
  if (!who.session.empty()) use(who.session);
  out.showing.push_back(std::move(command));
  return {};
}

actors::outgoing pages::asking(std::string_view actor, std::string_view topic, std::string body, asked who) {
  asked_[++last_asked_] = std::move(who);
  actors::outgoing command{{std::string{actor}, hub_}, std::string{topic}, version_of(topic), std::move(body), wait_ms,
                           {},  {}};
  if (actor == "account_admin" || topic == obtain_records::topic || topic == withdraw_consent::topic ||
      topic == obtain_url::topic)
    command.wait_ms_max = long_wait_ms;
  command.answer_to = actors::tag{0, make_id(0, last_asked_, 0)};
  return command;
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

line pages::answer_search(const search_wanted& wanted, const result<value>& found) {
  value v{value::map{{"n", {wanted.n}}}};
  if (found)
    std::get<value::map>(v.is).emplace_back("body", *found);
  else
    std::get<value::map>(v.is).emplace_back("error", value_of_error(found.error()));
  return {wanted.page, to_json(v)};
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
  const auto waited = std::move(found->second);
  asked_.erase(found);
  out.accounts_said = waited.topic.starts_with("account.");
  if (waited.door) {
    answer_entry(waited, body, out);
    return out;
  }
  if (waited.topic == sign_in::topic) hands_signed_in(waited.page, body);
  if (waited.topic == obtain_records::topic && !open_.contains(waited.page)) return out; // nobody sees it
  if (waited.topic == obtain_records::topic) show_view(waited, body, out);
  out.lines.push_back(
      {waited.page, answer_line(waited.n, body ? nullptr : &body.error(), body ? *body : std::string{})});
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
  // What was shown is of the past: the hub may have begun anew, and then asks its last question again only once it has
  // found its way. Another hub process also counts anew, perhaps from less: its clock may have been set back.
  if (!there) {
    prompt_ = {};
    prompt_.shown = prompt::please_wait;
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
