// The rules of the house that a machine can see (design §1 and §7), read from the tree itself.
#include "tests/test.hpp"

#include "tests/support_source_tree.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <set>

using namespace tidy;

namespace {

constexpr std::size_t line_columns_max = 120, file_lines_max = 500, function_lines_max = 70;

template <class... Words> std::string where(const source& file, std::size_t line, const Words&... words) {
  std::string said = file.path + ":" + std::to_string(line) + ": ";
  ((said += words), ...);
  return said;
}

/// All complaints at once, one a line: a broken rule is fixed in one go.
void none_of(const std::vector<std::string>& complaints) {
  for (const auto& complaint : complaints)
    BOOST_ERROR(complaint);
}

bool is_data(const source& file) {
  static constexpr std::array<std::string_view, 6> kinds{".json", ".xml", ".svg", ".toml", ".story", ".def"};
  const bool captured = file.path.find("/traces/") != std::string::npos; // frames as a tool wrote them
  return captured || std::ranges::any_of(kinds, [&](std::string_view kind) { return file.path.ends_with(kind); });
}

// -- who may include what ------------------------------------------------------------------------------------------

struct library {
  std::vector<std::string_view> includes; ///< what its headers begin with
  std::vector<std::string_view> homes;    ///< where it may be named
};

const std::vector<library>& libraries() {
  static const std::vector<library> table{
      {{"caf/"}, {"actors/*/actor.*", "actors/runtime/"}},
      {{"msgpack"}, {"messages/codec.cpp", "tools/examples/"}},
      {{"zmq"}, {"drivers/bus/", "tools/examples/"}},
      {{"rocksdb/"}, {"storage/"}},
      {{"libusb"}, {"drivers/card/"}},
      {{"umockdev"}, {"drivers/card/rig/"}},
      {{"boost/"}, {"drivers/screen/", "drivers/line/"}},
      {{"openssl/"}, {"storage/", "drivers/line/", "drivers/card/", "drivers/secrets/scrypt.cpp",
                      "drivers/face/models.cpp"}},
      {{"nlohmann/"}, {"messages/json.cpp", "drivers/line/"}},
      {{"pugixml"}, {"drivers/line/", "tools/bench/line.cpp"}}, // the bench's floor
      {{"zip.h"}, {"drivers/line/"}},
      {{"opencv2/", "openjpeg", "jpeglib", "seccomp"}, {"drivers/face/"}},
      {{"prometheus/"}, {"tools/metrics.cpp"}},
      {{"qrencode.h"}, {"drivers/screen/qr_code.cpp"}},
      {{"hiredis/"}, {"tools/bench/redis_bus.cpp"}}, // a peer to measure beside
      {{"CLI/", "toml++/", "toml.hpp"}, {"tools/"}},
      {{"spdlog/", "fmt/"}, {"tools/", "actors/runtime/", "drivers/", "storage/"}},
      {{"tl/expected.hpp"}, {"messages/result.hpp"}},
  };
  return table;
}

const library* library_of(std::string_view header) {
  for (const auto& one : libraries())
    if (std::ranges::any_of(one.includes, [&](std::string_view begin) { return header.starts_with(begin); }))
      return &one;
  return nullptr;
}

/// The standard library's headers have neither a dot nor a slash; those of the system stand here.
bool is_system(std::string_view header) {
  static const std::set<std::string_view> known{"unistd.h", "fcntl.h", "poll.h",   "signal.h", "spawn.h",
                                                "pty.h",    "dlfcn.h", "iconv.h",  "termios.h",
                                                "netdb.h",  "pwd.h",   "malloc.h", "pthread.h",
                                                "sched.h",  "grp.h"};
  if (header.find_first_of("./") == std::string_view::npos) return true;
  return known.contains(header) || header.starts_with("sys/") || header.starts_with("netinet/") ||
         header.starts_with("arpa/") || header.starts_with("linux/");
}

/// messages, storage, drivers/card, actors, tools, tests; empty at the top.
std::string room_of(std::string_view path) {
  const auto first = path.find('/');
  if (first == std::string_view::npos) return "";
  if (!path.starts_with("drivers/")) return std::string{path.substr(0, first)};
  return std::string{path.substr(0, path.find('/', first + 1))};
}

bool is_shell(std::string_view path) { return fits("actors/*/actor.*", path) || fits("actors/*/actor_*", path); }
bool is_pure(std::string_view path) {
  return path.starts_with("actors/") && !path.starts_with("actors/runtime/") && fits("actors/*/*", path) &&
         !is_shell(path);
}

/// messages ← storage, drivers ← actors ← tools ← tests.
bool may_include(const std::string& path, const std::string& target) {
  const auto from = room_of(path), to = room_of(target);
  if (from == "tests") return true;
  if (to == "tests") return false;
  if (to == from && !is_pure(path)) return true;
  if (to == "messages") return true;
  if (is_pure(path)) {
    const auto folder = path.substr(0, path.rfind('/') + 1);
    return (target.starts_with(folder) && !is_shell(target)) || target.starts_with("actors/pure/");
  }
  if (from == "actors") return to != "tools";
  return from == "tools";
}

} // namespace

