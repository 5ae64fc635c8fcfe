// The door of the staff's pages where the hub has accounts: others judge, the server keeps the cookie.
#include "tests/test.hpp"

#include "tests/drivers/screen/support_clients.hpp"

using namespace screen_test;

namespace {

const messages::id session = *messages::id::from_text("0190000000000000000000000000000a");

/// Answers entries as account administration would, and remembers who left.
struct administration final : watcher {
  heard pages;
  drivers::screen::pages* port = nullptr;
  std::vector<messages::id> left;
  bool silent = false;

  void page_joined(page p, const visitor& who) override { pages.page_joined(p, who); }
  void page_said(page p, std::string line) override { pages.page_said(p, std::move(line)); }
  void page_left(page p) override { pages.page_left(p); }
  void entry_asked(std::uint64_t n, entry who) override {
    if (silent) return;
    if (who.account.empty()) return port->answer_entry(n, 200, R"({"master":"Master01"})");
    if (who.account == "Staff01" && who.password.reveal() == "right" && who.place == "127.0.0.1")
      return port->let_in(n, "Staff01", session);
    port->answer_entry(n, 401, R"({"name":"sign_in_refused"})");
  }
  void session_left(const std::string&, const messages::id& which) override {
    const std::lock_guard lock{pages.mutex};
    left.push_back(which);
    pages.changed.notify_all();
  }
};

struct door {
  site_folder site;
  administration watcher;
  std::unique_ptr<page_server> open;

