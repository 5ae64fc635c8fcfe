// msgpack and back: messages by their field lists, envelopes by theirs. msgpack itself is named in codec.cpp only.
//
// Rules of the wire (design.md §3): a message is a string-keyed map; an unknown field is skipped, a missing one keeps
// its default; newer versions, trailing bytes and truncated ones are refused. Pure functions, safe from any thread.
#pragma once

#include "messages/field.hpp"
#include "messages/id.hpp"
#include "messages/personal.hpp"
#include "messages/result.hpp"
#include "messages/secret.hpp"
#include "messages/value.hpp"

#include <functional>
#include <memory>
#include <utility>
#include <string>
#include <string_view>

namespace messages {

/// For whom bytes are made: `redacted` replaces every personal value by an empty ext 1; `marked` is for storage, which
/// seals what is marked: every personal value inside an ext 4.
enum class audience : std::uint8_t { personal, redacted, marked };

/// What one unpack may cost. A frame that wants more is malformed, whatever it says about itself.
struct unpack_limits {
  std::size_t bytes_max = 1 << 20;
  std::size_t depth_max = 16;
  std::size_t items_max = 4096; ///< of one array or map
  std::size_t text_bytes_max = 1 << 20;
  bool marks = false; ///< may personal values be marked? Only in what storage itself wrote, never from outside
};

/// Writes msgpack, shortest forms, fields in the order given: equal values give equal bytes.
class writer {
public:
  writer();
  ~writer();
  writer(writer&&) noexcept;
  writer& operator=(writer&&) noexcept;

