// A check-in as a timeline: gaps and causes in words.
#include "tests/test.hpp"

#include "messages/registry.hpp"
#include "tools/timeline.hpp"

using namespace messages;

namespace {

id number(std::uint8_t n, std::uint64_t made_ms) { return make_id(made_ms, n, 0); }

template <class M> event_envelope event(std::uint64_t index, std::uint64_t time_ms, const M& m, const id& cause) {
  event_envelope e;
  e.index = index;
  e.time_ms = time_ms;
  e.topic = M::topic;
  e.desk = "desk-1";
  e.cause = cause;
  e.body = encode_body(m);
  return e;
}

bool says(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

} // namespace

BOOST_AUTO_TEST_CASE(each_step_says_how_long_it_took_and_what_it_was_because_of) {
  tools::timeline story;
  const auto command = number(1, 900), question = number(2, 1000);
  question_asked asked;
  asked.question = question;
  const auto first = story.tell(event(7, 1000, asked, command));
  BOOST_TEST(says(first, "+0 ms"));
  BOOST_TEST(says(first, "#7  desk-1  eligibility.question_asked"));
  BOOST_TEST(says(first, "because of a command made 100 ms before"));
  const auto together = story.tell(event(8, 1000, staff_called{}, command));
  BOOST_TEST(says(together, "with #7 eligibility.question_asked"));
  const auto answered = story.tell(event(9, 1250, staff_attended{}, question));
  BOOST_TEST(says(answered, "+250 ms"));
  BOOST_TEST(says(answered, "because of #7 eligibility.question_asked"));
  BOOST_TEST(story.end() == "3 steps in 250 ms\n");
}

BOOST_AUTO_TEST_CASE(clocks_that_differ_and_causes_that_nobody_knows_are_no_nonsense) {
  tools::timeline story;
  BOOST_TEST(story.end() == "");
  story.tell(event(1, 5000, staff_called{}, {}));
  const auto earlier = story.tell(event(2, 4000, staff_called{}, number(3, 9000)));
  BOOST_TEST(says(earlier, "+0 ms")); // the clock was set back
  BOOST_TEST(says(earlier, "because of a command\n"));
  auto torn = event(3, 5000, staff_called{}, {});
  torn.body = "\xc1";
  BOOST_TEST(says(story.tell(torn), "#3"));
}
