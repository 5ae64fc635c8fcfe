// A fake reader, gateway and page for the pure parts.
#include "tests/actors/support.hpp"

#include <algorithm>

namespace actors_test {

id numbered(std::uint64_t n, std::uint64_t time_ms) { return make_id(time_ms, n, 0); }

actors::id_source counting_ids(std::uint64_t first) {
  return [n = std::make_shared<std::uint64_t>(first)] { return numbered(++*n); };
}

error refusal_in(const actors::effects& out) {
  BOOST_REQUIRE_EQUAL(out.replies.size(), 1u);
  BOOST_REQUIRE(!out.replies.front().body);
  return out.replies.front().body.error();
}

bool was_done(const actors::effects& out) { return out.replies.size() == 1 && out.replies.front().body.has_value(); }

std::vector<std::string> topics_of(const actors::effects& out) {
  std::vector<std::string> topics;
  for (const auto& e : out.journal.events)
    topics.push_back(e.topic.substr(e.topic.find('.') + 1));
  return topics;
}

std::size_t count_of(const std::vector<actors::outgoing>& sent, std::string_view topic) {
  return static_cast<std::size_t>(std::ranges::count(sent, topic, &actors::outgoing::topic));
}

void kept_journal::take(const draft& d, std::uint64_t now_ms) {
  BOOST_REQUIRE_MESSAGE(d.outbox.empty() || !d.events.empty(), "an outbox row needs an event");
  for (const auto& e : d.events) {
    event_envelope kept{e.v, events.size() + 1, now_ms, e.topic, "hub", e.desk, e.checkin, e.account, e.cause, e.body};
    events.push_back(kept);
    if (begins_checkin(kept)) open[kept.checkin] = {};
    const auto row = open.find(kept.checkin);
    if (row != open.end() && !apply(kept, row->second)) open.erase(row);
  }
  const auto settle = [&](id effect) { std::erase_if(outbox, [&](const auto& row) { return row.effect == effect; }); };
  for (const auto& effect : d.settled)
    settle(effect);
  for (const auto& row : d.outbox) {
    settle(row.effect); // storage/scribe.cpp: an effect has one row, whoever owns it
    outbox.push_back(row);
  }
}

std::vector<open_checkin> kept_journal::rows() const {
  std::vector<open_checkin> all;
  for (const auto& [checkin, row] : open)
    all.push_back(row);
  return all;
}

std::map<std::string, consent_session::visual_check> kept_journal::visual_checks(std::uint64_t until_ms) const {
  std::map<std::string, consent_session::visual_check> all;
  for (const auto& e : events) {
    if (const auto m = body_as<desk_mode_switched>(e)) {
      all.erase(e.desk);
      if (m->mode == desk_mode::visual_check) all[e.desk] = {visual_stage::comparing, m->card, {}, {}, until_ms};
    }
    if (const auto m = body_as<photo_compared>(e)) {
      all[e.desk].stage = visual_stage::awaiting_card;
      all[e.desk].vouched_by = m->account;
    }
  }
  return all;
}

std::vector<std::string> kept_journal::topics() const {
  std::vector<std::string> all;
  for (const auto& e : events)
    all.push_back(e.topic.substr(e.topic.find('.') + 1));
  return all;
}

consent_session::options simulated() {
  consent_session::options o;
  o.asks_without_pin = true;
  return o;
}

clinic::clinic(consent_session::options how) : options(std::move(how)) {
  session = std::make_unique<consent_session::session>(options, ids);
  take(session->resume({}, {}, now_ms));
}

const actors::effects& clinic::say(const command_envelope& command) {
  return take(session->on_command(command, now_ms));
}

const actors::effects& clinic::pass(std::uint64_t ms) {
  now_ms += ms;
  return take(session->on_tick(now_ms));
}

const actors::effects& clinic::run_out(id checkin) {
  now_ms = std::max(now_ms, session->visits().at(checkin).until_ms);
  return pass(0);
}

const actors::effects& clinic::restart() {
  now_ms += 500;
  session = std::make_unique<consent_session::session>(options, ids);
  asked.clear(); // replies to the old process reach nobody
  prompts.clear();
  session->remember(journal.visual_checks(now_ms + options.waits.visual_check_ms));
  return take(session->resume(journal.rows(), journal.outbox, now_ms));
}

std::optional<actors::outgoing> clinic::open_request(std::string_view topic) const {
  const auto found = std::ranges::find(asked, topic, &actors::outgoing::topic);
  return found == asked.end() ? std::nullopt : std::optional{*found};
}

const actors::effects& clinic::answer_with(std::string_view topic, const result<std::string>& body, std::uint64_t v) {
  const auto request = std::ranges::find(asked, topic, &actors::outgoing::topic);
  BOOST_REQUIRE_MESSAGE(request != asked.end(), "nobody was asked: " << topic);
  const auto who = *request->answer_to;
  asked.erase(request);
  return answer_tag(who, body, v);
}

const actors::effects& clinic::fail(std::string_view topic, error_code why) {
  return answer_with(topic, failure(why, "test"), 1);
}

const actors::effects& clinic::answer_tag(const actors::tag& who, const result<std::string>& body, std::uint64_t v) {
  return take(session->on_reply(who, body, v, now_ms));
}

/// A VERIFY is asked for at most once in a decision, binding, after its own permission in the same draft.
void clinic::check_attempts(const actors::effects& out) {
  BOOST_REQUIRE_EQUAL(count_of(out.showing, verify_pin::topic), 0u);
  const auto wanted = count_of(out.binding, verify_pin::topic);
  const auto allowed = static_cast<std::size_t>(std::ranges::count(
      out.journal.events, pin_attempt_allowed::topic, [](const auto& e) { return std::string_view{e.topic}; }));
  BOOST_REQUIRE_EQUAL(wanted, allowed);
  BOOST_REQUIRE_LE(wanted, 1u);
  if (wanted == 0) return;
  BOOST_REQUIRE(sent_in<verify_pin>(out.binding)->attempt == event_in<pin_attempt_allowed>(out)->attempt);
}

const actors::effects& clinic::take(actors::effects out) {
  check_attempts(out);
  journal.take(out.journal, now_ms);
  // The session's own rows are what the journal says, always.
  BOOST_REQUIRE_EQUAL(journal.open.size(), session->visits().size());
  for (const auto& [checkin, v] : session->visits()) {
    const auto row = journal.open.find(checkin);
    BOOST_REQUIRE(row != journal.open.end());
    BOOST_REQUIRE_MESSAGE(row->second == v.row,
                          "the row of a check-in at " << name(v.now) << " is not what its events say");
  }
  for (const auto* sent : {&out.showing, &out.binding})
    for (const auto& o : *sent)
      if (o.answer_to) asked.push_back(o);
  for (const auto& o : out.showing) {
    if (o.topic != show_prompt::topic) continue;
    const auto m = *decode_body<show_prompt>(o.body, o.v);
    auto& page = prompts[o.to.node];
    if (m.sequence > page.sequence) page = m;
  }
  last = std::move(out);
  if (pages_answer) acknowledge_prompts();
  return last;
}

void clinic::acknowledge_prompts() {
  const auto heard = asked;
  std::erase_if(asked, [](const auto& o) { return o.topic == show_prompt::topic; });
  for (const auto& o : heard)
    if (o.topic == show_prompt::topic) session->on_reply(*o.answer_to, encode_body(done{}), 1, now_ms);
}

id clinic::place(std::int64_t tries_left, const std::string& desk) {
  reader_session = numbered(++cards_, now_ms);
  from_reader(report_card_placed{reader_session, card_kind::my_number_card, tries_left, numbered(77), certificate, {}},
              desk);
  return reply_in<checkin_begun>(last)->checkin;
}

checkin_state clinic::now(id checkin) const { return session->visits().at(checkin).now; }

const actors::effects& clinic::give_consents(id checkin) {
  return from_page(answer_consents{checkin, choice::given, choice::given, choice::given, choice::refused, "ja", "1"});
}

const actors::effects& clinic::provide(id checkin) {
  return from_page(provide_information{checkin, choice::given, choice::refused});
}

const actors::effects& clinic::report(question_outcome outcome, validity judged, bool has_number) {
  question_report r{outcome, judged, has_number, personal<std::string>{"name"}, {}, {}};
  if (outcome == question_outcome::refused) r.error = "line_refused";
  return answer(ask_eligibility::topic, r);
}

id clinic::reach(checkin_state to) {
  if (to == checkin_state::taking_card) {
    const auto c = reach(checkin_state::asking);
    report(question_outcome::answered, validity::valid, true);
    return c;
  }
  if (to == checkin_state::at_window) {
    const auto c = reach(checkin_state::asking);
    report(question_outcome::answered, validity::invalid);
    return c;
  }
  const auto c = place();
  if (to == checkin_state::comparing) from_staff(begin_visual_check{"desk-1", false});
  if (to == checkin_state::comparing) return c;
  if (to == checkin_state::matching || to == checkin_state::awaiting_number || to == checkin_state::deciding ||
      to == checkin_state::proving) {
    from_page(choose_method{c, identity_method::face});
    if (to == checkin_state::awaiting_number) answer(match_face::topic, a_face(face_outcome::number_missing));
    if (to == checkin_state::deciding) answer(match_face::topic, a_face(face_outcome::unsure));
    if (to == checkin_state::proving) answer(match_face::topic, a_face(face_outcome::matched));
    BOOST_REQUIRE_EQUAL(now(c), to);
    return c;
  }
  const std::vector<std::pair<checkin_state, std::function<void()>>> way{
      {checkin_state::choosing,
       [&] {
         from_page(choose_method{c, identity_method::pin});
       }},
      {checkin_state::preparing, [&] { answer(obtain_challenge::topic, a_challenge()); }},
      {checkin_state::entering_pin,
       [&] {
         from_page(enter_pin{c});
       }},
      {checkin_state::verifying, [&] { answer(verify_pin::topic, right_pin()); }},
      {checkin_state::consenting, [&] { give_consents(c); }},
      {checkin_state::providing, [&] { provide(c); }},
      {checkin_state::asking, [&] { report(question_outcome::answered, validity::valid, false); }},
      {checkin_state::registration,
       [&] {
         from_reception(register_reference_number{c, personal<std::string>{"K-0042"}});
       }},
  };
  for (const auto& [at, go] : way) {
    if (now(c) == to) break;
    BOOST_REQUIRE_EQUAL(now(c), at);
    go();
  }
  BOOST_REQUIRE_EQUAL(now(c), to);
  return c;
}

challenge_obtained a_challenge() { return {"challenge-1", bytes{1, 2, 3, 4}}; }

pin_report right_pin(std::int64_t tries_left) {
  return {pin_outcome::right, tries_left, personal<bytes>{bytes{7, 7}}, personal<bytes>{bytes{8, 8}}};
}

face_report a_face(face_outcome outcome) { return {outcome, "0123456789abcdef"}; }

face_proof a_proof() { return {personal<bytes>{bytes{7, 7}}, personal<bytes>{bytes{8, 8}}}; }

pin_report wrong_pin(std::int64_t tries_left) { return {pin_outcome::wrong, tries_left, {}, {}}; }

keep_walk_in a_walk_in(id checkin) {
  return {checkin, personal<insured_number>{{"01130012", "12", "3456", "01", "19400102"}}, choice::given};
}

} // namespace actors_test
