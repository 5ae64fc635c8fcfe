// Files, addresses, cookies and passwords of the pages' server.
#include "drivers/screen/house_rules.hpp"

#include "drivers/screen/qr_code.hpp"
#include "messages/json.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace drivers::screen {

using messages::error_code;
using messages::failure;
using messages::value;

namespace {

constexpr std::size_t files_max = 200, site_bytes_max = 4 * 1024 * 1024;
constexpr std::string_view cookie_name = "uketsuke";
constexpr std::array kinds{page_kind::patient,  page_kind::reception, page_kind::monitor,
                           page_kind::accounts, page_kind::records,   page_kind::home_reception};

/// A patient's page: nobody signs in to it.
constexpr bool is_open_to_all(page_kind kind) {
  return kind == page_kind::patient || kind == page_kind::home_reception;
}

std::string_view type_of(const std::filesystem::path& file) {
  static const std::map<std::string, std::string_view, std::less<>> known{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".svg", "image/svg+xml"},
  };
  const auto found = known.find(file.extension().string());
  return found == known.end() ? "application/octet-stream" : found->second;
}

answer refused(int status, std::string why) {
  answer a;
  a.status = status;
  a.body = std::move(why);
  return a;
}

/// The value of our cookie; the header is `a=b; c=d`.
std::string_view token_in(std::string_view cookies) {
  while (!cookies.empty()) {
    const auto end = cookies.find(';');
    auto one = cookies.substr(0, end);
    cookies.remove_prefix(end == std::string_view::npos ? cookies.size() : end + 1);
    while (one.starts_with(' '))
      one.remove_prefix(1);
    const auto equals = one.find('=');
    if (equals != std::string_view::npos && one.substr(0, equals) == cookie_name) return one.substr(equals + 1);
  }
  return {};
}

/// What a query of one value says; nullopt when it is not encoded as queries are.
std::optional<std::string> decoded(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string said;
  for (; !text.empty(); text.remove_prefix(1)) {
    if (text.front() != '%') {
      said += text.front();
      continue;
    }
    const auto high = text.size() < 3 ? std::string_view::npos : digits.find(text[1]);
    const auto low = text.size() < 3 ? std::string_view::npos : digits.find(text[2]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    said += static_cast<char>(high * 16 + low);
    text.remove_prefix(2);
  }
  return said;
}

void wipe(std::string& text) {
  volatile char* p = text.data();
  for (std::size_t i = 0; i < text.size(); ++i)
    p[i] = 0;
}

} // namespace

std::string_view name_of(page_kind kind) {
  static constexpr std::array<std::string_view, 7> names{"hands",    "patient", "reception",     "monitor",
                                                         "accounts", "records", "home_reception"};
  return names[static_cast<std::size_t>(kind)];
}

bool same_secret(std::string_view a, std::string_view b) {
  unsigned different = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i)
    different |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b.empty() ? 0 : b[i % b.size()]);
  return different == 0;
}

messages::result<std::map<std::string, page_file, std::less<>>> read_site(const std::string& folder) {
  namespace fs = std::filesystem;
  std::map<std::string, page_file, std::less<>> site;
  std::size_t total = 0;
  std::error_code wrong;
  for (const auto& entry : fs::recursive_directory_iterator(folder, wrong)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in{entry.path(), std::ios::binary};
    std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    total += bytes.size();
    if (!in || site.size() >= files_max || total > site_bytes_max)
      return failure(error_code::file_unreadable, entry.path().string(), "unreadable, or too much for pages");
    site[fs::relative(entry.path(), folder).generic_string()] = {std::string{type_of(entry.path())}, std::move(bytes)};
  }
  if (wrong) return failure(error_code::file_unreadable, folder, wrong.message());
  if (site.empty()) return failure(error_code::file_unreadable, folder, "no pages are there");
  return site;
}

house_rules::house_rules(house of, std::map<std::string, page_file, std::less<>> site)
    : house_(std::move(of)), site_(std::move(site)) {}