// -- the tree ------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_top_level_holds_its_eight_names_and_dotfiles) {
  const std::set<std::string> names{"CMakeLists.txt", "README.md", "messages", "storage",
                                    "drivers",        "actors",    "tools",    "tests"};
  for (const auto& entry : std::filesystem::directory_iterator(UKETSUKE_SOURCE_DIR)) {
    const auto name = entry.path().filename().string();
    const bool ignored = entry.is_directory() && (name.starts_with("build") || name == "node_modules"); // .gitignore
    BOOST_TEST((name.starts_with('.') || ignored || names.contains(name)), name << " has no place at the top");
  }
}

BOOST_AUTO_TEST_CASE(lines_are_at_most_120_columns) {
  std::vector<std::string> complaints;
  for (const auto& file : tree()) {
    if (is_data(file) || file.path.ends_with(".md")) continue; // a table's row cannot be broken, and prose is reflowed
    for (std::size_t n = 0; n < file.lines.size(); ++n) {
      const auto columns = code_points(file.lines[n]);
      if (columns > line_columns_max)
        complaints.push_back(where(file, n + 1, std::to_string(columns), " columns"));
    }
  }
  none_of(complaints);
}

BOOST_AUTO_TEST_CASE(files_are_at_most_500_lines) {
  std::vector<std::string> complaints;
  for (const auto& file : tree())
    if (!is_data(file) && file.lines.size() > file_lines_max)
      complaints.push_back(where(file, file.lines.size(), "too long"));
  none_of(complaints);
}

BOOST_AUTO_TEST_CASE(functions_are_at_most_70_lines) {
  std::vector<std::string> complaints;
  for (const auto& file : tree()) {
    if (!file.is_cpp()) continue;
    for (const auto& f : functions_in(file.text))
      if (f.lines > function_lines_max)
        complaints.push_back(where(file, f.line, std::to_string(f.lines), " lines: ", f.head));
  }
  none_of(complaints);
}

BOOST_AUTO_TEST_CASE(each_source_file_opens_with_a_sentence_that_says_what_it_owns) {
  std::vector<std::string> complaints;
  for (const auto& file : tree()) {
    if (is_data(file) || file.path.ends_with(".md") || file.lines.empty()) continue;
    const std::size_t first =
        file.lines.front().starts_with("#!") || file.lines.front().starts_with("<!doctype") ? 1 : 0;
    const std::string opening = first < file.lines.size() ? file.lines[first] : "";
    static constexpr std::array<std::string_view, 6> comments{"// ", "# ", "\"\"\"", "/* ", "/// ", "<!-- "};
    const bool comment =
        std::ranges::any_of(comments, [&](std::string_view mark) { return opening.starts_with(mark); });
    if (!comment || std::ranges::count(opening, ' ') < 3)
      complaints.push_back(where(file, first + 1, "no opening sentence"));
  }
  none_of(complaints);
}

BOOST_AUTO_TEST_CASE(every_test_file_is_registered) {
  // tests/CMakeLists.txt writes down what none of its lines has registered; in a build of all rooms that is nothing
  const std::filesystem::path list = std::filesystem::path{UKETSUKE_BINARY_DIR} / "unregistered_tests.txt";
  BOOST_REQUIRE(std::filesystem::exists(list));
  std::ifstream in(list);
  for (std::string path; std::getline(in, path);)
    if (!path.empty()) BOOST_ERROR("tests/" + path + " is in no unit_tests() of tests/CMakeLists.txt");
}

BOOST_AUTO_TEST_CASE(nothing_is_left_for_later) {
  const std::array<std::string, 3> words{std::string{"TO"} + "DO", std::string{"FIX"} + "ME", std::string{"X"} + "XX"};
  std::vector<std::string> complaints;
  for (const auto& file : tree())
    for (std::size_t n = 0; n < file.lines.size(); ++n)
      for (const auto& word : words)
        if (has_word(file.lines[n], word)) complaints.push_back(where(file, n + 1, word));
  none_of(complaints);
}

// -- rooms ---------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(third_party_headers_stay_in_their_rooms) {
  std::vector<std::string> complaints;
  for (const auto& file : tree()) {
    if (!file.is_cpp() || file.is_in("tests")) continue;
    for (const auto& include : includes_of(file)) {
      if (include.own || is_system(include.target)) continue;
      const auto* library = library_of(include.target);
      if (!library)
        complaints.push_back(where(file, include.line, include.target, " is in no row of tidy_test's table"));
      else if (std::ranges::none_of(library->homes, [&](auto home) {
                 return home.ends_with('/') ? file.path.starts_with(home) : fits(home, file.path);
               }))
        complaints.push_back(where(file, include.line, include.target, " does not belong here"));
    }
  }
  none_of(complaints);
}

