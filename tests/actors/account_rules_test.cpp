// The table of rights: every kind against every command, and the README that is printed from it.
#include "tests/test.hpp"

#include "actors/account_admin/rules.hpp"

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
    BOOST_TEST(!refusal_of(r.topic, {"", nullptr, false, false}).has_value() == (r.without == unnamed::stranger),
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
