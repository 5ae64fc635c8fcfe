// JSON and back: how people, pages and tools read and write messages. nlohmann-json is named in json.cpp only.
//
// What JSON has no form for is written so: 16 octets (ids) as 32 hexadecimal digits, other octets as base64, a redacted
// value as {"redacted":true}, a forgotten one as {"forgotten":true}. Pure functions, safe from any thread.
#pragma once

#include "messages/envelope.hpp"

#include <algorithm>

namespace messages {

/// One line without spaces; keys in the order of the value. Text that is no UTF-8 gets U+FFFD in its place.
std::string to_json(const value& v);

/// One line: v, index, time_ms, topic, node, desk, checkin, account, cause, body; an empty id is null.
/// A body that does not unpack is null.
std::string to_json(const event_envelope& event);

/// The value that @p text says; refuses fractions, keys that stand twice, and what is larger or deeper than @p limits.
/// Texts stay texts: whether one is an id or octets is for the field to say (message_from_json).
result<value> from_json(std::string_view text, const unpack_limits& limits = {});

/// RFC 4648 with padding.
std::string to_base64(const bytes& octets);
std::optional<bytes> from_base64(std::string_view text);

namespace detail {

using json_path = std::string;
using json_problem = std::optional<error>;

/// What @p v is, in words that do not repeat it: an error's arguments hold no personal data.
std::string_view kind_of(const value& v);
json_problem cannot_be(const json_path& path, std::string_view what);
json_problem read_json_id(const value& from, id& into, const json_path& path);
json_problem read_json_bytes(const value& from, bytes& into, const json_path& path);

template <class T> json_problem json_read(const value& from, T& into, const json_path& path);

template <has_fields M> json_problem json_read_fields(const value& from, M& into, const json_path& path) {
  const auto* entries = from.as<value::map>();
  if (!entries) return cannot_be(path.empty() ? "message" : path, kind_of(from));
  const auto inside = [&](std::string_view name) {
    return path.empty() ? json_path{name} : path + "." + json_path{name};
  };
  for (const auto& entry : *entries) { // people type these: a misspelt field must not become a default
    bool known = false;
    for_each_field(into, [&](std::string_view name, const auto&) { known = known || name == entry.first; });
    if (!known) return cannot_be(inside(entry.first).substr(0, 80), "a field: there is none of this name");
  }
  json_problem problem;
  for_each_field(into, [&](std::string_view name, auto& v) {
    if (const auto* found = problem ? nullptr : from.find(name)) problem = json_read(*found, v, inside(name));
  });
  return problem;
}

template <class T> json_problem json_read_list(const value& from, std::vector<T>& into, const json_path& path) {
  const auto* items = from.as<value::array>();
  if (!items) return cannot_be(path, kind_of(from));
  into.resize(items->size());
  for (std::size_t n = 0; n < items->size(); ++n)
    if (auto problem = json_read((*items)[n], into[n], path + "[" + std::to_string(n) + "]")) return problem;
  return {};
}

template <named_enumeration E> json_problem json_read_name(const value& from, E& into, const json_path& path) {
  const auto* text = from.as<std::string>();
  if (!text) return cannot_be(path, kind_of(from));
  const auto known = from_name<E>(*text);
  if (!known) return cannot_be(path, "a name that is not in its list");
  into = *known;
  return {};
}

/// As read() of the codec, but ids may be 32 hexadecimal digits and octets base64.
template <class T> json_problem json_read(const value& from, T& into, const json_path& path) {
  if constexpr (is_personal_v<T>) {
    typename T::value_type clear{};
    auto problem = json_read(from, clear, path);
    if (!problem) into = T{std::move(clear)};
    return problem;
  } else if constexpr (std::is_same_v<T, id>)
    return read_json_id(from, into, path);
  else if constexpr (std::is_same_v<T, bytes>)
    return read_json_bytes(from, into, path);
  else if constexpr (named_enumeration<T>)
    return json_read_name(from, into, path);
  else if constexpr (is_vector<T>::value)
    return json_read_list(from, into, path);
  else if constexpr (has_fields<T>)
    return json_read_fields(from, into, path);
  else
    return read(from, into) ? json_problem{} : cannot_be(path, kind_of(from));
}

} // namespace detail

/// A message from what a page or a person wrote (see from_json). A missing field keeps its default, as on the wire; an
/// unknown field, and a value of another kind, is `wrong_value` with the path of the field (`person.insurer`).
/// Octets may be base64 or, when they are sixteen, 32 hexadecimal digits: what to_json() writes can be read back.
template <has_fields M> result<M> message_from_json(const value& from) {
  M m;
  if (auto problem = detail::json_read_fields(from, m, {})) return failure(std::move(*problem));
  return m;
}

} // namespace messages
