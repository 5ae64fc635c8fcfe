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

#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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
  /// Seals the packed value that @p text ends with, from @p from on, in place.
  using sealer = std::function<void(std::string& text, std::size_t from)>;

  writer();
  /// Written for audience::marked: every personal value becomes an ext 3 of what @p seal makes of it, instead of an
  /// ext 4.
  explicit writer(sealer seal);

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
  std::size_t size() const { return text_.size(); }
  void mark(std::size_t from); ///< what was written from @p from on (see size()) is a personal value: marked, or sealed
  std::string take() { return std::move(text_); }

private:
  std::string text_;
  sealer seal_;
};

result<value> unpack(std::string_view packed, const unpack_limits& limits = {});
std::string pack(const value& v);

/// One item of packed bytes. What is inside it follows it, one item after another: of a map key, value, key, value ….
struct packed_item {
  enum class kind : std::uint8_t { nil, boolean, natural, negative, text, binary, array, map, extension };
  kind is = kind::nil;
  std::int8_t type = 0;    ///< of an extension
  std::uint32_t size = 0;  ///< bytes; items of an array; entries of a map
  std::uint32_t whole = 1; ///< items, this one and all inside it
  union {
    std::uint64_t number = 0; ///< also of a boolean; of a negative number its two's complement
    const char* data;         ///< of a text, a binary, an extension (behind its type)
  };

  const packed_item* behind() const { return this + whole; }
  std::string_view bytes() const { return {data, size}; }
  /// The value under @p key of a map; nullptr when this is no map or has no such key.
  const packed_item* find(std::string_view key) const;
};

/// Packed bytes looked through once, without building anything of what they say: from these items structs are read.
/// The bytes must outlive it.
class packed_items {
public:
  /// Errors: as unpack().
  static result<packed_items> in(std::string_view packed, const unpack_limits& limits = {});
  ~packed_items();
  packed_items(packed_items&& from) noexcept : items_(std::exchange(from.items_, {})) {}
  packed_items& operator=(packed_items&&) = delete;

  const packed_item& whole() const { return items_.front(); }
  const std::vector<packed_item>& all() const { return items_; }

private:
  explicit packed_items(std::vector<packed_item> items) : items_(std::move(items)) {}
  std::vector<packed_item> items_;
};

std::string pack(const packed_item& item);

/// An extension as writer::ext writes it.
std::string packed_extension(std::int8_t type, std::string_view data = {});

/// Copies @p packed; where an ext of @p type stands, what @p replace makes of its data (packed) takes its place.
/// `malformed` when @p packed is not whole msgpack within @p limits.
result<std::string> replace_extensions(std::string_view packed, std::int8_t type,
                                       const std::function<std::string(std::string_view data)>& replace,
                                       const unpack_limits& limits = {});
/// The same for @p packed that was looked through already.
result<std::string> replace_extensions(std::string_view packed, const packed_items& items, std::int8_t type,
                                       const std::function<std::string(std::string_view data)>& replace);

// -- one value -----------------------------------------------------------------------------------------------------

template <class T> void write(writer& out, const T& v, audience who);
/// @p from is a value or a packed_item.
template <class From, class T> bool read(const From& from, T& into);

// A PIN is in no message at all: to write one into any does not compile.
void write(writer& out, const secret& pin, audience who) = delete;
template <class From> bool read(const From& from, secret& pin) = delete;

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
      const auto from = out.size();
      write(out, v.reveal(), audience::personal);
      out.mark(from);
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

namespace detail {

// What both forms of a decoded value can be asked. Nothing: it is of another kind.
inline bool is_nil(const value& v) { return v.as<std::monostate>(); }
inline bool is_nil(const packed_item& v) { return v.is == packed_item::kind::nil; }
inline std::optional<bool> flag_in(const value& v) {
  const auto* flag = v.as<bool>();
  return flag ? std::optional{*flag} : std::nullopt;
}
inline std::optional<bool> flag_in(const packed_item& v) {
  return v.is == packed_item::kind::boolean ? std::optional{v.number != 0} : std::nullopt;
}
inline std::optional<std::uint64_t> natural_in(const value& v) {
  const auto* n = v.as<std::uint64_t>();
  return n ? std::optional{*n} : std::nullopt;
}
inline std::optional<std::uint64_t> natural_in(const packed_item& v) {
  return v.is == packed_item::kind::natural ? std::optional{v.number} : std::nullopt;
}
inline std::optional<std::int64_t> integer_in(const value& v) {
  const auto* n = v.as<std::int64_t>();
  return n ? std::optional{*n} : std::nullopt;
}
inline std::optional<std::int64_t> integer_in(const packed_item& v) {
  return v.is == packed_item::kind::negative ? std::optional{static_cast<std::int64_t>(v.number)} : std::nullopt;
}
inline std::optional<std::string_view> text_in(const value& v) {
  const auto* text = v.as<std::string>();
  return text ? std::optional<std::string_view>{*text} : std::nullopt;
}
inline std::optional<std::string_view> text_in(const packed_item& v) {
  return v.is == packed_item::kind::text ? std::optional{v.bytes()} : std::nullopt;
}
inline std::string_view octets(const bytes& b) { return {reinterpret_cast<const char*>(b.data()), b.size()}; }
inline std::optional<std::string_view> octets_in(const value& v) {
  const auto* found = v.as<bytes>();
  return found ? std::optional{octets(*found)} : std::nullopt;
}
inline std::optional<std::string_view> octets_in(const packed_item& v) {
  return v.is == packed_item::kind::binary ? std::optional{v.bytes()} : std::nullopt;
}
struct hidden_value {
  std::int8_t type = 0;
  std::string_view data;
};
inline std::optional<hidden_value> hidden_in(const value& v) {
  const auto* found = v.as<extension>();
  return found ? std::optional{hidden_value{found->type, octets(found->data)}} : std::nullopt;
}
inline std::optional<hidden_value> hidden_in(const packed_item& v) {
  return v.is == packed_item::kind::extension ? std::optional{hidden_value{v.type, v.bytes()}} : std::nullopt;
}
inline bool is_map(const value& v) { return v.as<value::map>(); }
inline bool is_map(const packed_item& v) { return v.is == packed_item::kind::map; }

/// Finds the fields of a map one after another: in the order of the list, as they are written, at no cost.
class fields_of_value {
public:
  explicit fields_of_value(const value& map) : map_(map) {}
  const value* next(std::string_view name) { return map_.find(name); }

private:
  const value& map_;
};
class fields_of_item {
public:
  explicit fields_of_item(const packed_item& map) : map_(map), at_(&map + 1), left_(map.size) {}
  const packed_item* next(std::string_view name) {
    if (left_ == 0 || at_->bytes() != name) { // from here on the first of that name is looked for, as in any map
      left_ = 0;
      return map_.find(name);
    }
    const auto* found = at_ + 1;
    at_ = found->behind();
    --left_;
    return found;
  }

private:
  const packed_item& map_;
  const packed_item* at_;
  std::uint32_t left_;
};
inline fields_of_value fields_of(const value& map) { return fields_of_value{map}; }
inline fields_of_item fields_of(const packed_item& map) { return fields_of_item{map}; }

} // namespace detail

