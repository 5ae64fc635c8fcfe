// A command executes once; whoever says it again hears the first answer, and not before that is durable.
#include "tests/actors/support.hpp"

#include "actors/pure/taken_commands.hpp"

using namespace actors_test;
using actors::taken_commands;

namespace {

constexpr std::uint64_t today = 1'700'000'000'000;

command_envelope told(std::uint64_t n, std::uint64_t at_ms = today) {
  auto c = command_of("screen@desk-1", ask_status{}, at_ms);
  c.id = make_id(at_ms, n, 0);
  c.to = "monitor@hub";
  return c;
}
const taken_commands::memory nothing{};

} // namespace

BOOST_AUTO_TEST_CASE(the_second_time_it_is_not_executed_and_answered_only_when_the_first_answer_is_durable) {
  taken_commands taken;
  const auto c = told(1);
  BOOST_TEST(taken.judge(c, today, nothing).fresh);
  const auto undecided = taken.judge(c, today, nothing);
  BOOST_TEST((!undecided.fresh && !undecided.say));
  const auto durable = std::make_shared<std::atomic<bool>>(false);
  const auto reply = reply_ok(c, encode_body(done{}));
  taken.decided(reply, durable);
  const auto undurable = taken.judge(c, today, nothing);
  BOOST_TEST((!undurable.fresh && !undurable.say));
  *durable = true;
  const auto again = taken.judge(c, today, nothing);
  BOOST_TEST(!again.fresh);
  BOOST_TEST((again.say && encode(*again.say) == encode(reply)));
}

BOOST_AUTO_TEST_CASE(after_a_restart_the_journal_remembers) {
  taken_commands taken;
  const auto c = told(1);
  const auto reply = encode(reply_ok(c, encode_body(done{})));
  const auto again = taken.judge(c, today, [&](const messages::id&) { return std::optional{reply}; });
  BOOST_TEST((!again.fresh && again.say && encode(*again.say) == reply));
  const auto secret = taken.judge(c, today, [](const messages::id&) { return std::optional{std::string{}}; });
  BOOST_REQUIRE(secret.say);
  BOOST_TEST((reply_body(*secret.say).error().code == error_code::already_done));
}

BOOST_AUTO_TEST_CASE(what_is_older_than_the_memory_is_refused_and_never_executed) {
  taken_commands taken;
  const auto old = told(1);
  const auto judged = taken.judge(old, today + taken_commands::age_ms_max + 1, nothing);
  BOOST_TEST(!judged.fresh);
  BOOST_TEST((reply_body(judged.say.value()).error().code == error_code::too_old));
  BOOST_TEST(taken.judge(told(2), today + taken_commands::age_ms_max, nothing).fresh);
}

BOOST_AUTO_TEST_CASE(what_is_kept_here_is_bounded) {
  taken_commands taken;
  for (std::uint64_t n = 0; n <= taken_commands::kept_max; ++n)
    BOOST_REQUIRE(taken.judge(told(n), today, nothing).fresh);
  BOOST_TEST(taken.judge(told(0), today, nothing).fresh); // the oldest gave way: the journal remembers it, or nobody
  BOOST_TEST(!taken.judge(told(2), today, nothing).fresh);
}
