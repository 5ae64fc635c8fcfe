// The rules of the switchboard with a clock that stands still: deadlines to the millisecond, limits to the one.
#include "tests/test.hpp"

#include "drivers/bus/exchange.hpp"
#include "tests/drivers/bus/support.hpp"

#include <random>

using namespace bus_test;

namespace {

/// Remembers what went where; connections can be cut and filled.
struct desk_of_record final : bus::outlet {
  struct went {
    std::string connection, content;
    bool passed = false;
  };
  std::string arrived;
  std::vector<went> out;
  std::set<std::string> gone, full;

  bus::sent send(std::string connection, std::string content, bool passed) {
    if (gone.contains(connection)) return bus::sent::gone;
    if (full.contains(connection)) return bus::sent::full;
    out.push_back({std::move(connection), std::move(content), passed});
    return bus::sent::done;
  }
  bus::sent pass(const std::string& connection) override { return send(connection, arrived, true); }
  bus::sent put(std::string_view connection, std::string_view content) override {
    return send(std::string{connection}, std::string{content}, false);
  }
  /// The last frame, as what it is.
  messages::command_envelope last() const { return messages::decode_command(out.back().content).value(); }
};

struct table {
  explicit table(bus::switchboard_limits limits = {}) : exchange(rules(limits)) {}
  explicit table(bus::switchboard_rules rules) : exchange(std::move(rules)) {}

  static bus::switchboard_rules rules(bus::switchboard_limits limits) {
    bus::switchboard_rules r;
    r.incarnation = new_id();
    r.limits = limits;
    return r;
  }
  void take(const std::string& connection, const messages::command_envelope& c, std::uint64_t spent = 0) {
    desk.arrived = encode(c);
    exchange.take({.connection = connection, .user_id = {}, .content = desk.arrived}, now - spent, now, desk);
  }
  void hello(const std::string& connection, const std::string& name, messages::id incarnation,
             std::vector<std::string> actors = {"echo"}) {
    auto c = make_command("dealer@" + name, "switchboard@hub", 1000, "node.hello");
    c.body = encode_body(messages::node_hello{name, std::move(actors), "1", incarnation});
    take(connection, c);
  }

  std::uint64_t now = 100'000;
  desk_of_record desk;
  bus::exchange exchange;
};

const auto one = new_id(), two = new_id();

} // namespace

BOOST_AUTO_TEST_CASE(a_hello_is_welcomed_with_the_hubs_incarnation) {
  table t;
  t.hello("c1", "desk-1", one);
  const auto welcome = messages::decode_body<messages::node_welcome>(*messages::reply_body(t.desk.last()), 1);
  BOOST_REQUIRE(welcome);
  BOOST_TEST(welcome->hub == "hub");
  BOOST_TEST(!welcome->incarnation.empty());
}

BOOST_AUTO_TEST_CASE(a_command_is_handed_on_as_it_came_unless_time_was_spent) {
  table t;
  t.hello("c1", "desk-1", one);
  t.hello("c2", "desk-2", two);
  t.take("c2", make_command("a@desk-2", "echo@desk-1", 500));
  BOOST_TEST(t.desk.out.back().passed);
  BOOST_TEST(t.desk.out.back().connection == "c1");
  t.take("c2", make_command("a@desk-2", "echo@desk-1", 500), 3);
  BOOST_TEST(!t.desk.out.back().passed);
  BOOST_TEST(t.desk.last().deadline_ms == 497u);
  t.take("c2", make_command("a@desk-2", "echo@desk-1", 3), 3);
  BOOST_TEST(error_in(t.desk.last()) == "deadline_passed");
}

