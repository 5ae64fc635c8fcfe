// The bytes of the event and replay sockets, both ways.
#include "drivers/bus/frames.hpp"

#include <algorithm>

namespace bus {

using messages::error_code;
using messages::failure;
using messages::result;

namespace {

template <std::size_t Octets> void put(std::string& out, std::uint64_t n) {
  for (std::size_t i = 0; i < Octets; ++i)
    out.push_back(static_cast<char>(n >> (8 * (Octets - 1 - i)) & 0xFF));
}

std::uint64_t get(std::string_view octets) {
  std::uint64_t n = 0;
  for (const char c : octets)
    n = n << 8 | static_cast<std::uint8_t>(c);
  return n;
}

auto no_frame(std::string_view what) {
  return failure(error_code::malformed, std::string{what}, "not a frame of the bus");
}

/// The octets a value's head announces: of itself, and how many values follow inside it.
struct extent {
  std::size_t octets = 0;
  std::uint64_t inside = 0;
};

/// A head that is followed by a length of @p width octets, @p extra more, and then by that many octets.
std::optional<extent> sized(std::string_view rest, std::size_t width, std::size_t extra) {
  if (rest.size() < 1 + width) return std::nullopt;
  return extent{1 + width + extra + static_cast<std::size_t>(get(rest.substr(1, width))), 0};
}
std::optional<extent> counted(std::string_view rest, std::size_t width, std::uint64_t each) {
  if (rest.size() < 1 + width) return std::nullopt;
  return extent{1 + width, each * get(rest.substr(1, width))};
}

std::optional<extent> extent_of(std::string_view rest) {
  if (rest.empty()) return std::nullopt;
  const auto head = static_cast<std::uint8_t>(rest.front());
  if (head <= 0x7f || head >= 0xe0) return extent{1, 0};
  if (head <= 0x8f) return extent{1, 2u * (head & 0x0fu)};
  if (head <= 0x9f) return extent{1, head & 0x0fu};
  if (head <= 0xbf) return extent{1u + (head & 0x1fu), 0};
  if (head >= 0xc4 && head <= 0xc6) return sized(rest, 1u << (head - 0xc4), 0); // bin
  if (head >= 0xc7 && head <= 0xc9) return sized(rest, 1u << (head - 0xc7), 1); // ext
  if (head == 0xca) return extent{5, 0};
  if (head == 0xcb) return extent{9, 0};
  if (head >= 0xcc && head <= 0xcf) return extent{1 + (std::size_t{1} << (head - 0xcc)), 0};
  if (head >= 0xd0 && head <= 0xd3) return extent{1 + (std::size_t{1} << (head - 0xd0)), 0};
  if (head >= 0xd4 && head <= 0xd8) return extent{2 + (std::size_t{1} << (head - 0xd4)), 0}; // fixext
  if (head >= 0xd9 && head <= 0xdb) return sized(rest, 1u << (head - 0xd9), 0);              // str
  if (head == 0xdc || head == 0xdd) return counted(rest, head == 0xdc ? 2 : 4, 1);
  if (head == 0xde || head == 0xdf) return counted(rest, head == 0xde ? 2 : 4, 2);
  if (head == 0xc1) return std::nullopt;
  return extent{1, 0}; // nil, false, true
}

/// The length of the value at the start of @p rest. Counts instead of recursing: depth costs nothing.
std::optional<std::size_t> length_of_value(std::string_view rest) {
  const auto size = rest.size();
  for (std::uint64_t open = 1; open > 0; --open) {
    const auto e = extent_of(rest);
    if (!e || e->octets > rest.size()) return std::nullopt;
    rest.remove_prefix(e->octets);
    open += e->inside;
    if (open - 1 > rest.size()) return std::nullopt; // each value still to come takes an octet
  }
  return size - rest.size();
}

} // namespace

result<std::vector<std::string_view>> split_array(std::string_view packed, std::size_t items_max) {
  const auto head = extent_of(packed);
  const auto first = packed.empty() ? 0 : static_cast<std::uint8_t>(packed.front());
  const bool array = (first >= 0x90 && first <= 0x9f) || first == 0xdc || first == 0xdd;
  if (!head || !array || head->inside > items_max) return no_frame("array");
  packed.remove_prefix(head->octets);
  std::vector<std::string_view> items;
  for (std::uint64_t n = 0; n < head->inside; ++n) {
    const auto length = length_of_value(packed);
    if (!length) return no_frame("array");
    items.push_back(packed.substr(0, *length));
    packed.remove_prefix(*length);
  }
  if (!packed.empty()) return no_frame("array");
  return items;
}

// -- making --------------------------------------------------------------------------------------------------------

std::vector<std::size_t> split_tail(std::span<const std::string_view> envelopes) {
  constexpr std::size_t head = 5; // of the longest array
  std::vector<std::size_t> runs;
  std::size_t octets = head, count = 0;
  for (const auto& e : envelopes) {
    if (count > 0 && (octets + e.size() > tail_bytes_max || count == tail_items_max)) {
      runs.push_back(count);
      octets = head;
      count = 0;
    }
    octets += e.size();
    ++count;
  }
  if (count > 0) runs.push_back(count);
  return runs;
}

frames make_tail(std::uint64_t first_index, std::uint64_t epoch, std::span<const std::string_view> envelopes) {
  frames f{std::string{tail_topic}, {}, {}};
  put<8>(f[1], first_index);
  put<4>(f[1], envelopes.size());
  put<8>(f[1], epoch);
  messages::writer out;
  out.array(envelopes.size());
  for (const auto& e : envelopes)
    out.raw(e);
  f[2] = out.take();
  return f;
}

frames make_event(const item& i, std::uint64_t epoch, std::string_view envelope) {
  frames f{i.topic, {}, std::string{envelope}};
  put<8>(f[1], i.index);
  put<8>(f[1], i.previous_of_topic);
  put<8>(f[1], epoch);
  return f;
}

frames make_heartbeat(std::uint64_t head, std::uint64_t epoch,
                      const std::map<std::string, std::uint64_t>& last_of_topic) {
  frames f{std::string{heartbeat_topic}, {}, {}};
  put<8>(f[1], head);
  put<8>(f[1], epoch);
  messages::writer out;
  out.map(last_of_topic.size());
  for (const auto& [topic, index] : last_of_topic) {
    out.text(topic);
    out.natural(index);
  }
  f[2] = out.take();
  return f;
}

frames make_replay_end(std::uint64_t next, std::uint64_t epoch, std::uint64_t head) {
  frames f{std::string{replay_end_topic}, {}, {}};
  put<8>(f[1], next);
  put<8>(f[1], epoch);
  messages::writer out;
  out.map(1);
  out.text("head");
  out.natural(head);
  f[2] = out.take();
  return f;
}

frames make_replay_error(const messages::error& why) {
  return {std::string{replay_error_topic}, {}, messages::reply_error({}, why).body};
}

// -- reading -------------------------------------------------------------------------------------------------------

result<tail> read_tail(frame_views m) {
  if (m.size() != 3 || m[0] != tail_topic || m[1].size() != 20) return no_frame(tail_topic);
  auto envelopes = split_array(m[2], tail_items_max);
  if (!envelopes) return failure(envelopes.error());
  tail t{get(m[1].substr(0, 8)), get(m[1].substr(12)), std::move(*envelopes)};
  if (t.first_index == 0 || t.envelopes.size() != get(m[1].substr(8, 4))) return no_frame(tail_topic);
  return t;
}

result<one_event> read_event(frame_views m) {
  if (m.size() != 3 || m[1].size() != 24) return no_frame("event");
  one_event e{get(m[1].substr(0, 8)), get(m[1].substr(8, 8)), get(m[1].substr(16)), m[0], m[2]};
  if (e.index == 0 || e.previous >= e.index) return no_frame("event");
  return e;
}

result<heartbeat> read_heartbeat(frame_views m) {
  if (m.size() != 3 || m[0] != heartbeat_topic || m[1].size() != 16) return no_frame(heartbeat_topic);
  const auto tree = messages::unpack(m[2]);
  const auto* topics = tree ? tree->as<messages::value::map>() : nullptr;
  if (!topics) return no_frame(heartbeat_topic);
  heartbeat h{get(m[1].substr(0, 8)), get(m[1].substr(8)), {}};
  for (const auto& [topic, index] : *topics) {
    const auto* n = index.as_unsigned();
    if (!n || *n > h.head) return no_frame(heartbeat_topic);
    h.last_of_topic[topic] = *n;
  }
  return h;
}

result<replay_end> read_replay_end(frame_views m) {
  if (m.size() != 3 || m[0] != replay_end_topic || m[1].size() != 16) return no_frame(replay_end_topic);
  const auto tree = messages::unpack(m[2]);
  const auto* head = tree ? tree->find("head") : nullptr;
  const auto* n = head ? head->as_unsigned() : nullptr;
  if (!n) return no_frame(replay_end_topic);
  return replay_end{get(m[1].substr(0, 8)), get(m[1].substr(8)), *n};
}

messages::error read_replay_error(frame_views m) {
  if (m.size() != 3) return no_frame(replay_error_topic).value();
  messages::command_envelope reply;
  reply.body = std::string{m[2]};
  const auto said = messages::reply_body(reply);
  return said ? no_frame(replay_error_topic).value() : said.error();
}

// -- asking --------------------------------------------------------------------------------------------------------

std::string encode(const replay_request& r) {
  messages::writer out;
  messages::write_fields(out, r, messages::audience::personal);
  return out.take();
}

result<replay_request> decode_replay_request(std::string_view packed) {
  const auto tree = messages::unpack(packed, {.bytes_max = 16 * 1024, .depth_max = 4, .items_max = 256});
  if (!tree) return failure(tree.error());
  replay_request r;
  if (!messages::read_fields(*tree, r))
    return failure(error_code::malformed, "replay request", "a field is of another kind");
  if (r.from == 0) return failure(error_code::wrong_value, "from");
  if (r.limit == 0 || r.limit > replay_limit_max) return failure(error_code::wrong_value, "limit");
  const bool short_enough = std::ranges::all_of(r.topics, [](const auto& t) { return t.size() <= prefix_bytes_max; });
  if (r.topics.size() > prefixes_max || !short_enough) return failure(error_code::wrong_value, "topics");
  return r;
}

bool is_wanted(std::string_view topic, std::span<const std::string> prefixes) {
  return prefixes.empty() || std::ranges::any_of(prefixes, [&](const auto& p) { return topic.starts_with(p); });
}

} // namespace bus