std::vector<std::pair<std::string, std::string>> house_rules::headers() const {
  const bool camera = std::ranges::find(house_.methods, "face") != house_.methods.end();
  return {{"Cache-Control", "no-store"},
          {"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                                      "connect-src 'self'; base-uri 'none'; form-action 'none'; "
                                      "frame-ancestors 'none'"},
          {"Permissions-Policy",
           camera ? "camera=(self), microphone=(), geolocation=()" : "camera=(), microphone=(), geolocation=()"},
          {"X-Content-Type-Options", "nosniff"},
          {"X-Frame-Options", "DENY"},
          {"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Opener-Policy", "same-origin"},
          {"Cross-Origin-Resource-Policy", "same-origin"}};
}

bool house_rules::offers(page_kind kind) const { return std::ranges::find(house_.offers, kind) != house_.offers.end(); }

bool house_rules::same_origin(const request_facts& asked) const {
  return asked.origin == (house_.tls ? "https://" : "http://") + asked.host;
}

house_rules::signed_in* house_rules::found_by(const request_facts& asked) {
  const auto found = sign_ins_.find(token_in(asked.cookie));
  if (found == sign_ins_.end()) return nullptr;
  const auto now = house_.now_ms();
  if (now >= found->second.begun_ms + signed_in_ms_max) {
    sign_ins_.erase(found);
    return nullptr;
  }
  found->second.used_ms = now;
  return &found->second;
}

answer house_rules::decide(const request_facts& asked) {
  // Another name for this address is somebody else's page in the same browser (DNS rebinding).
  if (std::ranges::find(house_.hosts, asked.host) == house_.hosts.end()) {
    auto a = refused(421, "not this host");
    a.refused = "a request for another host";
    return a;
  }
  if (asked.upgrade) return upgrade(asked);
  if (asked.method == "POST") return post(asked);
  if (asked.method != "GET" && asked.method != "HEAD") return refused(405, "method");
  return file(asked);
}

answer house_rules::post(const request_facts& asked) {
  if (!same_origin(asked)) {
    auto a = refused(403, "origin");
    a.refused = "a POST from another origin";
    return a;
  }
  if (asked.target == "/sign-in" || (asked.target == "/reset-master" && house_.accounts)) return sign_in(asked);
  if (asked.target != "/sign-out") return refused(404, "not found");
  auto a = refused(204, "");
  if (const auto found = sign_ins_.find(token_in(asked.cookie)); found != sign_ins_.end()) {
    a.left = visitor{page_kind::reception, found->second.account, found->second.session};
    sign_ins_.erase(found);
  }
  a.cookie = std::string{cookie_name} + "=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0";
  return a;
}

answer house_rules::upgrade(const request_facts& asked) {
  if (!same_origin(asked)) {
    auto a = refused(403, "origin");
    a.refused = "a page from another origin";
    return a;
  }
  for (const auto kind : kinds) {
    if (asked.target != "/live/" + std::string{name_of(kind)} || !offers(kind)) continue;
    answer a;
    a.status = 101;
    if (is_open_to_all(kind)) {
      a.granted = visitor{kind, {}, {}};
      return a;
    }
    const auto* who = found_by(asked);
    if (!who) {
      auto no = refused(401, "sign in");
      if (!token_in(asked.cookie).empty()) no.refused = "a cookie whose session is over";
      return no;
    }
    a.granted = visitor{kind, who->account, who->session};
    return a;
  }
  return refused(404, "not found");
}

answer house_rules::about(const request_facts& asked) {
  value::array offered, methods;
  for (const auto kind : house_.offers)
    offered.push_back({std::string{name_of(kind)}});
  for (const auto& m : house_.methods)
    methods.push_back({m});
  answer a;
  a.type = "application/json";
  const auto* who = found_by(asked);
  a.body = to_json(value{value::map{{"node", {house_.node}},
                                    {"simulated", value{house_.simulated}},
                                    {"pages", value{std::move(offered)}},
                                    {"methods", value{std::move(methods)}},
                                    {"accounts", value{house_.accounts}},
                                    {"account", {who ? who->account : std::string{}}}}});
  return a;
}

