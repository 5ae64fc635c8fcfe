// The door of the staff's pages: who is let in, what their account lets them see, and when a session is over.
#include "tests/actors/support.hpp"

#include "actors/screen/pages.hpp"
#include "messages/json.hpp"

using namespace actors_test;
using namespace screen;

namespace {

const id session = numbered(77);
constexpr std::uint64_t idle_ms = 15 * 60'000;

standing may_all() {
  standing now;
  now.kind = "general";
  now.idle_ms = idle_ms;
  now.may = {std::string{list_desks::topic}};
  return now;
}
standing over() {
  standing now;
  now.in_force = now.sees_board = now.sees_journal = false;
  return now;
}

struct house {
  house() { p.at(now_ms); }
  /// Lets Staff01 in by the door, as account administration would.
  entry_answer enter(result<std::string> answered) {
    const auto asked = p.on_entry(5, {"Staff01", credential{"typed"}, "123456", "192.0.2.7"});
    BOOST_REQUIRE_EQUAL(asked.showing.size(), 1u);
    const auto out = p.on_reply(*asked.showing.front().answer_to, answered);
    BOOST_REQUIRE_EQUAL(out.entries.size(), 1u);
    return out.entries.front();
  }
  static std::string opened() {
    return encode_body(session_opened{session, "Staff01", account_kind::general, false, 0, idle_ms});
  }
  decision open(page_kind kind, standing now, std::uint64_t page = 1) {
    return p.on_joined(page, {kind, "Staff01", session, std::move(now)});
  }
  static std::string said(std::string_view topic, const std::string& body = "{}") {
    return R"({"n":1,"topic":")" + std::string{topic} + R"(","body":)" + body + "}";
  }
  std::uint64_t now_ms = start_ms;
  pages p{"hub", "hub"};
};

show_at_reception row(std::uint64_t n) {
  show_at_reception m;
  m.checkin = numbered(n);
  m.sequence = 1;
  return m;
}

value in_snapshot(const decision& d, std::string_view key) {
  BOOST_REQUIRE(!d.lines.empty());
  const auto v = *from_json(d.lines.back().text);
  const auto* all = v.find("snapshot");
  const auto* found = all ? all->find(key) : nullptr;
  return found ? *found : value{};
}

} // namespace

BOOST_AUTO_TEST_CASE(whoever_is_known_is_let_in_and_what_was_typed_goes_to_account_administration_only) {
  house h;
  const auto asked = h.p.on_entry(5, {"Staff01", credential{"typed"}, "123456", "192.0.2.7"});
  const auto m = sent_in<sign_in>(asked.showing);
  BOOST_REQUIRE(m);
  BOOST_CHECK((asked.showing.front().to == address{"account_admin", "hub"}));
  BOOST_CHECK_EQUAL(m->password.reveal(), "typed");
  BOOST_CHECK_EQUAL(m->place, "192.0.2.7");
  BOOST_CHECK(asked.lines.empty() && asked.journal.empty());
  const auto answer = h.enter(house::opened());
  BOOST_CHECK_EQUAL(answer.status, 204);
  BOOST_CHECK_EQUAL(answer.account, "Staff01");
  BOOST_CHECK_EQUAL(answer.session, session);
}

BOOST_AUTO_TEST_CASE(whoever_is_refused_reads_why_and_a_busy_house_says_so) {
  house h;
  const auto refused = h.enter(failure(error_code::sign_in_refused));
  BOOST_CHECK_EQUAL(refused.status, 401);
  BOOST_CHECK(refused.json.find("sign_in_refused") != std::string::npos);
  BOOST_CHECK_EQUAL(h.enter(failure(error_code::sign_in_delayed, "7")).status, 429);
  BOOST_CHECK_EQUAL(h.enter(failure(error_code::code_needed)).status, 401);
  BOOST_CHECK_EQUAL(h.enter(failure(error_code::busy, "account_admin")).status, 503);
  BOOST_CHECK_EQUAL(h.enter(failure(error_code::outcome_unknown, "account.sign_in")).status, 503);
  BOOST_CHECK(h.p.sessions().empty());
}

