// How a message lists its fields: once, by name and member. The codec, the CAF inspector, redaction and every tool that
// prints messages walk that list (design rule 2).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace messages {

template <class M, class T> struct field {
  std::string_view name;
  T M::*member;
};
template <class M, class T> field(const char*, T M::*) -> field<M, T>;

/// A struct that lists its fields: `static constexpr auto fields() { return std::tuple{field{"desk", &x::desk}, …}; }`
template <class M>
concept has_fields = requires {
  M::fields();
};

/// Calls @p f with the name and value of every field of @p m, in the order of the list.
template <class M, class F> constexpr void for_each_field(M& m, F&& f) {
  std::apply([&](const auto&... fs) { (f(fs.name, m.*(fs.member)), ...); }, std::remove_const_t<M>::fields());
}

template <has_fields M> constexpr std::size_t field_count = std::tuple_size_v<decltype(M::fields())>;

/// `UKETSUKE_FIELDS(card_placed, reader_session, kind)` inside a struct: its field list and its equality.
#define UKETSUKE_FIELDS(type, ...)                                                                                     \
  static constexpr auto fields() {                                                                                     \
    using self = type;                                                                                                 \
    return std::tuple{UKETSUKE_EACH(__VA_ARGS__)};                                                                     \
  }                                                                                                                    \
  friend bool operator==(const type&, const type&) = default;
/// For a message with nothing to say.
#define UKETSUKE_NO_FIELDS(type)                                                                                       \
  static constexpr auto fields() { return std::tuple<>{}; }                                                            \
  friend bool operator==(const type&, const type&) = default;

// A macro that walks its arguments: __VA_OPT__ recursion, expanded often enough for 27 fields.
#define UKETSUKE_EACH(...) __VA_OPT__(UKETSUKE_EXPAND(UKETSUKE_STEP(__VA_ARGS__)))
#define UKETSUKE_STEP(member, ...)                                                                                     \
  ::messages::field{#member, &self::member} __VA_OPT__(, UKETSUKE_AGAIN UKETSUKE_PARENS(__VA_ARGS__))
#define UKETSUKE_AGAIN() UKETSUKE_STEP
#define UKETSUKE_PARENS ()
#define UKETSUKE_EXPAND(...) UKETSUKE_EXPAND1(UKETSUKE_EXPAND1(UKETSUKE_EXPAND1(__VA_ARGS__)))
#define UKETSUKE_EXPAND1(...) UKETSUKE_EXPAND2(UKETSUKE_EXPAND2(UKETSUKE_EXPAND2(__VA_ARGS__)))
#define UKETSUKE_EXPAND2(...) UKETSUKE_EXPAND3(UKETSUKE_EXPAND3(UKETSUKE_EXPAND3(__VA_ARGS__)))
#define UKETSUKE_EXPAND3(...) __VA_ARGS__

/// The names of an enumeration's values, which are also their form on the wire. Specialise `names` for each one;
/// enumerators count from 0 without holes, so that the name of value n is names[n].
template <class E> struct enumeration;
template <class E>
concept named_enumeration = std::is_enum_v<E> && requires {
  enumeration<E>::names[0];
};

template <named_enumeration E> constexpr std::string_view name(E value) {
  const auto n = static_cast<std::size_t>(value);
  return n < enumeration<E>::names.size() ? enumeration<E>::names[n] : std::string_view{"?"};
}

template <named_enumeration E> constexpr std::optional<E> from_name(std::string_view text) {
  for (std::size_t n = 0; n < enumeration<E>::names.size(); ++n)
    if (enumeration<E>::names[n] == text) return static_cast<E>(n);
  return std::nullopt;
}

} // namespace messages
