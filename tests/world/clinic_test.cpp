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
