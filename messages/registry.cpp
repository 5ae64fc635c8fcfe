// What is known of a topic at run time, made from the lists of the registry.
#include "messages/registry.hpp"

#include <map>

namespace messages {
namespace {

struct entry {
  std::uint64_t version = 0;
  bool event = false, command = false;
  result<std::string> (*redact)(std::string_view body, std::uint64_t v) = nullptr;
  /// Only where something is personal.
  result<sealed_body> (*seal)(const event_draft& event, const sealer_of& sealer) = nullptr;
};

template <class M> result<std::string> redact_as(std::string_view body, std::uint64_t v) {
  auto typed = decode_body<M>(body, v);
  if (!typed) return failure(typed.error());
  return encode_body(*typed, audience::redacted);
}

template <class M> result<sealed_body> seal_as(const event_draft& event, const sealer_of& sealer) {
  auto typed = std::static_pointer_cast<const M>(event.from.typed);
  // A longer body may hold more items than a reader takes: what nobody can read must not be written.
  if (!typed || event.body.size() >= unpack_limits{}.items_max) {
    auto decoded = decode_body<M>(event.body, event.v);
    if (!decoded) return failure(decoded.error());
    typed = std::make_shared<const M>(std::move(*decoded));
  }
  auto seal = sealer(typed->patient);
  if (!seal) return failure(seal.error());
  writer out{std::move(*seal)};
  write_fields(out, *typed, audience::marked);
  return sealed_body{typed->patient, out.take(), typed};
}

const std::map<std::string_view, entry>& table() {
  static const auto made = [] {
    std::map<std::string_view, entry> t;
    for_each_message(all_events{}, [&]<class M>() {
      t[M::topic] = {M::version, true, false, &redact_as<M>, nullptr};
      if constexpr (detail::holds_personal<M>()) t[M::topic].seal = &seal_as<M>;
    });
    for_each_message(all_commands{}, [&]<class M>() { t[M::topic] = {M::version, false, true, nullptr, nullptr}; });
    return t;
  }();
  return made;
}

const entry* find(std::string_view topic) {
  const auto found = table().find(topic);
  return found == table().end() ? nullptr : &found->second;
}

} // namespace

bool is_event(std::string_view topic) {
  const auto* e = find(topic);
  return e && e->event;
}

bool is_command(std::string_view topic) {
  const auto* e = find(topic);
  return e && e->command;
}

std::uint64_t version_of(std::string_view topic) {
  const auto* e = find(topic);
  return e ? e->version : 0;
}

result<std::optional<sealed_body>> sealed(const event_draft& event, const sealer_of& sealer) {
  const auto* e = find(event.topic);
  if (!e || !e->seal || event.body.empty()) return std::nullopt;
  auto body = e->seal(event, sealer);
  if (!body) return failure(body.error());
  return std::move(*body);
}

event_envelope redacted(const event_envelope& event) {
  auto shown = event;
  const auto* e = find(event.topic);
  result<std::string> body = failure(error_code::unknown_topic, event.topic);
  if (e && e->redact) body = e->redact(event.body, event.v);
  if (body)
    shown.body = *body;
  else
    shown.body = encode_body(done{});
  return shown;
}

} // namespace messages
