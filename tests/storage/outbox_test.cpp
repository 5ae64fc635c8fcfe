// Claims about what outlives a restart beside the events: effects that are owed, and replies already given.
#include "tests/test.hpp"

#include "tests/storage/support.hpp"

#include <atomic>

using namespace storage_test;

namespace {

messages::draft asking(std::uint64_t effect, std::string owner) {
  auto draft = events_of("eligibility.question_asked");
  draft.outbox.push_back({numbered(effect), std::move(owner), "line.ask", "\x80", numbered(9), "desk-1"});
  return draft;
}

messages::draft settling(std::uint64_t effect) {
  auto draft = events_of("eligibility.answered");
  draft.settled.push_back(numbered(effect));
  return draft;
}

messages::draft replying(const messages::id& command, std::string frame) {
  messages::draft draft;
  draft.replies.push_back({command, std::move(frame)});
  return draft;
}

std::vector<messages::id> effects_of(const storage::journal& journal, std::string_view owner) {
  std::vector<messages::id> effects;
  const auto open = journal.open_effects(owner).value();
  for (const auto& row : open)
    effects.push_back(row.effect);
  return effects;
}

constexpr std::uint64_t day_ms = 24u * 3600 * 1000;

} // namespace

BOOST_AUTO_TEST_SUITE(outbox)

BOOST_AUTO_TEST_CASE(an_effect_is_owed_until_the_event_of_its_outcome_also_after_reopening) {
  temporary_folder folder;
  {
    const auto journal = open_journal(folder.data());
    append(*journal, asking(1, "gateway")).value();
    append(*journal, asking(2, "reader")).value();
    append(*journal, asking(3, "gateway")).value();
    append(*journal, settling(1)).value();
    BOOST_TEST((effects_of(*journal, "gateway") == std::vector{numbered(3)}));
  }
  const auto journal = open_journal(folder.data());
  const auto rows = journal->open_effects("gateway");
  BOOST_REQUIRE_EQUAL(rows->size(), 1u);
  BOOST_TEST((rows->at(0) == asking(3, "gateway").outbox[0]));
  append(*journal, settling(3)).value();
  append(*journal, settling(3)).value(); // twice is once
  BOOST_TEST(effects_of(*journal, "gateway").empty());
  BOOST_TEST((effects_of(*journal, "reader") == std::vector{numbered(2)}));
}

BOOST_AUTO_TEST_CASE(an_effect_can_be_owed_and_settled_within_one_sync) {
  temporary_folder folder;
  gate held;
  auto options = quiet_options(folder.data());
  options.test.before_sync = [&] { held.pass(); };
  const auto journal = open_journal(options);
  journal->append(events_of("node.started"), [](const auto&) {});
  held.await_arrival();
  journal->append(asking(1, "gateway"), {});
  journal->append(asking(2, "gateway"), {});
  journal->append(settling(1), {});
  held.open();
  append(*journal, events_of("node.started")).value();
  BOOST_TEST(journal->counts().batches <= 3u);
  BOOST_TEST((effects_of(*journal, "gateway") == std::vector{numbered(2)}));
}

BOOST_AUTO_TEST_CASE(asking_again_under_the_same_identity_replaces_the_row) {
  temporary_folder folder;
  const auto journal = open_journal(folder.data());
  append(*journal, asking(1, "gateway")).value();
  append(*journal, asking(1, "gateway")).value();
  BOOST_TEST((effects_of(*journal, "gateway") == std::vector{numbered(1)}));
  append(*journal, settling(1)).value();
  BOOST_TEST(effects_of(*journal, "gateway").empty());
}

BOOST_AUTO_TEST_CASE(a_reply_is_remembered_across_a_restart_and_a_credential_as_already_done) {
  temporary_folder folder;
  {
    const auto journal = open_journal(folder.data());
    append(*journal, replying(numbered(1), "said yes")).value();
    append(*journal, replying(numbered(2), "")).value();
  }
  const auto journal = open_journal(folder.data());
  BOOST_TEST(journal->remembered(numbered(1)).value()->frame == "said yes");
  BOOST_TEST(journal->remembered(numbered(1)).value()->time_ms == 1'700'000'000'000u);
  BOOST_TEST(journal->remembered(numbered(2)).value()->frame.empty());
  BOOST_TEST(!journal->remembered(numbered(3)).value().has_value());
  BOOST_TEST(journal->head() == 0u);
}

BOOST_AUTO_TEST_CASE(a_reply_is_forgotten_a_day_after_its_command_was_made_in_small_steps) {
  temporary_folder folder;
  std::atomic<std::uint64_t> now{1'700'000'000'000};
  auto options = quiet_options(folder.data());
  options.now_ms = [&] { return now.load(); };
  const auto journal = open_journal(options);
  for (std::uint64_t n = 0; n < 100; ++n)
    append(*journal, replying(numbered(n, now + n), "x")).value();
  BOOST_TEST(journal->remembers_since_ms() == now - day_ms);
  const auto left = [&] {
    std::size_t count = 0;
    for (std::uint64_t n = 0; n < 100; ++n)
      count += journal->remembered(numbered(n, 1'700'000'000'000 + n))->has_value();
    return count;
  };
  now += day_ms + 90;
  append(*journal, replying(numbered(1, now), "new")).value();
  BOOST_TEST(left() == 36u); // 64 at once, no more
  append(*journal, replying(numbered(2, now), "new")).value();
  BOOST_TEST(left() == 10u); // those of the last 10 ms of the day
  now += 20;
  append(*journal, replying(numbered(3, now), "new")).value();
  BOOST_TEST(left() == 0u);
  now += day_ms - 10;
  append(*journal, replying(numbered(4, now), "new")).value();
  BOOST_TEST(!journal->remembered(numbered(1, 1'700'000'000'000 + day_ms + 90))->has_value());
  BOOST_TEST(!journal->remembered(numbered(2, 1'700'000'000'000 + day_ms + 90))->has_value());
  BOOST_TEST(journal->remembered(numbered(3, 1'700'000'000'000 + day_ms + 110))->has_value());
}

BOOST_AUTO_TEST_CASE(too_many_replies_push_out_the_oldest_and_the_journal_says_from_when_on_it_knows) {
  temporary_folder folder;
  auto options = quiet_options(folder.data());
  options.limits.replies_max = 5;
  const std::uint64_t now = 1'700'000'000'000;
  {
    const auto journal = open_journal(options);
    for (std::uint64_t n = 0; n < 8; ++n)
      append(*journal, replying(numbered(n, now - 100 + n), "x")).value();
    BOOST_TEST(!journal->remembered(numbered(0, now - 100))->has_value());
    BOOST_TEST(journal->remembered(numbered(7, now - 93))->has_value());
    BOOST_TEST(journal->remembers_since_ms() == now - 97);
  }
  BOOST_TEST(open_journal(options)->remembers_since_ms() == now - 97); // a restart does not make it forget that
}

BOOST_AUTO_TEST_SUITE_END()
