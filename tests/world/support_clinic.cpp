// One seed from opening to rest: what breaks and when, and what has to be true.
#include "tests/world/support_clinic.hpp"

#include <algorithm>

namespace world_test {

clinic::clinic(plan p) : how(std::move(p)), time(how.seed) {
  bus.record = how.record;
  bus.on_good_reply = [this](const command_envelope& c, const command_envelope& r) { check_acknowledged(c, r); };
  desk.resize(how.desks);
  seats.reserve(how.desks);
  for (std::size_t n = 0; n < how.desks; ++n)
    seats.emplace_back(*this, n);
}

void clinic::run() {
  start_hub();
  for (std::size_t n = 0; n < how.desks; ++n) {
    start_desk(n);
    seats[n].look();
  }
  if (how.faults) plan_faults();
  time.run_for(how.open_ms);

  // Everything is repaired, everybody goes home; what was promised is kept.
  open = false;
  bus.now = {};
  centre.down = centre.silent = false;
  time.run_for(30'000); // whoever was down is back
  for (auto& s : seats)
    s.leave();
  time.run_for(15 * 60'000);
  check_journal();
  check_rest();
}

void clinic::start_hub() {
  hub = std::make_unique<hub_process>(*this);
  for (auto& d : desk)
    if (d) d->on_hub(true);
}

void clinic::start_desk(std::size_t number) { desk[number] = std::make_unique<desk_process>(*this, number); }

void clinic::crash_hub() {
  if (!hub) return;
  ++crashes;
  hub.reset();
  journal.crash();
  for (auto& d : desk)
    if (d) d->on_hub(false);
  time.after(200 + time.draw(time.in_100(30) ? 20'000 : 3'000), [this] { start_hub(); });
}

void clinic::crash_desk(std::size_t number) {
  if (!desk[number]) return;
  ++crashes;
  desk[number].reset();
  time.after(200 + time.draw(10'000), [this, number] { start_desk(number); });
}

void clinic::plan_faults() {
  bus.now = {time.draw(4), time.draw(4), time.draw(2), 5 + time.draw(60)};
  for (auto n = time.draw(4); n > 0; --n)
    time.after(time.draw(how.open_ms), [this] { crash_hub(); });
  for (auto n = time.draw(3); n > 0; --n)
    time.after(time.draw(how.open_ms), [this, which = time.draw(how.desks)] { crash_desk(which); });
  for (auto n = how.unplugs == 0 ? 0 : time.draw(how.unplugs + 1); n > 0; --n)
    time.after(time.draw(how.open_ms), [this, which = time.draw(how.desks)] {
      if (!desk[which]) return;
      ++unplugged;
      desk[which]->unplug();
      time.after(500 + time.draw(20'000), [this, which] {
        if (desk[which]) desk[which]->plug();
      });
    });
  for (auto n = time.draw(4); n > 0; --n) {
    const auto at = time.draw(how.open_ms), lasts = 2'000 + time.draw(90'000);
    auto& broken = time.in_100(50) ? centre.down : centre.silent;
    time.after(at, [&broken] { broken = true; });
    time.after(at + lasts, [&broken] { broken = false; });
  }
}

// -- what must be true ---------------------------------------------------------------------------------------------

/// A VERIFY reaches a card: once per durable permission, once per key press, at the desk of the permission.
void clinic::note_verify(id attempt, const std::string& desk_of_card, std::int64_t tries_left) {
  const auto allowed = journal.attempts.find(attempt);
  BOOST_REQUIRE_MESSAGE(allowed != journal.attempts.end(), "a VERIFY without a durable permission");
  BOOST_REQUIRE_MESSAGE(verified.insert(attempt).second, "a VERIFY was sent twice for one permission");
  const auto press = bus.said_by_pages.find(allowed->second);
  BOOST_REQUIRE_MESSAGE(press != bus.said_by_pages.end(), "a permission that no page asked for");
  BOOST_REQUIRE_EQUAL(press->second.topic, messages::enter_pin::topic);
  BOOST_REQUIRE_EQUAL(press->second.from, "screen@" + desk_of_card);
  BOOST_REQUIRE_MESSAGE(presses.insert(allowed->second).second, "one key press, two VERIFYs");
  BOOST_REQUIRE_MESSAGE(tries_left > 0, "a VERIFY to a locked card");
  if (tries_left > 1) return;
  ++last_tries;
  BOOST_REQUIRE_MESSAGE(warnings.contains(body_as<messages::enter_pin>(press->second)->confirms),
                        "the last try without an answer to a warning that was shown");
}

/// "Done" was said: then it stands in the journal, whatever happens next.
void clinic::check_acknowledged(const command_envelope& command, const command_envelope&) {
  static const std::set<std::string, std::less<>> written{std::string{choose_method::topic},
                                                          std::string{messages::enter_pin::topic},
                                                          std::string{messages::provide_information::topic},
                                                          std::string{stop_checkin::topic},
                                                          std::string{register_reference_number::topic},
                                                          std::string{skip_reference_number::topic},
                                                          std::string{finish_at_window::topic},
                                                          std::string{keep_walk_in::topic}};
  if (!written.contains(command.topic)) return;
  if (const auto m = body_as<keep_walk_in>(command)) { // the same details twice are kept once
    BOOST_REQUIRE(std::ranges::any_of(
        journal.events, [&](const auto& e) { return e.topic == walk_in_kept::topic && e.checkin == m->checkin; }));
    return;
  }
  BOOST_REQUIRE_MESSAGE(journal.causes.contains(command.id), "acknowledged and not durable: " << command.topic);
}

void clinic::check_journal() const {
  std::map<id, int> open_now;
  std::map<id, std::set<std::string>> answered_topics; // of a check-in, by its patient's page
  for (const auto& [command, c] : bus.said_by_pages) {
    if (const auto m = body_as<answer_consents>(c)) answered_topics[m->checkin].insert("consents");
    if (const auto m = body_as<messages::provide_information>(c)) answered_topics[m->checkin].insert("information");
  }
  std::set<id> allowed, ended, questions, eligibility_only;
  for (const auto& e : journal.events) {
    if (const auto m = body_as<card_placed>(e))
      if (m->certificate == certificate_standing::expired_lately) eligibility_only.insert(e.checkin);
    if (begins_checkin(e)) BOOST_CHECK_EQUAL(++open_now[e.checkin], 1);
    if (e.topic == checkin_ended::topic) BOOST_CHECK_EQUAL(--open_now[e.checkin], 0);
    if (const auto m = body_as<pin_attempt_allowed>(e)) allowed.insert(m->attempt);
    if (const auto m = body_as<pin_attempt_ended>(e)) BOOST_CHECK(ended.insert(m->attempt).second);
    if (const auto m = body_as<consents_recorded>(e)) {
      BOOST_CHECK(questions.insert(m->question).second);
      const bool limited = eligibility_only.contains(e.checkin);
      BOOST_CHECK(answered_topics[e.checkin].contains("information"));
      BOOST_CHECK(limited || answered_topics[e.checkin].contains("consents"));
      if (limited) BOOST_CHECK(m->choices.drugs == choice::refused && m->choices.treatment == choice::refused);
      for (const auto c : {m->choices.surgery, m->choices.treatment, m->choices.drugs, m->choices.checkup,
                           m->choices.limit, m->choices.specified_disease})
        BOOST_CHECK(c != choice::not_chosen);
    }
    if (const auto m = body_as<question_asked>(e))
      BOOST_CHECK_MESSAGE(!m->patient.empty(), "sealed under nobody's key");
  }
  for (const auto& [checkin, n] : open_now)
    BOOST_CHECK_MESSAGE(n == 0, "a check-in that never ended");
  BOOST_CHECK(allowed == ended);
}

/// The line is up, nobody is here: nothing is owed, nobody is asked for anything but a card.
void clinic::check_rest() const {
  BOOST_REQUIRE(hub);
  BOOST_CHECK_MESSAGE(hub->at_rest(), "a check-in or a question is still open");
  for (const auto& row : journal.outbox)
    BOOST_ERROR("left in the outbox: " << row.owner << " " << row.topic);
  BOOST_CHECK(journal.open_checkins().empty());
  for (const auto& s : seats)
    BOOST_CHECK_MESSAGE(s.shown == prompt::place_card, "a desk at rest shows " << name(s.shown));
}

} // namespace world_test
