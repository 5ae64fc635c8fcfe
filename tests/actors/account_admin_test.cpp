// Accounts from the first start to the last day: who is registered by whom, what is shown once, who is signed in.
#include "tests/actors/support_accounts.hpp"

#include <random>

using namespace actors_test;
using namespace account_admin;

BOOST_AUTO_TEST_CASE(from_the_first_start_each_kind_is_registered_by_the_one_above_it) {
  house h;
  h.begin();
  BOOST_CHECK(h.enter("Staff01", house::good));
  BOOST_CHECK_EQUAL(code_in(h.say(register_account{"Staff02", account_kind::general}, "Master01")),
                    error_code::right_missing);
  BOOST_CHECK_EQUAL(code_in(h.say(register_account{"Kanri02", account_kind::administration}, "Kanri01")),
                    error_code::right_missing);
  BOOST_CHECK_EQUAL(code_in(h.say(register_account{"Staff02", account_kind::general}, "Staff01")),
                    error_code::right_missing);
  BOOST_CHECK_EQUAL(code_in(h.say(register_account{"Staff02", account_kind::general})), error_code::not_signed_in);
  BOOST_CHECK_EQUAL(code_in(h.say(reset_account{"Master01"}, "Kanri01")), error_code::unknown_account);
}

// The table of who administers whom, through every command that has a target, for every pair of kinds.
BOOST_AUTO_TEST_CASE(every_kind_administers_the_kinds_of_the_table_and_no_other) {
  const auto count = enumeration<account_kind>::names.size();
  for (std::size_t by = 0; by < count; ++by)
    for (std::size_t on = 0; on < count; ++on) {
      const auto row = [](std::string account, std::size_t kind) {
        account_record r;
        r.account = std::move(account);
        r.kind = static_cast<account_kind>(kind);
        r.standing = account_standing::active;
        r.verifier = {1};
        r.sessions = {{numbered(1), "hub", start_ms, start_ms + 1000}};
        return r;
      };
      const bool may = administered_by(static_cast<account_kind>(by)).has(static_cast<account_kind>(on));
      const auto tried = [&](const auto& m) {
        house h{{row("Giver", by), row("Target", on)}, false};
        return h.say(m, "Giver");
      };
      for (const auto& out : {tried(update_account{"Target", true, false, 0}), tried(reset_account{"Target"}),
                              tried(delete_account{"Target"})})
        BOOST_CHECK_MESSAGE(was_done(out) == may, by << " on " << on);
      BOOST_CHECK_MESSAGE(was_done(tried(register_account{"Fresh", static_cast<account_kind>(on)})) == may,
                          by << " on " << on);
      const auto seen = reply_in<account_list>(tried(search_accounts{"targ", {}, true, 10}));
      BOOST_CHECK_MESSAGE((seen && seen->accounts.size() == 1) == may, by << " sees " << on);
    }
}

BOOST_AUTO_TEST_CASE(an_initial_password_is_shown_once_and_the_one_shown_is_the_one_stored) {
  house h;
  h.begin();
  BOOST_REQUIRE(was_done(h.say(register_account{"Iryou01", account_kind::medical_viewing}, "Kanri01")));
  BOOST_CHECK_EQUAL(h.enter("Iryou01", "anything at all").error().code, error_code::sign_in_refused); // none yet
  h.now_ms += throttle::forgotten_ms + 1;
  BOOST_REQUIRE(h.enter("Kanri01", house::good));
  const auto out = h.say(receive_password{"Iryou01"}, "Kanri01");
  BOOST_CHECK(!out.replies.front().remember); // nothing that was shown is kept
  const auto written = event_in<initial_password_received>(out);
  BOOST_REQUIRE(written);
  const auto shown = reply_in<initial_password>(out)->password.reveal();
  BOOST_CHECK(written->verifier == verifier_of("iryou01", shown));
  BOOST_CHECK_EQUAL(code_in(h.say(receive_password{"Iryou01"}, "Kanri01")), error_code::password_received);
  BOOST_CHECK(h.enter("Iryou01", shown)->password_to_change);
  BOOST_CHECK_EQUAL(code_in(h.say(enrol_code{}, "Iryou01")), error_code::password_to_change);
}

