// Bulk requests and results, in pieces.
#include "drivers/line/bulk.hpp"

#include "drivers/line/text.hpp"
#include "drivers/line/xml_tables.hpp"
#include "drivers/line/zip_file.hpp"

#include <iconv.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <vector>

namespace drivers::line {
namespace {

using messages::error_code;
using messages::failure;
using messages::result;

constexpr std::size_t piece_bytes = 256 * 1024;

auto unreadable(std::string why) { return failure(error_code::line_unreadable, std::move(why)); }

class in_memory final : public octet_source {
public:
  explicit in_memory(std::string octets) : octets_(std::move(octets)) {}
  result<void> each_piece(const std::function<bool(std::string_view)>& take) const override {
    for (std::size_t at = 0; at < octets_.size(); at += piece_bytes)
      if (!take(std::string_view{octets_}.substr(at, piece_bytes))) break;
    return {};
  }
  std::uint64_t size() const override { return octets_.size(); }

private:
  const std::string octets_;
};

class in_file final : public octet_source {
public:
  in_file(std::filesystem::path file, std::uint64_t size, bool ours)
      : file_(std::move(file)), size_(size), ours_(ours) {}
  ~in_file() override {
    std::error_code ignored;
    if (ours_) std::filesystem::remove(file_, ignored);
  }
  result<void> each_piece(const std::function<bool(std::string_view)>& take) const override {
    std::ifstream stream(file_, std::ios::binary);
    if (!stream) return failure(error_code::file_unreadable, file_.string(), "open");
    std::string piece(piece_bytes, '\0');
    while (stream) {
      stream.read(piece.data(), static_cast<std::streamsize>(piece.size()));
      const auto got = static_cast<std::size_t>(stream.gcount());
      if (got == 0 || !take(std::string_view{piece}.substr(0, got))) break;
    }
    if (stream.bad()) return failure(error_code::file_unreadable, file_.string(), "read");
    return {};
  }
  std::uint64_t size() const override { return size_; }

private:
  const std::filesystem::path file_;
  const std::uint64_t size_;
  const bool ours_;
};

/// CP932 to UTF-8 in pieces: a character may be cut by the end of one.
class converter {
public:
  converter() : how_(iconv_open("UTF-8", "CP932")) {}
  ~converter() {
    if (how_ != reinterpret_cast<iconv_t>(-1)) iconv_close(how_);
  }
  converter(const converter&) = delete;
  converter& operator=(const converter&) = delete;

