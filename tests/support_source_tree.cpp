// Reading the tree and a little C++: enough to see the shape of a file, not to compile it.
#include "tests/support_source_tree.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <sstream>

namespace tidy {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool is_text_file(const std::filesystem::path& path) {
  static constexpr std::array<std::string_view, 17> kinds{".cpp", ".hpp",  ".def",   ".py",  ".js",   ".mjs",
                                                          ".css", ".html", ".md",    ".txt", ".sh",   ".toml",
                                                          ".xml", ".json", ".story", ".svg", ".cmake"};
  const auto kind = path.extension().string();
  return std::ranges::find(kinds, kind) != kinds.end() || (kind.empty() && path.parent_path().filename() == "tools");
}

bool is_left_out(const std::filesystem::directory_entry& entry, const std::filesystem::path& root) {
  const auto name = entry.path().filename().string();
  const bool at_top = entry.path().parent_path() == root;
  return name.starts_with('.') || name == "node_modules" || name == "__pycache__" ||
         (at_top && entry.is_directory() && name.starts_with("build"));
}

} // namespace

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream in{std::string{text}};
  for (std::string line; std::getline(in, line);)
    lines.push_back(std::move(line));
  return lines;
}

const std::vector<source>& tree() {
  static const auto files = [] {
    std::vector<source> found;
    const std::filesystem::path root{UKETSUKE_SOURCE_DIR};
    for (auto at = std::filesystem::recursive_directory_iterator(root);
         at != std::filesystem::recursive_directory_iterator{}; ++at) {
      if (is_left_out(*at, root)) {
        at.disable_recursion_pending();
        continue;
      }
      if (!at->is_regular_file() || !is_text_file(at->path())) continue;
      std::ifstream in(at->path(), std::ios::binary);
      std::string text{std::istreambuf_iterator<char>(in), {}};
      auto lines = lines_of(text);
      found.push_back({at->path().lexically_relative(root).generic_string(), std::move(text), std::move(lines)});
    }
    std::ranges::sort(found, {}, &source::path);
    return found;
  }();
  return files;
}

// -- a little C++ --------------------------------------------------------------------------------------------------

namespace {

/// Where what begins at @p at ends, when it is no code: a comment, a text, a character, a preprocessor line.
std::size_t end_of_other(std::string_view text, std::size_t at) {
  const auto rest = text.substr(at);
  const auto past = [&](std::string_view mark, std::size_t from) {
    const auto found = text.find(mark, from);
    return found == std::string_view::npos ? text.size() : found + mark.size();
  };
  const auto quoted = [&](char quote) {
    auto end = at + 1;
    while (end < text.size() && text[end] != quote && text[end] != '\n')
      end += text[end] == '\\' ? 2 : 1;
    return std::min(end + 1, text.size());
  };
  if (rest.starts_with("//")) return std::min(text.find('\n', at), text.size());
  if (rest.starts_with("/*")) return past("*/", at + 2);
  if (rest.starts_with("R\"") && (at == 0 || !is_word(text[at - 1]))) {
    const auto open = text.find('(', at);
    if (open == std::string_view::npos) return text.size();
    return past(")" + std::string{text.substr(at + 2, open - at - 2)} + "\"", open);
  }
  if (rest.starts_with('"')) return quoted('"');
  if (rest.starts_with('\'')) return at > 0 && is_word(text[at - 1]) ? at : quoted('\''); // 1'000 is a number
  const auto line = text.rfind('\n', at == 0 ? 0 : at - 1);
  const bool first =
      text.substr(line == std::string_view::npos ? 0 : line, at - (line == std::string_view::npos ? 0 : line))
          .find_first_not_of(" \n") == std::string_view::npos;
  if (!rest.starts_with('#') || !first) return at;
  auto end = text.find('\n', at);
  while (end != std::string_view::npos && text[end - 1] == '\\')
    end = text.find('\n', end + 1);
  return std::min(end, text.size());
}

/// @p head without what stands in parentheses (they stay, empty) and without `template <…>`.
std::string bare(std::string_view head) {
  std::string out;
  int round = 0;
  for (const char c : head) {
    round -= c == ')';
    if (round == 0) out += c;
    round += c == '(';
  }
  for (auto at = out.find("template"); at != std::string::npos; at = out.find("template")) {
    auto end = out.find('<', at);
    int depth = 0;
    for (; end < out.size(); ++end) {
      depth += out[end] == '<';
      depth -= out[end] == '>';
      if (depth == 0) break;
    }
    out.erase(at, end == std::string::npos ? 8 : end + 1 - at);
  }
  return out;
}

bool opens_function(std::string_view head) {
  const auto without = bare(head);
  for (const std::string_view scope : {"namespace", "class", "struct", "union", "enum"})
    if (has_word(without, scope)) return false;
  return without.find("()") != std::string::npos;
}

} // namespace