BOOST_AUTO_TEST_CASE(killed_at_any_step_a_registering_or_resetting_is_whole_or_not_at_all) {
  house h;
  h.begin();
  BOOST_REQUIRE(was_done(h.say(reset_account{"Staff01"}, "Kanri01")));
  // Killed while the password is hashed: nothing was written, nothing shown; it is received after the restart.
  auto command = command_of("screen@hub", receive_password{"Staff01"}, h.now_ms);
  command.account = "Kanri01";
  BOOST_REQUIRE_EQUAL(h.book.on_command(command, h.now_ms).jobs.size(), 1u);
  std::vector<account_record> rows;
  for (const auto& [key, row] : h.book.all())
    rows.push_back(row);
  house after{rows, false};
  BOOST_CHECK(after.book.on_hashed(1, hash_outcome{}, after.now_ms).replies.empty()); // of the incarnation before
  // Killed after the write and before the answer: stored, seen by nobody; only a reset brings another one.
  after.say(receive_password{"Staff01"}, "Kanri01");
  BOOST_CHECK_EQUAL(code_in(after.say(receive_password{"Staff01"}, "Kanri01")), error_code::password_received);
  BOOST_REQUIRE(was_done(after.say(reset_account{"Staff01"}, "Kanri01")));
  BOOST_CHECK(after.enter("Staff01", after.password_for("Staff01", "Kanri01")));
}

BOOST_AUTO_TEST_CASE(changing_a_password_leaves_the_own_session_where_that_is_certain_and_none_where_it_is_not) {
  house h;
  h.begin();
  BOOST_REQUIRE(was_done(h.say(sign_out{{}, true}, "Staff01")));
  BOOST_REQUIRE(h.enter("Staff01", house::good));
  BOOST_REQUIRE(h.enter("Staff01", house::good, "tool@elsewhere"));
  const credential good{house::good}, other{"another one entirely"};
  BOOST_REQUIRE(was_done(h.say(change_password{good, other}, "Staff01")));
  BOOST_REQUIRE_EQUAL(h.book.all().at("staff01").sessions.size(), 1u);
  BOOST_CHECK_EQUAL(h.book.all().at("staff01").sessions.front().node, "hub");
  BOOST_REQUIRE(h.enter("Staff01", other.reveal()));
  BOOST_REQUIRE(was_done(h.say(change_password{other, good}, "Staff01")));
  BOOST_CHECK(h.book.all().at("staff01").sessions.empty());
}

BOOST_AUTO_TEST_CASE(whoever_may_view_in_an_emergency_enrols_a_code_before_anything_else) {
  house h;
  h.begin();
  h.settle("Iryou01", account_kind::medical_viewing, "Kanri01");
  BOOST_REQUIRE(was_done(h.say(update_account{"Iryou01", false, true, 0}, "Kanri01")));
  BOOST_CHECK(reply_in<code_secret>(h.say(enrol_code{}, "Iryou01")));
  BOOST_CHECK_EQUAL(h.enter("Iryou01", house::good).error().code, error_code::code_needed);
  BOOST_CHECK(h.enter("Iryou01", house::good, "screen@hub", "100"));
}