  /// false when it is no CP932. What is left over waits for the next piece.
  bool convert(std::string_view piece, std::string& to) {
    left_ += piece;
    to.assign(left_.size() * 3 + 8, '\0');
    char *in = left_.data(), *out = to.data();
    std::size_t in_left = left_.size(), out_left = to.size();
    const auto done = iconv(how_, &in, &in_left, &out, &out_left);
    if (done == static_cast<std::size_t>(-1) && errno != EINVAL) return false;
    to.resize(to.size() - out_left);
    left_.erase(0, left_.size() - in_left);
    return true;
  }
  bool complete() const { return left_.empty(); }

private:
  iconv_t how_;
  std::string left_;
};

/// Feeds everything to @p into as UTF-8.
result<void> feed(const octet_source& from, bool shift_jis, unit_splitter& into) {
  converter to_utf8;
  std::string text;
  bool wrong = false;
  const auto read = from.each_piece([&](std::string_view piece) {
    if (shift_jis && !to_utf8.convert(piece, text)) wrong = true;
    if (!wrong) into.feed(shift_jis ? std::string_view{text} : piece);
    return !wrong && into.trouble().empty() && !into.ended();
  });
  if (!read) return read;
  if (wrong || (shift_jis && !into.ended() && into.trouble().empty() && !to_utf8.complete()))
    return unreadable("no Shift_JIS as declared");
  into.finish();
  if (!into.trouble().empty()) return unreadable(into.trouble());
  return {};
}

/// Whether a document that begins like this is in CP932: the same order of belief as to_utf8 has.
bool begins_in_shift_jis(std::string_view beginning) {
  const auto declaration = beginning.substr(0, std::min<std::size_t>(beginning.find("?>"), 200));
  std::string said{declaration};
  std::transform(said.begin(), said.end(), said.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const auto* name : {"shift_jis", "windows-31j", "cp932", "sjis"})
    if (said.find(name) != std::string::npos) return true;
  if (said.find("encoding") != std::string::npos) return false;
  return beginning.find("<CharacterCodeIdentifier>1<") != std::string_view::npos;
}

std::string unit_of(function what, const facts& names) {
  return std::string(
      names.element_written(what == function::bulk_registration ? "BulkRegistrationUnit" : "BulkConfirmUnit"));
}

} // namespace

std::shared_ptr<const octet_source> octets_in_memory(std::string octets) {
  return std::make_shared<in_memory>(std::move(octets));
}

result<std::shared_ptr<const octet_source>> octets_in_file(std::filesystem::path file, bool ours) {
  std::error_code trouble;
  const auto size = std::filesystem::file_size(file, trouble);
  if (trouble) return failure(error_code::file_unreadable, file.string(), trouble.message());
  return std::make_shared<in_file>(std::move(file), size, ours);
}

// -- results -------------------------------------------------------------------------------------------------------

result<std::shared_ptr<const bulk_document>> bulk_document::open(std::shared_ptr<const octet_source> octets,
                                                                 function what, std::shared_ptr<const facts> names,
                                                                 const expected_result& expected) {
  if (octets->size() > names->bulk_bytes_max)
    return unreadable("larger than " + std::to_string(names->bulk_bytes_max) + " bytes");
  std::shared_ptr<bulk_document> made{new bulk_document};
  made->octets_ = std::move(octets);
  made->names_ = std::move(names);
  made->unit_ = unit_of(what, *made->names_);
  const auto begun = made->octets_->each_piece([&](std::string_view piece) {
    made->shift_jis_ = begins_in_shift_jis(piece.substr(0, 8192));
    return false;
  });
  if (!begun) return failure(begun.error());
  const auto& limits = *made->names_;
  bool is_text = true;
  unit_splitter shape{made->unit_, limits.unit_bytes_max, limits.message_bytes_max, [&](std::string& unit) {
                        is_text = is_text && is_utf8(unit);
                        return is_text;
                      }};
  if (auto split = feed(*made->octets_, made->shift_jis_, shape); !split) return failure(split.error());
  if (!is_text) return unreadable("neither UTF-8 nor Shift_JIS as declared");
  made->units_ = shape.units();
  // it is UTF-8 by now, whatever its declaration says
  auto rest = shape.rest();
  if (const auto end = rest.find("?>"); rest.starts_with("<?xml") && end != std::string::npos) rest.erase(0, end + 2);
  rest.insert(0, R"(<?xml version="1.0" encoding="UTF-8"?>)");
  const auto head = read_message<wire::bulk_result<wire::confirmed_unit>>(rest, limits, expected);
  if (!head) return failure(head.error());
  made->header_ = head->header;
  return made;
}

template <class Unit>
result<void> bulk_document::each(const std::function<bool(Unit&&)>& take, const progress& told) const {
  std::optional<messages::error> trouble;
  std::uint64_t done = 0;
  unit_splitter units{unit_, names_->unit_bytes_max, names_->message_bytes_max, [&](std::string& xml) {
                        auto unit = read_unit<Unit>(xml, *names_);
                        if (!unit) {
                          trouble = unit.error();
                          return false;
                        }
                        const bool more = take(std::move(*unit));
                        if (told && (++done % 1000 == 0 || done == units_)) told(done, units_);
                        return more;
                      }};
  const auto fed = feed(*octets_, shift_jis_, units);
  if (trouble) return failure(*trouble);
  return fed;
}

result<void> bulk_document::each_confirmed(const std::function<bool(wire::confirmed_unit&&)>& take,
                                           const progress& told) const {
  return each<wire::confirmed_unit>(take, told);
}
result<void> bulk_document::each_registered(const std::function<bool(wire::registered_unit&&)>& take,
                                            const progress& told) const {
  return each<wire::registered_unit>(take, told);
}

// -- requests ------------------------------------------------------------------------------------------------------

namespace {

constexpr std::array kinds{
    std::pair{bulk_kind::eligibility, function::bulk_eligibility},
    std::pair{bulk_kind::reference_numbers, function::bulk_registration},
    std::pair{bulk_kind::home_visit_consented, function::home_visit_consented},
    std::pair{bulk_kind::online_consented, function::online_consented},
    std::pair{bulk_kind::medical_assistance, function::medical_assistance},
    std::pair{bulk_kind::home_visit_persons, function::home_visit_persons},
    std::pair{bulk_kind::online_persons, function::online_persons},
};

/// Writes the parts of a bulk request, all in one encoding.
class request_writer {
public:
  request_writer(const facts& names, bool shift_jis) : names_(names), shift_jis_(shift_jis) {}

