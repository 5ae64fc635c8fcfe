// What each effect of the reader's table does, and how the hub is told until it has heard.
#include "actors/reader/card_stay.hpp"

#include <algorithm>

namespace reader {

using namespace messages;

card_stay::card_stay(std::string hub, actors::id_source make_id) : hub_(std::move(hub)), make_id_(std::move(make_id)) {}

bool card_stay::fire(event on, decision& out) {
  const auto* row = find(now_, on);
  if (!row) return false;
  now_ = row->to;
  carry_out(row->then, out);
  return true;
}

void card_stay::carry_out(effect then, decision& out) {
  switch (then) {
  case effect::report_reader:
    tell_reader(out);
    tell_lifted({}, false, out); // whatever lay here before this start is not known to lie here now
    break;
  case effect::report_reader_lost:
    tell_reader(out);
    tell_lifted(session_, true, out); // without a card too: the page must not ask for one
    session_ = {};
    placing_untold_ = false;
    out.port.push_back(port_action::wipe_pin);
    break;
  case effect::identify:
    session_ = make_id_();
    card_ = {};
    unread_.clear();
    ++identifying_;
    out.port.push_back(port_action::identify);
    break;
  case effect::report_card:
    tell_placed(out);
    break;
  case effect::report_lifted:
    tell_lifted(session_, false, out);
    [[fallthrough]];
  case effect::report_nothing: // it was never reported as placed
    session_ = {};
    placing_untold_ = false;
    out.port.push_back(port_action::wipe_pin);
    break;
  case effect::verify:
    out.port.push_back(port_action::verify_pin);
    break;
  case effect::sign:
    out.challenge = challenge_;
    out.port.push_back(port_action::sign);
    break;
  case effect::report_attempt:
    report_attempt(out);
    break;
  case effect::read_photo:
    out.port.push_back(port_action::read_photo);
    break;
  case effect::report_photo: // on_photo() has answered
    break;
  case effect::prove:
    out.challenge = challenge_;
    out.port.push_back(port_action::prove);
    break;
  }
}

// -- what the port says --------------------------------------------------------------------------------------------

decision card_stay::on_start() {
  decision out;
  tell_lifted({}, true, out); // a desk that starts knows of no card and no reader yet
  return out;
}

decision card_stay::on_attached(const std::string& model) {
  decision out;
  model_ = model;
  fire(event::attached, out);
  return out;
}

decision card_stay::on_detached(const error& why) {
  decision out;
  lost_why_ = why;
  fire(event::detached, out);
  return out;
}

decision card_stay::on_placed() {
  decision out;
  fire(event::placed, out);
  return out;
}

decision card_stay::on_lifted() {
  decision out;
  fire(event::lifted, out);
  return out;
}

decision card_stay::on_identified(const result<card_facts>& read) {
  decision out;
  // The port answers in the order asked: an earlier answer is about a card that was lifted meanwhile.
  if (identifying_ > 0) --identifying_;
  if (now_ != state::reading || identifying_ > 0) return out;
  card_ = read ? *read : card_facts{};
  unread_ = read ? std::string{} : std::string{describe(read.error().code).name};
  fire(read ? event::identified : event::unreadable, out);
  return out;
}

decision card_stay::on_verified(pin_outcome outcome, std::int64_t tries_left) {
  decision out;
  if (!attempt_command_) return out;
  attempt_ = {};
  const bool same_card = attempt_session_ == session_;
  // Nothing was sent: what was read of the card before is still true.
  if (outcome == pin_outcome::not_made && tries_left < 0 && same_card) tries_left = card_.tries_left;
  attempt_.outcome = outcome;
  attempt_.tries_left = tries_left;
  if (same_card) card_.tries_left = tries_left;
  const auto on = outcome == pin_outcome::right ? event::pin_right : event::pin_not_right;
  // The card was lifted: the attempt is reported all the same.
  if (!same_card || !fire(on, out)) report_attempt(out);
  return out;
}

decision card_stay::on_signed(const result<bytes>& signature) {
  decision out;
  if (proof_command_) {
    const bool there = proof_session_ == session_;
    if (there && signature)
      out.reply(*proof_command_, face_proof{card_.certificate, personal<bytes>{*signature}});
    else
      out.refuse(*proof_command_, signature ? error{error_code::card_removed, {}} : signature.error());
    proof_command_.reset();
    challenge_.clear();
    if (there) fire(event::signing_done, out);
    return out;
  }
  if (!attempt_command_) return out;
  const bool same_card = attempt_session_ == session_;
  if (signature && same_card) {
    attempt_.signature = personal<bytes>{*signature};
    attempt_.certificate = card_.certificate;
  }
  if (!same_card || !fire(event::signing_done, out)) report_attempt(out);
  return out;
}

decision card_stay::on_photo(id session, photo_outcome outcome, std::int64_t tries_left) {
  decision out;
  if (!photo_command_) return out;
  if (session == session_) {
    out.reply(*photo_command_, photo_report{outcome, tries_left});
    fire(event::photo_read, out);
  } else { // lifted meanwhile: nobody will look at that face
    out.reply(*photo_command_, photo_report{});
    out.port.push_back(port_action::wipe_photo);
  }
  photo_command_.reset();
  return out;
}

void card_stay::report_attempt(decision& out) {
  if (!attempt_command_) return; // the card signed for a face, and on_signed() has answered
  out.reply(*attempt_command_, attempt_);
  attempt_command_.reset();
  attempt_session_ = {};
  attempt_ = {};
  challenge_.clear();
}

decision card_stay::on_hub(bool there) {
  decision out;
  if (!there) return out;
  tell_reader(out);
  if (session_.empty())
    tell_lifted({}, now_ == state::no_reader, out);
  else if (now_ != state::reading)
    tell_placed(out);
  return out;
}

// -- what the hub says ---------------------------------------------------------------------------------------------

decision card_stay::on_command(const command_envelope& command, std::uint64_t) {
  decision out;
  actors::dispatch(message_list<verify_pin, forget_pin, ask_present, read_certificate, read_photo, prove_by_face>{},
                   command, out, [&](const auto& body) { handle(body, command, out); });
  return out;
}

/// One thing at a time is done with the card that lies here.
bool card_stay::may_begin(id session, const command_envelope& command, decision& out) const {
  if (session.empty() || session != session_)
    out.refuse(command, {error_code::other_session, {}});
  else if (now_ != state::ready || attempt_command_ || photo_command_ || proof_command_)
    out.refuse(command, {error_code::not_now, {command.topic, std::string{name(now_)}}});
  else
    return true;
  return false;
}

void card_stay::handle(const read_photo& m, const command_envelope& command, decision& out) {
  if (!may_begin(m.reader_session, command, out)) return;
  photo_command_ = command;
  fire(event::photo_wanted, out);
}

void card_stay::handle(const prove_by_face& m, const command_envelope& command, decision& out) {
  if (!may_begin(m.reader_session, command, out)) return;
  proof_command_ = command;
  proof_session_ = session_;
  challenge_ = m.challenge;
  fire(event::proof_wanted, out);
}

void card_stay::handle(const verify_pin& m, const command_envelope& command, decision& out) {
  if (m.reader_session.empty() || m.reader_session != session_)
    return out.refuse(command, {error_code::other_session, {}});
  // One permission, one VERIFY: the same attempt never reaches the card a second time.
  if (std::ranges::find(attempts_seen_, m.attempt) != attempts_seen_.end())
    return out.refuse(command, {error_code::already_done, {}});
  if (!may_begin(m.reader_session, command, out)) return;
  // The patient confirmed another situation: nothing is sent, and the true number goes back.
  if (m.tries_told >= 0 && m.tries_told != card_.tries_left)
    return out.reply(command, pin_report{pin_outcome::not_made, card_.tries_left, {}, {}});
  attempts_seen_.push_back(m.attempt);
  if (attempts_seen_.size() > attempts_remembered_max) attempts_seen_.pop_front();
  attempt_command_ = command;
  attempt_session_ = session_;
  challenge_ = m.challenge;
  fire(event::verify_wanted, out);
}

void card_stay::handle(const forget_pin& m, const command_envelope& command, decision& out) {
  // While a VERIFY is under way the port owns the secret, and wipes it. What belongs to the next card stays.
  if (session_.empty() || m.reader_session == session_) out.port.push_back(port_action::wipe_pin);
  out.reply(command, done{});
}

void card_stay::handle(const ask_present&, const command_envelope& command, decision& out) {
  const bool known = now_ == state::ready || now_ == state::verifying || now_ == state::signing ||
                     now_ == state::opening;
  // During a VERIFY nobody knows how many tries are left.
  const auto tries_left = now_ == state::verifying ? -1 : card_.tries_left;
  out.reply(command, known ? card_present{session_, tries_left} : card_present{});
}

/// It was read when the card was placed; without a PIN it proves nothing, and goes out when staff vouched only.
void card_stay::handle(const read_certificate& m, const command_envelope& command, decision& out) {
  if (session_.empty() || m.reader_session != session_) return out.refuse(command, {error_code::other_session, {}});
  if (now_ != state::ready) return out.refuse(command, {error_code::not_now, {command.topic, std::string{name(now_)}}});
  out.reply(command, card_certificate{card_.certificate});
}

// -- telling the hub, until it has heard ---------------------------------------------------------------------------

void card_stay::tell_reader(decision& out) {
  reader_untold_ = true;
  report_reader report;
  report.state = now_ == state::no_reader ? health::absent : health::working;
  report.model = model_;
  if (now_ == state::no_reader) report.error = describe(lost_why_.code).name;
  out.inquire({"desks", hub_}, report, {reader_told, {}}, tell_wait_ms_max);
}

void card_stay::tell_placed(decision& out) {
  placing_untold_ = true;
  const report_card_placed report{session_,   card_.kind,     card_.tries_left,
                                  card_.mark, card_.standing, unread_};
  out.inquire(consent_session(), report, {placing_told, session_}, tell_wait_ms_max);
}

void card_stay::tell_lifted(id session, bool reader_lost, decision& out) {
  lifted_untold_[session] = {reader_lost, ++said_};
  if (lifted_untold_.size() > untold_max) // ids are ordered by time; the empty session stays, it stands for all
    lifted_untold_.erase(std::ranges::find_if(lifted_untold_, [](const auto& l) { return !l.first.empty(); }));
  out.inquire(consent_session(), report_card_removed{session, reader_lost}, {lifting_told, make_id(0, said_, 0)},
              tell_wait_ms_max);
}

decision card_stay::on_reply(const actors::tag& who, const result<std::string>& body, std::uint64_t,
                             std::uint64_t now_ms) {
  decision out;
  if (!body) {
    // A refusal is an answer; anything else means that the hub may not have heard.
    if (describe(body.error().code).retry != retry_class::never) tell_again_at_ms_ = now_ms + tell_again_ms;
    return out;
  }
  switch (who.step) {
  case reader_told:
    reader_untold_ = false;
    break;
  case placing_told:
    if (who.about == session_) placing_untold_ = false;
    break;
  case lifting_told:
    std::erase_if(lifted_untold_, [&](const auto& l) { return make_id(0, l.second.said, 0) == who.about; });
    break;
  default:
    break;
  }
  return out;
}

decision card_stay::on_tick(std::uint64_t now_ms) {
  decision out;
  if (!tell_again_at_ms_ || *tell_again_at_ms_ > now_ms) return out;
  tell_again_at_ms_.reset();
  if (reader_untold_) tell_reader(out);
  const auto untold = lifted_untold_;
  for (const auto& [session, l] : untold) {
    // "Nothing lies here" is only true as long as nothing does.
    if (session.empty() && !session_.empty())
      lifted_untold_.erase(session);
    else
      tell_lifted(session, l.reader_lost, out);
  }
  if (placing_untold_ && !session_.empty()) tell_placed(out);
  return out;
}

std::optional<std::uint64_t> card_stay::next_tick_ms() const { return tell_again_at_ms_; }

} // namespace reader
