// A decoded message before it is typed: what msgpack and JSON have in common. Tools print and filter it without knowing
// the topic; the codec turns it into a struct.
#pragma once

#include "messages/bytes.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace messages {

/// msgpack ext types of this contract (design.md §3): why a personal value is not there.
inline constexpr std::int8_t ext_redacted = 1;
inline constexpr std::int8_t ext_forgotten = 2;
/// Never on the wire: a personal value as it lies sealed in the journal, and one that storage is to seal.
inline constexpr std::int8_t ext_sealed = 3;
inline constexpr std::int8_t ext_marked = 4;

struct extension {
  std::int8_t type = 0;
  bytes data;
  friend bool operator==(const extension&, const extension&) = default;
};

struct value {
  using array = std::vector<value>;
  struct entry; ///< not std::pair: libstdc++'s pair wants to know whether a value is complete before clang 14 can say
  using map = std::vector<entry>; ///< in the order written; keys are strings
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, std::string, bytes, array, map, extension> is;

  /// The value under @p key of a map; nullptr when this is no map or has no such key.
  const value* find(std::string_view key) const;
  template <class T> const T* as() const { return std::get_if<T>(&is); }
  /// A whole number that is not negative, however it was encoded.
  const std::uint64_t* as_unsigned() const { return std::get_if<std::uint64_t>(&is); }

  friend bool operator==(const value& a, const value& b);
};

struct value::entry {
  std::string first;
  value second;

  entry() = default;
  entry(std::string_view key, value of_key) : first(key), second(std::move(of_key)) {}
  friend bool operator==(const entry&, const entry&) = default;
};

inline bool operator==(const value& a, const value& b) { return a.is == b.is; }

} // namespace messages
