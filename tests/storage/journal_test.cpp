// Claims about writing: one sync for many, indexes without holes, callbacks in order, limits answered at once.
#include "tests/test.hpp"

#include "tests/storage/support.hpp"

#include <future>
#include <set>
#include <thread>

using namespace storage_test;
using messages::error_code;
using storage::appended;

BOOST_AUTO_TEST_SUITE(journal)

BOOST_AUTO_TEST_CASE(appends_that_wait_behind_a_sync_are_acknowledged_by_one_sync_together) {
  temporary_folder folder;
  gate held;
  auto options = quiet_options(folder.data());
  options.test.before_sync = [&] { held.pass(); };
  const auto journal = open_journal(options);
  std::vector<std::uint64_t> order;
  std::promise<void> all;
  journal->append(events_of("node.started"), [&](const auto& landed) { order.push_back(landed->first_index); });
  held.await_arrival();
  for (int n = 0; n < 50; ++n)
    journal->append(events_of("desk.opened", 2), [&](const messages::result<appended>& landed) {
      order.push_back(landed->first_index);
      if (order.size() == 51) all.set_value();
    });
  BOOST_TEST(journal->head() == 0u); // nothing is known before it is durable
  const auto before = journal->counts();
  held.open();
  all.get_future().wait();
  const auto counts = journal->counts();
  BOOST_TEST(counts.syncs - before.syncs == 2u);
  BOOST_TEST(counts.batches == 2u);
  BOOST_TEST(counts.events == 101u);
  BOOST_TEST(counts.awaited_appends == 51u);
  BOOST_TEST(counts.queue_appends_deepest == 50u);
  BOOST_TEST(order.size() == 51u);
  for (std::size_t n = 1; n < order.size(); ++n)
    BOOST_TEST(order[n] == 2 * n);
}

BOOST_AUTO_TEST_CASE(indexes_go_on_without_a_hole_after_reopening) {
  temporary_folder folder;
  for (std::uint64_t round = 0; round < 3; ++round) {
    const auto journal = open_journal(folder.data());
    BOOST_TEST(journal->head() == round * 10);
    for (std::uint64_t n = 0; n < 5; ++n)
      BOOST_TEST(append(*journal, events_of("desk.opened", 2))->first_index == round * 10 + 2 * n + 1);
  }
  const auto journal = open_journal(folder.data());
  const auto page = journal->read(0, 1000);
  BOOST_REQUIRE_EQUAL(page->events.size(), 30u);
  for (std::uint64_t n = 0; n < 30; ++n) {
    BOOST_TEST(page->events[n].index == n + 1);
    const auto event = messages::decode_event(page->events[n].envelope);
    BOOST_TEST(event->index == n + 1);
    BOOST_TEST(event->node == "hub");
  }
}

BOOST_AUTO_TEST_CASE(an_append_nobody_waits_for_forces_no_sync_and_goes_with_the_next) {
  temporary_folder folder;
  const auto journal = open_journal(folder.data());
  const auto before = journal->counts().syncs;
  BOOST_TEST(journal->append(events_of("desk.opened"), {}));
  BOOST_TEST(journal->append(events_of("desk.closed"), {}));
  BOOST_TEST(append(*journal, events_of("desk.opened"))->first_index == 3u);
  BOOST_TEST(journal->counts().syncs - before == 1u);
  BOOST_TEST(journal->counts().awaited_appends == 1u);
  BOOST_TEST(journal->counts().appends == 3u);
}

BOOST_AUTO_TEST_CASE(an_append_nobody_waits_for_is_written_by_itself_in_time) {
  temporary_folder folder;
  auto options = quiet_options(folder.data());
  options.limits.lazy_sync_ms_max = 20;
  const auto journal = open_journal(options);
  for (std::uint64_t round = 1; round <= 3; ++round) { // from an endless sleep, and from a nap after a batch
    std::promise<std::uint64_t> written;
    journal->on_committed(
        [&](std::shared_ptr<const storage::committed> batch) { written.set_value(batch->first_index); });
    journal->append(events_of("desk.opened"), {});
    BOOST_TEST(written.get_future().get() == round);
    if (round == 2) std::this_thread::sleep_for(std::chrono::milliseconds(50)); // let the nap end
  }
}

BOOST_AUTO_TEST_CASE(an_append_nobody_waits_for_is_written_when_the_journal_closes) {
  temporary_folder folder;
  open_journal(folder.data())->append(events_of("desk.opened"), {});
  BOOST_TEST(open_journal(folder.data())->head() == 1u);
}

