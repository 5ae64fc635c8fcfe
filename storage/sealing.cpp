// Sealing drafts and rows, value by value, and opening them again.
#include "storage/sealing.hpp"

#include "messages/registry.hpp"

namespace storage {

using messages::error_code;
using messages::failure;
using messages::result;
using messages::visibility;

namespace {

/// What storage itself wrote may be larger than what comes from outside: sealing adds 36 bytes a value.
messages::unpack_limits own_limits() {
  messages::unpack_limits limits;
  limits.bytes_max = limits.text_bytes_max = 4u << 20;
  limits.marks = true;
  return limits;
}

std::string_view octets_of(const messages::id& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), messages::id::size};
}

std::string hidden(visibility why) {
  return messages::packed_extension(why == visibility::forgotten ? messages::ext_forgotten : messages::ext_redacted);
}

/// The patient that a packed map names; empty when it names none.
messages::id patient_in(const messages::packed_item& map) {
  messages::id patient;
  if (const auto* named = map.find("patient")) messages::detail::read_id(*named, patient);
  return patient;
}

messages::id patient_in(std::string_view packed_map) {
  if (packed_map.empty()) return {};
  const auto items = messages::packed_items::in(packed_map, own_limits());
  return items ? patient_in(items->whole()) : messages::id{};
}

/// Whose a draft's outbox rows and replies are: the first patient that anything in it names.
messages::id patient_of(const sealed_draft& draft, const messages::id& first_sealed) {
  if (!first_sealed.empty()) return first_sealed;
  for (const auto& event : draft.what.events)
    if (const auto named = patient_in(event.body); !named.empty()) return named;
  for (const auto& owed : draft.what.outbox)
    if (const auto named = patient_in(owed.body); !named.empty()) return named;
  return {};
}

std::string place_of(const messages::outbox_row& row) { return "outbox " + std::string{octets_of(row.effect)}; }
std::string place_of_reply(const messages::id& command) { return "reply " + std::string{octets_of(command)}; }

result<void> seal_rest(keyring& keys, sealed_draft& draft, const messages::id& patient, std::uint64_t now_ms) {
  const auto key = keys.key_for(patient, record_kind::record, now_ms);
  if (!key) return failure(key.error());
  for (auto& owed : draft.what.outbox)
    owed.body = keyring::seal_value(*key, place_of(owed), owed.body);
  for (auto& reply : draft.what.replies)
    if (!reply.frame.empty()) reply.frame = keyring::seal_value(*key, place_of_reply(reply.command), reply.frame);
  return {};
}

/// Where a sealed value stands in a body.
struct sealed_place {
  std::size_t from = 0, octets = 0;
};
/// A sealed value of @p octets as an extension: the size of what stands before it depends on it.
std::size_t packed_octets(std::size_t octets) { return octets + (octets < 0x100 ? 3 : octets < 0x10000 ? 4 : 6); }

/// @p body with what is sealed in it hidden: byte for byte what redacting its struct would give, without a struct.
std::string redacted_body(std::string_view body, const std::vector<sealed_place>& places) {
  static const auto shown_instead = hidden(visibility::redacted);
  std::string shown;
  shown.reserve(body.size());
  std::size_t copied = 0;
  for (const auto& at : places) {
    shown.append(body.substr(copied, at.from - copied)).append(shown_instead);
    copied = at.from + at.octets;
  }
  return shown.append(body.substr(copied));
}

} // namespace

