// nlohmann-json is named in this file (and in drivers/line, for another purpose): it parses, and it quotes texts.
#include "messages/json.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace messages {
namespace {

using json = nlohmann::json;

void print(std::string& out, const value& v);

void print_text(std::string& out, const std::string& text) {
  out += json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

struct printing {
  std::string& out;
  void operator()(std::monostate) { out += "null"; }
  void operator()(bool b) { out += b ? "true" : "false"; }
  void operator()(std::int64_t n) { out += std::to_string(n); }
  void operator()(std::uint64_t n) { out += std::to_string(n); }
  void operator()(const std::string& s) { print_text(out, s); }
  void operator()(const bytes& b) {
    id made;
    if (b.size() == id::size) std::ranges::copy(b, made.bytes.begin());
    out += '"' + (b.size() == id::size ? made.text() : to_base64(b)) + '"';
  }
  void operator()(const value::array& items) {
    out += '[';
    for (std::size_t n = 0; n < items.size(); ++n) {
      if (n > 0) out += ',';
      print(out, items[n]);
    }
    out += ']';
  }
  void operator()(const value::map& entries) {
    out += '{';
    for (std::size_t n = 0; n < entries.size(); ++n) {
      if (n > 0) out += ',';
      print_text(out, entries[n].first);
      out += ':';
      print(out, entries[n].second);
    }
    out += '}';
  }
  void operator()(const extension& e) {
    if (e.type == ext_redacted)
      out += R"({"redacted":true})";
    else if (e.type == ext_forgotten)
      out += R"({"forgotten":true})";
    else
      out += R"({"ext":)" + std::to_string(e.type) + "}";
  }
};

void print(std::string& out, const value& v) { std::visit(printing{out}, v.is); }

value id_value(const id& i) {
  if (i.empty()) return {};
  return {bytes(i.bytes.begin(), i.bytes.end())};
}

} // namespace

std::string to_json(const value& v) {
  std::string out;
  print(out, v);
  return out;
}

std::string to_json(const event_envelope& event) {
  auto body = unpack(event.body);
  value::map line;
  for_each_field(event, [&](std::string_view name, const auto& v) {
    using T = std::remove_cvref_t<decltype(v)>;
    value shown;
    if constexpr (std::is_same_v<T, id>)
      shown = id_value(v);
    else
      shown.is = v;
    if (name == "body") shown = body ? std::move(*body) : value{};
    line.emplace_back(name, std::move(shown));
  });
  return to_json(value{std::move(line)});
}

// -- base64 --------------------------------------------------------------------------------------------------------

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

} // namespace

std::string to_base64(const bytes& octets) {
  std::string text;
  text.reserve((octets.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < octets.size(); at += 3) {
    const std::size_t there = std::min<std::size_t>(3, octets.size() - at);
    std::uint32_t group = 0;
    for (std::size_t n = 0; n < 3; ++n)
      group = group << 8 | (n < there ? octets[at + n] : 0U);
    for (std::size_t n = 0; n < 4; ++n)
      text += n <= there ? alphabet[group >> (18 - 6 * n) & 63] : '=';
  }
  return text;
}

std::optional<bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  bytes octets;
  octets.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool pad = at + padding >= text.size();
    const auto digit = pad ? 0 : alphabet.find(text[at]);
    if (digit == std::string_view::npos) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(digit);
    if (at % 4 != 3) continue;
    for (int shift = 16; shift >= 0; shift -= 8)
      octets.push_back(static_cast<std::uint8_t>(group >> shift));
    group = 0;
  }
  for (std::size_t n = 0; n < padding; ++n) {
    if (octets.back() != 0) return std::nullopt; // bits that no encoder leaves there
    octets.pop_back();
  }
  return octets;
}

// -- reading -------------------------------------------------------------------------------------------------------

namespace {

/// nlohmann's parser tells what it meets; this builds the value, within the limits, without recursion.
class building : public nlohmann::json_sax<json> {
public:
  explicit building(const unpack_limits& limits) : limits_(limits) {}

