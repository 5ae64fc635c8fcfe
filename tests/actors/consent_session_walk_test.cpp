// A long walk at random through every command, reply and restart: what the row says is what the events say.
#include "tests/actors/support.hpp"

#include <algorithm>
#include <random>
#include <set>

using namespace actors_test;
using state = checkin_state;

namespace {

/// Anybody says anything at any time, and every request may be answered rightly, wrongly, late or twice.
class walk {
public:
  explicit walk(std::uint64_t seed) : chance_(seed) {}

  void run(int steps) {
    for (int n = 0; n < steps; ++n)
      step();
    settle();
  }

private:
  std::uint64_t draw(std::uint64_t below) { return chance_() % below; }
  choice any_choice() { return static_cast<choice>(draw(8) == 0 ? 0 : 1 + draw(2)); }
  std::string any_desk() { return "desk-" + std::to_string(1 + draw(3)); }
  id any_checkin() {
    if (checkins_.empty() || draw(20) == 0) return numbered(draw(50));
    return checkins_[checkins_.size() - 1 - draw(std::min<std::size_t>(4, checkins_.size()))];
  }

  void step() {
    const auto desk = draw(12) == 0 ? std::string{"hub"} : any_desk();
    const auto checkin = any_checkin();
    switch (draw(19)) {
    case 16: visual(); break;
    case 17:
      if (draw(4) == 0) c_.from_reception(move_patient{checkin, any_desk()});
      break;
    case 0: place(); break;
    case 1:
      c_.from_reader(report_card_removed{draw(6) == 0 ? id{} : sessions_[any_desk()], draw(5) == 0}, any_desk());
      break;
    case 2:
      say(checkin, choose_method{checkin, draw(2) == 0 ? identity_method::pin : identity_method::face}, desk);
      break;
    case 3: say(checkin, enter_pin{checkin, draw(2) == 0 ? 0 : sequence_shown(desk) + draw(2)}, desk); break;
    case 4:
      say(checkin, answer_consents{checkin, any_choice(), any_choice(), any_choice(), any_choice(), "ja", "1"}, desk);
      break;
    case 5: say(checkin, provide_information{checkin, any_choice(), any_choice()}, desk); break;
    case 6:
      if (draw(4) == 0) say(checkin, stop_checkin{checkin}, desk);
      break;
    case 7: c_.from_reception(register_reference_number{checkin, personal<std::string>{"K-1"}}); break;
    case 8:
      if (draw(3) == 0) c_.from_reception(skip_reference_number{checkin});
      break;
    case 9:
      if (draw(3) == 0) c_.from_reception(finish_at_window{checkin});
      break;
    case 10:
      if (draw(5) == 0) c_.from_reception(a_walk_in(checkin));
      break;
    case 13:
      if (draw(2) == 0)
        c_.from_staff(decide_face{checkin, draw(2) == 0}, draw(8) == 0 ? "" : "suzuki");
      else
        say(checkin, enter_check_number{checkin}, desk);
      break;
    case 11: c_.pass(draw(3) == 0 ? draw(30'000) : draw(300)); break;
    case 12:
      if (draw(12) == 0) c_.restart();
      break;
    default: answer_something(); break;
    }
    check();
  }

  std::uint64_t sequence_shown(const std::string& desk) const {
    const auto page = c_.prompts.find(desk);
    return page == c_.prompts.end() ? 0 : page->second.sequence;
  }

  void visual() {
    const auto desk = any_desk();
    const std::string who = draw(8) == 0 ? "" : "suzuki";
    switch (draw(4)) {
    case 0: c_.from_staff(begin_visual_check{desk, draw(2) == 0}, who); break;
    case 1: c_.from_staff(end_visual_check{desk}, who); break;
    default: c_.from_staff(vouch{desk}, who); break;
    }
  }

  template <class M> void say(id checkin, const M& m, std::string desk) {
    const auto open = c_.session->visits().find(checkin);
    if (open != c_.session->visits().end() && draw(8) != 0) desk = open->second.row.desk;
    c_.from_page(m, desk);
  }

  void place() {
    const auto desk = any_desk();
    auto& session = sessions_[desk];
    if (session.empty() || draw(3) != 0) session = numbered(900'000 + ++placed_, c_.now_ms);
    const auto kind = draw(10) == 0 ? card_kind::juki_card : card_kind::my_number_card;
    const auto standing = static_cast<certificate_standing>(draw(3) == 0 ? draw(6) : 1);
    // three marks for three desks: twins are no rarity here
    c_.from_reader(
        report_card_placed{session, kind, static_cast<std::int64_t>(draw(5)) - 1, numbered(77 + draw(3)), standing, {}},
        desk);
    if (c_.last.replies.front().body) checkins_.push_back(reply_in<checkin_begun>(c_.last)->checkin);
  }

  question_report any_report() {
    question_report r;
    r.outcome = static_cast<question_outcome>(1 + draw(4));
    if (r.outcome == question_outcome::answered) r.judged = static_cast<validity>(draw(7));
    r.has_reference_number = draw(2) == 0;
    if (r.outcome == question_outcome::unknown) unknown_.push_back(r);
    return r;
  }

  void answer_something() {
    if (c_.asked.empty()) return;
    const auto request = c_.asked[draw(c_.asked.size())];
    if (draw(10) != 0)
      std::erase_if(c_.asked,
                    [&](const auto& a) { return a.answer_to == request.answer_to && a.body == request.body; });
    const auto who = *request.answer_to;
    if (draw(5) == 0) {
      const error_code codes[] = {error_code::dead_peer, error_code::outcome_unknown, error_code::unknown_address,
                                  error_code::busy, error_code::not_now};
      c_.answer_tag(who, failure(codes[draw(5)], "x"));
      return;
    }
    std::string body = encode_body(done{});
    if (request.topic == obtain_challenge::topic) body = encode_body(a_challenge());
    if (request.topic == read_certificate::topic) body = encode_body(card_certificate{personal<bytes>{bytes{7}}});
    if (request.topic == verify_pin::topic) {
      const auto tries = static_cast<std::int64_t>(draw(4));
      const pin_report reports[] = {right_pin(),
                                    right_pin(),
                                    wrong_pin(tries),
                                    {pin_outcome::blocked, 0, {}, {}},
                                    {pin_outcome::in_doubt, -1, {}, {}},
                                    {pin_outcome::not_made, -1, {}, {}}};
      body = encode_body(reports[draw(6)]);
    }
    if (request.topic == match_face::topic) body = encode_body(a_face(static_cast<face_outcome>(draw(7))));
    if (request.topic == messages::prove_by_face::topic) body = encode_body(draw(4) == 0 ? face_proof{} : a_proof());
    if (request.topic == ask_present::topic) {
      const auto session = sessions_[request.to.node];
      body = encode_body(draw(4) == 0 ? card_present{} : card_present{session, static_cast<std::int64_t>(draw(4))});
    }
    if (request.topic == ask_eligibility::topic || request.topic == ask_typed::topic ||
        request.topic == register_number::topic || request.topic == recall_answer::topic)
      body = encode_body(any_report());
    c_.answer_tag(who, body);
  }

  void check() {
    // What is owed is in the outbox, and nothing else is.
    std::size_t attempts = 0, deliveries = 0;
    for (const auto& row : c_.journal.outbox)
      (row.topic == verify_pin::topic ? attempts : deliveries) += 1;
    std::size_t open_attempts = 0;
    for (const auto& [checkin, row] : c_.journal.open)
      open_attempts += !row.attempt.empty();
    BOOST_REQUIRE_EQUAL(attempts, open_attempts);
    deliveries_max_ = std::max(deliveries_max_, deliveries);
  }

  /// Everybody answers, every card is lifted: nothing may be left.
  void settle() {
    for (const auto* desk : {"desk-1", "desk-2", "desk-3"})
      c_.from_reader(report_card_removed{{}, false}, desk);
    for (int n = 0; n < 200 && (!c_.session->visits().empty() || !c_.journal.outbox.empty()); ++n) {
      const auto open = c_.asked;
      c_.asked.clear();
      for (const auto& o : open) {
        if (o.topic == ask_present::topic)
          c_.answer_tag(*o.answer_to, encode_body(card_present{}));
        else if (o.topic == ask_eligibility::topic || o.topic == ask_typed::topic || o.topic == register_number::topic)
          c_.answer_tag(*o.answer_to,
                        encode_body(question_report{question_outcome::answered, validity::valid, true, {}, {}, {}}));
      }
      c_.pass(5'000);
    }
    BOOST_CHECK(c_.session->visits().empty());
    BOOST_CHECK(c_.journal.outbox.empty());
    std::map<id, int> begun;
    for (const auto& e : c_.journal.events) {
      begun[e.checkin] += e.topic == card_placed::topic;
      begun[e.checkin] -= e.topic == checkin_ended::topic;
    }
    for (const auto& [checkin, n] : begun)
      BOOST_CHECK_EQUAL(n, 0);
    check_identifiers();
    c_.pass(c_.options.waits.visual_check_ms);
    BOOST_CHECK(c_.journal.visual_checks(0).empty()); // every desk is back in 無人運転
  }

  void check_identifiers() {
    std::set<id> questions, attempts, ended;
    std::set<id> checkins_asked;
    for (const auto& e : c_.journal.events) {
      if (const auto m = body_as<consents_recorded>(e)) {
        BOOST_CHECK(questions.insert(m->question).second);
        BOOST_CHECK(checkins_asked.insert(e.checkin).second); // one question per check-in
        for (const auto choice_made : {m->choices.surgery, m->choices.treatment, m->choices.drugs, m->choices.checkup,
                                       m->choices.limit, m->choices.specified_disease})
          BOOST_CHECK(choice_made != choice::not_chosen);
      }
      if (const auto m = body_as<pin_attempt_allowed>(e)) BOOST_CHECK(attempts.insert(m->attempt).second);
      if (const auto m = body_as<pin_attempt_ended>(e)) BOOST_CHECK(ended.insert(m->attempt).second);
    }
    BOOST_CHECK(attempts == ended);
  }

  clinic c_;
  std::mt19937_64 chance_; // the same on every platform
  std::map<std::string, id> sessions_;
  std::vector<id> checkins_;
  std::vector<question_report> unknown_;
  std::uint64_t placed_ = 0;
  std::size_t deliveries_max_ = 0;
};

} // namespace

BOOST_AUTO_TEST_CASE(on_long_random_walks_the_row_is_what_the_events_say_and_nothing_is_left_owed) {
  const bool more = std::getenv("UKETSUKE_LONG") != nullptr;
  const std::uint64_t seeds = more ? 200 : 12;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) walk{seed}.run(600);
  BOOST_TEST_MESSAGE("seeds 1 to " << seeds << ", 600 steps each");
}
