// msgpack is named in this file and nowhere else.
#include "messages/codec.hpp"

#define MSGPACK_NO_BOOST
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#include <msgpack.hpp>
#pragma GCC diagnostic pop

#include <algorithm>

namespace messages {

const value* value::find(std::string_view key) const {
  const auto* entries = as<map>();
  if (!entries) return nullptr;
  const auto found = std::ranges::find(*entries, key, [](const auto& e) { return std::string_view{e.first}; });
  return found == entries->end() ? nullptr : &found->second;
}

// -- writing -------------------------------------------------------------------------------------------------------

struct writer::buffer {
  std::string text;
  void write(const char* data, std::size_t size) { text.append(data, size); }
  msgpack::packer<buffer> pack{*this};
};

writer::writer() : out_(std::make_unique<buffer>()) {}
writer::~writer() = default;
writer::writer(writer&&) noexcept = default;
writer& writer::operator=(writer&&) noexcept = default;

void writer::map(std::size_t entries) { out_->pack.pack_map(static_cast<std::uint32_t>(entries)); }
void writer::array(std::size_t entries) { out_->pack.pack_array(static_cast<std::uint32_t>(entries)); }
void writer::nil() { out_->pack.pack_nil(); }
void writer::boolean(bool b) { b ? out_->pack.pack_true() : out_->pack.pack_false(); }
void writer::integer(std::int64_t n) { out_->pack.pack_int64(n); }
void writer::natural(std::uint64_t n) { out_->pack.pack_uint64(n); }
void writer::text(std::string_view s) {
  out_->pack.pack_str(static_cast<std::uint32_t>(s.size()));
  out_->pack.pack_str_body(s.data(), static_cast<std::uint32_t>(s.size()));
}
void writer::binary(const std::uint8_t* data, std::size_t size) {
  out_->pack.pack_bin(static_cast<std::uint32_t>(size));
  out_->pack.pack_bin_body(reinterpret_cast<const char*>(data), static_cast<std::uint32_t>(size));
}
void writer::ext(std::int8_t type, std::string_view data) {
  out_->pack.pack_ext(data.size(), type);
  out_->text.append(data);
}
void writer::raw(std::string_view packed) { out_->text.append(packed); }
std::string writer::take() { return std::move(out_->text); }

namespace {

struct packing {
  writer& out;
  void operator()(std::monostate) { out.nil(); }
  void operator()(bool b) { out.boolean(b); }
  void operator()(std::int64_t n) { out.integer(n); }
  void operator()(std::uint64_t n) { out.natural(n); }
  void operator()(const std::string& s) { out.text(s); }
  void operator()(const bytes& b) { out.binary(b.data(), b.size()); }
  void operator()(const value::array& items) {
    out.array(items.size());
    for (const auto& item : items)
      std::visit(*this, item.is);
  }
  void operator()(const value::map& entries) {
    out.map(entries.size());
    for (const auto& [key, item] : entries) {
      out.text(key);
      std::visit(*this, item.is);
    }
  }
  void operator()(const extension& e) {
    out.ext(e.type, {reinterpret_cast<const char*>(e.data.data()), e.data.size()});
  }
};

} // namespace

std::string pack(const value& v) {
  writer out;
  std::visit(packing{out}, v.is);
  return out.take();
}

// -- reading -------------------------------------------------------------------------------------------------------

namespace {

/// Copies a parsed object into a value; false when the contract has no place for it (floats, keys that are no text,
/// other extensions than its own).
bool copy(const msgpack::object& from, value& into, bool marks) {
  switch (from.type) {
  case msgpack::type::NIL: into.is = std::monostate{}; return true;
  case msgpack::type::BOOLEAN: into.is = from.via.boolean; return true;
  case msgpack::type::POSITIVE_INTEGER: into.is = std::uint64_t{from.via.u64}; return true;
  case msgpack::type::NEGATIVE_INTEGER: into.is = std::int64_t{from.via.i64}; return true;
  case msgpack::type::STR: into.is = std::string{from.via.str.ptr, from.via.str.size}; return true;
  case msgpack::type::BIN: {
    const auto* data = reinterpret_cast<const std::uint8_t*>(from.via.bin.ptr);
    into.is = bytes(data, data + from.via.bin.size);
    return true;
  }
  case msgpack::type::EXT: {
    // Only the two empty ones are in the contract; one with content could not be written again without losing it.
    const auto type = from.via.ext.type();
    const bool hidden = (type == ext_redacted || type == ext_forgotten) && from.via.ext.size == 0;
    if (!hidden && !(marks && type == ext_marked)) return false;
    const auto* data = reinterpret_cast<const std::uint8_t*>(from.via.ext.data());
    into.is = extension{type, bytes(data, data + from.via.ext.size)};
    return true;
  }
  case msgpack::type::ARRAY: {
    value::array items(from.via.array.size);
    for (std::size_t n = 0; n < items.size(); ++n)
      if (!copy(from.via.array.ptr[n], items[n], marks)) return false;
    into.is = std::move(items);
    return true;
  }
  case msgpack::type::MAP: {
    value::map entries(from.via.map.size);
    for (std::size_t n = 0; n < entries.size(); ++n) {
      const auto& pair = from.via.map.ptr[n];
      if (pair.key.type != msgpack::type::STR) return false;
      entries[n].first.assign(pair.key.via.str.ptr, pair.key.via.str.size);
      if (!copy(pair.val, entries[n].second, marks)) return false;
    }
    into.is = std::move(entries);
    return true;
  }
  default: return false;
  }
}

/// Parses @p packed whole and hands the tree to @p use, as long as @p packed lives.
template <class T, class F> result<T> parsed(std::string_view packed, const unpack_limits& limits, F&& use) {
  if (packed.size() > limits.bytes_max)
    return failure(error_code::too_large, "message", std::to_string(limits.bytes_max) + " bytes");
  try {
    const msgpack::unpack_limit limit(limits.items_max, limits.items_max, limits.text_bytes_max, limits.text_bytes_max,
                                      limits.text_bytes_max, limits.depth_max);
    std::size_t end = 0;
    // Texts are copied out by whoever uses them; referencing them meanwhile saves one copy.
    const auto reference = [](msgpack::type::object_type, std::size_t, void*) { return true; };
    const auto handle = msgpack::unpack(packed.data(), packed.size(), end, reference, nullptr, limit);
    if (end != packed.size()) return failure(error_code::malformed, "message", "bytes follow its end");
    return use(handle.get());
  } catch (const std::exception&) { // msgpack's own text would only repeat the library's words
    return failure(error_code::malformed, "message", "not whole msgpack within the limits");
  }
}

} // namespace

result<value> unpack(std::string_view packed, const unpack_limits& limits) {
  return parsed<value>(packed, limits, [&](const msgpack::object& tree) -> result<value> {
    value into;
    if (!copy(tree, into, limits.marks))
      return failure(error_code::malformed, "message", "a type the contract does not have");
    return into;
  });
}

namespace {

/// Writes a parsed object again, with the extensions of one type replaced.
void write_replaced(writer& out, const msgpack::object& from, std::int8_t type,
                    const std::function<std::string(std::string_view)>& replace) {
  switch (from.type) {
  case msgpack::type::EXT:
    if (from.via.ext.type() == type)
      out.raw(replace({from.via.ext.data(), from.via.ext.size}));
    else
      out.ext(from.via.ext.type(), {from.via.ext.data(), from.via.ext.size});
    return;
  case msgpack::type::ARRAY:
    out.array(from.via.array.size);
    for (std::uint32_t n = 0; n < from.via.array.size; ++n)
      write_replaced(out, from.via.array.ptr[n], type, replace);
    return;
  case msgpack::type::MAP:
    out.map(from.via.map.size);
    for (std::uint32_t n = 0; n < from.via.map.size; ++n) {
      write_replaced(out, from.via.map.ptr[n].key, type, replace);
      write_replaced(out, from.via.map.ptr[n].val, type, replace);
    }
    return;
  case msgpack::type::STR: return out.text({from.via.str.ptr, from.via.str.size});
  case msgpack::type::BIN:
    return out.binary(reinterpret_cast<const std::uint8_t*>(from.via.bin.ptr), from.via.bin.size);
  case msgpack::type::BOOLEAN: return out.boolean(from.via.boolean);
  case msgpack::type::POSITIVE_INTEGER: return out.natural(from.via.u64);
  case msgpack::type::NEGATIVE_INTEGER: return out.integer(from.via.i64);
  default: return out.nil();
  }
}

} // namespace

result<std::string> replace_extensions(std::string_view packed, std::int8_t type,
                                       const std::function<std::string(std::string_view)>& replace,
                                       const unpack_limits& limits) {
  return parsed<std::string>(packed, limits, [&](const msgpack::object& tree) -> result<std::string> {
    writer out;
    write_replaced(out, tree, type, replace);
    return out.take();
  });
}

bool detail::read_id(const value& from, id& into) {
  if (from.as<std::monostate>()) {
    into = {};
    return true;
  }
  const auto* octets = from.as<bytes>();
  if (!octets || octets->size() != id::size) return false;
  std::ranges::copy(*octets, into.bytes.begin());
  return true;
}

} // namespace messages
