// The table of rights: every kind against every command, and the README that is printed from it.
#include "tests/test.hpp"

#include "actors/account_admin/policy.hpp"
#include "actors/runtime/session_uses.hpp"

#include <fstream>
#include <set>
#include <sstream>

using namespace messages;
using namespace account_admin;

namespace {

account_record open_account(account_kind kind) {
  account_record row;
  row.account = "Somebody";
  row.kind = kind;
  row.standing = account_standing::active;
  return row;
}

template <class F> void for_each_kind(F&& f) {
  for (std::size_t n = 0; n < enumeration<account_kind>::names.size(); ++n)
    f(static_cast<account_kind>(n));
}

std::string read(const std::string& file) {
  std::ifstream in{std::filesystem::path{UKETSUKE_SOURCE_DIR} / file};
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

} // namespace

BOOST_AUTO_TEST_CASE(every_kind_may_give_the_commands_marked_for_it_and_no_other) {
  for (const auto& r : rights) {
    if (r.without == unnamed::stranger) continue;
    for_each_kind([&](account_kind kind) {
      const auto row = open_account(kind);
      const auto why = refusal_of(r.topic, {"Somebody", &row, true, true});
      BOOST_TEST(!why.has_value() == r.may.has(kind), r.topic << " by " << name(kind));
      if (why) BOOST_TEST((why->code == error_code::right_missing), r.topic << " by " << name(kind));
    });
  }
}

BOOST_AUTO_TEST_CASE(without_a_session_in_force_no_account_may_do_anything) {
  for (const auto& r : rights)
    for_each_kind([&](account_kind kind) {
      const auto row = open_account(kind);
      const bool anybody = r.without == unnamed::stranger;
      for (const giver& who : {giver{"Somebody", &row, false, true}, giver{"Somebody", nullptr, true, true}}) {
        const auto why = refusal_of(r.topic, who);
        BOOST_TEST(!why.has_value() == anybody, r.topic);
        if (why) BOOST_TEST((why->code == error_code::not_signed_in), r.topic);
      }
    });
}

BOOST_AUTO_TEST_CASE(without_an_account_only_the_house_speaks_and_only_where_the_table_says) {
  for (const auto& r : rights) {
    BOOST_TEST(!refusal_of(r.topic, {"", nullptr, false, false}).has_value() ==
                   (r.without == unnamed::stranger || r.without == unnamed::node),
               r.topic);
    BOOST_TEST(!refusal_of(r.topic, {"", nullptr, false, true}).has_value() == (r.without != unnamed::no), r.topic);
  }
}

BOOST_AUTO_TEST_CASE(with_an_initial_password_a_person_may_only_change_it_or_leave) {
  for (const auto& r : rights)
    for_each_kind([&](account_kind kind) {
      auto row = open_account(kind);
      row.standing = account_standing::initial;
      if (is_system(kind) || !r.may.has(kind)) return;
      const auto why = refusal_of(r.topic, {"Somebody", &row, true, false});
      const bool own = r.topic == change_password::topic || r.topic == sign_out::topic;
      BOOST_TEST(!why.has_value() == own, r.topic);
      if (why) BOOST_TEST((why->code == error_code::password_to_change), r.topic);
    });
}

BOOST_AUTO_TEST_CASE(who_needs_a_code_and_has_none_may_only_enrol_one_change_the_password_or_leave) {
  for (const auto& r : rights)
    for_each_kind([&](account_kind kind) {
      const auto row = open_account(kind);
      if (!r.may.has(kind)) return;
      const auto why = refusal_of(r.topic, {"Somebody", &row, true, false, true});
      const bool own =
          r.topic == change_password::topic || r.topic == sign_out::topic || r.topic == enrol_code::topic;
      BOOST_TEST(!why.has_value() == own, r.topic);
      if (why) BOOST_TEST((why->code == error_code::code_needed), r.topic);
    });
}

BOOST_AUTO_TEST_CASE(a_code_is_needed_by_the_kinds_of_the_policy_and_by_whoever_may_view_in_an_emergency) {
  policy rules;
  rules.codes = of(account_kind::medical_viewing, account_kind::web_api);
  for_each_kind([&](account_kind kind) {
    auto row = open_account(kind);
    BOOST_TEST(!needs_code(row, policy{}));
    BOOST_TEST(needs_code(row, rules) == (kind == account_kind::medical_viewing), name(kind)); // programs have none
    row.emergency_viewing = true;
    BOOST_TEST(needs_code(row, policy{}) == !is_system(kind), name(kind));
    row.code_nonce = {1};
    BOOST_TEST(!needs_code(row, rules), name(kind)); // enrolled
  });
}

BOOST_AUTO_TEST_CASE(a_session_that_lay_idle_is_over_and_one_that_is_used_goes_on) {
  actors::runtime::session_uses uses;
  constexpr std::uint64_t idle_ms = 900'000;
  BOOST_TEST(uses.use("staff01", "hub", 1'000, 2'000, idle_ms));
  BOOST_TEST(uses.use("staff01", "hub", 1'000, 2'000 + idle_ms - 1, idle_ms)); // used, and from now on again
  BOOST_TEST(!uses.use("staff01", "hub", 1'000, 2'000 + 2 * idle_ms - 1, idle_ms));
  BOOST_TEST(!uses.use("staff01", "hub", 1'000, 3'000 + 2 * idle_ms, idle_ms)); // asking does not revive it
  BOOST_TEST(uses.use("staff01", "hub", 3'000 + 2 * idle_ms, 3'000 + 2 * idle_ms, idle_ms)); // a new sign-in does
  BOOST_TEST(!uses.use("staff01", "tool-1", 1'000, 1'000 + idle_ms, idle_ms)); // never used at all
  for (std::uint64_t n = 0; n < 3 * actors::runtime::session_uses::kept_max; ++n)
    uses.use("staff" + std::to_string(n), "hub", n * 1'000, n * 1'000, idle_ms);
  BOOST_TEST(uses.size() <= actors::runtime::session_uses::kept_max + 1);
}

BOOST_AUTO_TEST_CASE(a_command_nobody_knows_is_refused_to_everybody) {
  const auto row = open_account(account_kind::administration);
  BOOST_TEST((refusal_of("desks.from_the_future", {"Somebody", &row, true, true})->code == error_code::not_allowed));
}

// The quick guide's words, said again without the table, so that a slip in the table is seen.
BOOST_AUTO_TEST_CASE(the_guide_s_accounts_do_what_the_guide_says) {
  using k = account_kind;
  const auto may = [](k kind, std::string_view topic) { return find_right(topic)->may.has(kind); };
  for (const auto kind : {k::general, k::medical_viewing}) {
    BOOST_TEST(may(kind, ask_typed::topic));
    BOOST_TEST(may(kind, switch_mode::topic));
    BOOST_TEST(!may(kind, register_account::topic));
    BOOST_TEST((administered_by(kind) == nobody));
  }
  BOOST_TEST(!may(k::master, ask_typed::topic));
  BOOST_TEST(!may(k::administration, ask_typed::topic));
  BOOST_TEST((administered_by(k::master) == of(k::administration)));
  for_each_kind([&](k kind) {
    BOOST_TEST(!administered_by(kind).has(k::master));
    BOOST_TEST(!administered_by(kind).has(k::master_reset));
    BOOST_TEST(!administered_by(kind).has(kind), name(kind) << " makes its like");
    if (is_system(kind)) BOOST_TEST(!may(kind, change_password::topic), name(kind));
    if (kind == k::master_reset)
      for (const auto& r : rights)
        BOOST_TEST(!r.may.has(kind), r.topic); // it resets, by its secret, and nothing else
  });
}

BOOST_AUTO_TEST_CASE(the_readme_shows_the_tables_as_they_are) {
  const auto readme = read("actors/account_admin/README.md");
  const bool same = readme.find(printed_rights()) != std::string::npos &&
                    readme.find(printed_administration()) != std::string::npos;
  BOOST_TEST(same, "print them anew:\n" << printed_administration() << "\n" << printed_rights());
}
