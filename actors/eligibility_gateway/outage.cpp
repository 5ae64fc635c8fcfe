// Places on the line, the line that is lost, and everything asked again in order once it is back.
#include "actors/eligibility_gateway/questions.hpp"

namespace eligibility_gateway {

using namespace messages;

namespace {

bool found_nobody(error_code why) { return why == error_code::line_down || why == error_code::line_silent; }
bool was_heard(error_code why) {
  return why == error_code::line_refused || why == error_code::line_unreadable ||
         why == error_code::line_unprocessed || why == error_code::challenge_expired;
}

} // namespace

/// To the line in its turn; while the line is lost, honestly not.
void questions::ask_or_doubt(question& q, decision& out) {
  if (!q.batch.empty()) return; // it goes with the others
  if (!traffic_.circuit_open()) {
    traffic_.wait(q.key, q.background ? lane::background : lane::real_time);
    q.place_wanted_ms = now_ms_;
    return;
  }
  const bool in_doubt = q.now == state::asked && q.may_have_been_sent;
  fire(q, {.on = in_doubt ? event::silence : event::nothing_sent, .why = {error_code::line_down, {"lost"}}}, out);
}

void questions::send_next(decision& out) {
  for (const auto& key : traffic_.next()) {
    if (const auto many = batches_.find(key); many != batches_.end()) {
      send(key, many->second, out);
      continue;
    }
    const auto found = questions_.find(key);
    if (found == questions_.end()) {
      traffic_.leave(key);
      continue;
    }
    send(found->second, out);
  }
}

void questions::send(question& q, decision& out) {
  auto kind = line_request::kind::card;
  if (q.kind == question_kind::typed) kind = line_request::kind::typed;
  if (q.kind == question_kind::registration) kind = line_request::kind::registration;
  if (q.kind == question_kind::withdrawal) kind = line_request::kind::withdrawal;
  if (q.records) kind = line_request::kind::records;
  q.in_flight = true;
  out.line.push_back({kind, q.key, q.body, q.person, options_.answer_wait_ms_max, q.records});
}

/// What the arrival of @p key (@p why: a failure) says about the line itself.
void questions::note_arrival(id key, const error* why, decision& out) {
  const bool trial = !trial_.empty() && key == trial_;
  if (trial) trial_ = {};
  if (why && !found_nobody(why->code) && !was_heard(why->code)) { // about itself only
    traffic_.leave(key);
    if (!trial || why->code != error_code::not_offered) return;
    challenges_offered_ = false; // this line has none: one question has to try it
    return try_with_question(out);
  }
  const auto since = traffic_.open_since_ms();
  switch (traffic_.arrived(key, !why || !found_nobody(why->code), now_ms_)) {
  case traffic::change::none: return;
  case traffic::change::lost:
    out.write(line_lost{std::string{describe(why->code).name}}, {}, {});
    for (const auto& waiting : traffic_.drain())
      if (const auto q = questions_.find(waiting); q != questions_.end())
        fire(q->second, {.on = event::nothing_sent, .why = *why}, out);
    return;
  case traffic::change::restored:
    out.write(line_restored{now_ms_ - std::min(now_ms_, since)}, {}, {});
    return ask_all_again(out);
  }
}

/// In the order in which they were first wanted: ids are ordered by time.
void questions::ask_all_again(decision& out) {
  const auto open = open_; // firing changes it
  for (const auto& key : open)
    if (auto& q = questions_.at(key); waits_to_be_asked(q)) fire(q, {.on = event::time_to_ask_again}, out);
}

/// A challenge is the one thing that can be asked without asking anything: it shows whether the line is back.
void questions::try_line(decision& out) {
  const auto at = traffic_.trial_at_ms();
  if (!at || *at > now_ms_ || !trial_.empty()) return;
  traffic_.trial_sent(now_ms_);
  if (!challenges_offered_) return try_with_question(out);
  trial_ = make_id_();
  out.line_at_once.push_back({line_request::kind::challenge, trial_, {}, {}, options_.challenge_wait_ms_max});
}

/// A line that gives no challenges (the folders of 連携アプリ) is half open instead: the oldest question that waits goes
/// alone, under its own identifier, and the others stay where they are until somebody was heard.
void questions::try_with_question(decision& out) {
  for (const auto& key : open_) {
    auto& q = questions_.at(key);
    if (!waits_to_be_asked(q)) continue;
    trial_ = key;
    return send(q, out);
  }
}

/// So many are before them that their patients would wait for nothing: they hear it, and keep their place.
void questions::tell_those_without_a_place(decision& out) {
  const auto open = open_;
  for (const auto& key : open) {
    auto& q = questions_.at(key);
    const bool late = q.place_wanted_ms + options_.place_wait_ms_max <= now_ms_;
    if (q.now == state::asked && !q.background && late && traffic_.waits(key))
      fire(q, {.on = event::nothing_sent, .why = {error_code::busy, {"eligibility_gateway"}}}, out);
  }
}

} // namespace eligibility_gateway
