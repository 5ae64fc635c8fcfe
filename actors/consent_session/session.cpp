// What comes in: facts from readers, inputs of patients and staff, and time.
#include "actors/consent_session/session.hpp"

#include <algorithm>

namespace consent_session {

using namespace messages;

session::session(options how, actors::id_source make_id) : options_(std::move(how)), make_id_(std::move(make_id)) {}

namespace {

using handled = message_list<report_card_placed, report_card_removed, choose_method, enter_pin, answer_consents,
                             provide_information, extend_time, stop_checkin, register_reference_number,
                             skip_reference_number, finish_at_window, begin_visual_check, vouch, end_visual_check,
                             move_patient, keep_walk_in, settle_checkin, messages::show_again, decide_face,
                             enter_check_number>;

std::string node_of(const std::string& text) {
  const auto a = address::from_text(text);
  return a ? a->node : std::string{};
}

bool decided(choice c) { return c != choice::not_chosen; }

/// Who acts next is a person at the desk, and acts when ready.
bool waits_for_a_person(state s) {
  return s == state::choosing || s == state::entering_pin || s == state::consenting || s == state::providing ||
         s == state::awaiting_number || s == state::deciding;
}

constexpr std::size_t gone_max = 256;

} // namespace

actors::effects session::on_command(const command_envelope& command, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  actors::effects out;
  actors::dispatch(handled{}, command, out, [&](const auto& body) { handle(body, command, out); });
  return out;
}

void session::handle(const report_card_placed& m, const command_envelope& command, actors::effects& out) {
  const auto desk = node_of(command.from);
  const auto same = std::ranges::find_if(visits_, [&](const auto& v) {
    return v.second.row.reader_session == m.reader_session && v.second.row.desk == desk;
  });
  if (same != visits_.end()) { // said again: the first time may not have been heard
    auto& v = same->second;
    out.reply(command, checkin_begun{same->first});
    return v.resuming ? go_on_with(v, m.tries_left, out) : show(v, out);
  }
  // Overtaken by its own end: nobody would ever lift that card again.
  if (std::ranges::find(gone_, m.reader_session) != gone_.end())
    return out.refuse(command, {error_code::card_removed, {}});
  if (visits_.size() >= options_.checkins_max || undelivered_.size() >= options_.undelivered_max)
    return out.refuse(command, {error_code::busy, {"consent_session"}});

  // One card at a time: whatever lay on this reader before is gone.
  std::vector<id> gone;
  for (const auto& [checkin, v] : visits_)
    if (v.row.desk == desk && v.row.card_there) gone.push_back(checkin);
  for (const auto& checkin : gone)
    fire(visits_.at(checkin), {.on = event::card_removed, .cause = command.id, .how = ending::interrupted}, out);

  const auto checkin = make_id_();
  auto& v = visits_[checkin];
  v.row.checkin = checkin;
  v.row.desk = desk;
  v.tries_left = m.tries_left;
  record(v, card_placed{m.reader_session, m.kind, m.tries_left, m.mark, m.certificate, m.error}, command.id, out);
  v.since_ms = now_ms_;
  out.reply(command, checkin_begun{checkin});
  happening what{.on = event_of(m, desk, checkin, out), .cause = command.id};
  if (const auto check = visual_.find(desk); check != visual_.end()) what.account = check->second.vouched_by;
  fire(v, what, out);
}

/// What this card is to the table, and to the visual check for which its desk was switched.
event session::event_of(const report_card_placed& m, const std::string& desk, id checkin, actors::effects& out) {
  if (m.kind != card_kind::my_number_card || m.mark.empty()) return event::card_unusable;
  const auto check = visual_.find(desk);
  if (check != visual_.end() && usable(m.certificate)) {
    if (!check->second.card.empty() && check->second.card != m.mark) return event::other_card;
    check->second.until_ms = now_ms_ + options_.waits.visual_check_ms;
    if (check->second.stage == visual_stage::comparing) return event::card_placed_uncompared;
    if (check->second.stage == visual_stage::awaiting_card) {
      check->second.checkin = checkin;
      fire_visual(desk, visual_event::card_placed, {}, out);
      return event::card_placed_vouched;
    }
  }
  if (m.tries_left == 0) return event::pin_blocked;
  return usable(m.certificate) ? event::card_placed : event::card_expired;
}

void session::handle(const report_card_removed& m, const command_envelope& command, actors::effects& out) {
  const auto desk = node_of(command.from);
  const bool any = m.reader_session.empty();
  if (!any && std::ranges::find(gone_, m.reader_session) == gone_.end()) {
    gone_.push_back(m.reader_session);
    if (gone_.size() > gone_max) gone_.pop_front();
  }
  std::vector<id> lifted;
  bool another_lies_there = false;
  for (const auto& [checkin, v] : visits_) {
    if (v.row.desk != desk || !v.row.card_there) continue;
    // "Nothing lies here" says nothing about a card that was placed after it was said.
    const bool newer = any && v.row.reader_session.time_ms() > command.id.time_ms();
    if (!newer && (any || v.row.reader_session == m.reader_session))
      lifted.push_back(checkin);
    else
      another_lies_there = true;
  }
  for (const auto& checkin : lifted) {
    happening what{.on = event::card_removed, .cause = command.id};
    auto& v = visits_.at(checkin);
    const bool before_the_end = v.row.state != state::taking_card && v.row.state != state::at_window;
    if (before_the_end && m.reader_lost) what.how = ending::reader_lost;
    if (before_the_end && m.reader_session.empty()) what.how = ending::interrupted;
    v.resuming = false;
    fire(v, what, out);
  }
  // A desk without a reader does not ask for a card; one that starts, or whose reader is back, does.
  if (m.reader_lost && !another_lies_there)
    show_desk(desk, prompt::see_reception, out);
  else if (any && lifted.empty() && !another_lies_there)
    show_desk(desk, prompt_of_free_desk(desk), out);
  out.reply(command, done{}); // nothing to lift is no error: it was said before
}

/// The visit a page speaks of; refuses when it is over, or when the page belongs to another desk.
visit* session::find_for(const command_envelope& command, id checkin, actors::effects& out) {
  const auto found = visits_.find(checkin);
  if (found == visits_.end()) {
    out.refuse(command, {error_code::unknown_checkin, {}});
    return nullptr;
  }
  const auto from = node_of(command.from);
  if (from != found->second.row.desk && from != options_.hub) {
    out.refuse(command, {error_code::not_allowed, {command.topic}});
    return nullptr;
  }
  return &found->second;
}

/// The same, for what only reception's page may say.
visit* session::find_for_reception(const command_envelope& command, id checkin, actors::effects& out) {
  if (node_of(command.from) == options_.hub) return find_for(command, checkin, out);
  out.refuse(command, {error_code::not_allowed, {command.topic}});
  return nullptr;
}

void session::fire_and_reply(visit& v, happening what, const command_envelope& command, actors::effects& out) {
  const auto at = v.now;
  what.cause = command.id;
  if (v.resuming || !fire(v, what, out))
    return out.refuse(command, {error_code::not_now, {command.topic, std::string{name(at)}}});
  out.reply(command, done{});
}

void session::handle(const choose_method& m, const command_envelope& command, actors::effects& out) {
  auto* v = find_for(command, m.checkin, out);
  if (!v) return;
  if (m.method == identity_method::visual)
    return out.refuse(command, {error_code::wrong_value, {"method", std::string{name(m.method)}}});
  const bool by_face = m.method == identity_method::face;
  if (by_face && !may_show_face(*v, command, out)) return;
  fire_and_reply(*v, {.on = by_face ? event::face_chosen : event::pin_chosen}, command, out);
}

/// Only the answer to the warning that this desk shows after the digits: nobody can give it before it was shown.
bool session::confirms_last_try(const visit& v, std::uint64_t sequence) const {
  const auto page = shown_.find(v.row.desk);
  return v.warned && page != shown_.end() && page->second.shown == prompt::last_try &&
         page->second.checkin == v.row.checkin && page->second.sequence == sequence;
}

void session::handle(const enter_pin& m, const command_envelope& command, actors::effects& out) {
  auto* v = find_for(command, m.checkin, out);
  if (!v) return;
  // Digits that nobody will use are wiped; those of an attempt under way are the card's.
  if (v->resuming || (v->now != state::entering_pin && v->now != state::verifying))
    out.show(reader_of(*v), forget_pin{v->row.reader_session});
  const bool may_be_last = v->tries_left <= 1; // unknown (-1) counts as one: doubt never burns a card
  if (v->now == state::entering_pin && !v->resuming) {
    if (may_be_last && !confirms_last_try(*v, m.confirms)) { // the digits wait for the second key press
      fire(*v, {.on = event::last_try_unconfirmed, .cause = command.id}, out);
      return out.refuse(command, {error_code::last_try_unconfirmed, {}});
    }
    if (const auto desk = attempt_elsewhere(*v)) {
      fire(*v, {.on = event::attempt_elsewhere, .cause = command.id}, out);
      return out.refuse(command, {error_code::card_at_another_desk, {*desk}});
    }
  }
  fire_and_reply(*v, {.on = event::pin_entered}, command, out);
}

void session::handle(const answer_consents& m, const command_envelope& command, actors::effects& out) {
  auto* v = find_for(command, m.checkin, out);
  if (!v) return;
  if (!decided(m.surgery) || !decided(m.treatment) || !decided(m.drugs) || !decided(m.checkup))
    return out.refuse(command, {error_code::missing_value, {"consent"}});
  if (m.language.size() > 35 || m.text_version.size() > 40)
    return out.refuse(command, {error_code::wrong_value, {"language", "a language tag of at most 35 bytes"}});
  if (v->now == state::consenting) {
    v->choices.surgery = m.surgery;
    v->choices.treatment = m.treatment;
    v->choices.drugs = m.drugs;
    v->choices.checkup = m.checkup;
    v->language = m.language;
    v->text_version = m.text_version;
  }
  fire_and_reply(*v, {.on = event::consents_answered}, command, out);
}

void session::handle(const provide_information& m, const command_envelope& command, actors::effects& out) {
  auto* v = find_for(command, m.checkin, out);
  if (!v) return;
  if (!decided(m.limit) || !decided(m.specified_disease))
    return out.refuse(command, {error_code::missing_value, {"provided information"}});
  if (v->now == state::providing) {
    v->choices.limit = m.limit;
    v->choices.specified_disease = m.specified_disease;
  }
  fire_and_reply(*v, {.on = event::information_answered}, command, out);
}

/// Nobody is hurried: where a person is expected to act, the step's patience begins anew.
void session::handle(const extend_time& m, const command_envelope& command, actors::effects& out) {
  auto* v = find_for(command, m.checkin, out);
  if (!v) return;
  if (v->resuming || !waits_for_a_person(v->now))
    return out.refuse(command, {error_code::not_now, {command.topic, std::string{name(v->now)}}});
  v->until_ms = now_ms_ + options_.waits.of(v->now);
  out.reply(command, done{});
}

void session::handle(const messages::show_again&, const command_envelope& command, actors::effects& out) {
  const auto node = node_of(command.from);
  if (const auto last = shown_.find(node); last != shown_.end()) show_patient(node, last->second, out);
  if (node == options_.hub) {
    for (const auto& [checkin, v] : visits_)
      show_reception(v, out);
    for (const auto& [desk, check] : visual_)
      show_visual_check(desk, out);
  }
  out.reply(command, done{});
}

void session::handle(const stop_checkin& m, const command_envelope& command, actors::effects& out) {
  if (auto* v = find_for(command, m.checkin, out)) fire_and_reply(*v, {.on = event::stopped}, command, out);
}

void session::handle(const register_reference_number& m, const command_envelope& command, actors::effects& out) {
  auto* v = find_for_reception(command, m.checkin, out);
  if (!v) return;
  const auto& number = m.number.reveal();
  const bool printable = std::ranges::all_of(number, [](char c) { return c > 0x20 && c < 0x7f; });
  if (number.empty() || number.size() > 50 || !printable)
    return out.refuse(command,
                      {error_code::wrong_value, {"reference number", "1 to 50 letters and digits are needed"}});
  fire_and_reply(*v, {.on = event::number_given, .number = m.number}, command, out);
}

void session::handle(const skip_reference_number& m, const command_envelope& command, actors::effects& out) {
  if (auto* v = find_for_reception(command, m.checkin, out))
    fire_and_reply(*v, {.on = event::number_skipped, .reference = reference_outcome::skipped}, command, out);
}

void session::handle(const finish_at_window& m, const command_envelope& command, actors::effects& out) {
  if (auto* v = find_for_reception(command, m.checkin, out))
    fire_and_reply(*v, {.on = event::window_finished}, command, out);
}

namespace {

/// What is missing before a walk-in can be kept: a number to ask with, or the patient's declaration.
std::optional<error> lacking(const keep_walk_in& m) {
  const auto& p = m.person.reveal();
  const bool declared = !m.declared.reveal().name.empty();
  if (declared && p.insurer.empty() && p.number.empty()) return std::nullopt;
  if (p.insurer.empty()) return error{error_code::missing_value, {"insurer"}};
  if (p.number.empty()) return error{error_code::missing_value, {"number"}};
  const bool digits = std::ranges::all_of(p.birth_date, [](char c) { return c >= '0' && c <= '9'; });
  if (p.birth_date.size() != 8 || !digits) return error{error_code::wrong_value, {"birth_date", "yyyyMMdd"}};
  return std::nullopt;
}

} // namespace

void session::remember(std::vector<past_visit> past) {
  for (auto& p : past)
    keep_past(std::move(p));
}

void session::keep_past(past_visit past) {
  const auto known = std::ranges::find(past_, past.checkin, &past_visit::checkin);
  if (known != past_.end()) {
    if (!past.kept.reveal().number.empty()) known->kept = std::move(past.kept);
    return;
  }
  past_.push_back(std::move(past));
  if (past_.size() > options_.past_max) past_.pop_front();
}

/// Whose walk-in this is: the card's patient, also after its check-in has ended. Personal data is sealed under its
/// patient's key: nobody shares the key of "no patient".
past_visit session::of_walk_in(id checkin) {
  past_visit whose{checkin, {}, {}, {}};
  if (const auto past = std::ranges::find(past_, checkin, &past_visit::checkin); past != past_.end()) whose = *past;
  if (const auto open = visits_.find(checkin); open != visits_.end()) {
    whose.patient = open->second.row.patient;
    whose.desk = open->second.row.desk;
  }
  if (whose.patient.empty()) whose.patient = make_id_();
  return whose;
}

/// The staff's way on when nothing was asked. The check-in may be over by now: the patient is not held.
void session::handle(const keep_walk_in& m, const command_envelope& command, actors::effects& out) {
  if (const auto why = lacking(m)) return out.refuse(command, *why);
  if (node_of(command.from) != options_.hub) return out.refuse(command, {error_code::not_allowed, {command.topic}});
  if (undelivered_.size() >= options_.undelivered_max)
    return out.refuse(command, {error_code::busy, {"consent_session"}});

  auto whose = of_walk_in(m.checkin);
  const auto& desk = whose.desk;
  const bool can_be_asked = !m.person.reveal().number.empty();
  if (can_be_asked && !m.checkin.empty() && whose.kept == m.person) return out.reply(command, done{}); // said twice
  const auto question = can_be_asked ? make_id_() : id{};
  const walk_in_kept kept{whose.patient, question, m.person, m.limit, m.declared};
  if (const auto found = visits_.find(m.checkin); found != visits_.end())
    record(found->second, kept, command.id, out);
  else
    out.write(kept, desk, m.checkin, command.id);
  if (can_be_asked) {
    const ask_typed ask{question, m.checkin, whose.patient, desk, m.person, m.limit, care::outpatient, false};
    deliver({make_id_(), "consent_session", std::string{ask_typed::topic}, encode_body(ask), m.checkin, desk}, question,
            options_.waits.asking_ms, out);
    whose.kept = m.person;
    if (!m.checkin.empty()) keep_past(whose);
  }
  out.reply(command, done{});
}

void session::handle(const settle_checkin& m, const command_envelope& command, actors::effects& out) {
  const auto found = visits_.find(m.checkin);
  // The gateway has taken the question over, and answered it: nothing is left to deliver.
  deliver_no_more(m.question, out);
  const bool taken = found != visits_.end() && take_report(found->second, m.question, m.report, command.id, out);
  if (!taken) note_settled(m.checkin, {}, m.question, m.report, command.id, out);
  out.reply(command, done{});
}

// -- time ----------------------------------------------------------------------------------------------------------

/// An attempt ended in doubt, and its reader has not yet said how many tries are left.
static bool awaits_tries(const visit& v) {
  return !v.resuming && v.now == state::entering_pin && v.tries_left < 0 && v.ask_again_ms != 0;
}

actors::effects session::on_tick(std::uint64_t now_ms) {
  now_ms_ = now_ms;
  actors::effects out;
  std::vector<id> late;
  for (const auto& [checkin, v] : visits_)
    if (!v.resuming && v.until_ms <= now_ms) late.push_back(checkin);
  for (const auto& checkin : late) {
    happening what{.on = event::timed_out, .reference = reference_outcome::skipped};
    auto& v = visits_.at(checkin);
    what.pin.outcome = pin_outcome::in_doubt;
    what.pin.tries_left = -1;
    if (v.now == state::preparing) what.report.error = describe(error_code::line_down).name;
    if (v.now == state::registering) what.reference = reference_outcome::waiting;
    fire(v, what, out);
  }
  for (auto& [checkin, v] : visits_) {
    if (v.resuming || !awaits_challenge(v.now) || v.ask_again_ms == 0 || v.ask_again_ms > now_ms) continue;
    v.ask_again_ms = 0;
    ask_to_prepare(v, out);
  }
  for (auto& [checkin, v] : visits_) {
    if (!awaits_tries(v) || v.ask_again_ms > now_ms) continue;
    v.ask_again_ms = 0;
    out.inquire(reader_of(v), ask_present{}, {presence_asked, checkin}, options_.retry_ms);
  }
  give_up_late_visual_checks(out);
  for (auto& [checkin, v] : visits_) {
    if (!v.resuming || v.ask_again_ms > now_ms) continue;
    v.ask_again_ms = now_ms + options_.retry_ms;
    out.inquire(reader_of(v), ask_present{}, {presence_asked, checkin}, options_.retry_ms);
  }
  deliver_again(out);
  show_again(out);
  return out;
}

std::optional<std::uint64_t> session::next_tick_ms() const {
  std::optional<std::uint64_t> next;
  const auto sooner = [&](std::uint64_t at) { next = std::min(next.value_or(at), at); };
  for (const auto& [checkin, v] : visits_) {
    sooner(v.resuming ? v.ask_again_ms : v.until_ms);
    if ((awaits_challenge(v.now) || awaits_tries(v)) && v.ask_again_ms != 0) sooner(v.ask_again_ms);
  }
  for (const auto& [key, u] : undelivered_)
    sooner(u.retry_at_ms);
  for (const auto& [desk, page] : unshown_)
    sooner(page.again_at_ms);
  for (const auto& [desk, check] : visual_)
    if (check.stage != visual_stage::under_way) sooner(check.until_ms);
  return next;
}

} // namespace consent_session