  void begin(const wire::header& header) {
    xml_writer to{names_};
    to.text = std::string(R"(<?xml version="1.0" encoding=")") + (shift_jis_ ? "Shift_JIS" : "UTF-8") +
              "\" standalone=\"no\"?>\n";
    to.open("XmlMsg");
    to.open("MessageHeader");
    tables::header().write(to, header);
    to.close("MessageHeader");
    to.open("MessageBody");
    add(to);
  }
  template <class Part> void row(const char* name, const Part& part, const element_table<Part>& list) {
    xml_writer to{names_, 2};
    to.open(name);
    list.write(to, part);
    to.close(name);
    add(to);
  }
  void end() {
    xml_writer to{names_, 2};
    to.close("MessageBody");
    to.close("XmlMsg");
    add(to);
  }
  bool sayable() const { return sayable_; }
  std::string text;

private:
  void add(const xml_writer& from) {
    if (!shift_jis_) {
      text += from.text;
      return;
    }
    const auto octets = to_shift_jis(from.text);
    if (octets)
      text += *octets;
    else
      sayable_ = false;
  }
  const facts& names_;
  bool shift_jis_, sayable_ = true;
};

wire::header header_of(const std::string& institution, const bulk_request& r) {
  wire::header h;
  h.institution = institution;
  h.identifier = r.question.text();
  h.confirmed_on = r.confirmed_on;
  return h;
}

std::string padded(const std::string& insurer) {
  return std::string(8 - std::min<std::size_t>(8, insurer.size()), ' ') + insurer;
}

result<wire::search> search_of(bulk_kind kind, const bulk_period& p) {
  wire::search s;
  const bool month = kind == bulk_kind::medical_assistance;
  if (month) {
    if (!is_digits(p.from, 6)) return failure(error_code::wrong_value, "month", "not yyyyMM");
    s.month = p.from;
    return s;
  }
  if (!is_digits(p.from, 8)) return failure(error_code::wrong_value, "from", "not yyyyMMdd");
  if (!is_digits(p.to, 8)) return failure(error_code::wrong_value, "to", "not yyyyMMdd");
  if (p.to < p.from) return failure(error_code::wrong_value, "to", "before from");
  const bool online = kind == bulk_kind::online_consented;
  if (p.examination && !online) return failure(error_code::wrong_value, "examination", "for online only");
  (p.examination ? s.examined_from : s.consented_from) = p.from;
  (p.examination ? s.examined_to : s.consented_to) = p.to;
  s.treatment = online ? treatment_kind::online : treatment_kind::home_visit;
  return s;
}

/// Row @p n as it is sent, or why it cannot be.
result<wire::search> search_of(bulk_kind kind, const listed_person& who, std::size_t n) {
  auto s = to_search(who.person, "row " + std::to_string(n + 1) + " ");
  if (!s) return s;
  if (!is_plain(who.row)) return failure(error_code::wrong_value, "row " + std::to_string(n + 1), "control characters");
  if (kind == bulk_kind::home_visit_persons) s->treatment = treatment_kind::home_visit;
  if (kind == bulk_kind::online_persons) s->treatment = treatment_kind::online;
  s->identifier = who.row;
  return s;
}

result<wire::registration> registration_of(const listed_registration& who, std::size_t n) {
  const listed_person checked{{who.person.insurer, who.person.symbol, who.person.number, who.person.branch, "19000101"},
                              who.number};
  const auto s = search_of(bulk_kind::reference_numbers, checked, n);
  if (!s) return failure(s.error());
  if (who.number.empty() || length_of(who.number) > 50)
    return failure(error_code::wrong_value, "row " + std::to_string(n + 1) + " reference number", "length");
  return wire::registration{who.number, s->insurer, s->symbol, s->number, s->branch, {}};
}

result<std::string> build(const std::string& institution, const bulk_request& request, const facts& names,
                          bool shift_jis, const progress& told) {
  const auto& rows = request.rows.reveal();
  const bool registering = request.kind == bulk_kind::reference_numbers;
  const bool by_period = request.kind == bulk_kind::home_visit_consented ||
                         request.kind == bulk_kind::online_consented || request.kind == bulk_kind::medical_assistance;
  if (rows.index() != (registering ? 1U : by_period ? 2U : 0U))
    return failure(error_code::wrong_value, "rows", "not what this kind asks for");
  request_writer to{names, shift_jis};
  to.begin(header_of(institution, request));
  const auto each = [&](const auto& list, auto made, const char* element, const auto& table) -> result<void> {
    if (list.empty()) return failure(error_code::missing_value, "rows");
    if (list.size() > names.rows_max) return failure(error_code::too_large, "rows", std::to_string(names.rows_max));
    for (std::size_t n = 0; n < list.size(); ++n) {
      const auto row = made(list[n], n);
      if (!row) return failure(row.error());
      to.row(element, *row, table);
      if (told && ((n + 1) % 1000 == 0 || n + 1 == list.size())) told(n + 1, list.size());
    }
    return {};
  };
  result<void> written;
  if (const auto* persons = std::get_if<std::vector<listed_person>>(&rows))
    written = each(
        *persons, [&](const auto& p, std::size_t n) { return search_of(request.kind, p, n); },
        "QualificationConfirmSearchInfo", tables::search());
  else if (const auto* numbers = std::get_if<std::vector<listed_registration>>(&rows))
    written = each(
        *numbers, [](const auto& p, std::size_t n) { return registration_of(p, n); }, "ReferenceNumberRegistrationInfo",
        tables::registration());
  else {
    const auto s = search_of(request.kind, std::get<bulk_period>(rows));
    if (!s) return failure(s.error());
    to.row("QualificationConfirmSearchInfo", *s, tables::search());
  }
  if (!written) return failure(written.error());
  to.end();
  if (!to.sayable()) return build(institution, request, names, false, told);
  return std::move(to.text);
}

} // namespace

result<wire::search> to_search(const messages::insured_number& p, const std::string& where) {
  const auto wrong = [&](const char* field, const char* why) {
    return failure(error_code::wrong_value, where + field, why);
  };
  if (p.insurer.empty() || length_of(p.insurer) > 8) return wrong("insurer", "length");
  if (p.number.empty() || length_of(p.number) > 20) return wrong("number", "length");
  if (length_of(p.symbol) > 20) return wrong("symbol", "length");
  if (length_of(p.branch) > 2) return wrong("branch", "length");
  if (!is_digits(p.birth_date, 8)) return wrong("birth_date", "not yyyyMMdd");
  for (const auto* text : {&p.insurer, &p.number, &p.symbol, &p.branch})
    if (!is_plain(*text)) return wrong("person", "control characters");
  wire::search s;
  s.insurer = padded(p.insurer);
  s.symbol = p.symbol;
  s.number = p.number;
  s.branch = p.branch;
  s.birth_date = p.birth_date;
  return s;
}

function function_of(bulk_kind kind) { return kinds[static_cast<std::size_t>(kind)].second; }
bulk_kind kind_of(function f) {
  for (const auto& [kind, what] : kinds)
    if (what == f) return kind;
  return bulk_kind::eligibility;
}

result<std::string> build_bulk_request(const std::string& institution, const bulk_request& request, const facts& names,
                                       const progress& told) {
  if (request.question.empty()) return failure(error_code::missing_value, "question");
  if (request.kind == bulk_kind::eligibility && !is_digits(request.confirmed_on, 8))
    return failure(error_code::wrong_value, "confirmed_on", "not yyyyMMdd");
  return build(institution, request, names, names.requests_in_shift_jis, told);
}

result<std::filesystem::path> save_for_upload(const std::string& institution, const bulk_request& request,
                                              const std::filesystem::path& folder,
                                              const std::shared_ptr<const facts>& names) {
  const auto text = build_bulk_request(institution, request, *names);
  if (!text) return failure(text.error());
  const auto prefix = names->request_prefix({function_of(request.kind), 1});
  if (prefix.empty()) return failure(error_code::not_offered, std::string(name_of(function_of(request.kind))));
  const auto file = folder / (prefix + request.question.text() + ".xml");
  const auto temporary = file.string() + ".new";
  std::ofstream to{temporary, std::ios::binary | std::ios::trunc};
  to << *text;
  to.close();
  std::error_code trouble;
  if (to) std::filesystem::rename(temporary, file, trouble);
  if (!to || trouble) return failure(error_code::write_failed, file.string(), to ? trouble.message() : "write");
  return file;
}

result<bulk_answer> take_downloaded(const std::string& institution, bulk_kind kind, const std::filesystem::path& file,
                                    const std::string& zip_password, const std::shared_ptr<const facts>& names) {
  auto octets = octets_in_file(file);
  if (!octets) return failure(octets.error());
  std::string beginning;
  if (auto read = (*octets)->each_piece([&](std::string_view piece) { return beginning = piece, false; }); !read)
    return failure(read.error());
  if (is_zip(beginning)) {
    std::ifstream stream(file, std::ios::binary);
    const std::string packed{std::istreambuf_iterator<char>(stream), {}};
    auto document = unzip(packed, zip_password, names->bulk_bytes_max);
    if (!document) return failure(document.error());
    octets = octets_in_memory(std::move(*document));
  }
  auto opened = bulk_document::open(*octets, function_of(kind), names, {institution, {}, {}});
  if (!opened) return failure(opened.error());
  const auto& header = (*opened)->header();
  const bool working = header.segment.is(segment::in_progress);
  return bulk_answer{header, working ? nullptr : *opened};
}

} // namespace drivers::line
