// What only USB can show: readers that cannot be used, that come late, that are shared, that say nothing by themselves.
#include "tests/test.hpp"

#include "drivers/card/rig.hpp"
#include "tests/drivers/card/notebook.hpp"

#include <sys/resource.h>
#include <sys/wait.h>

using namespace drivers::card;
using conformance::authority;
using conformance::new_card;
using conformance::notebook;
using conformance::wait_for;
using messages::error_code;

namespace {

std::unique_ptr<usb_rig> start(const std::shared_ptr<virtual_slot>& slot, rig_profile profile = {}) {
  auto started = usb_rig::start(slot, std::move(profile));
  BOOST_REQUIRE(started.has_value());
  return std::move(*started);
}

struct listener {
  explicit listener(std::string match = {}, std::int64_t answer_wait_ms_max = 3000) {
    usb_options options;
    options.match = std::move(match);
    options.answer_wait_ms_max = answer_wait_ms_max;
    options.rescan_ms = 50;
    options.drain_ms = 5;
    port = make_usb_reader(std::move(options));
    port->watch(told);
  }
  ~listener() { port->stop(); }
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;
  messages::result<card_found> identify() {
    return wait_for<messages::result<card_found>>([&](auto done) { port->identify(done); });
  }
  notebook told;
  std::unique_ptr<reader> port;
};

std::chrono::microseconds processor_time() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& t) {
    return std::chrono::seconds{t.tv_sec} + std::chrono::microseconds{t.tv_usec};
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_reader_of_single_characters_is_refused_by_name) {
  const auto slot = std::make_shared<virtual_slot>();
  rig_profile profile;
  profile.name = "Some old reader";
  profile.features = 0x000000BA;
  const auto rig = start(slot, profile);
  listener l;
  BOOST_TEST(l.told.next() == "detached");
  BOOST_TEST((l.told.reason.code == error_code::reader_failed));
  BOOST_TEST(l.told.reason.args.at(0) ==
             "Some old reader (054c:0dc8): it exchanges single characters, which is not supported");
  BOOST_TEST(l.told.next(std::chrono::milliseconds{150}) == "nothing"); // said once, although it is tried again
}