answer house_rules::file(const request_facts& asked) {
  const std::string_view target{asked.target};
  const auto path = target.substr(0, target.find('?'));
  if (path == "/" && !house_.offers.empty()) {
    auto a = refused(302, "");
    a.location = "/" + std::string{name_of(house_.offers.front())};
    return a;
  }
  if (path == "/node.json") return about(asked);
  if (path == "/qr-code.svg") return qr_picture(asked);
  auto name = std::string{path.substr(std::min<std::size_t>(1, path.size()))};
  for (const auto kind : kinds) {
    const auto own = std::string{name_of(kind)};
    if (name != own && name != own + ".html") continue;
    if (!offers(kind)) return refused(404, "not on this node");
    name = own + ".html";
  }
  const auto found = site_.find(name);
  if (found == site_.end() || !path.starts_with('/')) return refused(404, "not found");
  answer a;
  a.type = found->second.type;
  a.body = found->second.bytes;
  return a;
}

/// The 二次元コード of an address (`?of=ADDRESS`), for the staff's pages to show and print.
answer house_rules::qr_picture(const request_facts& asked) {
  constexpr std::string_view query = "/qr-code.svg?of=";
  if (!found_by(asked)) return refused(401, "sign in");
  const std::string_view target{asked.target};
  const auto text = target.starts_with(query) ? decoded(target.substr(query.size())) : std::nullopt;
  const auto code = text && text->starts_with("http") ? qr_code::of(*text) : failure(error_code::wrong_value, "of");
  if (!code) return refused(400, "an address that a QR code can hold is needed");
  answer a;
  a.type = "image/svg+xml";
  a.body = code->as_svg("二次元コード");
  return a;
}

answer house_rules::sign_in(const request_facts& asked) {
  if (asked.content_type != "application/json") return refused(415, "application/json is needed");
  auto written = messages::from_json(asked.body);
  const auto text_at = [&](std::string_view key) {
    const auto* v = written ? written->find(key) : nullptr;
    const auto* text = v ? v->as<std::string>() : nullptr;
    return text ? *text : std::string{};
  };
  const bool master = asked.target == "/reset-master";
  auto typed = text_at(master ? "secret" : "password");
  entry who{master ? std::string{} : text_at("account"), messages::credential{typed}, text_at("code"), asked.place};
  wipe(typed);
  if (!master && who.account.empty()) return refused(401, "account or password is wrong");
  if (!house_.accounts) return sign_in_for_development(who.account, who.password);
  answer a;
  a.asks = std::move(who);
  return a;
}

answer house_rules::sign_in_for_development(const std::string& account, const messages::credential& password) {
  const auto now = house_.now_ms();
  if (locked_until_ms_ > now) return refused(429, "too many wrong passwords");
  const auto known = house_.known ? house_.known(account, password.reveal()) : std::nullopt;
  if (!known) {
    if (++wrong_passwords_ >= wrong_passwords_max) {
      wrong_passwords_ = 0;
      locked_until_ms_ = now + lock_out_ms;
    }
    return refused(401, "account or password is wrong");
  }
  wrong_passwords_ = 0;
  return let_in(*known, {});
}

answer house_rules::let_in(const std::string& account, const messages::id& session) {
  const auto now = house_.now_ms();
  if (sign_ins_.size() >= sign_ins_max)
    sign_ins_.erase(std::ranges::min_element(sign_ins_, {}, [](const auto& s) { return s.second.used_ms; }));
  const auto token = house_.token();
  sign_ins_[token] = {account, session, now, now};
  auto a = refused(204, "");
  a.cookie =
      std::string{cookie_name} + "=" + token + "; HttpOnly; SameSite=Strict; Path=/" + (house_.tls ? "; Secure" : "");
  return a;
}

bool house_rules::is_open(const messages::id& session) const {
  return std::ranges::any_of(sign_ins_, [&](const auto& one) { return one.second.session == session; });
}

void house_rules::end_session(const messages::id& session) {
  std::erase_if(sign_ins_, [&](const auto& one) { return one.second.session == session; });
}

} // namespace drivers::screen
