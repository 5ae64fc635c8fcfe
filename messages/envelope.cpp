// Reading and writing the two envelopes, and what a reply holds.
#include "messages/envelope.hpp"

#include <algorithm>

namespace messages {

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 40 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::optional<address> address::from_text(std::string_view text) {
  const auto at = text.find('@');
  if (at == std::string_view::npos) return std::nullopt;
  const auto actor = text.substr(0, at), node = text.substr(at + 1);
  if (!is_name(actor) || !is_name(node)) return std::nullopt;
  return address{std::string{actor}, std::string{node}};
}

namespace {

/// An envelope is its field list as a map, except that `body` stands in it as the map it is, not as a text.
template <class E> std::string encode_envelope(const E& envelope) {
  writer out;
  out.map(field_count<E>);
  for_each_field(envelope, [&](std::string_view name, const auto& v) {
    out.text(name);
    if (name != "body")
      write(out, v, audience::personal);
    else if constexpr (std::is_same_v<std::remove_cvref_t<decltype(v)>, std::string>)
      v.empty() ? out.map(0) : out.raw(v);
  });
  return out.take();
}

template <class E> result<E> decode_envelope(std::string_view frame, std::size_t bytes_max) {
  if (frame.size() > bytes_max) return failure(error_code::too_large, "frame", std::to_string(bytes_max) + " bytes");
  const auto items = packed_items::in(frame);
  if (!items) return failure(items.error());
  const auto* body = items->whole().find("body");
  if (!body || body->is != packed_item::kind::map) return failure(error_code::malformed, "envelope", "it has no body");
  E envelope;
  bool good = true;
  detail::fields_of_item fields{items->whole()};
  for_each_field(envelope, [&](std::string_view name, auto& v) {
    const auto* found = fields.next(name);
    if (!found) return;
    if (name != "body")
      good = read(*found, v) && good;
    else if constexpr (std::is_same_v<std::remove_cvref_t<decltype(v)>, std::string>)
      v = pack(*found);
  });
  if (!good) return failure(error_code::malformed, "envelope", "a field is of another kind");
  if (envelope.topic.empty() || envelope.topic.size() > 80)
    return failure(error_code::malformed, "envelope", "no topic");
  return envelope;
}

} // namespace

std::string encode(const command_envelope& envelope) { return encode_envelope(envelope); }
std::string encode(const event_envelope& envelope) { return encode_envelope(envelope); }

result<command_envelope> decode_command(std::string_view frame) {
  auto envelope = decode_envelope<command_envelope>(frame, command_bytes_max);
  if (!envelope) return envelope;
  if (envelope->id.empty()) return failure(error_code::malformed, "envelope", "it has no id");
  if (!address::from_text(envelope->from)) return failure(error_code::malformed, "envelope", "from is no address");
  if (!address::from_text(envelope->to)) return failure(error_code::malformed, "envelope", "to is no address");
  return envelope;
}

result<event_envelope> decode_event(std::string_view frame) {
  return decode_envelope<event_envelope>(frame, event_bytes_max);
}

// -- replies -------------------------------------------------------------------------------------------------------

namespace {

command_envelope reply_to(const command_envelope& command) {
  command_envelope reply;
  reply.id = command.id;
  reply.kind = command_kind::reply;
  reply.topic = command.topic;
  reply.from = command.to;
  reply.to = command.from;
  reply.account = command.account;
  reply.cause = command.id;
  reply.deadline_ms = command.deadline_ms;
  reply.epoch = command.epoch;
  return reply;
}

} // namespace

command_envelope reply_ok(const command_envelope& command, std::string ok_body, std::uint64_t version) {
  auto reply = reply_to(command);
  reply.v = version;
  writer out;
  out.map(1);
  out.text("ok");
  ok_body.empty() ? out.map(0) : out.raw(ok_body);
  reply.body = out.take();
  return reply;
}

command_envelope reply_error(const command_envelope& command, const error& why) {
  auto reply = reply_to(command);
  writer out;
  out.map(1);
  out.text("error");
  out.map(3);
  out.text("number");
  out.natural(static_cast<std::uint64_t>(why.code));
  out.text("name");
  out.text(describe(why.code).name);
  out.text("args");
  write(out, why.args, audience::personal);
  reply.body = out.take();
  return reply;
}

result<std::string> reply_body(const command_envelope& reply) {
  const auto items = packed_items::in(reply.body);
  if (!items) return failure(items.error());
  if (const auto* ok = items->whole().find("ok"); ok && ok->is == packed_item::kind::map) return pack(*ok);
  const auto* why = items->whole().find("error");
  const auto* name = why ? why->find("name") : nullptr;
  const auto text = name ? detail::text_in(*name) : std::nullopt;
  if (!text) return failure(error_code::malformed, "reply", "neither ok nor error");
  error said{find_error(*text).value_or(error_code::outcome_unknown), {}};
  if (const auto* args = why->find("args")) read(*args, said.args);
  return failure(std::move(said));
}

} // namespace messages