  door() {
    auto o = site.options();
    o.of.known = nullptr;
    o.of.accounts = true;
    o.entries_max = 4;
    auto made = open_page_server(std::move(o));
    BOOST_REQUIRE(made);
    open = std::move(*made);
    watcher.port = open.get();
    open->watch(watcher);
  }
  ~door() { open->stop(); }
  std::string host() const { return "127.0.0.1:" + std::to_string(open->port()); }
  std::string origin() const { return "http://" + host(); }
  got post(const std::string& target, const std::string& body, const std::string& from, const std::string& more = {},
           const std::string& type = "application/json") const {
    return request(open->port(), "POST " + target + " HTTP/1.1\r\nHost: " + host() + "\r\nOrigin: " + from +
                                     "\r\nContent-Type: " + type + "\r\nConnection: close\r\nContent-Length: " +
                                     std::to_string(body.size()) + "\r\n" + more + "\r\n" + body);
  }
  got sign_in(const std::string& account, const std::string& password) const {
    return post("/sign-in", R"({"account":")" + account + R"(","password":")" + password + R"("})", origin());
  }
  std::string cookie() const {
    const auto good = sign_in("Staff01", "right");
    BOOST_REQUIRE(good.status == 204);
    const auto at = good.head.find("Set-Cookie: ") + 12;
    return good.head.substr(at, good.head.find(';', at) - at);
  }
  int opens(const std::string& with) const {
    int status = 101;
    open_page(open->port(), "reception", origin(), with, &status);
    return status;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(whoever_is_let_in_gets_a_cookie_that_scripts_and_other_sites_never_see, door) {
  const auto good = sign_in("Staff01", "right");
  BOOST_TEST(good.status == 204);
  BOOST_TEST(good.head.find("; HttpOnly; SameSite=Strict; Path=/") != std::string::npos);
  const auto page = open_page(open->port(), "reception", origin(), cookie());
  BOOST_REQUIRE(page);
  BOOST_REQUIRE(watcher.pages.wait([&] { return !watcher.pages.visitors.empty(); }));
  BOOST_TEST(watcher.pages.visitors.front().account == "Staff01");
  BOOST_TEST((watcher.pages.visitors.front().session == session));
}

BOOST_FIXTURE_TEST_CASE(whoever_is_refused_reads_what_was_answered_and_gets_no_cookie, door) {
  const auto bad = sign_in("Staff01", "wrong");
  BOOST_TEST(bad.status == 401);
  BOOST_TEST(bad.body == R"({"name":"sign_in_refused"})");
  BOOST_TEST(bad.head.find("Set-Cookie") == std::string::npos);
  BOOST_TEST(post("/reset-master", R"({"secret":"sealed"})", origin()).body == R"({"master":"Master01"})");
}

BOOST_FIXTURE_TEST_CASE(a_cookie_replayed_after_its_session_opens_nothing, door) {
  const auto replayed = cookie();
  const auto page = open_page(open->port(), "reception", origin(), replayed);
  BOOST_REQUIRE(page);
  open->end_session(session); // its account was deleted, or signed out elsewhere
  BOOST_TEST(!page->read().has_value());
  BOOST_TEST(opens(replayed) == 401);

  const auto second = cookie();
  const auto other = open_page(open->port(), "reception", origin(), second);
  BOOST_REQUIRE(other);
  BOOST_TEST(post("/sign-out", "{}", origin(), "Cookie: " + second + "\r\n").status == 204);
  BOOST_REQUIRE(watcher.pages.wait([&] { return watcher.left.size() == 1; }));
  BOOST_TEST(!other->read().has_value()); // the page closes with its session
  BOOST_TEST(opens(second) == 401);
  BOOST_TEST(opens("uketsuke=" + std::string(10'000, '0')) == 401);
}

BOOST_FIXTURE_TEST_CASE(a_page_whose_session_ends_while_it_is_opened_does_not_stay_open, door) {
  for (int n = 0; n < 200; ++n) {
    const auto page = open_page(open->port(), "reception", origin(), cookie());
    BOOST_REQUIRE(page);
    open->end_session(session); // between the server's answer to the handshake and the page's first line
    BOOST_REQUIRE(!page->read().has_value());
  }
}

BOOST_FIXTURE_TEST_CASE(a_post_from_another_site_or_of_another_kind_signs_nobody_in_or_out, door) {
  const auto own = cookie();
  const std::string body = R"({"account":"Staff01","password":"right"})";
  for (const auto* from : {"http://evil.example", "null", "", "https://127.0.0.1"})
    for (const auto* target : {"/sign-in", "/sign-out", "/reset-master"})
      BOOST_TEST(post(target, body, from, "Cookie: " + own + "\r\n").status == 403, from << target);
  BOOST_TEST(post("/sign-in", body, origin(), {}, "text/plain").status == 415);
  BOOST_TEST(post("/sign-in", "account=Staff01&password=right", origin(), {}, "application/x-www-form-urlencoded")
                 .status == 415);
  BOOST_TEST(opens(own) == 101); // still signed in
}

BOOST_FIXTURE_TEST_CASE(what_is_typed_at_the_door_may_be_anything, door) {
  for (const auto& account : {std::string{}, std::string{"a\\u0000b"}, std::string(3000, 'x'), std::string{"<script>"}})
    BOOST_TEST(sign_in(account, "right").status == 401);
  BOOST_TEST(sign_in(std::string(10'240, 'a'), "right").status == 413); // more than a request may hold
  for (const auto* body : {"", "{", "[]", "1", R"({"account":7,"password":{}})"})
    BOOST_TEST(post("/sign-in", body, origin()).status == 401, body);
}

BOOST_FIXTURE_TEST_CASE(more_entries_than_may_wait_are_told_so_and_the_open_page_goes_on, door) {
  const auto page = open_page(open->port(), "patient", origin(), "");
  BOOST_REQUIRE(page);
  watcher.silent = true; // account administration does not answer
  std::vector<std::thread> waiting;
  for (int n = 0; n < 4; ++n)
    waiting.emplace_back([this] { sign_in("Staff01", "right"); });
  int status = 0;
  for (int tries = 0; tries < 200 && status != 413 && status != 503; ++tries) {
    if (open->connections() < 5) {
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
      continue;
    }
    status = sign_in("Staff01", "right").status;
  }
  BOOST_TEST(status == 503);
  page->say("{\"still\":1}");
  BOOST_TEST(watcher.pages.wait([&] { return watcher.pages.lines.size() == 1; }));
  for (std::uint64_t n = 1; n <= 8; ++n)
    open->answer_entry(n, 503, "{}");
  for (auto& t : waiting)
    t.join();
}