BOOST_AUTO_TEST_CASE(the_deadline_counts_to_the_millisecond) {
  table t;
  t.hello("c1", "desk-1", one);
  t.hello("c2", "desk-2", two);
  t.take("c2", make_command("a@desk-2", "echo@desk-1", 500));
  const auto sent = t.desk.out.size();
  t.now += 499;
  BOOST_TEST(t.exchange.sweep(t.now, t.desk) == 1u);
  BOOST_TEST(t.desk.out.size() == sent);
  t.now += 1;
  t.exchange.sweep(t.now, t.desk);
  BOOST_TEST(error_in(t.desk.last()) == "outcome_unknown");
  BOOST_TEST(t.desk.out.back().connection == "c2");
  BOOST_TEST(t.exchange.counts().in_flight == 0u);
}

BOOST_AUTO_TEST_CASE(a_very_long_deadline_is_shortened) {
  table t{{.deadline_ms_max = 1000}};
  t.hello("c1", "desk-1", one);
  t.take("c1", make_command("a@desk-1", "echo@desk-1", 4'000'000'000u));
  BOOST_TEST(t.desk.last().deadline_ms == 1000u);
}

BOOST_AUTO_TEST_CASE(a_silent_node_is_gone_and_comes_back_with_a_word) {
  table t;
  t.hello("c1", "desk-1", one);
  t.hello("c2", "desk-2", two);
  t.take("c2", make_command("a@desk-2", "echo@desk-1", 60'000));
  t.now += 1500;
  t.hello("c2", "desk-2", two);
  t.now += 600;
  t.exchange.sweep(t.now, t.desk);
  BOOST_TEST(error_in(t.desk.last()) == "outcome_unknown");
  t.take("c2", make_command("a@desk-2", "echo@desk-1"));
  BOOST_TEST(error_in(t.desk.last()) == "dead_peer");
  t.hello("c1", "desk-1", one);
  t.take("c2", make_command("a@desk-2", "echo@desk-1"));
  BOOST_TEST(t.desk.out.back().connection == "c1");
}

BOOST_AUTO_TEST_CASE(a_newer_life_waits_until_the_older_is_silent_or_its_connection_gone) {
  table t;
  t.hello("c1", "desk-1", one);
  t.hello("c3", "desk-1", two);
  BOOST_TEST(error_in(t.desk.last()) == "not_spoken_for");
  t.desk.gone = {"c1"};
  t.hello("c3", "desk-1", two);
  BOOST_TEST(error_in(t.desk.last()) == "");
  t.hello("c4", "desk-1", two); // the same life on a new connection
  BOOST_TEST(error_in(t.desk.last()) == "");
  t.take("c3", make_command("a@desk-1", "echo@desk-1"));
  BOOST_TEST(error_in(t.desk.last()) == "not_spoken_for");
  t.now += 3000;
  t.hello("c5", "desk-1", one);
  BOOST_TEST(error_in(t.desk.last()) == "");
}

BOOST_AUTO_TEST_CASE(what_a_former_life_did_is_unknown_and_what_it_asked_is_not_told_to_the_next) {
  table t;
  t.hello("c1", "desk-1", one);
  t.hello("c2", "desk-2", two);
  t.take("c2", make_command("a@desk-2", "echo@desk-1", 60'000));
  const auto asked = make_command("a@desk-1", "echo@desk-2", 60'000);
  t.take("c1", asked);
  t.desk.gone = {"c1"};
  t.hello("c3", "desk-1", new_id());
  const auto unknown = std::ranges::count_if(t.desk.out, [](const auto& w) {
    return error_in(*messages::decode_command(w.content)) == "outcome_unknown" && w.connection == "c2";
  });
  BOOST_TEST(unknown == 1);
  const auto sent = t.desk.out.size();
  t.take("c2", *say_done(asked));
  BOOST_TEST(t.desk.out.size() == sent);
  BOOST_TEST(t.exchange.counts().lost_replies == 1u);
}

BOOST_AUTO_TEST_CASE(a_connection_made_again_is_known_by_its_name) {
  table t;
  t.hello("x", "desk-2", two);
  t.take(bus::connection_name("desk-1", one), make_command("a@desk-1", "echo@desk-2"));
  BOOST_TEST(t.desk.out.back().connection == "x");
  t.take(bus::connection_name("desk-3", one), make_command("a@desk-4", "echo@desk-2"));
  BOOST_TEST(error_in(t.desk.last()) == "not_spoken_for");
}

BOOST_AUTO_TEST_CASE(the_same_command_again_is_handed_on_and_answered_once) {
  table t;
  t.hello("c1", "desk-1", one);
  const auto c = make_command("a@desk-1", "echo@desk-1");
  t.take("c1", c);
  t.take("c1", c);
  BOOST_TEST(t.exchange.counts().delivered == 2u);
  BOOST_TEST(t.exchange.counts().in_flight == 1u);
  t.take("c1", *say_done(c));
  t.take("c1", *say_done(c));
  BOOST_TEST(t.exchange.counts().replied == 1u);
  BOOST_TEST(t.exchange.counts().late_replies == 1u);
}

BOOST_AUTO_TEST_CASE(limits_are_met_to_the_one) {
  table t{{.in_flight_max = 2, .nodes_max = 2}};
  t.hello("c1", "desk-1", one);
  t.hello("c2", "desk-2", two);
  t.hello("c3", "desk-3", new_id());
  BOOST_TEST(error_in(t.desk.last()) == "busy");
  std::vector<messages::command_envelope> asked;
  for (int n = 0; n < 3; ++n) {
    asked.push_back(make_command("a@desk-1", "echo@desk-2"));
    t.take("c1", asked.back());
  }
  BOOST_TEST(error_in(t.desk.last()) == "busy");
  t.take("c2", *say_done(asked[0]));
  t.take("c1", asked[2]);
  BOOST_TEST(t.desk.out.back().connection == "c2");
  t.desk.full = {"c2"};
  t.take("c2", *say_done(asked[1]));
  t.take("c1", make_command("a@desk-1", "echo@desk-2"));
  BOOST_TEST(error_in(t.desk.last()) == "busy");
  t.now += 5000;
  t.exchange.sweep(t.now, t.desk);
  t.hello("c3", "desk-3", new_id()); // a node that is gone makes room
  BOOST_TEST(error_in(t.desk.last()) == "");
}

BOOST_AUTO_TEST_CASE(a_reply_that_cannot_be_read_leaves_its_command_unknown) {
  table t;
  t.hello("c1", "desk-1", one);
  t.hello("c2", "desk-2", two);
  const auto c = make_command("a@desk-2", "echo@desk-1");
  t.take("c2", c);
  messages::writer out;
  out.map(3);
  out.text("id");
  out.binary(c.id.bytes.data(), messages::id::size);
  out.text("kind");
  out.text("reply");
  out.text("from");
  out.text("echo@desk-1");
  t.desk.arrived = out.take();
  t.exchange.take({.connection = "c1", .user_id = {}, .content = t.desk.arrived}, t.now, t.now, t.desk);
  BOOST_TEST(error_in(t.desk.last()) == "outcome_unknown");
  BOOST_TEST(t.desk.out.back().connection == "c2");
}

BOOST_AUTO_TEST_CASE(a_command_and_its_answer_cost_the_switchboard_two_frames_and_no_encoding) {
  table t;
  t.hello("c1", "desk-1", one);
  t.hello("c2", "desk-2", two);
  const auto before = t.desk.out.size();
  for (int n = 0; n < 100; ++n) {
    const auto c = make_command("a@desk-2", "echo@desk-1");
    t.take("c2", c);
    t.take("c1", *say_done(c));
  }
  BOOST_TEST(t.desk.out.size() - before == 200u);
  BOOST_TEST(std::ranges::count_if(t.desk.out, &desk_of_record::went::passed) == 200); // as it came, not made anew
  BOOST_TEST(t.exchange.counts().in_flight == 0u);
}

namespace {

/// Whoever tells echo@desk-1 something guesses; what it answers is up to the test.
struct guessed_at : table {
  explicit guessed_at(bus::switchboard_limits limits = {}) : table(with_guesses(limits)) {
    hello("c1", "desk-1", one);
    hello("c2", "desk-2", two);
    hello("c3", "desk-3", new_id());
  }
  static bus::switchboard_rules with_guesses(bus::switchboard_limits limits) {
    auto r = rules(limits);
    r.guesser = [](const messages::command_envelope& c) {
      return c.topic == "account.sign_in" ? messages::address::from_text(c.from)->node : std::string{};
    };
    return r;
  }
  messages::command_envelope guess(const std::string& from = "2", std::uint32_t deadline_ms = 5'000) {
    const auto c = make_command("a@desk-" + from, "echo@desk-1", deadline_ms, "account.sign_in");
    take("c" + from, c);
    return c;
  }
  bool was_delivered() const { return desk.out.back().connection == "c1"; }
  void answer(const messages::command_envelope& c, bool right) {
    take("c1", right ? *say_done(c) : reply_error(c, {messages::error_code::sign_in_refused, {}}));
  }
  std::uint64_t held() { return exchange.counts().held_guesses; }
};

} // namespace

BOOST_AUTO_TEST_CASE(who_guesses_too_fast_is_told_when_to_try_again_and_only_after_a_while) {
  guessed_at t{{.guess_every_ms = 100, .guesses_at_once_max = 20}};
  for (int n = 0; n < 20; ++n) {
    const auto c = t.guess();
    BOOST_REQUIRE(t.was_delivered());
    t.answer(c, false);
  }
  const auto sent = t.desk.out.size();
  const auto held = t.guess();
  BOOST_TEST(t.held() == 1u);
  BOOST_TEST(t.desk.out.size() == sent); // neither delivered nor answered
  t.now += 999;
  t.exchange.sweep(t.now, t.desk);
  BOOST_TEST(t.desk.out.size() == sent);
  t.now += 1;
  t.exchange.sweep(t.now, t.desk);
  BOOST_TEST(t.desk.last().id.text() == held.id.text());
  BOOST_TEST(error_in(t.desk.last()) == "sign_in_delayed");
  BOOST_TEST(messages::reply_body(t.desk.last()).error().args.at(0) == "1");
  BOOST_TEST(t.exchange.counts().wrong_guesses == 20u);
  t.guess(); // a second has passed: ten more
  BOOST_TEST(t.was_delivered());
}

BOOST_AUTO_TEST_CASE(others_sign_in_as_ever_while_one_node_guesses) {
  guessed_at t;
  for (int n = 0; n < 22'000; ++n) { // in one second
    const auto c = t.guess();
    if (t.was_delivered()) t.answer(c, false);
    if (n % 22 == 0) ++t.now;
    t.exchange.sweep(t.now, t.desk);
    if (n % 1000 == 0) {
      const auto other = t.guess("3");
      BOOST_REQUIRE(t.was_delivered());
      t.answer(other, true);
    }
  }
  const auto counts = t.exchange.counts();
  BOOST_TEST(counts.wrong_guesses <= 201u); // a hundred at once, and one every ten milliseconds
  BOOST_TEST(counts.in_flight <= 1024u);    // held, and not one more: the rest is told at once that it is too much
  BOOST_TEST(counts.refused.at("busy") > 15'000u);
  t.take("c2", make_command("a@desk-2", "echo@desk-3")); // a node that floods has no room for its own commands
  BOOST_TEST(error_in(t.desk.last()) == "busy");
}

BOOST_AUTO_TEST_CASE(right_passwords_use_up_nothing) {
  guessed_at t{{.guess_every_ms = 100, .guesses_at_once_max = 5}};
  for (int n = 0; n < 100; ++n) {
    const auto c = t.guess();
    BOOST_REQUIRE(t.was_delivered());
    t.answer(c, true);
  }
  BOOST_TEST(t.held() == 0u);
  BOOST_TEST(t.exchange.counts().wrong_guesses == 0u);
}

BOOST_AUTO_TEST_CASE(a_guess_that_is_held_answers_before_its_deadline_and_counts_as_one_when_said_again) {
  guessed_at t{{.guess_every_ms = 1000, .guesses_at_once_max = 1}};
  t.answer(t.guess(), false);
  const auto short_one = t.guess("2", 300);
  t.take("c2", short_one);
  BOOST_TEST(t.exchange.counts().in_flight == 1u);
  t.now += 300;
  t.exchange.sweep(t.now, t.desk);
  BOOST_TEST(error_in(t.desk.last()) == "sign_in_delayed");
  BOOST_TEST(t.exchange.counts().in_flight == 0u);
}

BOOST_AUTO_TEST_CASE(guessers_are_told_apart_up_to_a_number_and_forgotten_when_their_time_is_over) {
  bus::switchboard_limits limits{.guess_every_ms = 1000, .guesses_at_once_max = 1, .guessers_max = 2};
  auto rules = guessed_at::with_guesses(limits);
  rules.guesser = [](const messages::command_envelope& c) { return c.account; };
  table t{std::move(rules)};
  t.hello("c1", "desk-1", one);
  t.hello("c2", "desk-2", two);
  const auto guess = [&](const std::string& by) {
    auto c = make_command("a@desk-2", "echo@desk-1", 5'000);
    c.account = by;
    t.take("c2", c);
    return t.desk.out.back().connection == "c1" && t.desk.last().id == c.id;
  };
  BOOST_TEST(guess("x"));
  BOOST_TEST(!guess("x"));
  BOOST_TEST(guess("y"));
  BOOST_TEST(guess("z")); // the one whose time is over first is forgotten
  BOOST_TEST(!guess("z"));
  t.now += 1000;
  BOOST_TEST(guess("z"));
}

BOOST_AUTO_TEST_CASE(every_command_has_one_answer_whatever_happens_by_seed) {
  const unsigned seeds = std::getenv("UKETSUKE_LONG") ? 1000 : 40;
  for (unsigned seed = 0; seed < seeds; ++seed) {
    std::mt19937 chance{seed};
    table t{{.in_flight_max = 8}};
    const std::vector<messages::id> lives{one, two};
    std::map<messages::id, int> answers;
    std::vector<messages::command_envelope> delivered;
    std::size_t read = 0;
    const auto look = [&] {
      for (; read < t.desk.out.size(); ++read) {
        const auto e = messages::decode_command(t.desk.out[read].content).value();
        if (e.topic == "node.hello") continue;
        if (e.kind == messages::command_kind::reply)
          ++answers[e.id];
        else
          delivered.push_back(e);
      }
    };
    for (int n = 0; n < 400; ++n) {
      for (unsigned d = 0; d < 2; ++d)
        if (n % 4 == 0 && (d == 0 || chance() % 8 < 5))
          t.hello("c" + std::to_string(d), "desk-" + std::to_string(d), lives[d]);
      const auto c = make_command("a@desk-0", chance() % 5 ? "echo@desk-1" : "nobody@desk-1",
                                  static_cast<std::uint32_t>(chance() % 900));
      answers[c.id];
      t.take("c0", c, chance() % 3);
      look();
      if (!delivered.empty() && chance() % 2) t.take("c1", *say_done(delivered[chance() % delivered.size()]));
      t.now += chance() % 150;
      t.exchange.sweep(t.now, t.desk);
      look();
    }
    t.now += 60'000;
    t.exchange.sweep(t.now, t.desk);
    look();
    for (const auto& [id, count] : answers)
      BOOST_REQUIRE_EQUAL(count, 1);
    BOOST_TEST(t.exchange.counts().in_flight == 0u);
  }
}
