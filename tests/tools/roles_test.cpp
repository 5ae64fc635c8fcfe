// What a node of another host may say by the role of its key.
#include "tests/test.hpp"

#include "actors/roles.hpp"

using namespace actors::runtime;
using namespace messages;
using bus::node_role;

BOOST_AUTO_TEST_CASE(a_desk_says_what_its_reader_and_its_page_say_and_nothing_of_receptions) {
  BOOST_TEST(may_say(node_role::desk, "reader", report_card_placed::topic));
  BOOST_TEST(may_say(node_role::desk, "screen", answer_consents::topic));
  BOOST_TEST(!may_say(node_role::desk, "screen", register_reference_number::topic));
  BOOST_TEST(!may_say(node_role::desk, "screen", open_desk::topic));
  BOOST_TEST(!may_say(node_role::desk, "consent_session", verify_pin::topic)); // the hub's actor alone
  BOOST_TEST(!may_say(node_role::desk, "tool", report_card_placed::topic));
}

BOOST_AUTO_TEST_CASE(a_face_matcher_speaks_to_its_own_desk_and_no_desk_asks_a_card_to_sign) {
  BOOST_TEST(may_say(node_role::desk, "face_matcher", read_photo::topic));
  BOOST_TEST(may_say(node_role::desk, "face_matcher", show_sight::topic));
  BOOST_TEST(may_say(node_role::desk, "screen", enter_check_number::topic));
  for (const auto topic : {decide_face::topic, prove_by_face::topic, match_face::topic, stop_matching::topic})
    BOOST_TEST(!may_say(node_role::desk, "face_matcher", topic), topic);
  for_each_message(all_commands{}, [&]<class M>() {
    const bool of_pictures = M::topic == read_photo::topic || M::topic == show_sight::topic;
    BOOST_TEST(stays_at_its_desk(M::topic) == of_pictures, M::topic);
  });
}

BOOST_AUTO_TEST_CASE(a_key_speaks_for_its_node_and_for_the_program_that_examines_it) {
  BOOST_TEST(may_be("desk-1", "desk-1"));
  BOOST_TEST(may_be("desk-1", "desk-1-doctor"));
  BOOST_TEST(!may_be("desk-1", "desk-10"));
  BOOST_TEST(!may_be("desk-1", "desk-2"));
  BOOST_TEST(!may_be("desk-1", "desk-1-doctor-x"));
  BOOST_TEST(may_say(node_role::desk, "doctor", ask_status::topic));
  BOOST_TEST(!may_say(node_role::desk, "doctor", report_card_placed::topic));
}

BOOST_AUTO_TEST_CASE(watchers_ask_how_things_are_and_change_nothing) {
  for (const auto role : {node_role::monitor, node_role::personal_monitor}) {
    BOOST_TEST(may_say(role, "wall", ask_status::topic));
    BOOST_TEST(may_say(role, "wall", list_desks::topic));
    for_each_message(all_commands{}, [&]<class M>() {
      const bool asks = M::topic == ask_status::topic || M::topic == list_desks::topic;
      BOOST_TEST(may_say(role, "wall", M::topic) == asks, M::topic);
    });
    BOOST_TEST(!may_say(role, "screen", ask_status::topic)); // nobody says it were an actor of the house
  }
}

BOOST_AUTO_TEST_CASE(schedulers_ask_and_receipt_computers_fetch_and_neither_decides) {
  BOOST_TEST(may_say(node_role::scheduler, "batch", ask_typed::topic));
  BOOST_TEST(!may_say(node_role::scheduler, "batch", list_handovers::topic));
  BOOST_TEST(may_say(node_role::receipt_computer, "emr", list_handovers::topic));
  for (const auto role : {node_role::scheduler, node_role::receipt_computer})
    for (const auto topic : {enter_pin::topic, decide_match::topic, sign_in::topic, settle_checkin::topic})
      BOOST_TEST(!may_say(role, "any", topic), topic);
}
