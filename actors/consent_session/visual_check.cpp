// 目視確認 by the table in visual_check.hpp: a desk is switched for one patient, staff compare the photo, and what they
// vouch for takes the PIN's place. And patients who are stuck: they go on at another desk.
#include "actors/consent_session/session.hpp"

#include <algorithm>

namespace consent_session {

using namespace messages;

// -- what staff say ------------------------------------------------------------------------------------------------

/// Why whoever gives this command may not compare photo and patient; nothing: signed in, and trusted with it.
std::optional<error> session::may_not_compare(const command_envelope& command) const {
  const auto& trusted = options_.may_vouch;
  const bool may =
      !command.account.empty() && (trusted.empty() || std::ranges::find(trusted, command.account) != trusted.end());
  if (may) return std::nullopt;
  return error{error_code::not_a_voucher, {command.account.empty() ? "-" : command.account}};
}

/// Refuses what is not from reception, from nobody, or from an account that may not vouch.
bool session::may_switch(const std::string& desk, const command_envelope& command, actors::effects& out) const {
  const auto from = address::from_text(command.from);
  std::optional<error> why;
  if (!from || from->node != options_.hub)
    why = error{error_code::not_allowed, {command.topic}};
  else if (!is_name(desk))
    why = error{error_code::wrong_value, {"desk", desk}};
  else if (!options_.asks_without_pin)
    why = error{error_code::visual_check_not_offered, {desk}};
  else
    why = may_not_compare(command);
  if (why) out.refuse(command, *why);
  return !why;
}

visit* session::card_lying_at(const std::string& desk) {
  const auto found = std::ranges::find_if(
      visits_, [&](const auto& v) { return v.second.row.desk == desk && v.second.row.card_there; });
  return found == visits_.end() ? nullptr : &found->second;
}

/// After a fallback the same card only: the one that lies there, or that lay there when its check-in fell back.
id session::card_for(const std::string& desk, const visit* there) const {
  if (there) return there->row.patient;
  const auto last = fell_back_.find(desk);
  return last == fell_back_.end() || last->second.until_ms <= now_ms_ ? id{} : last->second.card;
}

namespace {

/// A check-in that staff's eyes can help: it has asked nothing yet, and its card proves something.
bool can_be_helped(const visit& v) {
  return find(v.now, event::visual_begun) && v.row.question.empty() && v.row.outcome == question_outcome::open &&
         !v.row.patient.empty() && usable(v.row.standing) && !v.resuming;
}

} // namespace

void session::handle(const begin_visual_check& m, const command_envelope& command, actors::effects& out) {
  if (!may_switch(m.desk, command, out)) return;
  auto* there = card_lying_at(m.desk);
  const bool leaving = there && there->now == state::taking_card;
  if (visual_.contains(m.desk) || (there && !leaving && !can_be_helped(*there)))
    return out.refuse(command,
                      {error_code::not_now, {command.topic, std::string{name(there ? there->now : state::comparing)}}});
  if (visual_.size() >= options_.desks_max) return out.refuse(command, {error_code::busy, {"consent_session"}});
  visual_[m.desk].card = m.any_card ? id{} : card_for(m.desk, there);
  fell_back_.erase(m.desk);
  fire_visual(m.desk, visual_event::begun, {.cause = command.id}, out);
  if (there && !leaving)
    fire(*there, {.on = event::visual_begun, .cause = command.id}, out);
  else if (!there)
    show_desk(m.desk, prompt::show_card, out);
  out.reply(command, done{});
}

void session::handle(const vouch& m, const command_envelope& command, actors::effects& out) {
  if (!may_switch(m.desk, command, out)) return;
  auto* there = card_lying_at(m.desk);
  const bool waiting = there && there->now == state::comparing && !there->resuming;
  happening what{.on = event::vouched, .cause = command.id, .account = command.account};
  const auto check = visual_.find(m.desk);
  if (waiting && check != visual_.end()) check->second.checkin = there->row.checkin;
  if (!fire_visual(m.desk, waiting ? visual_event::compared_with_card : visual_event::compared, what, out))
    return out.refuse(command, {error_code::not_now, {command.topic, "unattended"}});
  if (waiting)
    fire(*there, what, out);
  else if (!there)
    show_desk(m.desk, prompt::place_card, out);
  out.reply(command, done{});
}

void session::handle(const end_visual_check& m, const command_envelope& command, actors::effects& out) {
  if (!may_switch(m.desk, command, out)) return;
  if (!fire_visual(m.desk, visual_event::given_up, {.cause = command.id}, out))
    return out.refuse(command, {error_code::not_now, {command.topic, "unattended"}});
  if (auto* there = card_lying_at(m.desk); there && there->now == state::comparing)
    fire(*there, {.on = event::visual_ended, .cause = command.id}, out);
  out.reply(command, done{});
}

void session::handle(const move_patient& m, const command_envelope& command, actors::effects& out) {
  auto* v = find_for_reception(command, m.checkin, out);
  if (!v) return;
  const auto from = v->row.desk;
  if (!is_name(m.desk) || m.desk == from || m.desk == options_.hub)
    return out.refuse(command, {error_code::wrong_value, {"desk", m.desk}});
  if (card_lying_at(m.desk) || visual_.contains(m.desk))
    return out.refuse(command, {error_code::not_now, {command.topic, m.desk}});
  const auto card = v->row.patient;
  const auto check = visual_.find(from);
  const bool seen = check != visual_.end() && !v->row.vouched_by.empty();
  const bool switched = check != visual_.end() && (seen || v->now == state::comparing);
  happening what{.on = event::moved, .cause = command.id, .account = v->row.vouched_by, .desk = m.desk};
  if (v->resuming || !v->row.question.empty() || !fire(*v, what, out))
    return out.refuse(command, {error_code::not_now, {command.topic, std::string{name(v->now)}}});
  out.reply(command, done{});
  if (!switched) return;
  // What staff saw they need not see again: the new desk takes this patient's card only.
  fire_visual(from, visual_event::given_up, what, out);
  visual_[m.desk].card = card;
  fire_visual(m.desk, visual_event::begun, what, out);
  if (seen) fire_visual(m.desk, visual_event::compared, what, out);
  show_desk(m.desk, prompt_of_free_desk(m.desk), out);
}

// -- the desk ------------------------------------------------------------------------------------------------------

/// One step of visual_table. The mode of the desk is written with what it is switched for, in one append.
bool session::fire_visual(const std::string& desk, visual_event on, const happening& what, actors::effects& out) {
  const auto found = visual_.find(desk);
  const auto* row = found == visual_.end() ? nullptr : find_visual(found->second.stage, on);
  if (!row) return false;
  auto& check = found->second;
  check.stage = row->to;
  check.until_ms = now_ms_ + (row->to != visual_stage::under_way ? options_.waits.visual_check_ms
                              : on == visual_event::compared_with_card ? options_.waits.lifting_ms
                                                                       : 0);
  switch (row->then) {
  case visual_effect::switch_mode:
    out.write(desk_mode_switched{desk_mode::visual_check, check.card}, desk, {}, what.cause);
    out.show({"desks", options_.hub}, note_mode{desk, desk_mode::visual_check});
    break;
  case visual_effect::note_compared:
  case visual_effect::note_and_hand_over:
    check.vouched_by = what.account;
    out.write(photo_compared{what.account}, desk, {}, what.cause);
    break;
  case visual_effect::hand_over: break;
  case visual_effect::await_again: check.checkin = {}; break;
  case visual_effect::switch_back: switch_back(desk, what.cause, out); return true;
  }
  show_visual_check(desk, out);
  return true;
}

void session::switch_back(const std::string& desk, id cause, actors::effects& out) {
  visual_.erase(desk);
  out.write(desk_mode_switched{desk_mode::unattended, {}}, desk, {}, cause);
  out.show({"desks", options_.hub}, note_mode{desk, desk_mode::unattended});
  show_visual_check(desk, out);
  const auto shown = shown_.find(desk);
  const bool asks_for_it = shown != shown_.end() && shown->second.shown == prompt::show_card;
  if (asks_for_it && shown->second.checkin.empty()) show_desk(desk, prompt::place_card, out);
}

/// Back to 無人運転 by itself: what the desk was switched for is done. Only the card that staff looked at as it lay there
/// may be put back once more, if it was lifted at about the time they said so: the screen had asked to see it.
void session::end_visual_check_of(const visit& v, const happening& what, actors::effects& out) {
  const auto check = visual_.find(v.row.desk);
  if (check == visual_.end() || check->second.checkin != v.row.checkin) return;
  const bool the_same_only = !v.row.patient.empty() && check->second.card == v.row.patient;
  if (what.on == event::card_removed && the_same_only && now_ms_ < check->second.until_ms &&
      fire_visual(v.row.desk, visual_event::card_lifted, what, out))
    return;
  if (v.now == state::idle || v.now == state::taking_card || !v.row.card_there)
    fire_visual(v.row.desk, visual_event::checkin_over, what, out);
}

void session::give_up_late_visual_checks(actors::effects& out) {
  std::vector<std::string> late;
  for (const auto& [desk, check] : visual_)
    if (check.stage != visual_stage::under_way && check.until_ms <= now_ms_) late.push_back(desk);
  for (const auto& desk : late) {
    fire_visual(desk, visual_event::no_card_came, {}, out);
    if (auto* there = card_lying_at(desk); there && there->now == state::comparing)
      fire(*there, {.on = event::visual_ended}, out);
  }
}

void session::show_visual_check(const std::string& desk, actors::effects& out) {
  const auto found = visual_.find(desk);
  const auto check = found == visual_.end() ? visual_check{} : found->second;
  out.show({"screen", options_.hub},
           messages::show_visual_check{desk, ++sequence_, check.stage, !check.card.empty(), check.vouched_by});
}

/// What a desk without a card asks for.
prompt session::prompt_of_free_desk(const std::string& desk) const {
  const auto check = visual_.find(desk);
  const bool looking = check != visual_.end() && check->second.stage == visual_stage::comparing;
  return looking ? prompt::show_card : prompt::place_card;
}

// -- the check-in --------------------------------------------------------------------------------------------------

/// What the question will need: a challenge, which binds nobody and need not wait for the journal; and without a PIN
/// the certificate, which nobody has handed over yet.
void session::ask_to_prepare(visit& v, actors::effects& out) {
  const bool by_sight = v.row.method == identity_method::visual;
  if (!by_sight || v.challenge_id.empty())
    out.inquire(gateway(), obtain_challenge{}, {challenge_wanted, v.row.checkin}, options_.waits.preparing_ms);
  if (by_sight && v.seen_certificate.reveal().empty())
    out.inquire(reader_of(v), read_certificate{v.row.reader_session}, {certificate_wanted, v.row.checkin},
                options_.waits.preparing_ms);
}

void session::on_certificate(visit& v, const result<std::string>& body, std::uint64_t version, actors::effects& out) {
  if (v.now != state::preparing || v.row.method != identity_method::visual) return;
  const auto read = body ? decode_body<card_certificate>(*body, version) : failure(body.error());
  if (!read) { // the desk may be starting again; a card that was lifted says so itself
    v.ask_again_ms = now_ms_ + options_.ask_again_ms;
    return;
  }
  v.seen_certificate = read->certificate;
  go_on_by_sight(v, out);
}

void session::go_on_by_sight(visit& v, actors::effects& out) {
  if (v.challenge_id.empty() || v.seen_certificate.reveal().empty()) return;
  fire(v, {.on = v.row.eligibility_only() ? event::sight_ready_eligibility_only : event::sight_ready}, out);
}

} // namespace consent_session
