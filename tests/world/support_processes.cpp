// The processes of the clinic: what actors' shells connect to the outside, connected to the simulated one.
#include "tests/world/support_clinic.hpp"

#include <algorithm>

namespace world_test {

// -- the line ------------------------------------------------------------------------------------------------------

void simulated_centre::obtain_challenge(std::uint32_t wait_ms,
                                        std::function<void(const result<eligibility_gateway::challenge>&)> done) {
  if (down) return time_.after(5, [done] { done(failure(error_code::line_down, "refused")); });
  if (silent) return time_.after(wait_ms, [done] { done(failure(error_code::line_silent, "nothing came")); });
  const auto name = "c-" + std::to_string(challenges_.size() + 1);
  challenges_[name] = time_.now_ms();
  time_.after(10 + time_.draw(300), [done, name] { done(eligibility_gateway::challenge{name, bytes{1, 2, 3}}); });
}

/// No question ever goes under a second identifier, and no identifier ever has other words.
void simulated_centre::note_identifier(const eligibility_gateway::line_request& request) {
  const auto [at, fresh] = asked.emplace(request.key, request.body);
  BOOST_REQUIRE_MESSAGE(fresh || at->second == request.body, "one identifier, two questions");
  if (request.what != eligibility_gateway::line_request::kind::card) return;
  const auto m = decode_body<ask_eligibility>(request.body, 1);
  BOOST_REQUIRE_MESSAGE(m, "a question without words");
  BOOST_REQUIRE(m->question == request.key);
  BOOST_REQUIRE_MESSAGE(challenge_used_by_.emplace(m->challenge_id, request.key).first->second == request.key,
                        "one proof under two identifiers");
  BOOST_REQUIRE_MESSAGE(card_question_of_.emplace(m->checkin, request.key).first->second == request.key,
                        "one check-in asked under two identifiers");
}

result<eligibility_gateway::line_answer> simulated_centre::judge(const eligibility_gateway::line_request& request) {
  if (const auto known = answered_.find(request.key); known != answered_.end()) return known->second;
  using kind = eligibility_gateway::line_request::kind;
  if (request.what == kind::card) {
    const auto m = decode_body<ask_eligibility>(request.body, 1);
    const auto given = challenges_.find(m->challenge_id);
    if (given == challenges_.end() || given->second + 600'000 < time_.now_ms())
      return failure(error_code::challenge_expired);
  }
  if (request.what == kind::registration && request.person.reveal().number.empty())
    return failure(error_code::wrong_value, "person", "nobody");
  if (time_.in_100(4)) return failure(error_code::line_refused, "E0001", "refused by the simulation");
  eligibility_gateway::line_answer a;
  if (request.what != kind::registration) {
    a.answer.judged = time_.in_100(75) ? validity::valid : static_cast<validity>(1 + time_.draw(6));
    insurance i;
    i.insurer = "01130012";
    i.number = "3456";
    i.name = "somebody";
    if (time_.in_100(40)) i.reference_number = "K-7";
    a.answer.insurances = personal<std::vector<insurance>>{{i}};
    a.original = personal<bytes>{bytes{'<', 'x', '/', '>'}};
  }
  answered_[request.key] = a;
  return a;
}

void simulated_centre::ask(const eligibility_gateway::line_request& request, told done) {
  note_identifier(request);
  if (down) return time_.after(5, [done] { done(failure(error_code::line_down, "refused")); });
  const bool heard = !silent || time_.in_100(50);
  if (silent || time_.in_100(3)) {
    if (heard) judge(request);
    return time_.after(request.wait_ms_max, [done] { done(failure(error_code::line_silent, "nothing came")); });
  }
  time_.after(30 + time_.draw(1'500), [done, came = judge(request)] { done(came); });
}

// -- the hub -------------------------------------------------------------------------------------------------------

namespace {

/// As actors/eligibility_gateway/actor.cpp reads the view.
eligibility_gateway::question from_row(const storage::question_row& row) {
  eligibility_gateway::question q;
  q.key = row.question;
  q.checkin = row.checkin;
  q.patient = row.patient;
  q.desk = row.desk;
  q.kind = row.kind;
  q.now = row.outcome == question_outcome::refused ? question_state::refused : question_state::answered;
  if (row.outcome == question_outcome::unknown || row.outcome == question_outcome::not_asked) {
    q.now = question_state::doubtful;
    q.was_unknown = true;
  }
  q.person = row.person;
  q.report = {row.outcome, row.judged, row.has_reference_number, row.name, row.reference_number, row.error};
  return q;
}

} // namespace

hub_process::hub_process(clinic& all)
    : session({}, [&all] { return all.time.fresh_id(); }), questions({}, [&all] { return all.time.fresh_id(); }),
      pages("hub", "hub"), all_(all), session_shell_(all.time, all.bus, &all.journal, "consent_session@hub", 0),
      questions_shell_(all.time, all.bus, &all.journal, "eligibility_gateway@hub", 0),
      board_shell_(all.time, all.bus, &all.journal, "desks@hub", 0),
      pages_shell_(all.time, all.bus, nullptr, "screen@hub", 0) {
  session_shell_.become(
      {[this](const command_envelope& c) { session_shell_.carry_out(session.on_command(c, all_.time.now_ms())); },
       [this](const actors::tag& who, const result<std::string>& body, std::uint64_t v) {
         session_shell_.carry_out(session.on_reply(who, body, v, all_.time.now_ms()));
       },
       [this] { session_shell_.carry_out(session.on_tick(all_.time.now_ms())); },
       [this] { return session.next_tick_ms(); }});
  questions_shell_.become({[this](const command_envelope& c) { act_on(questions.on_command(c, all_.time.now_ms())); },
                           [this](const actors::tag& who, const result<std::string>& body, std::uint64_t v) {
                             act_on(questions.on_reply(who, body, v, all_.time.now_ms()));
                           },
                           [this] { act_on(questions.on_tick(all_.time.now_ms())); },
                           [this] { return questions.next_tick_ms(); }});
  board_shell_.become({[this](const command_envelope& c) { board_shell_.carry_out(board.on_command(c)); },
                       [](const actors::tag&, const result<std::string>&, std::uint64_t) {},
                       [] {},
                       {}});
  pages_shell_.become({[this](const command_envelope& c) { act_on(pages.on_command(c)); },
                       [this](const actors::tag& who, const result<std::string>& body, std::uint64_t) {
                         act_on(pages.on_reply(who, body));
                       },
                       [] {},
                       {}});
  all.bus.join("hub", {{"consent_session", &session_shell_},
                       {"eligibility_gateway", &questions_shell_},
                       {"desks", &board_shell_},
                       {"screen", &pages_shell_}});
  std::vector<eligibility_gateway::question> known;
  for (const auto& row : all.journal.questions())
    if (row.outcome != question_outcome::open) known.push_back(from_row(row));
  questions.remember({.line_lost_ms = all.journal.line_lost_ms()}, all.time.now_ms());
  act_on(questions.resume(std::move(known), all.journal.open_effects("eligibility_gateway"), all.time.now_ms()));
  std::vector<consent_session::past_visit> past;
  for (const auto& row : all.journal.outage_ledger())
    if (!row.settled()) past.push_back({row.checkin, row.patient, row.desk, row.person});
  session.remember(std::move(past));
  session_shell_.carry_out(
      session.resume(all.journal.open_checkins(), all.journal.open_effects("consent_session"), all.time.now_ms()));
  session_shell_.plan_tick();
  questions_shell_.plan_tick();
  act_on(pages.on_hub(true));
  act_on(pages.on_joined(1, {}));
}

hub_process::~hub_process() { all_.bus.leave("hub"); }

bool hub_process::at_rest() const {
  const bool settled = std::ranges::all_of(questions.all(), [](const auto& q) {
    return q.second.now == question_state::answered || q.second.now == question_state::refused;
  });
  return settled && session.visits().empty();
}

void hub_process::act_on(eligibility_gateway::decision d) {
  for (const auto& r : d.line_at_once)
    all_.centre.obtain_challenge(r.wait_ms_max, questions_shell_.if_alive([this, key = r.key](const auto& came) {
      act_on(questions.on_challenge(key, came, all_.time.now_ms()));
    }));
  const auto line = d.line;
  std::function<void()> act;
  if (!line.empty())
    act = [this, line] {
      for (const auto& r : line)
        all_.centre.ask(r, questions_shell_.if_alive([this, key = r.key](const auto& came) {
          act_on(questions.on_line(key, came, all_.time.now_ms()));
        }));
    };
  questions_shell_.carry_out(std::move(d), std::move(act));
  questions_shell_.plan_tick();
}

void hub_process::act_on(screen::decision d) {
  for (const auto& l : d.lines)
    all_.reception.read(l.text);
  pages_shell_.carry_out(std::move(d));
}

// -- a desk --------------------------------------------------------------------------------------------------------

desk_process::desk_process(clinic& all, std::size_t number)
    : stay("hub", [&all, number] { return all.time.fresh_id(number * 3'000); }), pages(all.desk_name(number), "hub"),
      all_(all), number_(number),
      reader_shell_(all.time, all.bus, nullptr, "reader@" + all.desk_name(number), number * 3'000),
      pages_shell_(all.time, all.bus, nullptr, "screen@" + all.desk_name(number), number * 3'000) {
  reader_shell_.become({[this](const command_envelope& c) {
                          if (const auto m = body_as<verify_pin>(c)) attempt_ = m->attempt;
                          act_on(stay.on_command(c, all_.time.now_ms()));
                        },
                        [this](const actors::tag& who, const result<std::string>& body, std::uint64_t v) {
                          act_on(stay.on_reply(who, body, v, all_.time.now_ms()));
                        },
                        [this] { act_on(stay.on_tick(all_.time.now_ms())); }, [this] { return stay.next_tick_ms(); }});
  pages_shell_.become({[this](const command_envelope& c) { act_on(pages.on_command(c)); },
                       [this](const actors::tag& who, const result<std::string>& body, std::uint64_t) {
                         act_on(pages.on_reply(who, body));
                       },
                       [] {},
                       {}});
  all.bus.join(all.desk_name(number), {{"reader", &reader_shell_}, {"screen", &pages_shell_}});
  act_on(stay.on_start());
  act_on(pages.on_joined(1, {}));
  on_hub(all.hub != nullptr);
  all.time.after(40, reader_shell_.if_alive([this] {
    if (!plugged_) return; // unplugged meanwhile: plug() tells
    act_on(stay.on_attached("SIM-1"));
    if (all_.seats[number_].on_reader) placed();
  }));
}

desk_process::~desk_process() { all_.bus.leave(all_.desk_name(number_)); }

void desk_process::on_hub(bool there) {
  act_on(pages.on_hub(there));
  act_on(stay.on_hub(there));
}

void desk_process::placed() {
  if (plugged_) act_on(stay.on_placed());
}
void desk_process::lifted() {
  if (plugged_) act_on(stay.on_lifted());
}

/// In the middle of anything; what was under way is lost.
void desk_process::unplug() {
  if (!std::exchange(plugged_, false)) return;
  ++all_.seats[number_].placing;
  act_on(stay.on_detached({error_code::reader_lost, {"an APDU"}}));
}

void desk_process::plug() {
  if (std::exchange(plugged_, true)) return;
  act_on(stay.on_attached("SIM-1"));
  if (all_.seats[number_].on_reader) placed();
}

void desk_process::say(const std::string& line) { act_on(pages.on_said(1, line)); }

void desk_process::act_on(screen::decision d) {
  for (const auto& l : d.lines)
    all_.seats[number_].read(l.text);
  pages_shell_.carry_out(std::move(d));
}

void desk_process::act_on(reader::decision d) {
  const auto actions = d.port;
  reader_shell_.carry_out(std::move(d));
  for (const auto action : actions)
    act(action);
  reader_shell_.plan_tick();
}

void desk_process::act(reader::port_action action) {
  switch (action) {
  case reader::port_action::identify: return identify();
  case reader::port_action::verify_pin: return verify();
  case reader::port_action::sign: return sign();
  case reader::port_action::wipe_pin: slot_.clear(); return;
  case reader::port_action::read_photo: // no desk of this world has a camera
  case reader::port_action::wipe_photo:
  case reader::port_action::prove: return;
  }
}

/// One thing after the other, answered in the order asked, as drivers/card/port.hpp promises.
void desk_process::queue_port(std::uint64_t takes_ms, std::function<void()> what) {
  port_free_at_ms_ = std::max(port_free_at_ms_, all_.time.now_ms()) + takes_ms;
  all_.time.after(port_free_at_ms_ - all_.time.now_ms(), reader_shell_.if_alive(std::move(what)));
}

void desk_process::identify() {
  const auto placing = all_.seats[number_].placing;
  queue_port(100 + all_.time.draw(300), [this, placing] {
    auto& seat = all_.seats[number_];
    if (!seat.on_reader || seat.placing != placing)
      return act_on(stay.on_identified(failure(error_code::card_removed)));
    tries_reported_ = seat.on_reader->tries_left;
    act_on(stay.on_identified(reader::card_facts{card_kind::my_number_card, tries_reported_, personal<bytes>{bytes{5}},
                                                 seat.on_reader->mark, seat.on_reader->standing}));
  });
}

void desk_process::verify() {
  const auto digits = std::exchange(slot_, {});
  if (digits.empty()) return act_on(stay.on_verified(pin_outcome::not_made, -1));
  struct how_it_went {
    pin_outcome outcome = pin_outcome::not_made;
    std::int64_t tries_left = -1;
  };
  const auto went = std::make_shared<how_it_went>();
  const auto placing = all_.seats[number_].placing;
  const auto same_card = [this, placing] {
    const auto& seat = all_.seats[number_];
    return seat.on_reader && seat.placing == placing;
  };
  // First the VERIFY reaches the card; a little later its answer comes back, if the card still lies there.
  queue_port(100 + all_.time.draw(200), [this, digits, went, same_card, attempt = attempt_] {
    if (!same_card()) return;
    auto& on = *all_.seats[number_].on_reader;
    if (on.tries_left == 0)
      *went = {pin_outcome::blocked, 0};
    else if (tries_reported_ != on.tries_left) // as my_number_card does
      *went = {pin_outcome::not_made, on.tries_left};
    else {
      all_.note_verify(attempt, all_.desk_name(number_), on.tries_left);
      const bool right = digits == on.pin;
      all_.tries_lost += right ? 0 : 1;
      on.tries_left = right ? 3 : on.tries_left - 1;
      *went = {right                ? pin_outcome::right
               : on.tries_left == 0 ? pin_outcome::blocked
                                    : pin_outcome::wrong,
               on.tries_left};
    }
  });
  queue_port(50, [this, went, same_card] {
    if (!same_card() && went->outcome != pin_outcome::not_made) *went = {pin_outcome::in_doubt, -1};
    if (went->tries_left >= 0 || went->outcome == pin_outcome::in_doubt) tries_reported_ = went->tries_left;
    act_on(stay.on_verified(went->outcome, went->tries_left));
  });
}

void desk_process::sign() {
  const auto placing = all_.seats[number_].placing;
  queue_port(150, [this, placing] {
    const auto& seat = all_.seats[number_];
    if (!seat.on_reader || seat.placing != placing) return act_on(stay.on_signed(failure(error_code::card_removed)));
    act_on(stay.on_signed(bytes{9, 9, 9}));
  });
}

} // namespace world_test
