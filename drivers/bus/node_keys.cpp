// Files of a line a value, written whole and for their owner's eyes only.
#include "drivers/bus/node_keys.hpp"

#include "messages/envelope.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace bus {

namespace fs = std::filesystem;
using messages::error_code;
using messages::failure;
using messages::result;

namespace {

constexpr std::string_view node_ending = ".node", hub_file = "hub.key";

tl::unexpected<messages::error> unusable(const std::string& file, const std::string& why) {
  return failure(error_code::node_key_unusable, file, why);
}

/// `word value` lines, `#` begins a remark. Each of @p words once, no other.
result<std::map<std::string, std::string, std::less<>>> read_lines(std::string_view text, const std::string& file,
                                                                    std::span<const std::string_view> words) {
  std::map<std::string, std::string, std::less<>> found;
  if (text.size() > node_file_bytes_max) return unusable(file, "it is too long");
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty() || line.front() == '#') continue;
    const auto space = line.find(' ');
    const auto word = line.substr(0, space);
    if (space == std::string_view::npos || std::ranges::find(words, word) == words.end())
      return unusable(file, "a line says something else than a key file's");
    if (!found.emplace(word, line.substr(space + 1)).second) return unusable(file, std::string{word} + " stands twice");
  }
  for (const auto word : words)
    if (!found.contains(word)) return unusable(file, std::string{word} + " is missing");
  return found;
}

result<std::string> read_private(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return unusable(file.string(), std::strerror(errno));
  struct closer {
    int fd;
    ~closer() { ::close(fd); }
  } const guard{fd};
  struct stat found {};
  if (::fstat(fd, &found) != 0 || !S_ISREG(found.st_mode)) return unusable(file.string(), "it is no file");
  if ((found.st_mode & 0077) != 0) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(found.st_mode & 07777));
    return failure(error_code::keys_exposed, file.string(), mode);
  }
  std::string text(node_file_bytes_max + 1, '\0');
  const auto got = ::read(fd, text.data(), text.size());
  if (got < 0) return unusable(file.string(), std::strerror(errno));
  text.resize(static_cast<std::size_t>(got));
  return text;
}

tl::unexpected<messages::error> write_error(const fs::path& file) {
  const auto code = errno == ENOSPC || errno == EFBIG ? error_code::disk_full : error_code::write_failed;
  return failure(code, file.string(), std::strerror(errno));
}

void sync_folder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

/// There with all of its content or not at all, and never instead of another.
result<void> write_private(const fs::path& file, const std::string& text) {
  const auto folder = file.has_parent_path() ? file.parent_path() : fs::path{"."};
  const fs::path temporary = file.string() + ".new";
  ::unlink(temporary.c_str());
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return write_error(temporary);
  const bool whole = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  const auto problem = write_error(temporary);
  ::close(fd);
  if (!whole) {
    ::unlink(temporary.c_str());
    return problem;
  }
  const bool linked = ::link(temporary.c_str(), file.c_str()) == 0;
  const bool there = errno == EEXIST;
  const auto refused = write_error(file);
  ::unlink(temporary.c_str());
  if (!linked && there) return failure(error_code::not_now, file.filename().string(), "it is there already");
  if (!linked) return refused;
  sync_folder(folder);
  return {};
}

result<void> make_folder(const fs::path& folder) {
  std::error_code wrong;
  fs::create_directories(folder.parent_path(), wrong);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return write_error(folder);
  return {};
}

std::string remark(const char* what) { return std::string{"# "} + what + "\n"; }

} // namespace

std::optional<node_role> role_from(std::string_view name) {
  const auto at = std::ranges::find(node_role_names, name);
  if (at == node_role_names.end()) return std::nullopt;
  return static_cast<node_role>(at - node_role_names.begin());
}

// -- the hub's folder ----------------------------------------------------------------------------------------------

result<curve_pair> read_hub_key(const fs::path& folder, bool make) {
  const auto file = folder / hub_file;
  if (!fs::exists(file)) {
    if (!make) return failure(error_code::no_node_keys, folder.string());
    if (auto made = make_folder(folder); !made) return failure(made.error());
    const auto fresh = fresh_curve_pair();
    if (auto written = write_private(file, remark("The hub's key on the bus: every node knows the hub by it.") +
                                               "secret " + fresh.secret_key + "\n");
        !written)
      return failure(written.error());
  }
  const auto text = read_private(file);
  if (!text) return failure(text.error());
  constexpr std::array<std::string_view, 1> words{"secret"};
  const auto lines = read_lines(*text, file.string(), words);
  if (!lines) return failure(lines.error());
  const auto& secret = lines->at("secret");
  const auto open = public_half(secret);
  if (!open) return unusable(file.string(), "its secret is no key");
  return curve_pair{*open, secret};
}