BOOST_AUTO_TEST_CASE(what_is_attached_is_listed_without_opening_it) {
  const auto first = std::make_shared<virtual_slot>(), second = std::make_shared<virtual_slot>();
  auto old = *rig_profile_named("acr39u");
  old.protocols = 1;
  old.descriptor_on_last_endpoint = false;
  const auto rig_1 = start(first, *rig_profile_named("scr3310-nttcom")), rig_2 = start(second, old);
  const auto all = list_usb_readers();
  BOOST_REQUIRE(all.size() == 2u);
  BOOST_REQUIRE(all[0].has_value());
  BOOST_TEST((all[0]->level == exchange_level::tpdu && all[0]->interface_class == 0xFF));
  BOOST_REQUIRE(!all[1].has_value());
  BOOST_TEST(all[1].error().args.at(0).find("T=0 only") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_descriptor_that_hangs_on_the_last_endpoint_is_found) {
  const auto slot = std::make_shared<virtual_slot>();
  auto profile = *rig_profile_named("scr3310-nttcom"); // of the vendor's class at that
  profile.descriptor_on_last_endpoint = true;
  slot->place(new_card());
  const auto rig = start(slot, profile);
  listener l;
  BOOST_TEST(l.told.next() == "attached");
  BOOST_TEST(l.told.next() == "placed");
  BOOST_TEST(l.identify().has_value());
}

BOOST_AUTO_TEST_CASE(a_reader_of_t0_only_is_refused) {
  const auto slot = std::make_shared<virtual_slot>();
  rig_profile profile;
  profile.protocols = 1;
  const auto rig = start(slot, profile);
  listener l;
  BOOST_TEST(l.told.next() == "detached");
  BOOST_TEST(l.told.reason.args.at(0).find("T=0 only") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_reader_that_another_program_holds_is_named_busy) {
  const auto slot = std::make_shared<virtual_slot>();
  rig_profile profile;
  profile.held_by_another = true;
  const auto rig = start(slot, profile);
  listener l;
  BOOST_TEST(l.told.next() == "detached");
  BOOST_TEST((l.told.reason.code == error_code::reader_busy));
}

BOOST_AUTO_TEST_CASE(no_reader_is_told_and_a_late_one_is_found) {
  const auto slot = std::make_shared<virtual_slot>();
  slot->unplug();
  const auto rig = start(slot);
  listener l;
  BOOST_TEST(l.told.next() == "detached");
  BOOST_TEST((l.told.reason.code == error_code::no_reader));
  slot->place(new_card());
  rig->plug();
  BOOST_TEST(l.told.next() == "attached");
  BOOST_TEST(l.told.model == "Simulated FeliCa Port/PaSoRi (054c:0dc8)");
  BOOST_TEST(l.told.next() == "placed");
  BOOST_TEST(l.identify().has_value());
}

BOOST_AUTO_TEST_CASE(a_reader_of_the_vendor_class_is_a_reader) {
  const auto slot = std::make_shared<virtual_slot>();
  rig_profile profile;
  profile.interface_class = 0xFF;
  const auto rig = start(slot, profile);
  listener l;
  BOOST_TEST(l.told.next() == "attached");
}

BOOST_AUTO_TEST_CASE(a_reader_without_interrupts_is_asked) {
  const auto slot = std::make_shared<virtual_slot>();
  rig_profile profile;
  profile.interrupt_endpoint = false;
  const auto rig = start(slot, profile);
  listener l;
  BOOST_TEST(l.told.next() == "attached");
  slot->place(new_card());
  BOOST_TEST(l.told.next() == "placed");
  BOOST_TEST(l.identify().has_value());
  slot->remove();
  BOOST_TEST(l.told.next() == "removed");
  slot->unplug();
  BOOST_TEST(l.told.next() == "detached");
}

BOOST_AUTO_TEST_CASE(two_desks_share_two_readers_and_the_second_waits_for_a_free_one) {
  const auto first = std::make_shared<virtual_slot>(), second = std::make_shared<virtual_slot>();
  rig_profile other;
  other.product = 0x0DC9;
  const auto rig_1 = start(first), rig_2 = start(second, other);
  listener desk_2{"054c:0dc9"}, desk_1{"054c:0dc8"};
  BOOST_TEST(desk_1.told.next() == "attached");
  BOOST_TEST(desk_2.told.next() == "attached");
  first->place(new_card());
  BOOST_TEST(desk_1.told.next() == "placed");
  second->place(new_card("SIM000000000002"));
  BOOST_TEST(desk_2.told.next() == "placed");
  const auto one = desk_1.identify(), two = desk_2.identify();
  BOOST_REQUIRE((one.has_value() && two.has_value()));
  BOOST_TEST(one->mark != two->mark);
  listener third;
  BOOST_TEST(third.told.next() == "detached"); // both are taken
  desk_2.port->stop();
  BOOST_TEST(third.told.next() == "attached");
  BOOST_TEST(third.told.next() == "placed");
}

BOOST_AUTO_TEST_CASE(a_composite_reader_is_one_reader_for_one_desk) {
  const auto slot = std::make_shared<virtual_slot>();
  const auto rig = start(slot, *rig_profile_named("acr1251"));
  listener first;
  BOOST_TEST(first.told.next() == "attached");
  listener second; // its other interface must not be used at the same time (card-reader.md §2.4 no. 15)
  BOOST_TEST(second.told.next() == "detached");
  BOOST_TEST((second.told.reason.code == error_code::no_reader));
  slot->place(new_card());
  BOOST_TEST(first.told.next() == "placed");
  BOOST_TEST(first.identify().has_value());
}

BOOST_AUTO_TEST_CASE(of_a_composite_reader_the_interface_that_suits_is_used) {
  const auto slot = std::make_shared<virtual_slot>();
  auto profile = *rig_profile_named("acr1251");
  profile.beside->first = true;
  profile.beside->protocols = 1; // T=0 only
  slot->place(new_card());
  const auto rig = start(slot, profile);
  listener l;
  BOOST_TEST(l.told.next() == "attached");
  BOOST_TEST(l.told.next() == "placed");
  BOOST_TEST(l.identify().has_value());
}

BOOST_AUTO_TEST_CASE(a_reader_that_takes_nothing_in_leaves_doubt_and_works_again) {
  const auto slot = std::make_shared<virtual_slot>();
  const auto card = new_card();
  slot->place(card);
  const auto rig = start(slot);
  listener l{{}, 300};
  BOOST_TEST(l.told.next() == "attached");
  BOOST_TEST(l.told.next() == "placed");
  BOOST_REQUIRE(l.identify().has_value());
  rig->misbehave({misdeed_kind::deaf, 4, 0, 0x6F}); // application, PIN's file, tries, then the VERIFY
  const auto made = wait_for<pin_attempt>(
      [&](auto done) { l.port->verify_pin(std::move(*messages::secret::from("9999")), done); });
  BOOST_TEST((made.outcome == messages::pin_outcome::in_doubt)); // nobody can tell how much of it went out
  BOOST_TEST(made.tries_left == 3);
  BOOST_TEST(card->counts().verifies == 0);
  BOOST_TEST(l.identify().has_value());
}

BOOST_AUTO_TEST_CASE(a_waiting_reader_costs_no_processor_time) {
  const auto slot = std::make_shared<virtual_slot>();
  const auto rig = start(slot);
  listener l;
  BOOST_TEST(l.told.next() == "attached");
  const auto before = processor_time();
  BOOST_TEST(l.told.next(std::chrono::milliseconds{300}) == "nothing");
  BOOST_TEST((processor_time() - before).count() < 30'000); // microseconds of 300'000: a busy loop takes them all
}

BOOST_AUTO_TEST_CASE(a_reader_pulled_and_plugged_many_times_keeps_working) {
  const auto slot = std::make_shared<virtual_slot>();
  const auto card = new_card();
  const auto rig = start(slot);
  listener l;
  BOOST_TEST(l.told.next() == "attached");
  slot->place(card);
  BOOST_TEST(l.told.next() == "placed");
  for (int i = 0; i < 12; ++i) {
    rig->unplug();
    BOOST_TEST(l.told.next() == "detached");
    rig->plug();
    BOOST_TEST(l.told.next() == "attached");
    BOOST_TEST(l.told.next() == "placed");
    BOOST_TEST(l.identify().has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_service_without_a_terminal_outlives_an_unplugged_reader) {
  // a session leader takes the first terminal it opens; the rig's nodes are terminals, and their end would be a SIGHUP
  const auto child = fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    setsid();
    execl("/proc/self/exe", "usb_bus_test", "--run_test=a_reader_pulled_and_plugged_many_times_keeps_working",
          "--log_level=nothing", "--report_level=no", nullptr);
    _exit(127);
  }
  int how = 0;
  waitpid(child, &how, 0);
  BOOST_TEST((WIFEXITED(how) && WEXITSTATUS(how) == 0));
}
