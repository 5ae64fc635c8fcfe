// Bytes → records → fields → visits, and what is wrong with each.
#include "actors/batch_scheduler/visit_file.hpp"

#include "actors/batch_scheduler/calendar.hpp"
#include "messages/spelling.hpp"

#include <iconv.h>

#include <algorithm>

namespace batch_scheduler {

using namespace messages;

std::pair<std::string_view, std::string_view> words_of(row_fault fault) {
  switch (fault) {
  case row_fault::column_count:
    return {"列の数が見出しと違います", "the number of columns differs from the first line's"};
  case row_fault::quotes: return {"引用符が閉じていません", "a quote is not closed"};
  case row_fault::encoding: return {"文字コードが正しくありません", "neither UTF-8 nor CP932"};
  case row_fault::too_long: return {"「{1}」が長すぎます", "“{1}” is too long"};
  case row_fault::missing: return {"「{1}」がありません", "“{1}” is missing"};
  case row_fault::not_a_date: return {"「{1}」は存在しない日付です", "“{1}” is no date that exists"};
  case row_fault::not_a_care: return {"「{1}」の診療区分が分かりません", "“{1}” holds no known kind of care"};
  case row_fault::not_days: return {"「{1}」の曜日・日の書き方が正しくありません", "“{1}” names no days"};
  case row_fault::not_a_number: return {"「{1}」が数字ではありません", "“{1}” holds no number"};
  case row_fault::duplicate: return {"{1} 行目と同じ予定です", "the same visit as in line {1}"};
  case row_fault::heading: return {"見出し「{1}」が見つかりません", "there is no column “{1}”"};
  case row_fault::too_many: return {"行が多すぎます（100万行まで）", "more than a million rows"};
  }
  return {};
}

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_utf8(std::string_view s) {
  for (std::size_t n = 0; n < s.size();) {
    const auto c = static_cast<unsigned char>(s[n]);
    const std::size_t more = c < 0x80                ? 0
                             : c >= 0xC2 && c < 0xE0 ? 1
                             : c >= 0xE0 && c < 0xF0 ? 2
                             : c >= 0xF0 && c < 0xF5 ? 3
                                                     : 9;
    if (more == 9 || n + more >= s.size()) return false;
    for (std::size_t k = 1; k <= more; ++k)
      if ((static_cast<unsigned char>(s[n + k]) & 0xC0) != 0x80) return false;
    if (more == 2) { // overlong, and halves of UTF-16 pairs
      const auto second = static_cast<unsigned char>(s[n + 1]);
      if ((c == 0xE0 && second < 0xA0) || (c == 0xED && second >= 0xA0)) return false;
    }
    if (more == 3) {
      const auto second = static_cast<unsigned char>(s[n + 1]);
      if ((c == 0xF0 && second < 0x90) || (c == 0xF4 && second >= 0x90)) return false;
    }
    n += more + 1;
  }
  return true;
}

/// CP932 as UTF-8; nothing when it is none.
std::optional<std::string> from_cp932(std::string_view octets) {
  struct converter {
    iconv_t way = ::iconv_open("UTF-8", "CP932");
    ~converter() {
      if (way != reinterpret_cast<iconv_t>(-1)) ::iconv_close(way);
    }
  };
  thread_local converter c;
  if (c.way == reinterpret_cast<iconv_t>(-1)) return std::nullopt;
  ::iconv(c.way, nullptr, nullptr, nullptr, nullptr);
  std::string in{octets}, out(octets.size() * 3 + 4, '\0');
  char *from = in.data(), *to = out.data();
  std::size_t left = in.size(), room = out.size();
  if (::iconv(c.way, &from, &left, &to, &room) == static_cast<std::size_t>(-1)) return std::nullopt;
  out.resize(out.size() - room);
  return out;
}

std::size_t characters(std::string_view s) {
  return static_cast<std::size_t>(
      std::ranges::count_if(s, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void trim(std::string& s) {
  constexpr std::string_view wide_blank = "　";
  for (bool again = true; again;) {
    again = false;
    while (!s.empty() && (s.front() == ' ' || s.front() == '\t'))
      s.erase(0, 1);
    while (!s.empty() && (s.back() == ' ' || s.back() == '\t'))
      s.pop_back();
    if (s.starts_with(wide_blank)) s.erase(0, wide_blank.size()), again = true;
    if (s.ends_with(wide_blank)) s.erase(s.size() - wide_blank.size()), again = true;
  }
}

bool has_control(std::string_view s) {
  return std::ranges::any_of(s, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

/// The first year of an era, less one, and what begins its dates.
struct era {
  std::string_view letter, kanji;
  unsigned before;
};
constexpr std::array eras{era{"R", "令和", 2018}, era{"H", "平成", 1988}, era{"S", "昭和", 1925},
                          era{"T", "大正", 1911}, era{"M", "明治", 1867}};

} // namespace

std::optional<std::string> date_from(std::string_view written) {
  if (written.size() > 40) return std::nullopt;
  if (written.size() == 8 && day_from(written)) return std::string{written};
  unsigned before = 0;
  for (const auto& e : eras)
    for (const auto begin : {e.letter, e.kanji})
      if (written.starts_with(begin) && before == 0) {
        before = e.before;
        written.remove_prefix(begin.size());
      }
  std::array<unsigned, 3> parts{};
  std::size_t n = 0, digits = 0;
  for (std::size_t at = 0; at < written.size();) {
    const auto rest = written.substr(at);
    constexpr std::string_view first_year = "元", year = "年", month = "月", of_month = "日";
    if (rest.front() >= '0' && rest.front() <= '9') {
      if (n >= 3 || ++digits > 4) return std::nullopt;
      parts[n] = parts[n] * 10 + static_cast<unsigned>(rest.front() - '0');
      ++at;
      continue;
    }
    if (rest.starts_with(first_year) && n == 0 && before != 0 && digits == 0) {
      parts[0] = 1;
      digits = 1;
      at += first_year.size();
      continue;
    }
    if (digits == 0) return std::nullopt;
    digits = 0;
    ++n;
    if (rest.front() == '-' || rest.front() == '/' || rest.front() == '.')
      ++at;
    else if (rest.starts_with(year) || rest.starts_with(month) || rest.starts_with(of_month))
      at += year.size();
    else
      return std::nullopt;
  }
  if (digits > 0) ++n;
  if (n != 3 || (before != 0 && (parts[0] == 0 || parts[0] > 99)) || (before == 0 && parts[0] < 1000))
    return std::nullopt;
  if (parts[1] > 12 || parts[2] > 31) return std::nullopt;
  const auto two = [](unsigned v) { return (v < 10 ? "0" : "") + std::to_string(v); };
  auto text = std::to_string(before + parts[0]) + two(parts[1]) + two(parts[2]);
  return day_from(text) ? std::optional{std::move(text)} : std::nullopt;
}

// -- bytes to records ----------------------------------------------------------------------------------------------

visit_reader::visit_reader(visit_layout layout, row_taker take, reject_taker reject)
    : layout_(std::move(layout)), take_(std::move(take)), reject_(std::move(reject)), headed_(!layout_.headed) {
  if (headed_) take_heading({}, 0);
}

void visit_reader::feed(std::string_view octets) {
  while (!octets.empty() && !useless_) { // in pieces: a record that never ends is found out early
    const auto piece = octets.substr(0, record_bytes_max);
    pending_ += piece;
    octets.remove_prefix(piece.size());
    if (!begun_ && pending_.size() >= byte_order_mark.size()) {
      if (pending_.starts_with(byte_order_mark)) pending_.erase(0, byte_order_mark.size());
      begun_ = true;
    }
    if (begun_) scan();
  }
}

/// Takes the complete records off the front. Halves of CP932 characters are never a quote, a comma or a line's end.
void visit_reader::scan() {
  std::size_t from = 0;
  while (scanned_ < pending_.size() && !useless_) {
    const char c = pending_[scanned_];
    if (c == '"') quoted_ = !quoted_;
    const bool line_ends = c == '\n' || (c == '\r' && scanned_ + 1 < pending_.size() && pending_[scanned_ + 1] != '\n');
    if (c == '\r' && scanned_ + 1 == pending_.size()) break; // the next byte says whether it is a line's end
    ++scanned_;
    if (line_ends) ++line_;
    const bool too_long = scanned_ - from > record_bytes_max;
    if (line_ends && (!quoted_ || skipping_)) {
      const auto record = std::string_view{pending_}.substr(from, scanned_ - from);
      if (!skipping_) take_record(record, record_line_);
      skipping_ = quoted_ = false;
      from = scanned_;
      record_line_ = line_;
    } else if (too_long && !skipping_) {
      reject(record_line_, quoted_ ? row_fault::quotes : row_fault::too_long, "row");
      // a quote that nobody closed swallows what follows: go on behind the end of its first line
      const auto end = pending_.find('\n', from);
      const bool within = end != std::string::npos && end < scanned_;
      quoted_ = false;
      skipping_ = !within;
      from = scanned_ = within ? end + 1 : scanned_;
      if (within) line_ = ++record_line_;
    } else if (too_long) {
      from = scanned_;
    }
  }
  pending_.erase(0, from);
  scanned_ -= from;
}

void visit_reader::finish() {
  begun_ = true;
  for (bool again = true; again && !useless_;) {
    if (pending_.empty()) return;
    pending_ += '\n';
    scan();
    again = false;
    if (!pending_.empty() && quoted_ && !skipping_) {
      const auto end = pending_.find('\n');
      reject(record_line_, row_fault::quotes, "row");
      pending_.erase(0, end + 1);
      scanned_ = 0;
      quoted_ = false;
      line_ = ++record_line_;
      if (!pending_.empty()) pending_.pop_back(); // the end of the last line is added again
      again = true;
    }
  }
}

bool visit_reader::reject(std::uint64_t line, row_fault why, std::string what) {
  ++rejected_;
  reject_({line, why, std::move(what)});
  return false;
}
bool visit_reader::reject(std::uint64_t line, row_fault why, visit_column which) {
  const auto n = static_cast<std::size_t>(which);
  return reject(line, why, layout_.columns[n].empty() ? std::string{column_names[n]} : layout_.columns[n]);
}

// -- records to fields ---------------------------------------------------------------------------------------------

std::optional<std::string> visit_reader::text_of(std::string_view octets) const {
  const bool utf8 = layout_.encoding != "cp932" && is_utf8(octets);
  if (utf8) return std::string{octets};
  return layout_.encoding == "utf-8" ? std::nullopt : from_cp932(octets);
}

std::optional<std::vector<std::string>> visit_reader::fields_of(std::string_view record, std::uint64_t line) {
  const auto text = text_of(record);
  if (!text) return reject(line, row_fault::encoding), std::nullopt;
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t n = 0; n < text->size(); ++n) {
    const char c = (*text)[n];
    if (c == '"' && quoted && n + 1 < text->size() && (*text)[n + 1] == '"')
      fields.back() += (*text)[++n];
    else if (c == '"')
      quoted = !quoted;
    else if (c == layout_.separator && !quoted) {
      if (fields.size() == columns_max) return reject(line, row_fault::column_count), std::nullopt;
      fields.emplace_back();
    } else
      fields.back() += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  }
  for (auto& f : fields)
    trim(f);
  return fields;
}

void visit_reader::take_record(std::string_view record, std::uint64_t line) {
  while (record.ends_with('\n') || record.ends_with('\r'))
    record.remove_suffix(1);
  if (record.empty()) return;
  if (headed_ && good_ + rejected_ >= rows_max) {
    reject(line, row_fault::too_many);
    useless_ = true;
    return;
  }
  const auto fields = fields_of(record, line);
  if (!fields) {
    useless_ = useless_ || !headed_;
    return;
  }
  if (!headed_) return take_heading(*fields, line);
  if (width_ == 0) width_ = fields->size();
  if (fields->size() != width_) {
    reject(line, row_fault::column_count);
    return;
  }
  if (auto row = visit_of(*fields, line)) {
    ++good_;
    take_(std::move(*row), line);
  }
}

/// Finds the columns; one that the mapping names and the file lacks makes the whole file useless.
void visit_reader::take_heading(const std::vector<std::string>& fields, std::uint64_t line) {
  headed_ = true;
  width_ = fields.size();
  for (std::size_t c = 0; c < visit_columns; ++c) {
    const auto& wanted = layout_.columns[c];
    if (wanted.empty()) continue;
    const auto named = std::ranges::find(fields, wanted);
    const bool numeric = wanted.size() <= 3 && wanted.find_first_not_of("0123456789") == std::string::npos;
    const auto n = numeric ? static_cast<std::size_t>(std::stoul(wanted)) : 0;
    if (named != fields.end())
      at_[c] = static_cast<std::size_t>(named - fields.begin());
    else if (n > 0 && n <= columns_max && (fields.empty() || n <= fields.size()))
      at_[c] = n - 1;
    else {
      reject(line, row_fault::heading, wanted);
      useless_ = true;
    }
  }
}

std::string visit_reader::field(const std::vector<std::string>& fields, visit_column which) const {
  const auto& at = at_[static_cast<std::size_t>(which)];
  return at && *at < fields.size() ? fields[*at] : std::string{};
}

// -- fields to visits ----------------------------------------------------------------------------------------------

std::optional<visit_wanted> visit_reader::visit_of(const std::vector<std::string>& fields, std::uint64_t line) {
  visit_wanted row;
  visitor who;
  if (!read_person(fields, who, line) || !read_care(fields, row, line) || !read_days(fields, row, line))
    return std::nullopt;
  row.desk = field(fields, visit_column::desk);
  const auto cancelled = field(fields, visit_column::cancelled);
  row.cancelled =
      !cancelled.empty() && std::ranges::find(layout_.cancelled_words, cancelled) != layout_.cancelled_words.end();
  const auto same = fingerprint((who.number.empty() ? who.person.insurer + '/' + who.person.number + '/' +
                                                          who.person.branch + '/' + who.person.birth_date
                                                    : who.number) +
                                '\n' + std::string{messages::name(row.how)} + '\n' + row.day + '\n' + row.repeats);
  if (const auto [before, fresh] = seen_.emplace(same, static_cast<std::uint32_t>(line)); !fresh)
    return reject(line, row_fault::duplicate, std::to_string(before->second)), std::nullopt;
  row.who = personal{std::move(who)};
  return row;
}

bool visit_reader::read_person(const std::vector<std::string>& fields, visitor& who, std::uint64_t line) {
  struct column {
    visit_column which;
    std::string* into;
    std::size_t most;
    bool needed;
  };
  std::string birth;
  const column columns[]{
      {visit_column::number, &who.number, 50, false},        {visit_column::name, &who.name, 100, false},
      {visit_column::kana, &who.kana, 100, false},           {visit_column::insurer, &who.person.insurer, 8, true},
      {visit_column::symbol, &who.person.symbol, 20, false}, {visit_column::card_number, &who.person.number, 20, true},
      {visit_column::branch, &who.person.branch, 2, false},  {visit_column::birth_date, &birth, 40, true}};
  for (const auto& c : columns) {
    *c.into = field(fields, c.which);
    if (c.needed && c.into->empty()) return reject(line, row_fault::missing, c.which);
    if (characters(*c.into) > c.most) return reject(line, row_fault::too_long, c.which);
    if (has_control(*c.into)) return reject(line, row_fault::encoding, c.which);
  }
  const auto digits = [](const std::string& s) { return s.find_first_not_of("0123456789") == std::string::npos; };
  if (!digits(normal_number(who.person.insurer))) return reject(line, row_fault::not_a_number, visit_column::insurer);
  const auto born = date_from(birth);
  if (!born) return reject(line, row_fault::not_a_date, visit_column::birth_date);
  who.person.birth_date = *born;
  const auto aided = field(fields, visit_column::medical_assistance);
  who.medical_assistance = std::ranges::find(layout_.yes_words, aided) != layout_.yes_words.end();
  return true;
}

bool visit_reader::read_care(const std::vector<std::string>& fields, visit_wanted& row, std::uint64_t line) {
  const auto word = field(fields, visit_column::care);
  row.how = layout_.care;
  if (word.empty()) return true;
  const auto told = layout_.care_words.find(word);
  const auto named = from_name<messages::care>(word);
  if (told == layout_.care_words.end() && !named) return reject(line, row_fault::not_a_care, visit_column::care);
  row.how = told == layout_.care_words.end() ? *named : told->second;
  return true;
}

bool visit_reader::read_days(const std::vector<std::string>& fields, visit_wanted& row, std::uint64_t line) {
  row.repeats = field(fields, visit_column::repeats);
  if (!row.repeats.empty() && !day_pattern::from(row.repeats))
    return reject(line, row_fault::not_days, visit_column::repeats);
  for (const auto& [which, into] : {std::pair{visit_column::day, &row.day}, {visit_column::until, &row.until}}) {
    const auto written = field(fields, which);
    if (written.empty()) continue;
    const auto date = date_from(written);
    if (!date) return reject(line, row_fault::not_a_date, which);
    *into = *date;
  }
  if (row.day.empty() && row.repeats.empty()) return reject(line, row_fault::missing, visit_column::day);
  if (!row.until.empty() && row.until < row.day) return reject(line, row_fault::not_a_date, visit_column::until);
  return true;
}

} // namespace batch_scheduler
