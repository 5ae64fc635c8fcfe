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

/// msgpack's packer over a string: it holds nothing itself.
struct text_sink {
  std::string& text;
  void write(const char* data, std::size_t size) { text.append(data, size); }
};

template <class Pack> void packed_into(std::string& text, Pack&& pack) {
  text_sink sink{text};
  msgpack::packer<text_sink> packer{sink};
  pack(packer);
}

std::uint32_t narrow(std::size_t size) { return static_cast<std::uint32_t>(size); }

} // namespace

writer::writer() { text_.reserve(480); } // a message is rarely longer
writer::writer(sealer seal) : writer() { seal_ = std::move(seal); }

void writer::map(std::size_t entries) {
  packed_into(text_, [&](auto& to) { to.pack_map(narrow(entries)); });
}
void writer::array(std::size_t entries) {
  packed_into(text_, [&](auto& to) { to.pack_array(narrow(entries)); });
}
void writer::nil() {
  packed_into(text_, [](auto& to) { to.pack_nil(); });
}
void writer::boolean(bool b) {
  packed_into(text_, [&](auto& to) { b ? to.pack_true() : to.pack_false(); });
}
void writer::integer(std::int64_t n) {
  packed_into(text_, [&](auto& to) { to.pack_int64(n); });
}
void writer::natural(std::uint64_t n) {
  packed_into(text_, [&](auto& to) { to.pack_uint64(n); });
}
void writer::text(std::string_view s) {
  if (s.size() < 32) { // as nearly all are: its size stands in its first byte
    text_.push_back(static_cast<char>(0xa0 | s.size()));
    text_.append(s);
    return;
  }
  packed_into(text_, [&](auto& to) { to.pack_str(narrow(s.size())).pack_str_body(s.data(), narrow(s.size())); });
}
void writer::binary(const std::uint8_t* data, std::size_t size) {
  packed_into(text_, [&](auto& to) {
    to.pack_bin(narrow(size)).pack_bin_body(reinterpret_cast<const char*>(data), narrow(size));
  });
}
void writer::ext(std::int8_t type, std::string_view data) {
  packed_into(text_, [&](auto& to) { to.pack_ext(data.size(), type); });
  text_.append(data);
}
void writer::raw(std::string_view packed) { text_.append(packed); }
void writer::mark(std::size_t from) {
  if (seal_) seal_(text_, from);
  std::string head;
  packed_into(head, [&](auto& to) { to.pack_ext(text_.size() - from, seal_ ? ext_sealed : ext_marked); });
  text_.insert(from, head);
}

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

namespace {

/// Answers the item behind @p item.
const packed_item* write_item(writer& out, const packed_item& item) {
  using kind = packed_item::kind;
  switch (item.is) {
  case kind::nil: out.nil(); break;
  case kind::boolean: out.boolean(item.number != 0); break;
  case kind::natural: out.natural(item.number); break;
  case kind::negative: out.integer(static_cast<std::int64_t>(item.number)); break;
  case kind::text: out.text(item.bytes()); break;
  case kind::binary: out.binary(reinterpret_cast<const std::uint8_t*>(item.data), item.size); break;
  case kind::extension: out.ext(item.type, item.bytes()); break;
  case kind::array: out.array(item.size); break;
  case kind::map: out.map(item.size); break;
  }
  const auto* inside = &item + 1;
  while (inside != item.behind())
    inside = write_item(out, *inside);
  return inside;
}

} // namespace

