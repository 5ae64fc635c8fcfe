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

namespace {
struct text_sink {
  std::string text;
  void write(const char* data, std::size_t size) { text.append(data, size); }
};
} // namespace

struct writer::buffer : text_sink {
  msgpack::packer<text_sink> pack{*this};
};

writer::writer() : out_(std::make_unique<buffer>()) { out_->text.reserve(240); } // a message is rarely shorter
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

/// What every walk over packed bytes has in common: the limits. msgpack's parser calls it item by item, so that nothing
/// is built that is not kept; false stops the walk.
class limited_walk : public msgpack::null_visitor {
public:
  explicit limited_walk(const unpack_limits& limits) : limits_(limits) {}

  bool visit_str(const char*, std::uint32_t size) { return size <= limits_.text_bytes_max; }
  bool visit_bin(const char*, std::uint32_t size) { return size <= limits_.text_bytes_max; }
  bool visit_ext(const char*, std::uint32_t size) { return size <= limits_.text_bytes_max; }
  bool start_array(std::uint32_t items) { return begins(items); }
  bool start_map(std::uint32_t entries) { return begins(entries); }
  bool end_array() { return ends(); }
  bool end_map() { return ends(); }

protected:
  bool begins(std::uint32_t items) { return items <= limits_.items_max && ++depth_ <= limits_.depth_max; }
  bool ends() {
    --depth_;
    return true;
  }
  const unpack_limits& limits_;

private:
  std::size_t depth_ = 0;
};

/// Walks @p packed whole; it must be one object and nothing behind it.
template <class Walk> result<void> walk_through(std::string_view packed, const unpack_limits& limits, Walk& walk) {
  if (packed.size() > limits.bytes_max)
    return failure(error_code::too_large, "message", std::to_string(limits.bytes_max) + " bytes");
  std::size_t end = 0;
  if (!msgpack::parse(packed.data(), packed.size(), end, walk))
    return failure(error_code::malformed, "message", "not whole msgpack within the limits");
  if (end != packed.size()) return failure(error_code::malformed, "message", "bytes follow its end");
  return {};
}

/// Builds a value; stops at what the contract has no place for (floats, keys that are no text, other extensions than
/// its own).
class value_walk : public limited_walk {
public:
  value_walk(value& into, const unpack_limits& limits) : limited_walk(limits), at_(&into) {
    open_.reserve(limits.depth_max);
  }
  bool foreign() const { return foreign_; }

  bool visit_nil() { return put(std::monostate{}); }
  bool visit_boolean(bool b) { return put(b); }
  bool visit_positive_integer(std::uint64_t n) { return put(n); }
  bool visit_negative_integer(std::int64_t n) { // so is any called that was written as signed
    return n < 0 ? put(n) : put(static_cast<std::uint64_t>(n));
  }
  bool visit_float32(float) { return refuse(); }
  bool visit_float64(double) { return refuse(); }
  bool visit_str(const char* data, std::uint32_t size) {
    if (!limited_walk::visit_str(data, size)) return false;
    if (!key_) return put(std::string{data, size});
    key_->assign(data, size);
    return true;
  }
  bool visit_bin(const char* data, std::uint32_t size) {
    return limited_walk::visit_bin(data, size) && put(octets(data, size));
  }
  bool visit_ext(const char* data, std::uint32_t size) { // its type first
    if (!limited_walk::visit_ext(data, size)) return false;
    // Only the two empty ones are in the contract; one with content could not be written again without losing it.
    const auto type = static_cast<std::int8_t>(*data);
    const bool hidden = (type == ext_redacted || type == ext_forgotten) && size == 1;
    if (!hidden && !(limits_.marks && type == ext_marked)) return refuse();
    return put(extension{type, octets(data + 1, size - 1)});
  }
  bool start_array(std::uint32_t items) { return begins(items) && open(value::array(items)); }
  bool start_array_item() {
    auto& [of, next] = open_.back();
    at_ = &std::get<value::array>(of->is)[next++];
    return true;
  }
  bool end_array() { return close(); }
  bool start_map(std::uint32_t entries) { return begins(entries) && open(value::map(entries)); }
  bool start_map_key() {
    const auto& [of, next] = open_.back();
    key_ = &std::get<value::map>(of->is)[next].first;
    return true;
  }
  bool end_map_key() {
    key_ = nullptr;
    return true;
  }
  bool start_map_value() {
    auto& [of, next] = open_.back();
    at_ = &std::get<value::map>(of->is)[next++].second;
    return true;
  }
  bool end_map() { return close(); }

private:
  static bytes octets(const char* data, std::size_t size) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(data);
    return bytes(first, first + size);
  }
  bool refuse() {
    foreign_ = true;
    return false;
  }
  template <class T> bool put(T&& what) {
    if (key_) return refuse();
    at_->is = std::forward<T>(what);
    return true;
  }
  template <class T> bool open(T&& items) {
    if (!put(std::forward<T>(items))) return false;
    open_.push_back({at_, 0});
    return true;
  }
  bool close() {
    open_.pop_back();
    return ends();
  }

  struct container {
    value* of;
    std::size_t next;
  };
  value* at_;                  ///< where the next one goes
  std::string* key_ = nullptr; ///< while a map's key is read
  std::vector<container> open_;
  bool foreign_ = false;
};

} // namespace

result<value> unpack(std::string_view packed, const unpack_limits& limits) {
  value into;
  value_walk walk{into, limits};
  const auto done = walk_through(packed, limits, walk);
  if (walk.foreign()) return failure(error_code::malformed, "message", "a type the contract does not have");
  if (!done) return failure(done.error());
  return into;
}

namespace {

/// Finds the extensions of one type.
class extension_walk : public limited_walk {
public:
  extension_walk(std::int8_t type, const unpack_limits& limits) : limited_walk(limits), type_(type) {}

  bool visit_ext(const char* data, std::uint32_t size) { // its type first
    if (!limited_walk::visit_ext(data, size)) return false;
    if (static_cast<std::int8_t>(*data) == type_) found.emplace_back(data + 1, size - 1);
    return true;
  }
  std::vector<std::string_view> found; ///< their data, in order

private:
  const std::int8_t type_;
};

/// What stands before the data of an extension: the shortest form, as writer::ext writes it.
std::string head_of(std::int8_t type, std::size_t data_bytes) {
  text_sink head;
  msgpack::packer<text_sink>{head}.pack_ext(data_bytes, type);
  return std::move(head.text);
}

} // namespace

result<std::string> replace_extensions(std::string_view packed, std::int8_t type,
                                       const std::function<std::string(std::string_view)>& replace,
                                       const unpack_limits& limits) {
  extension_walk walk{type, limits};
  if (auto done = walk_through(packed, limits, walk); !done) return failure(done.error());
  std::string out;
  out.reserve(packed.size() + walk.found.size() * 64);
  std::size_t copied = 0;
  for (const auto data : walk.found) {
    const auto at = static_cast<std::size_t>(data.data() - packed.data());
    const auto head = head_of(type, data.size());
    if (packed.substr(at - head.size(), head.size()) != head)
      return failure(error_code::malformed, "message", "an extension is not written as short as it could be");
    out.append(packed.substr(copied, at - head.size() - copied));
    out.append(replace(data));
    copied = at + data.size();
  }
  return out.append(packed.substr(copied));
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
