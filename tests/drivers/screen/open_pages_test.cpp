// Pages that nobody signs in to, and the picture that only staff may fetch.
#include "tests/test.hpp"

#include "drivers/screen/house_rules.hpp"

using namespace drivers::screen;

namespace {

constexpr const char* host = "127.0.0.1:5590";

house_rules rules_of(page_kind offered) {
  house h;
  h.node = "here";
  h.simulated = true;
  h.offers = {offered};
  h.hosts = {host};
  h.now_ms = [] { return std::uint64_t{1'000}; };
  h.token = [] { return std::string{"token"}; };
  return house_rules{std::move(h), {{"home_reception.html", {"text/html", "<p>home"}}}};
}

request_facts get(std::string target, std::string cookie = {}) {
  request_facts r;
  r.method = "GET";
  r.target = std::move(target);
  r.host = host;
  r.origin = std::string{"http://"} + host;
  r.cookie = std::move(cookie);
  return r;
}
request_facts upgrade(std::string target) {
  auto r = get(std::move(target));
  r.upgrade = true;
  return r;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_web_reception_is_open_to_all_where_it_is_offered_and_nowhere_else) {
  auto centre = rules_of(page_kind::home_reception);
  BOOST_CHECK_EQUAL(centre.decide(get("/home_reception?at=h0123")).body, "<p>home");
  const auto live = centre.decide(upgrade("/live/home_reception"));
  BOOST_REQUIRE(live.granted);
  BOOST_CHECK(live.granted->kind == page_kind::home_reception && live.granted->account.empty());
  BOOST_CHECK_EQUAL(centre.decide(upgrade("/live/reception")).status, 404);
  auto foreign = upgrade("/live/home_reception");
  foreign.origin = "http://elsewhere.invalid";
  BOOST_CHECK_EQUAL(centre.decide(foreign).status, 403);

  auto desk = rules_of(page_kind::patient);
  BOOST_CHECK_EQUAL(desk.decide(get("/home_reception")).status, 404);
  BOOST_CHECK_EQUAL(desk.decide(upgrade("/live/home_reception")).status, 404);
}

BOOST_AUTO_TEST_CASE(the_code_of_an_address_is_drawn_for_whoever_is_signed_in) {
  auto hub = rules_of(page_kind::reception);
  const std::string address = "/qr-code.svg?of=http%3A%2F%2F127.0.0.1%3A5590%2Fhome_reception%3Fat%3Dh0123";
  BOOST_CHECK_EQUAL(hub.decide(get(address)).status, 401);
  hub.let_in("suzuki", {});
  const std::string cookie = "uketsuke=token";
  const auto drawn = hub.decide(get(address, cookie));
  BOOST_CHECK_EQUAL(drawn.status, 200);
  BOOST_CHECK_EQUAL(drawn.type, "image/svg+xml");
  BOOST_CHECK(drawn.body.starts_with("<svg"));
  for (const auto* wrong : {"/qr-code.svg", "/qr-code.svg?of=", "/qr-code.svg?of=http%3", "/qr-code.svg?of=http%zz",
                            "/qr-code.svg?of=javascript%3Aalert"})
    BOOST_CHECK_EQUAL(hub.decide(get(wrong, cookie)).status, 400);
  BOOST_CHECK_EQUAL(hub.decide(get("/qr-code.svg?of=http" + std::string(3'000, 'x'), cookie)).status, 400);
}