std::string code_only(std::string_view text) {
  std::string out{text};
  for (std::size_t at = 0; at < text.size();) {
    const auto end = end_of_other(text, at);
    if (end == at) {
      ++at;
      continue;
    }
    for (; at < end; ++at)
      if (text[at] != '\n') out[at] = ' ';
  }
  return out;
}

std::vector<include_line> includes_of(const source& file) {
  std::vector<include_line> found;
  for (std::size_t n = 0; n < file.lines.size(); ++n) {
    const std::string_view line = file.lines[n];
    if (!line.starts_with("#include ")) continue;
    const auto open = line.find_first_of("<\""), close = line.find_last_of(">\"");
    if (open == std::string_view::npos || close <= open) continue;
    found.push_back({n + 1, std::string{line.substr(open + 1, close - open - 1)}, line[open] == '"'});
  }
  return found;
}

std::vector<function> functions_in(std::string_view text) {
  struct brace {
    std::size_t head = 0, line = 0;
    bool counted = false;
  };
  const auto code = code_only(text);
  std::vector<function> found;
  std::vector<brace> open;
  std::size_t head = 0, line = 1;
  int inside = 0; // functions that are open
  for (std::size_t at = 0; at < code.size(); ++at) {
    if (code[at] == '\n')
      ++line;
    else if (code[at] == ';' && inside == 0)
      head = at + 1;
    else if (code[at] == '{') {
      const bool counted = inside == 0 && opens_function(std::string_view{code}.substr(head, at - head));
      open.push_back({head, line, counted});
      inside += counted;
      head = at + 1;
    } else if (code[at] == '}' && !open.empty()) {
      const auto [began, first, counted] = open.back();
      open.pop_back();
      inside -= counted;
      if (counted) {
        std::string words;
        std::istringstream in{code.substr(began, std::min<std::size_t>(at - began, 200))};
        for (std::string word; words.size() < 60 && in >> word && word != "{";)
          words += word + ' ';
        found.push_back({words, first, line - first + 1});
      }
      const auto next = code.find_first_not_of(" \n", at + 1);
      const bool goes_on =
          next != std::string::npos && (code[next] == ',' || code[next] == '{'); // x() : a_{1}, b_{2} {
      head = goes_on ? began : at + 1;
    }
  }
  return found;
}

std::vector<statement> statements_in(std::string_view text) {
  const auto code = code_only(text);
  std::vector<statement> found;
  statement now{"", 1};
  std::size_t line = 1;
  for (const char c : code) {
    if (c == '\n') ++line;
    if (c == ';' || c == '{' || c == '}') {
      found.push_back(std::move(now));
      now = {"", line};
    } else
      now.text += c;
  }
  return found;
}

// -- texts ---------------------------------------------------------------------------------------------------------

std::size_t code_points(std::string_view line) {
  return static_cast<std::size_t>(std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; }));
}

bool fits(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return path.empty();
  if (pattern == "/") return path.starts_with('/');
  if (pattern.front() != '*')
    return !path.empty() && pattern.front() == path.front() && fits(pattern.substr(1), path.substr(1));
  for (std::size_t taken = 0; taken <= path.size(); ++taken) {
    if (fits(pattern.substr(1), path.substr(taken))) return true;
    if (taken < path.size() && path[taken] == '/') return false;
  }
  return false;
}

bool has_word(std::string_view text, std::string_view word) {
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool begins = at == 0 || !is_word(text[at - 1]);
    const bool ends = at + word.size() == text.size() || !is_word(text[at + word.size()]);
    if (begins && ends) return true;
  }
  return false;
}

} // namespace tidy