BOOST_AUTO_TEST_CASE(the_offline_secret_resets_the_master_and_what_is_new_goes_back_to_the_door) {
  house h;
  const auto asked = h.p.on_entry(6, {"", credential{"sealed"}, "", "192.0.2.7"});
  BOOST_CHECK_EQUAL(sent_in<reset_master>(asked.showing)->secret.reveal(), "sealed");
  const master_secrets made{"Master01", "Reset01", credential{"new-one"}, credential{"next-secret"}};
  const auto out = h.p.on_reply(*asked.showing.front().answer_to, encode_body(made));
  BOOST_REQUIRE_EQUAL(out.entries.size(), 1u);
  BOOST_CHECK_EQUAL(out.entries.front().status, 200);
  BOOST_CHECK(out.entries.front().json.find("next-secret") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_page_shows_what_its_account_may_see_and_nothing_before) {
  house h;
  h.p.on_command(command_of("consent_session@hub", row(1)));
  h.p.on_command(command_of("desks@hub", show_desk{}));
  auto nothing = may_all();
  nothing.sees_board = nothing.sees_journal = false;
  nothing.first = change_password::topic;
  const auto shown = h.open(page_kind::reception, nothing);
  BOOST_CHECK(!in_snapshot(shown, "checkins").as<value::array>());
  BOOST_CHECK_EQUAL(*in_snapshot(shown, "who").find("first")->as<std::string>(), change_password::topic);
  // No patch either.
  BOOST_CHECK(h.p.on_command(command_of("consent_session@hub", row(2))).lines
                  .empty());
  const auto changed = h.p.on_standing(session, may_all());
  BOOST_REQUIRE_EQUAL(changed.lines.size(), 1u);
  BOOST_CHECK_EQUAL(in_snapshot(changed, "checkins").as<value::array>()->size(), 2u);
  BOOST_CHECK(h.p.on_standing(session, may_all()).lines.empty()); // nothing new
  // The accounts' page shows neither.
  const auto other = h.open(page_kind::accounts, may_all(), 2);
  BOOST_CHECK(!in_snapshot(other, "checkins").as<value::array>() && !in_snapshot(other, "desks").as<value::array>());
}

BOOST_AUTO_TEST_CASE(the_monitor_reads_no_journal_for_whom_it_is_not) {
  house h;
  auto now = may_all();
  now.sees_journal = false;
  h.open(page_kind::monitor, now);
  BOOST_CHECK(h.p.on_said(1, house::said("screen.read_events")).reads.empty());
  h.p.on_standing(session, may_all());
  BOOST_CHECK_EQUAL(h.p.on_said(1, house::said("screen.read_events")).reads.size(), 1u);
}

BOOST_AUTO_TEST_CASE(every_command_of_a_page_carries_its_account_and_each_page_says_what_is_its_own) {
  house h;
  h.open(page_kind::accounts, may_all());
  const auto d = h.p.on_said(1, house::said(delete_account::topic, R"({"account":"Staff02"})"));
  BOOST_REQUIRE_EQUAL(d.showing.size(), 1u);
  BOOST_CHECK_EQUAL(d.showing.front().account, "Staff01");
  BOOST_CHECK((d.showing.front().to == address{"account_admin", "hub"}));
  for (const auto topic : {finish_at_window::topic, enter_pin::topic, sign_in::topic, reset_master::topic,
                           init_accounts::topic})
    BOOST_CHECK(h.p.on_said(1, house::said(topic)).showing.empty());
  h.open(page_kind::reception, may_all(), 2);
  BOOST_CHECK(h.p.on_said(2, house::said(register_account::topic)).showing.empty());
  BOOST_CHECK_EQUAL(h.p.on_said(2, house::said(change_password::topic)).showing.size(), 1u);
}

BOOST_AUTO_TEST_CASE(what_an_actor_answers_reaches_the_page_that_asked) {
  house h;
  h.open(page_kind::accounts, may_all());
  const auto asked = h.p.on_said(1, house::said(receive_password::topic, R"({"account":"Staff02"})"));
  const auto out = h.p.on_reply(*asked.showing.front().answer_to,
                                encode_body(initial_password{"Staff02", credential{"shown-once"}}));
  BOOST_REQUIRE_EQUAL(out.lines.size(), 1u);
  BOOST_CHECK_EQUAL(*from_json(out.lines.front().text)->find("body")->find("password")->as<std::string>(),
                    "shown-once");
}

BOOST_AUTO_TEST_CASE(a_session_that_account_administration_ended_ends_its_pages) {
  house h;
  h.open(page_kind::reception, may_all());
  h.open(page_kind::monitor, may_all(), 2);
  const auto out = h.p.on_standing(session, over());
  BOOST_REQUIRE_EQUAL(out.ended.size(), 1u);
  BOOST_CHECK_EQUAL(out.ended.front().session, session);
  BOOST_CHECK(h.p.sessions().empty());
  // Until the port has closed them they are shown nothing more, and say nothing in its name.
  BOOST_CHECK_EQUAL(h.p.on_said(1, house::said(finish_at_window::topic)).showing.front().account, "");
  BOOST_CHECK(h.p.on_command(command_of("desks@hub", show_desk{})).lines.empty());
}

BOOST_AUTO_TEST_CASE(a_session_that_nobody_uses_ends_and_reading_along_is_no_use) {
  house h;
  BOOST_REQUIRE_EQUAL(h.enter(house::opened()).status, 204);
  h.open(page_kind::monitor, may_all());
  h.p.on_standing(session, may_all());
  const auto pass = [&](std::uint64_t ms) { h.p.at(h.now_ms += ms); };
  pass(idle_ms - 1);
  BOOST_CHECK(h.p.on_time().ended.empty());
  BOOST_CHECK_EQUAL(h.p.on_said(1, house::said("screen.in_use")).used_by, "Staff01");
  pass(idle_ms - 1);
  h.p.on_said(1, house::said("screen.read_events"));
  BOOST_CHECK(h.p.on_time().ended.empty());
  pass(1);
  const auto out = h.p.on_time();
  BOOST_REQUIRE_EQUAL(out.ended.size(), 1u);
  const auto left = sent_in<sign_out>(out.showing);
  BOOST_REQUIRE(left);
  BOOST_CHECK_EQUAL(left->session, session);
  BOOST_CHECK_EQUAL(out.showing.front().account, "Staff01");
}

BOOST_AUTO_TEST_CASE(hands_say_who_they_are_on_their_own_line_and_see_nothing_before) {
  house h;
  standing nobody;
  nobody.sees_board = nobody.sees_journal = false;
  h.p.on_joined(3, {page_kind::hands, "", {}, nobody});
  BOOST_CHECK_EQUAL(h.p.on_said(3, house::said(finish_at_window::topic)).showing.front().account, "");
  const auto asked = h.p.on_said(3, house::said(sign_in::topic, R"({"account":"Staff01","password":"typed"})"));
  BOOST_REQUIRE_EQUAL(asked.showing.size(), 1u);
  h.p.on_reply(*asked.showing.front().answer_to, house::opened());
  BOOST_REQUIRE_EQUAL(h.p.sessions().size(), 1u);
  BOOST_CHECK(in_snapshot(h.p.on_standing(session, may_all()), "checkins").as<value::array>());
  BOOST_CHECK_EQUAL(h.p.on_said(3, house::said(finish_at_window::topic)).showing.front().account, "Staff01");
  pages desk{"desk-1", "hub"};
  BOOST_CHECK(desk.on_said(1, house::said(sign_in::topic)).showing.empty()); // a desk has no staff's page
}