result<sealed_draft> seal_draft(keyring& keys, messages::draft what, std::uint64_t now_ms) {
  sealed_draft draft{std::move(what), {}};
  draft.bodies.resize(draft.what.events.size());
  messages::id first_sealed;
  std::vector<sealed_place> places;
  for (std::size_t n = 0; n < draft.bodies.size(); ++n) {
    const auto& event = draft.what.events[n];
    std::uint64_t key_id = 0;
    places.clear();
    auto sealed = messages::sealed(event, [&](const messages::id& patient) -> result<messages::writer::sealer> {
      auto key = keys.key_for(patient, kind_of(event.topic), now_ms);
      if (!key) return failure(key.error());
      key_id = key->id;
      return [&places, key = std::move(*key), place = "event " + event.topic](std::string& text, std::size_t from) {
        const auto value = keyring::seal_value(key, place, std::string_view{text}.substr(from));
        text.replace(from, text.npos, value);
        places.push_back({from, packed_octets(value.size())});
      };
    });
    if (!sealed) return failure(sealed.error());
    if (!*sealed) continue;
    if (first_sealed.empty()) first_sealed = (*sealed)->patient;
    auto shown = redacted_body((*sealed)->body, places);
    draft.bodies[n] = {key_id, std::move((*sealed)->body), std::move(shown), std::move((*sealed)->typed)};
  }
  bool rest = !draft.what.outbox.empty();
  for (const auto& reply : draft.what.replies)
    rest = rest || !reply.frame.empty();
  if (rest)
    if (auto done = seal_rest(keys, draft, patient_of(draft, first_sealed), now_ms); !done)
      return failure(done.error());
  return draft;
}

result<std::string> unsealed_event(keyring& keys, std::string_view topic, std::string_view envelope) {
  std::optional<messages::error> fault;
  const auto place = "event " + std::string{topic};
  auto clear = messages::replace_extensions(
      envelope, messages::ext_sealed,
      [&](std::string_view sealed) {
        auto opened = keys.open_value(place, sealed);
        if (!opened) fault = opened.error();
        if (!opened || opened->seen != visibility::clear) return hidden(opened ? opened->seen : visibility::redacted);
        return std::move(opened->clear);
      },
      own_limits());
  if (fault) return failure(*fault);
  return clear;
}

result<std::string> redacted_event(std::string_view envelope) {
  static const auto shown_instead = hidden(visibility::redacted);
  return messages::replace_extensions(
      envelope, messages::ext_sealed, [](std::string_view) { return shown_instead; }, own_limits());
}

result<bool> unseal_in_place(keyring& keys, messages::outbox_row& row) {
  auto opened = keys.open_value(place_of(row), row.body);
  if (!opened) return failure(opened.error());
  row.body = std::move(opened->clear);
  return opened->seen == visibility::clear;
}

result<std::string> unsealed_reply(keyring& keys, const messages::id& command, std::string_view frame) {
  if (frame.empty()) return std::string{};
  auto opened = keys.open_value(place_of_reply(command), frame);
  if (!opened) return failure(opened.error());
  return std::move(opened->clear);
}

std::string place_of_row(std::string_view view, std::string_view key) {
  return "row " + std::string{view} + " " + std::string{key};
}

result<std::string> sealed_row(keyring& keys, std::string_view place, std::string_view row, std::uint64_t now_ms) {
  if (!row.starts_with(marked_row)) return std::string{row};
  const auto packed = row.substr(1);
  const auto items = messages::packed_items::in(packed, own_limits());
  if (!items) return failure(items.error());
  const auto key = keys.key_for(patient_in(items->whole()), record_kind::record, now_ms);
  if (!key) return failure(key.error());
  auto sealed = messages::replace_extensions(packed, *items, messages::ext_marked, [&](std::string_view clear) {
    return messages::packed_extension(messages::ext_sealed, keyring::seal_value(*key, place, clear));
  });
  if (!sealed) return sealed;
  return marked_row + *sealed;
}

result<std::string> unsealed_row(keyring& keys, std::string_view place, std::string_view stored, bool* forgotten) {
  if (!stored.starts_with(marked_row)) return std::string{stored};
  std::optional<messages::error> fault;
  auto clear = messages::replace_extensions(
      stored.substr(1), messages::ext_sealed,
      [&](std::string_view sealed) {
        const auto opened = keys.open_value(place, sealed);
        if (!opened) fault = opened.error();
        const bool seen = opened && opened->seen == visibility::clear;
        if (!seen && forgotten) *forgotten = true;
        return seen ? messages::packed_extension(messages::ext_marked, opened->clear)
                    : hidden(opened ? opened->seen : visibility::redacted);
      },
      own_limits());
  if (fault) return failure(*fault);
  if (!clear) return clear;
  return marked_row + *clear;
}

} // namespace storage
