// The project's own files as tidy_test reads them: their lines, what they include, how long their functions are.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tidy {

struct source {
  std::string path; ///< from the project's root, with '/'
  std::string text;
  std::vector<std::string> lines;

  bool is_cpp() const { return path.ends_with(".cpp") || path.ends_with(".hpp"); }
  bool is_in(std::string_view folder) const { return path.starts_with(std::string{folder} + "/"); }
};

struct include_line {
  std::size_t line = 0;
  std::string target;
  bool own = false; ///< "written so", not <so>
};

struct function {
  std::string head; ///< its text up to the brace, shortened
  std::size_t line = 0;
  std::size_t lines = 0;
};

/// Every text file below the root, but nothing that is built, fetched, or hidden.
const std::vector<source>& tree();

/// @p text with the inside of comments, texts and characters blanked, line for line; preprocessor lines, too.
std::string code_only(std::string_view text);

std::vector<include_line> includes_of(const source& file);

/// The functions in @p text, those inside another one not counted apart. Good enough for what clang-format has laid
/// out.
std::vector<function> functions_in(std::string_view text);

/// Statements of @p text: what stands between ';', '{' and '}', with the line of its beginning.
struct statement {
  std::string text;
  std::size_t line = 0;
};
std::vector<statement> statements_in(std::string_view text);

/// Unicode code points of a UTF-8 line.
std::size_t code_points(std::string_view line);

/// Does @p path fit @p pattern? '*' stands for anything but '/', a pattern that ends in '/' for all below it.
bool fits(std::string_view pattern, std::string_view path);

/// Does @p word stand in @p text, no letter, digit or '_' beside it?
bool has_word(std::string_view text, std::string_view word);

std::vector<std::string> lines_of(std::string_view text);

} // namespace tidy
