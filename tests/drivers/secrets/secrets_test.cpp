// Passwords: right ones fit, all others do not, and what is stored tells nothing without the key.
#include "tests/test.hpp"

#include "drivers/secrets/digests.hpp"

#include <atomic>
#include <fstream>
#include <future>
#include <set>
#include <sys/stat.h>

using namespace drivers::secrets;
using messages::bytes;
using messages::credential;
using messages::error_code;

namespace {

constexpr cost cheap{4, 1, 1}; // in tests of everything but the cost itself

struct folder {
  folder() {
    auto name = (std::filesystem::temp_directory_path() / "uketsuke-secrets-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
  std::filesystem::path key() const { return path / "accounts.key"; }
};

std::unique_ptr<hasher> open(const folder& in) {
  if (!std::filesystem::exists(in.key())) BOOST_REQUIRE(make_accounts_key(in.key()));
  auto opened = open_hasher(in.key(), cheap);
  BOOST_REQUIRE(opened);
  return std::move(*opened);
}

outcome done_by(hasher& by, job what) {
  std::promise<outcome> promised;
  BOOST_REQUIRE(by.start(std::move(what), [&](outcome o) { promised.set_value(std::move(o)); }));
  return promised.get_future().get();
}

job making(const std::string& account, const std::string& password) {
  job what;
  what.make = {{account, credential{password}}};
  return what;
}
job judging(const std::string& account, const std::string& password, const bytes& verifier) {
  job what;
  what.judges = true;
  what.account = account;
  what.password = credential{password};
  what.verifier = verifier;
  return what;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_password_fits_its_own_verifier_of_its_own_account_under_its_own_key_only) {
  const std::string key(32, 'k'), other(32, 'o');
  const credential right{"gohan to misoshiru"};
  const auto verifier = make_verifier(key, "staff01", right, cheap);
  BOOST_TEST(fits(key, "staff01", right, verifier, cheap));
  BOOST_TEST(!fits(key, "staff01", credential{"gohan to misoshirU"}, verifier, cheap));
  BOOST_TEST(!fits(key, "staff02", right, verifier, cheap)); // a row copied to another account
  BOOST_TEST(!fits(other, "staff01", right, verifier, cheap));
  BOOST_TEST((make_verifier(key, "staff01", right, cheap) != verifier)); // another salt
}

BOOST_AUTO_TEST_CASE(a_changed_short_or_missing_verifier_fits_nothing) {
  const std::string key(32, 'k');
  const credential right{"gohan to misoshiru"};
  const auto verifier = make_verifier(key, "staff01", right, cheap);
  for (std::size_t n = 0; n < verifier.size(); ++n) {
    auto changed = verifier;
    changed[n] ^= 1;
    BOOST_TEST(!fits(key, "staff01", right, changed, cheap), n);
  }
  for (const bytes& none : {bytes{}, bytes(verifier.begin(), verifier.end() - 1), bytes(verifier_size, 0),
                            bytes(verifier_size, 0xff)})
    BOOST_TEST(!fits(key, "staff01", right, none, cheap));
}

BOOST_AUTO_TEST_CASE(a_verifier_says_with_which_cost_it_was_made) {
  const std::string key(32, 'k');
  const credential right{"gohan to misoshiru"};
  const auto verifier = make_verifier(key, "staff01", right, {5, 2, 3});
  BOOST_TEST((verifier[1] == 5 && verifier[2] == 2 && verifier[3] == 3));
  BOOST_TEST(fits(key, "staff01", right, verifier, cheap));
  const auto dear = make_verifier(key, "staff01", right, {});
  BOOST_TEST((dear[1] == 15 && dear[2] == 8 && dear[3] == 3)); // what the README promises
}

BOOST_AUTO_TEST_CASE(codes_are_those_of_rfc_6238) {
  const credential secret{"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"};
  BOOST_TEST(code_at(secret, 1) == "287082");
  BOOST_TEST(code_at(secret, 37037036) == "081804");
  BOOST_TEST(code_at(secret, 666666666) == "353130");
  const std::uint64_t now = 1111111109'000;
  BOOST_TEST(step_of(secret, "081804", now) == 37037036u);
  BOOST_TEST(step_of(secret, "081804", now + code_step_ms) == 37037036u); // a clock half a minute off
  BOOST_TEST(step_of(secret, "081804", now + 2 * code_step_ms) == 0u);
  for (const auto* bad : {"", "81804", "081805", "0818040", "０８１８０４"})
    BOOST_TEST(step_of(secret, bad, now) == 0u, bad);
}

BOOST_AUTO_TEST_CASE(the_hasher_judges_first_and_makes_only_after_the_right_password) {
  folder in;
  auto by = open(in);
  const auto made = done_by(*by, making("staff01", "first password"));
  BOOST_REQUIRE(made.made.size() == 1u);
  auto change = judging("staff01", "first password", made.made.front());
  change.make = {{"staff01", credential{"second password"}}};
  const auto changed = done_by(*by, change);
  BOOST_REQUIRE((changed.right && changed.made.size() == 1u));
  change.password = credential{"guess"};
  const auto refused = done_by(*by, change);
  BOOST_TEST((!refused.right && refused.made.empty()));
  BOOST_TEST(!done_by(*by, judging("staff01", "anything", {})).right);
}

// What takes the time is counted, not timed: an unknown ID cannot be told from a wrong password by how long it takes.
BOOST_AUTO_TEST_CASE(whatever_is_wrong_the_same_work_is_done) {
  folder in;
  auto by = open(in);
  const std::uint64_t once = (std::uint64_t{cheap.r} * cheap.p) << cheap.log2_n;
  const auto made = done_by(*by, making("staff01", "the right one"));
  BOOST_TEST(made.work == once);
  const auto& verifier = made.made.front();
  auto damaged = verifier;
  damaged.back() ^= 1;
  auto with_code = judging("staff01", "wrong", verifier);
  with_code.code_nonce = fresh_nonce();
  auto changing = judging("staff01", "wrong", verifier);
  changing.make = {{"staff01", credential{"another"}}};
  for (const auto& what :
       {judging("staff01", "the right one", verifier), judging("staff01", "wrong", verifier),
        judging("staff01", std::string(128, 'x'), verifier), judging("nobody", "wrong", {}),
        judging("staff02", "the right one", verifier), judging("staff01", "wrong", damaged),
        judging("staff01", "wrong", bytes(verifier_size, 0xff)), with_code, changing})
    BOOST_TEST(done_by(*by, what).work == once);
}

BOOST_AUTO_TEST_CASE(a_code_is_judged_with_the_password) {
  folder in;
  auto by = open(in);
  const auto verifier = done_by(*by, making("staff01", "password of mine")).made.front();
  auto what = judging("staff01", "password of mine", verifier);
  what.code_nonce = fresh_nonce();
  what.utc_ms = 1'700'000'000'000;
  what.code = code_at(by->code_secret("staff01", what.code_nonce), what.utc_ms / code_step_ms);
  BOOST_TEST(done_by(*by, what).code_step == what.utc_ms / code_step_ms);
  BOOST_TEST((by->code_secret("staff02", what.code_nonce) != by->code_secret("staff01", what.code_nonce)));
  what.code = "000000";
  if (step_of(by->code_secret("staff01", what.code_nonce), what.code, what.utc_ms) == 0)
    BOOST_TEST(done_by(*by, what).code_step == 0u);
}

BOOST_AUTO_TEST_CASE(a_full_queue_is_told_and_work_is_done_in_order) {
  folder in;
  auto by = open(in);
  std::promise<void> begun, go;
  auto opened = go.get_future().share();
  BOOST_REQUIRE(by->start(making("a", "x"), [&](const outcome&) {
    begun.set_value();
    opened.wait();
  }));
  begun.get_future().wait(); // the thread is held
  std::vector<int> order;
  std::promise<void> last;
  for (std::size_t n = 0; n < hasher::queued_max; ++n) {
    BOOST_REQUIRE(by->start(making("a", "x"), [&, n](const outcome&) {
      order.push_back(static_cast<int>(n));
      if (order.size() == hasher::queued_max) last.set_value();
    }));
  }
  BOOST_TEST(!by->start(making("a", "x"), [](const outcome&) {}));
  go.set_value();
  last.get_future().wait();
  BOOST_TEST(std::ranges::is_sorted(order));
}

BOOST_AUTO_TEST_CASE(after_stop_nobody_is_called) {
  folder in;
  auto by = open(in);
  std::atomic<int> called{0};
  for (std::size_t n = 0; n < hasher::queued_max; ++n)
    by->start(making("a", "x"), [&](const outcome&) { ++called; });
  by->stop();
  const int then = called;
  BOOST_TEST(!by->start(making("a", "x"), [&](const outcome&) { ++called; }));
  by.reset();
  BOOST_TEST(called == then);
}

BOOST_AUTO_TEST_CASE(the_key_is_made_once_and_refused_when_others_can_read_it_or_it_is_none) {
  folder in;
  BOOST_TEST((open_hasher(in.key()).error().code == error_code::accounts_key));
  BOOST_REQUIRE(make_accounts_key(in.key()));
  BOOST_TEST((make_accounts_key(in.key()).error().code == error_code::not_now));
  ::chmod(in.key().c_str(), 0640);
  BOOST_TEST((open_hasher(in.key()).error().code == error_code::keys_exposed));
  ::chmod(in.key().c_str(), 0600);
  BOOST_TEST(open_hasher(in.key(), cheap).has_value());
  std::ofstream{in.key(), std::ios::app} << "x";
  BOOST_TEST((open_hasher(in.key()).error().code == error_code::accounts_key));
}

BOOST_AUTO_TEST_CASE(fresh_passwords_differ_and_hold_no_signs_that_are_mistaken) {
  std::set<std::string> seen;
  for (int n = 0; n < 200; ++n) {
    const auto password = fresh_password();
    const auto& text = password.reveal();
    BOOST_TEST(text.size() == 23u);
    BOOST_TEST(text.find_first_of("01OIlaeiouAEU ") == std::string::npos, text);
    seen.insert(text);
  }
  BOOST_TEST(seen.size() == 200u);
  BOOST_TEST(fresh_password(6).reveal().size() == 35u);
}