BOOST_AUTO_TEST_CASE(bad_input_is_refused_and_never_written) {
  house h;
  h.begin();
  const std::array<std::string, 4> bad{std::string(10'240, 'a'), std::string{"a\nb\0c", 5}, "<script>", ""};
  for (const auto& account : bad) {
    const auto out = h.say(sign_in{account, credential{"x"}, {}, {}, false});
    BOOST_CHECK_EQUAL(code_in(out), error_code::sign_in_refused);
    BOOST_CHECK(out.journal.empty());
    BOOST_CHECK_EQUAL(code_in(h.say(register_account{account, account_kind::general}, "Kanri01")),
                      error_code::wrong_value);
    BOOST_CHECK_EQUAL(code_in(h.say(delete_account{account}, "Kanri01")), error_code::unknown_account);
    const auto claimed = h.say(search_accounts{}, account.empty() ? "Nobody01" : account);
    BOOST_CHECK_EQUAL(code_in(claimed), error_code::not_signed_in);
    BOOST_CHECK_EQUAL(claimed.journal.events.front().account, "");
  }
  BOOST_CHECK_EQUAL(code_in(h.say(sign_in{"Staff01", credential{"x"}, {}, std::string(65, 'p'), false})),
                    error_code::wrong_value);
}

BOOST_AUTO_TEST_CASE(a_session_is_one_account_s_at_one_node_and_ends_with_its_time) {
  house h;
  h.begin();
  const auto own = h.enter("Kanri01", house::good, "tool@tool-1");
  BOOST_REQUIRE(own);
  const auto search = [&](const std::string& from) { return h.say(search_accounts{}, "Kanri01", from); };
  BOOST_CHECK(search("tool@tool-1").replies.front().body.has_value());
  BOOST_CHECK_EQUAL(code_in(search("tool@tool-2")), error_code::not_signed_in);
  BOOST_REQUIRE(was_done(h.say(sign_out{own->session, false}, "Kanri01", "tool@tool-1")));
  BOOST_CHECK_EQUAL(code_in(search("tool@tool-1")), error_code::not_signed_in);
  BOOST_CHECK(search("screen@hub").replies.front().body.has_value()); // another session, from begin()
  BOOST_REQUIRE(was_done(h.say(sign_out{{}, true}, "Kanri01")));
  BOOST_CHECK_EQUAL(code_in(search("screen@hub")), error_code::not_signed_in);
  const auto again = h.enter("Kanri01", house::good);
  h.now_ms = again->until_ms;
  BOOST_CHECK_EQUAL(code_in(search("screen@hub")), error_code::not_signed_in);
}

BOOST_AUTO_TEST_CASE(the_master_is_reset_by_the_offline_secret_which_is_then_another_one) {
  house h;
  h.begin();
  BOOST_CHECK_EQUAL(code_in(h.say(reset_master{credential{"guess"}, {}})), error_code::sign_in_refused);
  const auto out = h.say(reset_master{credential{h.secret}, {}});
  const auto shown = reply_in<master_secrets>(out);
  BOOST_REQUIRE(shown);
  BOOST_CHECK(!out.replies.front().remember);
  BOOST_CHECK_EQUAL(h.enter("Master01", house::good).error().code, error_code::sign_in_refused);
  BOOST_CHECK(h.enter("Master01", shown->password.reveal())->password_to_change);
  BOOST_CHECK_EQUAL(code_in(h.say(reset_master{credential{h.secret}, {}})), error_code::sign_in_refused);
  BOOST_CHECK(reply_in<master_secrets>(h.say(reset_master{shown->reset_secret, {}})));
  BOOST_CHECK_EQUAL(h.enter("Reset01", h.secret).error().code, error_code::sign_in_refused); // no one signs in to it
  BOOST_CHECK_EQUAL(code_in(h.say(init_accounts{"Other01", "Other02"})), error_code::accounts_there);
}

BOOST_AUTO_TEST_CASE(a_first_start_that_nobody_saw_the_end_of_is_done_again_and_then_never) {
  house h;
  const auto unseen = reply_in<master_secrets>(h.say(init_accounts{"Master01", "Reset01"}));
  BOOST_CHECK_EQUAL(code_in(h.say(init_accounts{"Master02", "Reset01"})), error_code::accounts_there);
  const auto seen = reply_in<master_secrets>(h.say(init_accounts{"Master01", "Reset01"}));
  BOOST_REQUIRE((unseen && seen));
  BOOST_CHECK_EQUAL(h.book.all().size(), 2u);
  BOOST_CHECK_EQUAL(code_in(h.say(reset_master{unseen->reset_secret, {}})), error_code::sign_in_refused);
  BOOST_CHECK_EQUAL(h.enter("Master01", unseen->password.reveal()).error().code, error_code::sign_in_refused);
  BOOST_REQUIRE(h.enter("Master01", seen->password.reveal()));
  BOOST_CHECK_EQUAL(code_in(h.say(init_accounts{"Master01", "Reset01"})), error_code::accounts_there);
  house serving{{}, false};
  BOOST_CHECK_EQUAL(code_in(serving.say(init_accounts{"Master01", "Reset01"})), error_code::not_allowed);
}

BOOST_AUTO_TEST_CASE(a_code_is_asked_for_once_enrolled_and_taken_once) {
  house h;
  h.begin();
  const auto out = h.say(enrol_code{}, "Staff01");
  BOOST_CHECK_EQUAL(reply_in<code_secret>(out)->secret.reveal(), "CODE-staff01");
  BOOST_CHECK(!out.replies.front().remember);
  BOOST_CHECK_EQUAL(h.enter("Staff01", house::good, "a@n").error().code, error_code::code_needed);
  BOOST_CHECK(h.enter("Staff01", house::good, "a@n", "100"));
  BOOST_CHECK_EQUAL(h.enter("Staff01", house::good, "a@n", "100").error().code, error_code::code_needed);
  BOOST_CHECK(h.enter("Staff01", house::good, "a@n", "101"));
}

BOOST_AUTO_TEST_CASE(what_changed_while_a_password_was_judged_is_seen) {
  house h;
  h.begin();
  const sign_in m{"Staff01", credential{house::good}, {}, "pc", false};
  const auto job = h.book.on_command(command_of("screen@hub", m, h.now_ms), h.now_ms).jobs.front();
  BOOST_REQUIRE(was_done(h.say(delete_account{"Staff01"}, "Kanri01")));
  const auto out = h.book.on_hashed(job.number, judged(job), h.now_ms);
  BOOST_CHECK_EQUAL(code_in(out), error_code::sign_in_refused);
  BOOST_CHECK(!event_in<signed_in>(out));
  BOOST_CHECK_EQUAL(code_in(h.say(register_account{"STAFF01", account_kind::general}, "Kanri01")),
                    error_code::account_taken); // an ID names one person for ever
}

BOOST_AUTO_TEST_CASE(programs_sign_in_by_their_own_door) {
  house h;
  h.begin();
  BOOST_REQUIRE(was_done(h.say(register_account{"Api01", account_kind::web_api}, "Kanri01")));
  const credential key{h.password_for("Api01", "Kanri01")};
  BOOST_CHECK_EQUAL(code_in(h.say(sign_in{"Api01", key, {}, {}, false})), error_code::sign_in_refused);
  const auto in = reply_in<session_opened>(h.say(sign_in{"Api01", key, {}, {}, true}, {}, "api@tool-9"));
  BOOST_REQUIRE(in);
  BOOST_CHECK(!in->password_to_change);
  BOOST_CHECK_EQUAL(code_in(h.say(sign_in{"Staff01", credential{house::good}, {}, {}, true})),
                    error_code::sign_in_refused);
}

BOOST_AUTO_TEST_CASE(passwords_are_long_varied_and_not_the_ones_everybody_tries) {
  const policy rules;
  for (const auto* bad : {"short", "aaaaaaaaaaaaaaa", "password1234", "PASSWORD!!!!2026", "Staff01Staff01",
                          "123456789012345", "Uketsuke2026!", "abcabcabcabc"})
    BOOST_CHECK_MESSAGE(unfit(rules, "Staff01", bad), bad);
  BOOST_CHECK(unfit(rules, "Staff01", std::string(129, 'x')));
  BOOST_CHECK(unfit(rules, "Staff01", "with a \n newline"));
  for (const auto* fit : {house::good, "correct horse battery", "まいにちごはんをたべます", "Zx9-kLm2-pQr7"})
    BOOST_CHECK_MESSAGE(!unfit(rules, "Staff01", fit), fit);
}

// Random histories: the rows in memory are always the fold of what was written, and nobody acts without a right.
BOOST_AUTO_TEST_CASE(after_any_history_the_rows_are_the_fold_of_what_was_written) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937 chance{seed};
    house h;
    std::map<std::string, account_record> folded;
    const std::array<std::string, 6> names{"Master01", "Kanri01", "Staff01", "Iryou01", "Api01", "Nobody01"};
    const auto one = [&] { return names[chance() % names.size()]; };
    const auto keep = [&](const decision& out) {
      for (const auto& d : out.journal.events) {
        event_envelope e;
        e.v = d.v, e.topic = d.topic, e.body = d.body, e.time_ms = h.now_ms;
        if (const auto key = account_key_of(e); !key.empty()) apply(e, folded[key]);
      }
    };
    const auto made = h.say(init_accounts{"Master01", "Reset01"});
    keep(made);
    std::map<std::string, std::string> last{{"Master01", reply_in<master_secrets>(made)->password.reveal()}};
    for (int step = 0; step < 150; ++step) {
      h.now_ms += chance() % 30'000;
      const auto who = one(), on = one();
      decision out;
      switch (chance() % 8) {
      case 0: out = h.say(register_account{on, static_cast<account_kind>(chance() % 8)}, who); break;
      case 1:
        out = h.say(receive_password{on}, who);
        if (const auto shown = reply_in<initial_password>(out)) last[on] = shown->password.reveal();
        break;
      case 2: out = h.say(reset_account{on}, who); break;
      case 3: out = h.say(update_account{on, chance() % 8 == 0, false, 0}, who); break;
      case 4: out = h.say(sign_out{{}, true}, who); break;
      case 5: {
        const auto to = "gohan to misoshiru " + std::to_string(chance() % 100);
        out = h.say(change_password{credential{last[who]}, credential{to}}, who);
        if (was_done(out)) last[who] = to;
        break;
      }
      default: out = h.say(sign_in{on, credential{last[on]}, {}, "pc-" + on, on == "Api01"}); break;
      }
      keep(out);
      BOOST_REQUIRE_MESSAGE(h.book.all() == folded, "seed " << seed << " step " << step);
    }
  }
}