  bool null() override { return put({}); }
  bool boolean(bool b) override { return put({b}); }
  bool number_integer(number_integer_t n) override {
    if (n == 0) return put({std::uint64_t{0}}); // "-0": what is not negative is unsigned, as in msgpack
    return put({std::int64_t{n}});
  }
  bool number_unsigned(number_unsigned_t n) override { return put({std::uint64_t{n}}); }
  bool number_float(number_float_t, const string_t&) override { return refuse("a fraction, or too large a number"); }
  bool string(string_t& s) override { return fits(s) && put({std::move(s)}); }
  bool binary(binary_t&) override { return refuse("octets"); }
  bool start_object(std::size_t) override { return open({value::map{}}); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open({value::array{}}); }
  bool end_array() override { return close(); }
  bool key(string_t& s) override {
    if (!fits(s)) return false;
    auto& entries = *std::get_if<value::map>(&open_.back().is);
    if (entries.size() >= limits_.items_max) return refuse("too many entries");
    if (open_.back().find(s)) return refuse("a key that stands twice");
    entries.emplace_back(std::move(s), value{});
    return true;
  }
  bool parse_error(std::size_t at, const std::string&, const nlohmann::detail::exception&) override {
    return refuse("no JSON at byte " + std::to_string(at)); // the library's text would repeat what was typed
  }

  result<value> take() {
    if (!why_.empty() || !open_.empty()) return failure(error_code::malformed, "JSON", why_);
    return std::move(made_);
  }

private:
  bool refuse(std::string why) {
    if (why_.empty()) why_ = std::move(why);
    return false;
  }
  bool fits(const std::string& s) { return s.size() <= limits_.text_bytes_max || refuse("too long a text"); }
  bool open(value v) {
    if (open_.size() >= limits_.depth_max) return refuse("too deep");
    open_.push_back(std::move(v));
    return true;
  }
  bool close() {
    value done = std::move(open_.back());
    open_.pop_back();
    return put(std::move(done));
  }
  bool put(value v) {
    if (open_.empty()) {
      made_ = std::move(v);
      return true;
    }
    if (auto* entries = std::get_if<value::map>(&open_.back().is)) {
      entries->back().second = std::move(v);
      return true;
    }
    auto& items = *std::get_if<value::array>(&open_.back().is);
    if (items.size() >= limits_.items_max) return refuse("too many items");
    items.push_back(std::move(v));
    return true;
  }

  const unpack_limits limits_;
  std::vector<value> open_; ///< arrays and maps whose end has not come, outermost first
  value made_;
  std::string why_;
};

} // namespace

result<value> from_json(std::string_view text, const unpack_limits& limits) {
  if (text.size() > limits.bytes_max)
    return failure(error_code::too_large, "JSON", std::to_string(limits.bytes_max) + " bytes");
  building built(limits);
  try {
    if (!json::sax_parse(text.begin(), text.end(), &built)) {
      auto refused = built.take();
      return refused ? failure(error_code::malformed, "JSON", "it does not parse") : refused;
    }
  } catch (const json::exception&) {
    return failure(error_code::malformed, "JSON", "it does not parse");
  }
  return built.take();
}

std::string_view detail::kind_of(const value& v) {
  static constexpr std::array<std::string_view, 9> words{"nothing",  "true or false", "a negative number",
                                                         "a number", "a text",        "octets",
                                                         "a list",   "an object",     "a hidden value"};
  static_assert(words.size() == std::variant_size_v<decltype(value::is)>);
  return words[v.is.index()];
}

detail::json_problem detail::cannot_be(const json_path& path, std::string_view what) {
  return error{error_code::wrong_value, {path, std::string{what}}};
}

detail::json_problem detail::read_json_id(const value& from, id& into, const json_path& path) {
  if (read_id(from, into)) return {};
  const auto* text = from.as<std::string>();
  if (!text) return cannot_be(path, kind_of(from));
  const auto made = id::from_text(*text);
  if (!made) return cannot_be(path, "a text that is not 32 hexadecimal digits");
  into = *made;
  return {};
}

detail::json_problem detail::read_json_bytes(const value& from, bytes& into, const json_path& path) {
  if (read(from, into)) return {};
  const auto* text = from.as<std::string>();
  if (!text) return cannot_be(path, kind_of(from));
  if (const auto sixteen = id::from_text(*text)) {
    into.assign(sixteen->bytes.begin(), sixteen->bytes.end());
    return {};
  }
  auto octets = from_base64(*text);
  if (!octets) return cannot_be(path, "a text that is not base64");
  into = std::move(*octets);
  return {};
}

} // namespace messages
