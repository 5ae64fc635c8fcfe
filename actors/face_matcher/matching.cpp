// What each effect of the comparison's table does.
#include "actors/face_matcher/matching.hpp"

namespace face_matcher {

using namespace messages;

decision matching::on_command(const command_envelope& command, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  actors::dispatch(message_list<match_face, stop_matching>{}, command, out,
                   [&](const auto& body) { handle(body, command, out); });
  return out;
}

void matching::handle(const match_face& m, const command_envelope& command, decision& out) {
  if (m.reader_session.empty() || m.checkin.empty())
    return out.refuse(command, {error_code::missing_value, {"reader_session"}});
  if (now_ != state::idle) return out.refuse(command, {error_code::busy, {"face_matcher"}});
  command_ = command;
  wanted_ = m;
  ++comparison_;
  judged_ = judgement{options_.by};
  until_ms_ = now_ms_ + options_.comparison_ms_max;
  fire(event::match_wanted, face_outcome::cannot_tell, out);
}

void matching::handle(const stop_matching& m, const command_envelope& command, decision& out) {
  if (m.checkin == wanted_.checkin) fire(event::stopped, face_outcome::cannot_tell, out);
  out.reply(command, done{});
}

bool matching::fire(event on, face_outcome so_far, decision& out) {
  const auto* row = find(now_, on);
  if (!row) return false;
  now_ = row->to;
  carry_out(row->then, so_far, out);
  return true;
}

void matching::carry_out(effect then, face_outcome so_far, decision& out) {
  switch (then) {
  case effect::read_photo:
    out.inquire({"reader", options_.node}, read_photo{wanted_.reader_session},
                {photo_asked, make_id(0, comparison_, 0)}, options_.photo_ms_max);
    break;
  case effect::learn: out.port.push_back(port_action::learn); break;
  case effect::look:
  case effect::look_again: out.port.push_back(port_action::take_frame); break;
  case effect::forget_and_report: out.port.push_back(port_action::forget); [[fallthrough]];
  case effect::report:
    out.reply(*command_, face_report{so_far, options_.model});
    command_.reset();
    wanted_ = {};
    break;
  }
}

decision matching::on_reply(const actors::tag& who, const result<std::string>& body, std::uint64_t version,
                            std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  if (who.step != photo_asked || who.about != make_id(0, comparison_, 0)) return out;
  const auto report = body ? decode_body<photo_report>(*body, version) : failure(body.error());
  const auto outcome = report ? report->outcome : photo_outcome::unreadable;
  switch (outcome) {
  case photo_outcome::held: fire(event::photo_held, face_outcome::cannot_tell, out); break;
  case photo_outcome::number_missing: fire(event::photo_refused, face_outcome::number_missing, out); break;
  case photo_outcome::wrong_number: fire(event::photo_refused, face_outcome::wrong_number, out); break;
  case photo_outcome::unreadable:
  case photo_outcome::number_held_back: fire(event::photo_refused, face_outcome::cannot_tell, out); break;
  }
  return out;
}

decision matching::on_learnt(std::uint64_t of, const result<void>& learnt) {
  decision out;
  if (of == comparison_ && now_ == state::learning)
    fire(learnt ? event::face_learnt : event::face_not_learnt, face_outcome::cannot_tell, out);
  return out;
}

decision matching::on_seen(std::uint64_t of, const result<face_sight>& seen, double score) {
  decision out;
  if (of != comparison_ || now_ != state::looking) return out;
  if (!seen) {
    fire(event::engine_lost, face_outcome::cannot_tell, out);
    return out;
  }
  // The patient reads what to do, and the page sends the next frame.
  out.inquire({"screen", options_.node}, show_sight{wanted_.checkin, *seen}, {sight_shown, {}}, 1'000);
  if (const auto outcome = judged_.take(*seen, score))
    fire(event::decided, *outcome, out);
  else
    fire(event::frame_taken, face_outcome::cannot_tell, out);
  return out;
}

decision matching::on_tick(std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  if (now_ == state::idle || until_ms_ > now_ms) return out;
  const auto outcome = now_ == state::looking ? judged_.at_the_end() : face_outcome::cannot_tell;
  fire(event::timed_out, outcome, out);
  return out;
}

std::optional<std::uint64_t> matching::next_tick_ms() const {
  return now_ == state::idle ? std::nullopt : std::optional{until_ms_};
}

} // namespace face_matcher
