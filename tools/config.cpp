// Reads TOML key by key: nothing unknown passes, every complaint has a line.
#include "tools/config.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#include <toml++/toml.h>
#pragma GCC diagnostic pop

#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <map>

namespace tools {

using messages::error_code;
using messages::failure;
using messages::result;

namespace {

/// What a key may hold: takes the value, or says what it wants.
using setter = std::function<std::optional<std::string>(const toml::node&)>;

setter text_into(std::string& into) {
  return [&](const toml::node& n) -> std::optional<std::string> {
    if (!n.is_string()) return "a text in quotes is needed";
    into = n.as_string()->get();
    return {};
  };
}
setter path_into(std::filesystem::path& into) {
  return [&](const toml::node& n) -> std::optional<std::string> {
    if (!n.is_string()) return "a path in quotes is needed";
    into = n.as_string()->get();
    return {};
  };
}
setter flag_into(bool& into) {
  return [&](const toml::node& n) -> std::optional<std::string> {
    if (!n.is_boolean()) return "true or false is needed";
    into = n.as_boolean()->get();
    return {};
  };
}
template <class T> setter number_into(T& into, std::int64_t least, std::int64_t most) {
  return [&into, least, most](const toml::node& n) -> std::optional<std::string> {
    const auto* number = n.as_integer();
    if (!number || number->get() < least || number->get() > most)
      return "a whole number from " + std::to_string(least) + " to " + std::to_string(most) + " is needed";
    into = static_cast<T>(number->get());
    return {};
  };
}
setter names_into(std::vector<std::string>& into) {
  return [&](const toml::node& n) -> std::optional<std::string> {
    const auto* list = n.as_array();
    if (!list) return "a list of names is needed";
    for (const auto& item : *list) {
      if (!item.is_string()) return "a list of names is needed";
      into.push_back(item.as_string()->get());
    }
    return {};
  };
}

using section = std::map<std::string, setter>;
using sections = std::map<std::string, section>;

tl::unexpected<messages::error> wrong(const std::filesystem::path& file, std::uint32_t line, const std::string& what) {
  return failure(error_code::wrong_configuration, file.string(), std::to_string(line), what);
}

std::string known_names(const auto& table) {
  std::string all;
  for (const auto& [name, unused] : table)
    all += (all.empty() ? "" : ", ") + name;
  return all;
}

/// Walks the file: every key has to be known, every value has to fit.
result<void> read_sections(const std::filesystem::path& file, const sections& known) {
  toml::table table;
  try {
    table = toml::parse_file(file.string());
  } catch (const toml::parse_error& e) {
    if (e.source().begin.line == 0)
      return failure(error_code::file_unreadable, file.string(), std::string{e.description()});
    return wrong(file, e.source().begin.line, std::string{e.description()});
  }
  for (const auto& [name, node] : table) {
    const auto s = known.find(std::string{name.str()});
    const auto line = node.source().begin.line;
    if (s == known.end())
      return wrong(file, line, "there is no section [" + std::string{name.str()} + "]; known: " + known_names(known));
    if (!node.is_table()) return wrong(file, line, "[" + s->first + "] has to be a section");
    for (const auto& [key, value] : *node.as_table()) {
      const auto k = s->second.find(std::string{key.str()});
      const auto at = value.source().begin.line;
      if (k == s->second.end())
        return wrong(file, at,
                     "there is no key “" + std::string{key.str()} + "” in [" + s->first +
                         "]; known: " + known_names(s->second));
      if (const auto problem = k->second(value)) return wrong(file, at, k->first + ": " + *problem);
    }
  }
  return {};
}

section patience_section(consent_session::patience& p) {
  const auto wait = [](std::uint32_t& into) { return number_into(into, 10, 86'400'000); };
  return {{"choosing_ms", wait(p.choosing_ms)},
          {"preparing_ms", wait(p.preparing_ms)},
          {"entering_pin_ms", wait(p.entering_pin_ms)},
          {"verifying_ms", wait(p.verifying_ms)},
          {"consenting_ms", wait(p.consenting_ms)},
          {"providing_ms", wait(p.providing_ms)},
          {"asking_ms", wait(p.asking_ms)},
          {"registration_ms", wait(p.registration_ms)},
          {"registering_ms", wait(p.registering_ms)},
          {"at_window_ms", wait(p.at_window_ms)},
          {"taking_card_ms", wait(p.taking_card_ms)}};
}

} // namespace

result<node_config> read_node_config(const std::filesystem::path& file) {
  node_config c;
  line_config line;
  rig_config rig;
  std::int64_t seed = -1;
  const sections known{
      {"node",
       {{"name", text_into(c.name)},
        {"hub", text_into(c.hub)},
        {"actors", names_into(c.actors)},
        {"simulated", flag_into(c.simulated)},
        {"seed", number_into(seed, 0, INT64_MAX)}}},
      {"data", {{"folder", path_into(c.data)}, {"run", path_into(c.run)}}},
      {"bus", {{"tcp", flag_into(c.tcp)}, {"port_base", number_into(c.port_base, 0, 65000)}}},
      {"line",
       {{"host", text_into(line.host)},
        {"port", number_into(line.port, 1, 65535)},
        {"ca", path_into(line.ca)},
        {"certificate", path_into(line.certificate)},
        {"key", path_into(line.key)},
        {"institution", text_into(line.institution)},
        {"answer_wait_ms_max", number_into(line.answer_wait_ms_max, 100, 120'000)}}},
      {"rig",
       {{"cards", path_into(rig.cards)},
        {"socket", path_into(rig.socket)},
        {"pin", text_into(rig.pin)},
        {"usb", flag_into(rig.usb)}}},
      {"reader", {{"match", text_into(c.reader_match)}}},
      {"screen", {{"hands", path_into(c.hands)}}},
      {"patience", patience_section(c.patience)},
  };
  if (const auto read = read_sections(file, known); !read) return failure(read.error());
  if (c.name.empty()) return wrong(file, 1, "[node] name is missing: the name of this node");
  if (c.actors.empty()) return wrong(file, 1, "[node] actors is missing: who lives on this node");
  if (c.run.empty()) return wrong(file, 1, "[data] run is missing: a folder for this host's sockets");
  if (c.name == c.hub && c.data.empty())
    return wrong(file, 1, "[data] folder is missing: where the hub keeps its journal");
  if (line.port != 0) c.line = line;
  if (!rig.socket.empty()) c.rig = rig;
  if (c.rig && !c.simulated) return wrong(file, 1, "[rig] is for simulated = true only: a real desk has a real reader");
  if (seed >= 0) c.seed = static_cast<std::uint64_t>(seed);
  return c;
}

result<centre_config> read_centre_config(const std::filesystem::path& file) {
  centre_config c;
  const sections known{
      {"centre",
       {{"port", number_into(c.port, 0, 65535)},
        {"port_file", path_into(c.port_file)},
        {"certificate", path_into(c.certificate)},
        {"key", path_into(c.key)},
        {"client_ca", path_into(c.client_ca)},
        {"card_ca", path_into(c.card_ca)},
        {"persons", path_into(c.persons)},
        {"data", path_into(c.data)},
        {"answer_delay_ms", number_into(c.answer_delay_ms, 0, 60'000)}}},
  };
  if (const auto read = read_sections(file, known); !read) return failure(read.error());
  const std::map<std::string, const std::filesystem::path*> needed{
      {"certificate", &c.certificate}, {"key", &c.key},         {"client_ca", &c.client_ca},
      {"card_ca", &c.card_ca},         {"persons", &c.persons}, {"data", &c.data}};
  for (const auto& [name, value] : needed)
    if (value->empty()) return wrong(file, 1, "[centre] " + name + " is missing");
  return c;
}

std::filesystem::path default_data_folder() {
  if (::geteuid() == 0) return "/var/lib/uketsuke";
  if (const char* state = std::getenv("XDG_STATE_HOME"); state && *state)
    return std::filesystem::path{state} / "uketsuke";
  const char* home = std::getenv("HOME");
  return std::filesystem::path{home ? home : "."} / ".local/state/uketsuke";
}

} // namespace tools
