// Bulk requests and results: written row by row, read unit by unit, whatever their size (oqs-interface.md §2.6-2.9).
//
// A result is never held as one document: it is read twice in pieces, first for its shape, header and count (so that a
// file whose end is missing gives nothing at all), then unit by unit. Memory: a piece and one unit.
#pragma once

#include "drivers/line/facts.hpp"
#include "drivers/line/port.hpp"
#include "drivers/line/wire.hpp"
#include "drivers/line/xml_messages.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace drivers::line {

/// Bytes that can be read from the start again and again.
class octet_source {
public:
  virtual ~octet_source() = default;
  /// Calls @p take with one piece after another until it says false or there are no more.
  virtual messages::result<void> each_piece(const std::function<bool(std::string_view)>& take) const = 0;
  virtual std::uint64_t size() const = 0;
};
std::shared_ptr<const octet_source> octets_in_memory(std::string octets);
/// `file_unreadable`. With @p ours the file is removed together with the source.
messages::result<std::shared_ptr<const octet_source>> octets_in_file(std::filesystem::path file, bool ours = false);

/// Splits a document at the elements XmlMsg/MessageBody/<unit>, piece by piece. Pure; also of hostile bytes.
class unit_splitter {
public:
  /// @p each gets one unit's XML at a time and may change it; false ends the splitting without an error.
  unit_splitter(std::string unit, std::size_t unit_bytes_max, std::size_t rest_bytes_max,
                std::function<bool(std::string&)> each);
  /// UTF-8 or any encoding in which ASCII bytes stand for themselves and < > ! / never are half of a character.
  void feed(std::string_view piece);
  void finish(); ///< no more pieces: complains when something is open

  const std::string& trouble() const { return trouble_; }
  bool ended() const { return ended_; } ///< `each` said false
  std::uint64_t units() const { return units_; }
  const std::string& rest() const { return rest_; } ///< the document without its units

private:
  void complain(const char* why);
  bool token();
  void open_tag(std::size_t end);
  void close_tag(std::size_t end);
  void pass(std::size_t end);
  void text(std::size_t end);

  std::string unit_name_, pending_, unit_, rest_, trouble_;
  std::size_t unit_bytes_max_, rest_bytes_max_, at_ = 0;
  std::function<bool(std::string&)> each_;
  std::vector<std::string> open_; ///< names outside units
  std::size_t inside_ = 0;        ///< depth within a unit; 0 outside
  std::uint64_t units_ = 0;
  bool ended_ = false, root_seen_ = false;
};

/// How far reading is: units done and units in all.
using progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// A bulk result, opened. Immutable: any thread.
class bulk_document {
public:
  /// Reads it once. `line_unreadable` with the reason: no UTF-8 or CP932, not well-formed, a DOCTYPE, its end missing,
  /// another institution or reception number, too large.
  static messages::result<std::shared_ptr<const bulk_document>> open(std::shared_ptr<const octet_source> octets,
                                                                     function what, std::shared_ptr<const facts> names,
                                                                     const expected_result& expected);

  const wire::header& header() const { return header_; }
  std::uint64_t units() const { return units_; }

  /// One unit after another; false ends it early, without an error. A unit that cannot be read is an error.
  messages::result<void> each_confirmed(const std::function<bool(wire::confirmed_unit&&)>& take,
                                        const progress& told = {}) const;
  messages::result<void> each_registered(const std::function<bool(wire::registered_unit&&)>& take,
                                         const progress& told = {}) const;
  /// The bytes as received.
  const octet_source& original() const { return *octets_; }

private:
  bulk_document() = default;
  template <class Unit>
  messages::result<void> each(const std::function<bool(Unit&&)>& take, const progress& told) const;

  std::shared_ptr<const octet_source> octets_;
  std::shared_ptr<const facts> names_;
  std::string unit_;
  bool shift_jis_ = false;
  wire::header header_;
  std::uint64_t units_ = 0;
};

function function_of(bulk_kind kind);
bulk_kind kind_of(function f);

/// A person as they are searched for, the insurer padded; @p where stands before a field's name in an error.
messages::result<wire::search> to_search(const messages::insured_number& person, const std::string& where);

/// The request as a file, row by row. `wrong_value` and `missing_value` name row and field, never the value.
messages::result<std::string> build_bulk_request(const std::string& institution, const bulk_request& request,
                                                 const facts& names, const progress& told = {});

/// 一括照会 by hand: writes the request under the name it would have in Req, for upload in the browser; the file.
messages::result<std::filesystem::path> save_for_upload(const std::string& institution, const bulk_request& request,
                                                        const std::filesystem::path& folder,
                                                        const std::shared_ptr<const facts>& names);
/// And its downloaded result, .xml or .zip.
messages::result<bulk_answer> take_downloaded(const std::string& institution, bulk_kind kind,
                                              const std::filesystem::path& file, const std::string& zip_password,
                                              const std::shared_ptr<const facts>& names);

} // namespace drivers::line
