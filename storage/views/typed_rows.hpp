// Rows as structs: a row is the packed map of its fields, like the body of a message, without topic and version.
//
// A field that is added reads as its default from older rows; any other change of a row raises view::version().
#pragma once

#include "messages/registry.hpp"
#include "storage/sealing.hpp"
#include "storage/view.hpp"

namespace storage {

/// The key of what belongs to @p id: its 16 bytes, so that keys are ordered by age.
inline std::string key_of(const messages::id& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), messages::id::size};
}

/// A row with personal values names its patient, under whose key storage seals them: they are marked here.
template <messages::has_fields R> std::string encode_row(const R& row) {
  if constexpr (messages::detail::holds_personal<R>()) {
    static_assert(messages::detail::names_its_patient<R>, "a row with personal values needs a field `id patient`");
    return marked_row + messages::encode_body(row, messages::audience::marked);
  } else
    return messages::encode_body(row);
}

/// Nothing when the bytes are no such row.
template <messages::has_fields R> std::optional<R> decode_row(std::string_view bytes) {
  messages::unpack_limits limits;
  limits.marks = bytes.starts_with(marked_row);
  return messages::decode_fields<R>(limits.marks ? bytes.substr(1) : bytes, limits);
}

/// The row under @p key; a default-constructed one when there is none.
template <messages::has_fields R> R row_or_new(rows& from, std::string_view key) {
  const auto bytes = from.get(key);
  return bytes ? decode_row<R>(*bytes).value_or(R{}) : R{};
}

} // namespace storage