std::string pack(const packed_item& item) {
  writer out;
  write_item(out, item);
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

// -- reading without building --------------------------------------------------------------------------------------

namespace {

/// Lists the items; refuses what value_walk refuses.
class item_walk : public limited_walk {
public:
  item_walk(std::vector<packed_item>& into, const unpack_limits& limits) : limited_walk(limits), items_(into) {}
  bool foreign() const { return foreign_; }

  bool visit_nil() { return put(kind::nil); }
  bool visit_boolean(bool b) { return put(kind::boolean, b ? 1 : 0); }
  bool visit_positive_integer(std::uint64_t n) { return put(kind::natural, n); }
  bool visit_negative_integer(std::int64_t n) { // so is any called that was written as signed
    return put(n < 0 ? kind::negative : kind::natural, static_cast<std::uint64_t>(n));
  }
  bool visit_float32(float) { return refuse(); }
  bool visit_float64(double) { return refuse(); }
  bool visit_str(const char* data, std::uint32_t size) { // the only one that may be a key
    return limited_walk::visit_str(data, size) && add(kind::text, size, data);
  }
  bool visit_bin(const char* data, std::uint32_t size) {
    return limited_walk::visit_bin(data, size) && fits() && add(kind::binary, size, data);
  }
  bool visit_ext(const char* data, std::uint32_t size) { // its type first
    if (!limited_walk::visit_ext(data, size)) return false;
    const auto type = static_cast<std::int8_t>(*data);
    const bool hidden = (type == ext_redacted || type == ext_forgotten) && size == 1;
    if (!hidden && !(limits_.marks && type == ext_marked)) return refuse();
    return fits() && add(kind::extension, size - 1, data + 1, type);
  }
  bool start_array(std::uint32_t items) { return begins(items) && open(kind::array, items); }
  bool end_array() { return close(); }
  bool start_map(std::uint32_t entries) { return begins(entries) && open(kind::map, entries); }
  bool start_map_key() { return key_ = true; }
  bool end_map_key() {
    key_ = false;
    return true;
  }
  bool end_map() { return close(); }

private:
  using kind = packed_item::kind;
  bool refuse() {
    foreign_ = true;
    return false;
  }
  bool fits() { return !key_ || refuse(); }
  bool put(kind is, std::uint64_t number = 0) {
    if (!fits()) return false;
    auto& item = items_.emplace_back();
    item.is = is;
    item.number = number;
    return true;
  }
  bool add(kind is, std::uint32_t size, const char* data, std::int8_t type = 0) {
    auto& item = items_.emplace_back();
    item.is = is;
    item.type = type;
    item.size = size;
    item.data = data;
    return true;
  }
  bool open(kind is, std::uint32_t size) {
    if (!put(is)) return false;
    items_.back().size = size;
    items_.back().whole = open_; // until it is closed: which one it stands in
    open_ = narrow(items_.size() - 1);
    return true;
  }
  bool close() {
    auto& closed = items_[open_];
    const auto at = std::exchange(open_, closed.whole);
    closed.whole = narrow(items_.size() - at);
    return ends();
  }

  std::vector<packed_item>& items_;
  std::uint32_t open_ = 0;
  bool key_ = false, foreign_ = false;
};

/// Lists that served, on each thread: a struct is read without asking for memory.
constexpr std::size_t spare_lists_max = 8, spare_items_max = 4096;
std::vector<std::vector<packed_item>>& spare_lists() {
  thread_local auto lists = [] {
    std::vector<std::vector<packed_item>> none;
    none.reserve(spare_lists_max); // giving one back must not fail
    return none;
  }();
  return lists;
}

} // namespace

const packed_item* packed_item::find(std::string_view key) const {
  if (is != kind::map) return nullptr;
  const auto* item = this + 1;
  for (auto left = size; left > 0; --left, item = (item + 1)->behind())
    if (item->bytes() == key) return item + 1;
  return nullptr;
}

result<packed_items> packed_items::in(std::string_view packed, const unpack_limits& limits) {
  auto& spare = spare_lists();
  packed_items found{spare.empty() ? std::vector<packed_item>{} : std::move(spare.back())};
  if (!spare.empty()) spare.pop_back();
  item_walk walk{found.items_, limits};
  const auto done = walk_through(packed, limits, walk);
  if (walk.foreign()) return failure(error_code::malformed, "message", "a type the contract does not have");
  if (!done) return failure(done.error());
  return found;
}

packed_items::~packed_items() {
  auto& spare = spare_lists();
  if (items_.capacity() == 0 || items_.capacity() > spare_items_max || spare.size() >= spare_lists_max) return;
  items_.clear();
  spare.push_back(std::move(items_));
}

// -- extensions ----------------------------------------------------------------------------------------------------

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
  std::string head;
  packed_into(head, [&](auto& to) { to.pack_ext(data_bytes, type); });
  return head;
}

/// @p found: the data of the extensions that go, in order.
result<std::string> replaced(std::string_view packed, std::int8_t type, const std::vector<std::string_view>& found,
                             const std::function<std::string(std::string_view)>& replace) {
  std::string out;
  out.reserve(packed.size() + found.size() * 64);
  std::size_t copied = 0;
  for (const auto data : found) {
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

} // namespace

std::string packed_extension(std::int8_t type, std::string_view data) {
  return head_of(type, data.size()).append(data);
}

result<std::string> replace_extensions(std::string_view packed, std::int8_t type,
                                       const std::function<std::string(std::string_view)>& replace,
                                       const unpack_limits& limits) {
  extension_walk walk{type, limits};
  if (auto done = walk_through(packed, limits, walk); !done) return failure(done.error());
  return replaced(packed, type, walk.found, replace);
}

result<std::string> replace_extensions(std::string_view packed, const packed_items& items, std::int8_t type,
                                       const std::function<std::string(std::string_view)>& replace) {
  std::vector<std::string_view> found;
  for (const auto& item : items.all())
    if (item.is == packed_item::kind::extension && item.type == type) found.push_back(item.bytes());
  return replaced(packed, type, found, replace);
}

} // namespace messages