BOOST_AUTO_TEST_CASE(no_header_of_ours_shows_a_third_party) {
  std::vector<std::string> complaints;
  for (const auto& file : tree()) {
    if (!file.path.ends_with(".hpp") || file.is_in("tests") || file.is_in("actors")) continue;
    for (const auto& include : includes_of(file)) {
      const bool agreed = file.path == "messages/result.hpp" && include.target == "tl/expected.hpp";
      if (!include.own && !is_system(include.target) && !agreed)
        complaints.push_back(where(file, include.line, include.target));
    }
  }
  none_of(complaints);
}

BOOST_AUTO_TEST_CASE(rooms_know_only_those_below_them) {
  std::vector<std::string> complaints;
  for (const auto& file : tree()) {
    if (!file.is_cpp()) continue;
    for (const auto& include : includes_of(file))
      if (include.own && !may_include(file.path, include.target))
        complaints.push_back(where(file, include.line, "may not know ", include.target));
  }
  none_of(complaints);
}

BOOST_AUTO_TEST_CASE(own_headers_are_named_from_the_root) {
  std::vector<std::string> complaints;
  const std::filesystem::path root{UKETSUKE_SOURCE_DIR};
  for (const auto& file : tree()) {
    if (!file.is_cpp()) continue;
    for (const auto& include : includes_of(file))
      if (include.own && !std::filesystem::exists(root / include.target))
        complaints.push_back(where(file, include.line, include.target, " is not at the root"));
  }
  none_of(complaints);
}

// -- personal data -------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(personal_data_and_secrets_are_never_streamed) {
  std::vector<std::string> complaints;
  for (const auto& file : tree()) {
    if (!file.is_cpp() || file.is_in("tests")) continue;
    for (const auto& [text, line] : statements_in(file.text)) {
      const auto reveals_after = [&](std::string_view mark) {
        const auto at = text.find(mark);
        return at != std::string::npos &&
               (text.find("reveal()", at) != std::string::npos || has_word(text, "use_once"));
      };
      if (reveals_after("<<") || reveals_after("spdlog::") || reveals_after("failure(") || reveals_after("format("))
        complaints.push_back(where(file, line, "a revealed value on its way to a log or an error"));
      const bool printer = text.find("operator<<") != std::string::npos || has_word(text, "formatter");
      if (printer && (has_word(text, "personal") || has_word(text, "secret") || has_word(text, "credential")))
        complaints.push_back(where(file, line, "a printer of personal data"));
    }
  }
  none_of(complaints);
}

// -- the reader of C++ itself --------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_function_is_measured_from_brace_to_brace) {
  const auto found = functions_in(R"(namespace a {
struct s : base<decltype(f())> {
  s() : x_{1}, y_{2} {
    go();
  }
  int x_{}, y_ = 1'000;
};
template <class T, class U = std::vector<T>> auto g(T t, char c = '{') -> U {
  // }
  const auto text = R"x(})x";
  if (t) { return {"}"}; }
  return [&] { return c; }();
}
constexpr std::array<row, 2> table{{{1, f(2)},
                                    {3, f(4)}}};
}
)");
  std::vector<std::size_t> lengths;
  for (const auto& f : found)
    if (f.lines > 1) lengths.push_back(f.lines);
  BOOST_TEST(lengths == (std::vector<std::size_t>{3, 6}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(comments_texts_and_directives_are_no_code) {
  BOOST_TEST(code_only("a // b\nc /* d\n */ e \"f\\\"g\" 'h' 1'0\n") == "a     \nc     \n    e            1'0\n");
  BOOST_TEST(code_only("#define x { \\\n  y\nz") == "             \n   \nz");
}

BOOST_AUTO_TEST_CASE(patterns_fit_paths) {
  BOOST_TEST(fits("actors/*/actor.*", "actors/reader/actor.cpp"));
  BOOST_TEST(!fits("actors/*/actor.*", "actors/reader/card_stay.cpp"));
  BOOST_TEST(!fits("actors/*/actor.*", "actors/reader/deep/actor.cpp"));
  BOOST_TEST(is_pure("actors/reader/card_stay.hpp"));
  BOOST_TEST(!is_pure("actors/reader/actor.hpp"));
  BOOST_TEST(!is_pure("actors/roster.hpp"));
  BOOST_TEST(!is_pure("actors/runtime/node.hpp"));
  BOOST_TEST(room_of("drivers/card/rig/usb_rig.cpp") == "drivers/card");
  BOOST_TEST(!may_include("storage/journal.cpp", "drivers/clock/port.hpp"));
  BOOST_TEST(!may_include("drivers/line/centre.cpp", "drivers/card/port.hpp"));
  BOOST_TEST(!may_include("actors/reader/card_stay.cpp", "actors/reader/actor.hpp"));
  BOOST_TEST(!may_include("messages/codec.cpp", "storage/journal.hpp"));
  BOOST_TEST(may_include("tools/serve.cpp", "drivers/bus/switchboard.hpp"));
  BOOST_TEST(may_include("actors/reader/actor.cpp", "drivers/card/port.hpp"));
}