result<known_node> known_node_from(std::string_view text, const std::string& file) {
  constexpr std::array<std::string_view, 2> words{"role", "key"};
  const auto lines = read_lines(text, file, words);
  if (!lines) return failure(lines.error());
  const auto role = role_from(lines->at("role"));
  if (!role) return unusable(file, "its role is none");
  if (!is_curve_key(lines->at("key"))) return unusable(file, "its key is none");
  return known_node{{}, *role, lines->at("key")};
}

result<known_node> read_known_node(const fs::path& file) {
  const auto text = read_private(file);
  if (!text) return failure(text.error());
  auto node = known_node_from(*text, file.string());
  if (!node) return node;
  node->name = file.stem().string();
  if (!messages::is_name(node->name)) return unusable(file.string(), "its name is no node's");
  return node;
}

result<known_nodes> read_known_nodes(const fs::path& folder, std::vector<messages::error>* passed_over) {
  known_nodes all;
  std::error_code wrong;
  for (fs::directory_iterator at{folder, wrong}, end; !wrong && at != end; at.increment(wrong)) {
    if (at->path().extension() != node_ending) continue;
    if (all.size() == known_nodes_max) return unusable(folder.string(), "it holds too many nodes");
    auto node = read_known_node(at->path());
    if (node && all.contains(node->key)) node = unusable(at->path().string(), "another node has the same key");
    if (node)
      all.emplace(node->key, *node);
    else if (passed_over)
      passed_over->push_back(node.error());
    else
      return failure(node.error());
  }
  if (wrong) return failure(error_code::no_node_keys, folder.string());
  return all;
}

result<void> let_in(const fs::path& folder, const known_node& node) {
  if (!messages::is_name(node.name)) return failure(error_code::wrong_value, "node", node.name);
  const auto known = read_known_nodes(folder);
  if (!known) return failure(known.error());
  if (known->contains(node.key)) return failure(error_code::not_now, "keys", "that key is known already");
  if (known->size() == known_nodes_max) return failure(error_code::busy, folder.string());
  return write_private(folder / (node.name + std::string{node_ending}),
                       remark("A node that may join the bus; made by `uketsuke keys node`.") + "role " +
                           std::string{name_of(node.role)} + "\nkey " + node.key + "\n");
}

result<void> revoke(const fs::path& folder, const std::string& name) {
  const auto file = folder / (name + std::string{node_ending});
  if (!messages::is_name(name) || ::unlink(file.c_str()) != 0)
    return failure(error_code::wrong_value, "node", name);
  sync_folder(folder);
  return {};
}

// -- a node's own file ---------------------------------------------------------------------------------------------

result<void> write_node_key(const fs::path& file, const node_key& key) {
  return write_private(file, remark("The key of a node: whoever has it is that node. Keep it there only, mode 0600.") +
                                 "node " + key.node + "\nrole " + std::string{name_of(key.role)} + "\nhub " +
                                 key.identity.hub_key + "\nsecret " + key.identity.own.secret_key + "\n");
}

result<node_key> node_key_from(std::string_view text, const std::string& file) {
  constexpr std::array<std::string_view, 4> words{"node", "role", "hub", "secret"};
  const auto lines = read_lines(text, file, words);
  if (!lines) return failure(lines.error());
  node_key key;
  key.node = lines->at("node");
  if (!messages::is_name(key.node)) return unusable(file, "its node's name is none");
  const auto role = role_from(lines->at("role"));
  if (!role) return unusable(file, "its role is none");
  key.role = *role;
  key.identity.hub_key = lines->at("hub");
  key.identity.own.secret_key = lines->at("secret");
  const auto open = public_half(key.identity.own.secret_key);
  if (!open || !is_curve_key(key.identity.hub_key)) return unusable(file, "its keys are none");
  key.identity.own.public_key = *open;
  return key;
}

result<node_key> read_node_key(const fs::path& file) {
  const auto text = read_private(file);
  if (!text) return failure(text.error());
  return node_key_from(*text, file.string());
}

} // namespace bus
