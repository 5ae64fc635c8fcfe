// Appointments and standing visits as another system's CSV says them: read piece by piece, so that the size of the file
// does not matter; each row that cannot be used is told with its line and the reason, and the others go on. Pure.
//
// UTF-8 with or without a byte order mark, and CP932 (Shift_JIS of Windows); RFC 4180 quotes, line ends of any system.
// A mapping says which column is what. Dates: 20261127, 2026-11-27, 2026/11/27, 令和8年11月27日, R8.11.27.
#pragma once

#include "messages/visits.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace batch_scheduler {

/// What a column can hold.
enum class visit_column : std::uint8_t {
  number, ///< 診察券番号
  name,
  kana,
  insurer,
  symbol,
  card_number,
  branch,
  birth_date,         ///< 保険者番号, 記号, 番号, 枝番, 生年月日
  medical_assistance, ///< 医療扶助
  care,
  day,
  until,
  repeats,
  desk,
  cancelled
};
inline constexpr std::array<std::string_view, 15> column_names{
    "number", "name", "kana",  "insurer", "symbol", "card_number", "branch", "birth_date", "medical_assistance",
    "care",   "day",  "until", "repeats", "desk",   "cancelled"};
inline constexpr std::size_t visit_columns = column_names.size();

/// Where things stand in a file, and what its words mean.
struct visit_layout {
  /// Of each visit_column: the heading in the first line, or its number from 1 ("3"); empty: not in the file.
  std::array<std::string, visit_columns> columns{};
  bool headed = true; ///< the first line names the columns
  char separator = ',';
  std::string encoding = "auto";                    ///< auto, utf-8 or cp932
  std::map<std::string, messages::care> care_words; ///< 診療区分 as the file words it; the names of `care` always do
  messages::care care = messages::care::outpatient; ///< where no column says it, or says nothing
  std::vector<std::string> cancelled_words{"取消", "キャンセル", "cancelled"};
  std::vector<std::string> yes_words{"1", "true", "yes", "○", "有"}; ///< of `medical_assistance`
};

/// What is wrong with a row.
enum class row_fault : std::uint8_t {
  column_count,
  quotes,
  encoding,
  too_long,
  missing,
  not_a_date,
  not_a_care,
  not_days,
  not_a_number,
  duplicate,
  heading,
  too_many
};
/// In words, Japanese and English; {1} is the column, or the line that was the same.
std::pair<std::string_view, std::string_view> words_of(row_fault fault);

struct rejected_row {
  std::uint64_t line = 0; ///< of the file, from 1; of a row over several lines the first
  row_fault why{};
  std::string what; ///< the column's heading; of a duplicate the line before; never what stood in it
};

class visit_reader {
public:
  using row_taker = std::function<void(messages::visit_wanted&&, std::uint64_t line)>;
  using reject_taker = std::function<void(const rejected_row&)>;

  static constexpr std::size_t record_bytes_max = 16 * 1024, columns_max = 200, field_characters_max = 200;
  static constexpr std::uint64_t rows_max = 1'000'000; ///< of one file; a memory of 40 bytes a row finds duplicates

  visit_reader(visit_layout layout, row_taker take, reject_taker reject);

  void feed(std::string_view octets);
  void finish();

  std::uint64_t lines() const { return line_ - 1; }
  std::uint64_t good() const { return good_; }
  std::uint64_t rejected() const { return rejected_; }
  /// The file cannot be read with this mapping: nothing of it was taken.
  bool useless() const { return useless_; }

private:
  void scan();
  void take_record(std::string_view record, std::uint64_t line);
  void take_heading(const std::vector<std::string>& fields, std::uint64_t line);
  std::optional<std::vector<std::string>> fields_of(std::string_view record, std::uint64_t line);
  std::optional<std::string> text_of(std::string_view octets) const;
  std::optional<messages::visit_wanted> visit_of(const std::vector<std::string>& fields, std::uint64_t line);
  bool read_person(const std::vector<std::string>& fields, messages::visitor& who, std::uint64_t line);
  bool read_days(const std::vector<std::string>& fields, messages::visit_wanted& row, std::uint64_t line);
  bool read_care(const std::vector<std::string>& fields, messages::visit_wanted& row, std::uint64_t line);
  std::string field(const std::vector<std::string>& fields, visit_column which) const;
  bool reject(std::uint64_t line, row_fault why, std::string what = {});
  bool reject(std::uint64_t line, row_fault why, visit_column which);

  visit_layout layout_;
  row_taker take_;
  reject_taker reject_;
  std::string pending_;     ///< of the record that is not complete
  std::size_t scanned_ = 0; ///< of pending_
  bool quoted_ = false;     ///< scanned_ stands inside quotes
  bool begun_ = false, headed_ = false, useless_ = false, skipping_ = false;
  std::uint64_t line_ = 1, record_line_ = 1, good_ = 0, rejected_ = 0;
  std::size_t width_ = 0; ///< columns of the first line
  std::array<std::optional<std::size_t>, visit_columns> at_{};
  std::unordered_map<std::uint64_t, std::uint32_t> seen_; ///< fingerprint → line
};

/// yyyyMMdd of a date as people and programs write it; nothing when there is no such day.
std::optional<std::string> date_from(std::string_view text);

} // namespace batch_scheduler
