// One list of elements per message part: reading and writing walk the same list, so that neither can forget a field.
//
// A part is read in one pass over its children, whatever their order. A child that no row knows, or that is empty, is
// kept as XML in the part's `rest`. A child that may stand once and stands twice makes the message ambiguous: refused.
#pragma once

#include "drivers/line/codes.hpp"
#include "drivers/line/facts.hpp"

#include <bitset>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pugi {
class xml_node;
}

namespace drivers::line {

/// What goes wrong while reading: the first trouble is kept. It names elements and never their values.
class reading {
public:
  explicit reading(const facts& names) : names_(names) {}
  const std::string& trouble() const { return trouble_; }
  void complain(std::string why) {
    if (trouble_.empty()) trouble_ = std::move(why);
  }
  /// Our name of an element on the wire.
  std::string_view ours(std::string_view wire) const { return names_.element_read(wire); }

private:
  const facts& names_;
  std::string trouble_;
};

/// Writes elements, indented; texts are escaped.
class xml_writer {
public:
  explicit xml_writer(const facts& names, int depth = 0) : names_(names), depth_(depth) {}
  std::string text;

  void open(std::string_view name);
  void close(std::string_view name);
  void leaf(std::string_view name, std::string_view value);
  void raw(std::string_view xml);

private:
  void indent();
  const facts& names_;
  int depth_;
};

/// The few things that are asked of a node, so that the tables need not know the XML library.
struct node_view {
  /// Calls @p each with name and node of every child element.
  static void children(const pugi::xml_node& of,
                       const std::function<void(std::string_view, const pugi::xml_node&)>& each);
  static std::string text(const pugi::xml_node& of); ///< control characters become spaces: texts reach terminals
  static bool is_empty(const pugi::xml_node& of);
  static bool has_elements(const pugi::xml_node& of);
  static std::string as_xml(const pugi::xml_node& of);
};

template <class T> class element_table {
public:
  struct row {
    std::string name;
    bool leaf = true, many = false;
    std::function<void(reading&, const pugi::xml_node&, T&)> read;
    std::function<void(xml_writer&, const T&)> write;
  };

  element_table(std::vector<row> rows, std::vector<std::string> T::*rest) : rows_(std::move(rows)), rest_(rest) {
    for (std::size_t n = 0; n < rows_.size(); ++n)
      by_name_.emplace(rows_[n].name, n);
  }

  void read(reading& from, const pugi::xml_node& of, T& into) const {
    std::bitset<rows_max> seen;
    std::size_t next = 0; // most files keep our order, and then nothing is looked up
    node_view::children(of, [&](std::string_view wire, const pugi::xml_node& child) {
      const auto name = from.ours(wire);
      const auto at = next < rows_.size() && rows_[next].name == name ? next : find(name);
      const bool strange =
          at == rows_.size() || (rows_[at].leaf && (node_view::is_empty(child) || node_view::has_elements(child)));
      if (strange) {
        (into.*rest_).push_back(node_view::as_xml(child));
        return;
      }
      if (seen[at] && !rows_[at].many) from.complain("doubled " + rows_[at].name);
      seen.set(at);
      rows_[at].read(from, child, into);
      next = at + 1;
    });
  }

  void write(xml_writer& to, const T& from) const {
    for (const auto& r : rows_)
      r.write(to, from);
    for (const auto& xml : from.*rest_)
      to.raw(xml);
  }

private:
  static constexpr std::size_t rows_max = 128;
  std::size_t find(std::string_view name) const {
    const auto at = by_name_.find(name);
    return at == by_name_.end() ? rows_.size() : at->second;
  }
  std::vector<row> rows_;
  std::vector<std::string> T::*rest_;
  std::unordered_map<std::string_view, std::size_t> by_name_; // into rows_, which never change
};

// The rows of a table.

template <class T> typename element_table<T>::row text_row(std::string name, std::string T::*member) {
  return {name, true, false,
          [member](reading&, const pugi::xml_node& n, T& into) { into.*member = node_view::text(n); },
          [member, name](xml_writer& to, const T& from) {
            if (!(from.*member).empty()) to.leaf(name, from.*member);
          }};
}

template <class T, class E> typename element_table<T>::row code_row(std::string name, code<E> T::*member) {
  return {name, true, false,
          [member](reading&, const pugi::xml_node& n, T& into) { (into.*member).text = node_view::text(n); },
          [member, name](xml_writer& to, const T& from) {
            if ((from.*member).stated()) to.leaf(name, (from.*member).text);
          }};
}

/// A group that is there or not.
template <class T, class P>
typename element_table<T>::row group_row(std::string name, std::optional<P> T::*member, const element_table<P>& parts) {
  return {name, false, false,
          [member, &parts](reading& from, const pugi::xml_node& n, T& into) {
            parts.read(from, n, (into.*member).emplace());
          },
          [member, name, &parts](xml_writer& to, const T& from) {
            if (!(from.*member)) return;
            to.open(name);
            parts.write(to, *(from.*member));
            to.close(name);
          }};
}

/// A group that may stand many times.
template <class T, class P> typename element_table<T>::row each_row(std::string name, std::vector<P> T::*member,
                                                                    const element_table<P>& parts, std::size_t most) {
  return {name, false, true,
          [member, name, most, &parts](reading& from, const pugi::xml_node& n, T& into) {
            if ((into.*member).size() == most) return from.complain("too many " + name);
            parts.read(from, n, (into.*member).emplace_back());
          },
          [member, name, &parts](xml_writer& to, const T& from) {
            for (const auto& part : from.*member) {
              to.open(name);
              parts.write(to, part);
              to.close(name);
            }
          }};
}

/// Many groups inside a list element; what else stands in the list is kept in the part's rest.
template <class T, class P> typename element_table<T>::row list_row(std::string list, std::string name,
                                                                    std::vector<P> T::*member,
                                                                    const element_table<P>& parts, std::size_t most,
                                                                    std::vector<std::string> T::*rest) {
  return {list, false, true,
          [=, &parts](reading& from, const pugi::xml_node& n, T& into) {
            node_view::children(n, [&](std::string_view wire, const pugi::xml_node& child) {
              if (from.ours(wire) != name) return (into.*rest).push_back(node_view::as_xml(child));
              if ((into.*member).size() == most) return from.complain("too many " + name);
              parts.read(from, child, (into.*member).emplace_back());
            });
          },
          [=, &parts](xml_writer& to, const T& from) {
            if ((from.*member).empty()) return;
            to.open(list);
            for (const auto& part : from.*member) {
              to.open(name);
              parts.write(to, part);
              to.close(name);
            }
            to.close(list);
          }};
}

} // namespace drivers::line
