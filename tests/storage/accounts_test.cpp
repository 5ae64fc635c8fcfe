// The fold of accounts: what stands in the row after which events, and that nothing of it is left when an account goes.
#include "tests/test.hpp"

#include "tests/storage/support.hpp"

#include "storage/views/accounts.hpp"
#include "storage/views/typed_rows.hpp"

using namespace storage_test;
using namespace messages;
using storage::memory_rows;

namespace {

template <class M> void happened(memory_rows& rows, const M& body, std::uint64_t time_ms = 1000) {
  event_envelope event;
  event.v = M::version;
  event.time_ms = time_ms;
  event.topic = M::topic;
  event.account = "Kanri01"; // who did it: not whom it happened to
  event.body = encode_body(body);
  storage::fold_accounts(event, rows);
}

account_record row_of(memory_rows& rows, std::string_view key) {
  return storage::row_or_new<account_record>(rows, key);
}

} // namespace

BOOST_AUTO_TEST_CASE(an_account_is_registered_receives_its_password_and_becomes_active_by_changing_it) {
  memory_rows rows;
  happened(rows, account_registered{"Staff01", account_kind::general}, 10);
  BOOST_TEST(rows.all().size() == 1u);
  BOOST_TEST(!row_of(rows, "staff01").is_open(11));
  happened(rows, initial_password_received{"Staff01", {1, 2}}, 20);
  BOOST_TEST((row_of(rows, "staff01").standing == account_standing::initial));
  happened(rows, signed_in{"Staff01", numbered(1), "hub", 100, 0}, 30);
  happened(rows, signed_in{"Staff01", numbered(2), "desk-1", 100, 0}, 40);
  happened(rows, password_changed{"Staff01", {3}, numbered(2)}, 50);
  const auto row = row_of(rows, "staff01");
  BOOST_TEST((row.account == "Staff01" && row.standing == account_standing::active && row.verifier == bytes{3}));
  BOOST_TEST((row.session_at("desk-1", 60) && !row.session_at("hub", 60)));
  BOOST_TEST(!row.session_at("desk-1", 100)); // over
}

BOOST_AUTO_TEST_CASE(resetting_suspending_and_deleting_end_every_session_at_once) {
  for (const int how : {0, 1, 2}) {
    memory_rows rows;
    happened(rows, account_registered{"Staff01", account_kind::general});
    happened(rows, initial_password_received{"Staff01", {1}});
    happened(rows, password_changed{"Staff01", {2}, {}});
    happened(rows, code_enrolled{"Staff01", {9}});
    happened(rows, signed_in{"Staff01", numbered(1), "hub", 9000, 7});
    BOOST_REQUIRE(row_of(rows, "staff01").session_at("hub", 2000));
    if (how == 0) happened(rows, password_reset{"Staff01"});
    if (how == 1) happened(rows, account_updated{"Staff01", true, false, 0});
    if (how == 2) happened(rows, account_deleted{"STAFF01"});
    const auto row = row_of(rows, "staff01");
    BOOST_TEST((row.sessions.empty() && !row.is_open(2000)), how);
    BOOST_TEST((how == 1) == !row.verifier.empty(), how); // a suspended account keeps its password, the others do not
    BOOST_TEST((how == 1) == !row.code_nonce.empty(), how);
  }
}

BOOST_AUTO_TEST_CASE(a_code_that_was_used_is_remembered_and_sessions_are_bounded) {
  memory_rows rows;
  happened(rows, account_registered{"Iryou01", account_kind::medical_viewing});
  happened(rows, initial_password_received{"Iryou01", {1}});
  happened(rows, signed_in{"Iryou01", numbered(500), "hub", 9000, 8});
  happened(rows, signed_in{"Iryou01", numbered(501), "hub", 9000, 0}); // without a code, later
  BOOST_TEST(row_of(rows, "iryou01").code_step == 8u);
  for (std::uint64_t n = 1; n <= 30; ++n)
    happened(rows, signed_in{"Iryou01", numbered(n), "hub", 9000, 0});
  const auto row = row_of(rows, "iryou01");
  BOOST_REQUIRE(row.sessions.size() == account_record::sessions_max);
  BOOST_TEST((row.sessions.front().session == numbered(11) && row.sessions.back().session == numbered(30)));
  happened(rows, signed_out{"Iryou01", numbered(30)});
  BOOST_TEST(row_of(rows, "iryou01").sessions.size() == account_record::sessions_max - 1);
  happened(rows, signed_out{"Iryou01", {}});
  BOOST_TEST(row_of(rows, "iryou01").sessions.empty());
}

BOOST_AUTO_TEST_CASE(a_refused_sign_in_and_events_of_others_change_no_account) {
  memory_rows rows;
  happened(rows, sign_in_refused{"Staff01", sign_in_refusal::wrong_password, "hub", 0});
  happened(rows, command_refused{"desks.open", "right_missing", "screen@hub"});
  happened(rows, desk_opened{});
  BOOST_TEST(rows.all().empty());
}

BOOST_AUTO_TEST_CASE(accounts_stored_are_the_fold_of_the_journal_and_are_there_after_a_restart) {
  temporary_folder folder;
  {
    auto journal = open_journal(folder.data());
    draft what;
    what.events.push_back(make_draft(account_registered{"Staff01", account_kind::general}));
    what.events.push_back(make_draft(initial_password_received{"Staff01", {1, 2, 3}}));
    BOOST_REQUIRE(append(*journal, std::move(what)));
    const auto compared = journal->rebuild_and_compare();
    BOOST_REQUIRE(compared);
    BOOST_TEST(!compared->first_difference);
  }
  const auto stored = open_journal(folder.data())->get("accounts", "staff01");
  BOOST_REQUIRE((stored && *stored));
  const auto row = storage::decode_row<account_record>(**stored);
  BOOST_REQUIRE(row);
  BOOST_TEST((row->standing == account_standing::initial && row->verifier == messages::bytes{1, 2, 3}));
}