BOOST_AUTO_TEST_CASE(a_full_queue_answers_busy_at_once) {
  temporary_folder folder;
  gate held;
  auto options = quiet_options(folder.data());
  options.test.before_sync = [&] { held.pass(); };
  options.limits.queue_appends_max = 3;
  const auto journal = open_journal(options);
  journal->append(events_of("desk.opened"), [](const auto&) {});
  held.await_arrival();
  std::promise<void> taken;
  BOOST_TEST(journal->append(events_of("desk.opened"), {}));
  BOOST_TEST(journal->append(events_of("desk.opened"), {}));
  BOOST_TEST(journal->append(events_of("desk.opened"), [&](const auto&) { taken.set_value(); }));
  std::optional<messages::error> answer;
  BOOST_TEST(!journal->append(events_of("desk.opened"), [&](const auto& landed) { answer = landed.error(); }));
  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST((answer->code == error_code::busy));
  BOOST_TEST(!journal->append(events_of("desk.opened"), {}));
  BOOST_TEST(journal->counts().busy == 2u);
  held.open();
  taken.get_future().wait();
  BOOST_TEST(append(*journal, events_of("desk.opened"))->first_index == 5u);
}

BOOST_AUTO_TEST_CASE(a_draft_that_could_not_be_read_back_is_refused_and_harms_no_other) {
  temporary_folder folder;
  const auto journal = open_journal(folder.data());
  const auto code = [&](messages::draft draft) { return append(*journal, std::move(draft)).error().code; };
  auto large = events_of("desk.opened");
  large.events[0].body = messages::encode_body(messages::reader_attached{std::string(300'000, 'x')});
  BOOST_TEST((code(large) == error_code::too_large));
  BOOST_TEST((code(events_of("desk.opened", 1025)) == error_code::too_large));
  BOOST_TEST((code(events_of("")) == error_code::malformed));
  auto text = events_of("desk.opened");
  text.events[0].body = "no map";
  BOOST_TEST((code(text) == error_code::malformed));
  messages::draft unbound;
  unbound.outbox.push_back({numbered(1), "gateway", "line.ask", "", {}, ""});
  BOOST_TEST((code(unbound) == error_code::missing_value));
  BOOST_TEST(append(*journal, events_of("desk.opened"))->first_index == 1u);
}

BOOST_AUTO_TEST_CASE(an_empty_draft_waits_for_what_was_appended_before_it_and_costs_no_sync_of_its_own) {
  temporary_folder folder;
  const auto journal = open_journal(folder.data());
  const auto before = journal->counts().syncs;
  journal->append(events_of("desk.opened", 3), {});
  const auto landed = append(*journal, {});
  BOOST_TEST(landed->first_index == 3u);
  BOOST_TEST(landed->count == 0u);
  BOOST_TEST(journal->head() == 3u);
  BOOST_TEST(journal->counts().syncs - before == 1u);
  BOOST_TEST(append(*journal, {})->first_index == 3u); // all of it is durable already
  BOOST_TEST(journal->counts().syncs - before == 1u);
  BOOST_TEST(journal->counts().batches == 1u);
}

BOOST_AUTO_TEST_CASE(the_largest_event_that_is_taken_can_be_decoded) {
  temporary_folder folder;
  const auto journal = open_journal(folder.data());
  auto draft = events_of("desk.reader_attached");
  auto& event = draft.events[0];
  event.v = ~0ull;
  event.checkin = event.cause = numbered(1);
  event.desk = event.account = std::string(40, 'd');
  const auto room = messages::event_bytes_max - 192 - event.topic.size() - 80;
  event.body = messages::encode_body(messages::reader_attached{std::string(room - 12, 'x')});
  event.body.size() < room ? void() : event.body.resize(room);
  BOOST_REQUIRE(append(*journal, draft).has_value());
  BOOST_TEST(messages::decode_event(journal->read(1, 1)->events.at(0).envelope).has_value());
}

BOOST_AUTO_TEST_CASE(time_never_runs_backwards_in_the_journal) {
  temporary_folder folder;
  std::atomic<std::uint64_t> now{5000};
  auto options = quiet_options(folder.data());
  options.now_ms = [&] { return now.load(); };
  {
    const auto journal = open_journal(options);
    append(*journal, events_of("desk.opened")).value();
    now = 3000;
    append(*journal, events_of("desk.closed")).value();
  }
  const auto journal = open_journal(options);
  append(*journal, events_of("desk.opened")).value();
  now = 6000;
  append(*journal, events_of("desk.closed")).value();
  std::vector<std::uint64_t> times;
  const auto page = journal->read(1, 10).value();
  for (const auto& event : page.events)
    times.push_back(messages::decode_event(event.envelope)->time_ms);
  BOOST_TEST(times == (std::vector<std::uint64_t>{5000, 5000, 5000, 6000}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_commit_is_told_once_after_its_callbacks_and_names_the_previous_of_its_topic) {
  temporary_folder folder;
  std::vector<std::string> told;
  std::vector<storage::published> events;
  std::set<std::uint64_t> epochs;
  {
    const auto journal = open_journal(folder.data());
    journal->on_committed([&](std::shared_ptr<const storage::committed> batch) {
      told.push_back("commit " + std::to_string(batch->first_index));
      epochs.insert(batch->epoch);
      events.insert(events.end(), batch->events.begin(), batch->events.end());
    });
    const auto note = [&](const auto& landed) { told.push_back("durable " + std::to_string(landed->first_index)); };
    auto mixed = events_of("a.one", 2);
    mixed.events.push_back(events_of("b.one").events[0]);
    journal->append(mixed, note);
    append(*journal, events_of("a.one")).value();
    messages::draft settled;
    settled.settled.push_back(numbered(1));
    BOOST_TEST(append(*journal, settled)->first_index == 4u); // no events: the head it rests on, and no commit is told
    append(*journal, events_of("b.one")).value();
  }
  BOOST_TEST((epochs == std::set<std::uint64_t>{1}));
  BOOST_TEST(told.front() == "durable 1");
  BOOST_TEST(told.at(1) != "durable 1");
  std::vector<std::uint64_t> previous;
  for (const auto& event : events)
    previous.push_back(event.previous_of_topic);
  BOOST_TEST(previous == (std::vector<std::uint64_t>{0, 1, 0, 2, 3}), boost::test_tools::per_element());
  const auto journal = open_journal(folder.data());
  BOOST_TEST((journal->read(1, 10)->events == events)); // a replay gives the same bytes, previous indexes too
  BOOST_TEST((journal->topics() == std::map<std::string, std::uint64_t>{{"a.one", 4}, {"b.one", 5}}));
  journal->on_committed([&](std::shared_ptr<const storage::committed> batch) { events = batch->events; });
  append(*journal, events_of("a.one")).value();
  BOOST_TEST(journal->topics().at("a.one") == 6u);
}

BOOST_AUTO_TEST_CASE(a_page_holds_the_topics_asked_for_and_says_where_the_next_begins) {
  temporary_folder folder;
  auto options = quiet_options(folder.data());
  options.limits.page_scanned_max = 10;
  const auto journal = open_journal(options);
  for (int n = 0; n < 10; ++n) {
    append(*journal, events_of("desk.opened", 2)).value();
    append(*journal, events_of("checkin.ended")).value();
  }
  const auto first = journal->read(1, 2, {"checkin."});
  BOOST_REQUIRE_EQUAL(first->events.size(), 2u);
  BOOST_TEST(first->events[1].index == 6u);
  BOOST_TEST(first->events[1].previous_of_topic == 3u);
  BOOST_TEST(first->next == 7u);
  BOOST_TEST(first->head == 30u);
  const auto bounded = journal->read(1, 1000, {"nothing."});
  BOOST_TEST(bounded->events.empty());
  BOOST_TEST(bounded->next == 11u); // ten were looked at, and the caller asks on from here
  std::vector<std::uint64_t> found;
  for (std::uint64_t next = 1; next <= 30;) {
    const auto page = journal->read(next, 1000, {"checkin.", "node."});
    for (const auto& event : page->events)
      found.push_back(event.index);
    next = page->next;
  }
  BOOST_TEST(found.size() == 10u);
  BOOST_TEST(journal->read(31, 10)->next == 31u);
  BOOST_TEST(journal->read(99, 10)->events.empty());
}

BOOST_AUTO_TEST_CASE(many_threads_append_while_others_read) {
  temporary_folder folder;
  const auto journal = open_journal(folder.data());
  std::atomic<int> durable{0};
  std::vector<std::thread> actors;
  for (int a = 0; a < 4; ++a)
    actors.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        journal->append(events_of("desk.opened"), {});
        if (append(*journal, events_of("desk.closed"))) ++durable;
        const auto page = journal->read(journal->head(), 10);
        if (!page || page->events.empty()) durable = -1000;
      }
    });
  for (auto& actor : actors)
    actor.join();
  BOOST_TEST(durable == 200);
  BOOST_TEST(journal->head() == 400u);
  BOOST_TEST(journal->counts().syncs <= 200u);
}

BOOST_AUTO_TEST_SUITE_END()