  void map(std::size_t entries);
  void array(std::size_t entries);
  void nil();
  void boolean(bool b);
  void integer(std::int64_t n);
  void natural(std::uint64_t n);
  void text(std::string_view s);
  void binary(const std::uint8_t* data, std::size_t size);
  void ext(std::int8_t type, std::string_view data = {});
  void raw(std::string_view packed); ///< msgpack already written elsewhere
  std::string take();

private:
  struct buffer;
  std::unique_ptr<buffer> out_;
};

result<value> unpack(std::string_view packed, const unpack_limits& limits = {});
std::string pack(const value& v);

/// Copies @p packed; where an ext of @p type stands, what @p replace makes of its data (packed) takes its place.
/// `malformed` when @p packed is not whole msgpack within @p limits.
result<std::string> replace_extensions(std::string_view packed, std::int8_t type,
                                       const std::function<std::string(std::string_view data)>& replace,
                                       const unpack_limits& limits = {});

// -- one value -----------------------------------------------------------------------------------------------------

template <class T> void write(writer& out, const T& v, audience who);
template <class T> bool read(const value& from, T& into);

// A PIN is in no message at all: to write one into any does not compile.
void write(writer& out, const secret& pin, audience who) = delete;
bool read(const value& from, secret& pin) = delete;

namespace detail {

template <class T> struct is_vector : std::false_type {};
template <class T> struct is_vector<std::vector<T>> : std::true_type {};

} // namespace detail

template <has_fields M> void write_fields(writer& out, const M& m, audience who) {
  out.map(field_count<M>);
  for_each_field(m, [&](std::string_view name, const auto& v) {
    out.text(name);
    write(out, v, who);
  });
}

template <class T> void write(writer& out, const T& v, audience who) {
  if constexpr (is_personal_v<T>) {
    if (who == audience::redacted || v.seen() == visibility::redacted)
      out.ext(ext_redacted);
    else if (v.seen() == visibility::forgotten)
      out.ext(ext_forgotten);
    else if (who == audience::marked) {
      writer clear;
      write(clear, v.reveal(), audience::personal);
      out.ext(ext_marked, clear.take());
    } else
      write(out, v.reveal(), who);
  } else if constexpr (std::is_same_v<T, credential>)
    out.text(v.reveal());
  else if constexpr (std::is_same_v<T, id>) {
    if (v.empty())
      out.nil();
    else
      out.binary(v.bytes.data(), id::size);
  } else if constexpr (std::is_same_v<T, bytes>)
    out.binary(v.data(), v.size());
  else if constexpr (std::is_same_v<T, std::string>)
    out.text(v);
  else if constexpr (std::is_same_v<T, bool>)
    out.boolean(v);
  else if constexpr (named_enumeration<T>)
    out.text(name(v));
  else if constexpr (std::is_unsigned_v<T>)
    out.natural(v);
  else if constexpr (std::is_integral_v<T>)
    out.integer(v);
  else if constexpr (detail::is_vector<T>::value) {
    out.array(v.size());
    for (const auto& item : v)
      write(out, item, who);
  } else
    write_fields(out, v, who);
}

/// Reads what write() wrote; false when the value is of another kind or out of range.
template <has_fields M> bool read_fields(const value& from, M& into) {
  if (!from.as<value::map>()) return false;
  bool good = true;
  for_each_field(into, [&](std::string_view name, auto& v) {
    if (const auto* found = from.find(name)) good = read(*found, v) && good;
  });
  return good;
}

namespace detail {

template <class T> bool read_number(const value& from, T& into) {
  if (const auto* n = from.as<std::uint64_t>()) {
    into = static_cast<T>(*n);
    return std::in_range<T>(*n);
  }
  if (const auto* n = from.as<std::int64_t>()) {
    into = static_cast<T>(*n);
    return std::in_range<T>(*n);
  }
  return false;
}

template <class T> bool read_list(const value& from, std::vector<T>& into) {
  const auto* items = from.as<value::array>();
  if (!items) return false;
  into.resize(items->size());
  for (std::size_t n = 0; n < items->size(); ++n)
    if (!read((*items)[n], into[n])) return false;
  return true;
}

template <class T> bool read_personal(const value& from, personal<T>& into) {
  if (const auto* hidden = from.as<extension>()) {
    if (hidden->type == ext_marked) {
      const auto marked = unpack({reinterpret_cast<const char*>(hidden->data.data()), hidden->data.size()});
      return marked && read_personal(*marked, into);
    }
    if (hidden->type != ext_redacted && hidden->type != ext_forgotten) return false;
    into = personal<T>::hidden(hidden->type == ext_redacted ? visibility::redacted : visibility::forgotten);
    return true;
  }
  T clear{};
  if (!read(from, clear)) return false;
  into = personal<T>{std::move(clear)};
  return true;
}

bool read_id(const value& from, id& into);

} // namespace detail

template <class T> bool read(const value& from, T& into) {
  if constexpr (is_personal_v<T>)
    return detail::read_personal(from, into);
  else if constexpr (std::is_same_v<T, id>)
    return detail::read_id(from, into);
  else if constexpr (std::is_same_v<T, credential>) {
    const auto* text = from.as<std::string>();
    if (text) into = credential{*text};
    return text != nullptr;
  } else if constexpr (named_enumeration<T>) {
    const auto* text = from.as<std::string>();
    const auto known = text ? from_name<T>(*text) : std::nullopt;
    if (known) into = *known;
    return known.has_value();
  } else if constexpr (std::is_same_v<T, bytes> || std::is_same_v<T, std::string> || std::is_same_v<T, bool>) {
    const auto* found = from.as<T>();
    if (found) into = *found;
    return found != nullptr;
  } else if constexpr (std::is_integral_v<T>)
    return detail::read_number(from, into);
  else if constexpr (detail::is_vector<T>::value)
    return detail::read_list(from, into);
  else
    return read_fields(from, into);
}

// -- a message -----------------------------------------------------------------------------------------------------

/// The body of a message: a msgpack map. Its topic and version stand in the envelope around it.
template <has_fields M> std::string encode_body(const M& m, audience who = audience::personal) {
  writer out;
  write_fields(out, m, who);
  return out.take();
}

/// Refuses a version newer than this build knows, and bytes that do not fit the fields.
template <has_fields M> result<M> decode_body(std::string_view packed, std::uint64_t version) {
  if (version > M::version) return failure(error_code::newer_version, M::topic);
  auto tree = unpack(packed);
  if (!tree) return failure(error_code::malformed, M::topic, tree.error().args.empty() ? "" : tree.error().args.back());
  M m;
  if (!read_fields(*tree, m)) return failure(error_code::malformed, M::topic, "a field is of another kind");
  return m;
}

} // namespace messages
