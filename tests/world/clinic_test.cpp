// A clinic in a seed: whatever breaks, and whenever, what was promised is kept. UKETSUKE_SEED=n runs one seed,
// UKETSUKE_LONG=1 five thousand.
#include "tests/world/support_clinic.hpp"

#include <algorithm>

using namespace world_test;

namespace {

std::uint64_t number_from(const char* variable) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : 0;
}

} // namespace

namespace {

/// Nobody whom the outage held up is lost: settled, or on the closing list because no number was written down.
void check_ledger(const clinic& c) {
  std::map<id, storage::ledger_row> by_checkin;
  for (const auto& row : c.journal.outage_ledger())
    by_checkin[row.checkin] = row;
  std::map<id, std::set<id>> asked_of; // check-in → questions
  for (const auto& e : c.journal.events) {
    if (e.topic == eligibility_not_asked::topic) BOOST_CHECK_EQUAL(by_checkin.count(e.checkin), 1u);
    if (const auto m = body_as<walk_in_kept>(e)) {
      asked_of[e.checkin].insert(m->question);
      BOOST_CHECK_MESSAGE(c.centre.asked.contains(m->question), "a walk-in that was never asked");
    }
  }
  for (const auto& [checkin, questions] : asked_of)
    BOOST_CHECK_MESSAGE(questions.size() == 1u, "a walk-in asked under a second identifier");
  for (const auto& [checkin, row] : by_checkin)
    BOOST_CHECK_MESSAGE(row.settled() || row.question.empty(), "asked, and neither settled nor on the closing list");
}

} // namespace

BOOST_AUTO_TEST_CASE(without_faults_patients_are_checked_in) {
  std::size_t completed = 0, proven = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      clinic c{{.seed = seed, .faults = false}};
      c.run();
      for (const auto& e : c.journal.events) {
        if (const auto m = body_as<checkin_ended>(e)) completed += m->how == ending::completed;
        proven += e.topic == identity_proven::topic;
      }
    }
  }
  BOOST_CHECK_GT(completed, 40u);
  BOOST_CHECK_GT(proven, 40u);
}

BOOST_AUTO_TEST_CASE(whatever_breaks_every_promise_is_kept) {
  const auto only = number_from("UKETSUKE_SEED");
  const std::uint64_t last = only ? only : std::getenv("UKETSUKE_LONG") ? 5'000 : 200;
  std::size_t verified = 0, crashes = 0, events = 0;
  for (std::uint64_t seed = only ? only : 1; seed <= last; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      clinic c{{.seed = seed, .desks = 1 + seed % 3}};
      c.run();
      check_ledger(c);
      verified += c.verified.size();
      crashes += c.crashes;
      events += c.journal.events.size();
    }
  }
  BOOST_TEST_MESSAGE("seeds up to " << last << ": " << events << " events, " << verified << " VERIFYs, " << crashes
                                    << " crashes");
  if (!only) {
    BOOST_CHECK_GT(verified, last); // the seeds are not idle
    BOOST_CHECK_GT(crashes, last);
  }
}

BOOST_AUTO_TEST_CASE(the_line_is_cut_for_two_hours_and_nobody_at_three_desks_is_lost) {
  constexpr std::uint64_t minute = 60'000;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      clinic c{{.seed = seed, .desks = 3, .open_ms = 150 * minute, .faults = seed % 2 == 0}};
      c.time.after(10 * minute, [&] { c.centre.down = true; });
      for (std::uint64_t at = 11; at < 130; ++at) // planned faults of the line do not end the outage
        c.time.after(at * minute, [&] { c.centre.down = true; });
      c.time.after(130 * minute, [&] { c.centre.down = c.centre.silent = false; });
      c.run();
      std::set<id> held_up;
      std::size_t lost = 0, restored = 0;
      for (const auto& e : c.journal.events) {
        if (e.topic == eligibility_not_asked::topic || e.topic == outcome_unknown::topic) held_up.insert(e.checkin);
        lost += e.topic == line_lost::topic;
        restored += e.topic == line_restored::topic;
      }
      BOOST_CHECK_GE(held_up.size(), 30u);
      BOOST_CHECK_GE(lost, 1u);
      BOOST_CHECK_EQUAL(lost, restored);
      check_ledger(c);
    }
  }
}

BOOST_AUTO_TEST_CASE(in_a_year_of_pulls_unplugs_wrong_pins_and_twins_no_try_is_lost_without_a_key_press) {
  // a day has ten minutes of patients here, and then comes to rest
  const std::uint64_t first = 10'001, days = std::getenv("UKETSUKE_LONG") ? 3'650 : 365;
  std::size_t presses = 0, verified = 0, unplugged = 0, twins = 0;
  std::int64_t tries_lost = 0, last_tries = 0;
  for (std::uint64_t seed = first; seed < first + days; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      clinic c{{.seed = seed, .desks = 2 + seed % 2, .open_ms = 10 * 60'000, .twins_percent = 25, .unplugs = 6}};
      c.run();
      for (const auto& [command, said] : c.bus.said_by_pages)
        presses += said.topic == enter_pin::topic;
      verified += c.verified.size();
      unplugged += c.unplugged;
      twins += c.twins;
      tries_lost += c.tries_lost;
      last_tries += c.last_tries;
      BOOST_REQUIRE_LE(static_cast<std::size_t>(c.tries_lost), c.presses.size());
      BOOST_REQUIRE_EQUAL(c.verified.size(), c.presses.size()); // one key press, one VERIFY
    }
  }
  BOOST_TEST_MESSAGE("days " << days << " (seeds from " << first << "), key presses " << presses << ", VERIFYs "
                             << verified << ", tries lost " << tries_lost << ", VERIFYs at the last try " << last_tries
                             << ", readers unplugged " << unplugged << ", cards at two desks " << twins);
  BOOST_CHECK_GT(verified, days);
  BOOST_CHECK_GT(unplugged, days);
  BOOST_CHECK_GT(twins, days);
  BOOST_CHECK_GT(tries_lost, 0);
  BOOST_CHECK_GT(last_tries, 0);
}

BOOST_AUTO_TEST_CASE(two_clinics_that_differ_only_in_their_pins_write_and_send_the_same_bytes) {
  const std::string sentinels[] = {"7391846205528174", "8264019375640281"};
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    std::vector<std::vector<std::string>> written, sent;
    for (const auto& pin : sentinels) {
      clinic c{{.seed = seed, .pin = pin, .record = true}};
      c.run();
      BOOST_CHECK_GT(c.verified.size(), 0u);
      written.emplace_back();
      for (const auto& e : c.journal.events)
        written.back().push_back(encode(e));
      sent.push_back(std::move(c.bus.frames));
    }
    BOOST_TEST_CONTEXT("seed " << seed) {
      BOOST_CHECK(written[0] == written[1]);
      BOOST_CHECK(sent[0] == sent[1]);
      for (const auto* all : {&written[0], &sent[0], &written[1], &sent[1]})
        for (const auto& bytes_of_one : *all)
          for (const auto& pin : sentinels)
            BOOST_REQUIRE(bytes_of_one.find(pin) == std::string::npos);
    }
  }
}