/// Reads what write() wrote; false when the value is of another kind or out of range.
template <class From, has_fields M> bool read_fields(const From& from, M& into) {
  if (!detail::is_map(from)) return false;
  bool good = true;
  auto fields = detail::fields_of(from);
  for_each_field(into, [&](std::string_view name, auto& v) {
    if (const auto* found = fields.next(name)) good = read(*found, v) && good;
  });
  return good;
}

namespace detail {

template <class From, class T> bool read_number(const From& from, T& into) {
  if (const auto n = natural_in(from)) {
    into = static_cast<T>(*n);
    return std::in_range<T>(*n);
  }
  if (const auto n = integer_in(from)) {
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

template <class T> bool read_list(const packed_item& from, std::vector<T>& into) {
  if (from.is != packed_item::kind::array) return false;
  into.resize(from.size);
  const auto* item = &from + 1;
  for (auto& one : into) {
    if (!read(*item, one)) return false;
    item = item->behind();
  }
  return true;
}

template <class From, class T> bool read_personal(const From& from, personal<T>& into) {
  if (const auto hidden = hidden_in(from)) {
    if (hidden->type == ext_marked) {
      const auto marked = packed_items::in(hidden->data);
      return marked && read_personal(marked->whole(), into);
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

template <class From> bool read_id(const From& from, id& into) {
  if (is_nil(from)) {
    into = {};
    return true;
  }
  const auto found = octets_in(from);
  if (!found || found->size() != id::size) return false;
  std::memcpy(into.bytes.data(), found->data(), id::size);
  return true;
}

template <class From> bool read_bytes(const From& from, bytes& into) {
  const auto found = octets_in(from);
  if (found) into.assign(found->begin(), found->end());
  return found.has_value();
}

} // namespace detail

template <class From, class T> bool read(const From& from, T& into) {
  if constexpr (is_personal_v<T>)
    return detail::read_personal(from, into);
  else if constexpr (std::is_same_v<T, id>)
    return detail::read_id(from, into);
  else if constexpr (std::is_same_v<T, credential> || std::is_same_v<T, std::string>) {
    const auto text = detail::text_in(from);
    if (text) into = T{std::string{*text}};
    return text.has_value();
  } else if constexpr (named_enumeration<T>) {
    const auto text = detail::text_in(from);
    const auto known = text ? from_name<T>(*text) : std::nullopt;
    if (known) into = *known;
    return known.has_value();
  } else if constexpr (std::is_same_v<T, bytes>)
    return detail::read_bytes(from, into);
  else if constexpr (std::is_same_v<T, bool>) {
    const auto flag = detail::flag_in(from);
    if (flag) into = *flag;
    return flag.has_value();
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

/// A struct from its packed map; nothing when the bytes do not fit its fields.
template <has_fields M> std::optional<M> decode_fields(std::string_view packed, const unpack_limits& limits = {}) {
  const auto items = packed_items::in(packed, limits);
  std::optional<M> m;
  if (items && !read_fields(items->whole(), m.emplace())) m.reset();
  return m;
}

/// Refuses a version newer than this build knows, and bytes that do not fit the fields.
template <has_fields M> result<M> decode_body(std::string_view packed, std::uint64_t version) {
  if (version > M::version) return failure(error_code::newer_version, M::topic);
  const auto items = packed_items::in(packed);
  if (!items)
    return failure(error_code::malformed, M::topic, items.error().args.empty() ? "" : items.error().args.back());
  M m;
  if (!read_fields(items->whole(), m)) return failure(error_code::malformed, M::topic, "a field is of another kind");
  return m;
}

} // namespace messages
