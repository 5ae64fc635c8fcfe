// Fuzz: whatever a browser sends is answered by the rules of the house: no page is granted to another origin or host,
// no staff's page without a sign-in, and no file is named that is not the pages'.
#include "drivers/screen/house_rules.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <cstdlib>

namespace {

using namespace drivers::screen;
namespace http = boost::beast::http;

void demand(bool kept) {
  if (!kept) std::abort();
}

house a_house() {
  house h;
  h.node = "desk-1";
  h.offers = {page_kind::patient, page_kind::reception};
  h.hosts = {"127.0.0.1:80"};
  h.known = [](std::string_view account, std::string_view password) -> std::optional<std::string> {
    return account == "a" && password == "b" ? std::optional<std::string>{"a"} : std::nullopt;
  };
  h.now_ms = [] { return std::uint64_t{1'000'000}; };
  h.token = [] { return std::string{"0123456789abcdef"}; };
  return h;
}

std::string text_from(boost::beast::string_view text) { return {text.data(), text.size()}; }

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  http::request_parser<http::string_body> parser;
  parser.header_limit(16 * 1024);
  parser.body_limit(4 * 1024);
  parser.eager(true);
  boost::system::error_code wrong;
  parser.put(boost::asio::buffer(data, size), wrong);
  if (wrong || !parser.is_header_done()) return 0;
  const auto& asked = parser.get();
  request_facts facts;
  facts.method = text_from(asked.method_string());
  facts.target = text_from(asked.target());
  facts.host = text_from(asked[http::field::host]);
  facts.origin = text_from(asked[http::field::origin]);
  facts.cookie = text_from(asked[http::field::cookie]);
  facts.content_type = text_from(asked[http::field::content_type]);
  facts.upgrade = boost::beast::websocket::is_upgrade(asked);
  facts.body = asked.body();
  house_rules rules{a_house(), {{"patient.html", {"text/html", "p"}}, {"a.js", {"text/javascript", "j"}}}};
  const auto said = rules.decide(facts);
  demand(said.status >= 100 && said.status < 600);
  if (said.granted) {
    demand(facts.host == "127.0.0.1:80" && facts.origin == "http://127.0.0.1:80" && facts.upgrade);
    demand(said.granted->kind == page_kind::patient); // nobody has signed in here
  }
  if (!said.cookie.empty())
    demand(facts.origin == "http://127.0.0.1:80" && (facts.target == "/sign-in" || facts.target == "/sign-out"));
  if (facts.target.starts_with("/qr-code.svg")) { // staff's: its query is read behind the door
    rules.let_in("a", {});
    facts.cookie = "uketsuke=0123456789abcdef";
    const auto drawn = rules.decide(facts);
    demand(drawn.status != 200 || drawn.body.starts_with("<svg"));
  }
  if (said.status == 200) demand(said.body == "p" || said.body == "j" || said.type == "application/json");
  return 0;
}
