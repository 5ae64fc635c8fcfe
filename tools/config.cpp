// Reads TOML key by key: nothing unknown passes, every complaint has a line.
#include "tools/config.hpp"

#include "actors/account_admin/policy.hpp"
#include "actors/batch_scheduler/scheduler.hpp"
#include "storage/key_folder.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#include <toml++/toml.h>
#pragma GCC diagnostic pop

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <tuple>

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
setter ratio_into(double& into) {
  return [&into](const toml::node& n) -> std::optional<std::string> {
    const auto number = n.value<double>();
    if (!number || !(*number > 0 && *number < 1)) return "a number between 0 and 1 is needed, such as 0.6";
    into = *number;
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
          {"matching_ms", wait(p.matching_ms)},
          {"awaiting_number_ms", wait(p.awaiting_number_ms)},
          {"deciding_ms", wait(p.deciding_ms)},
          {"proving_ms", wait(p.proving_ms)},
          {"at_window_ms", wait(p.at_window_ms)},
          {"taking_card_ms", wait(p.taking_card_ms)},
          {"comparing_ms", wait(p.comparing_ms)},
          {"visual_check_ms", wait(p.visual_check_ms)}};
}

section line_section(line_config& l) {
  return {{"host", text_into(l.host)},
          {"port", number_into(l.port, 1, 65535)},
          {"ca", path_into(l.ca)},
          {"certificate", path_into(l.certificate)},
          {"key", path_into(l.key)},
          {"institution", text_into(l.institution)},
          {"answer_wait_ms_max", number_into(l.answer_wait_ms_max, 100, 120'000)}};
}

section folders_section(folders_config& f) {
  return {{"requests", path_into(f.requests)},
          {"results", path_into(f.results)},
          {"work", path_into(f.work)},
          {"zip_password", text_into(f.zip_password)},
          {"institution", text_into(f.institution)}};
}

/// The one way to the national system; what is wrong with it.
std::optional<std::string> take_over(const line_config& line, const folders_config& folders, node_config& c) {
  if (line.port != 0) c.line = line;
  if (!folders.requests.empty() || !folders.results.empty()) c.folders = folders;
  if (c.folders && c.line) return "[folders] and [line] both lead to the national system: keep one";
  if (c.folders && (folders.requests.empty() || folders.results.empty() || folders.work.empty()))
    return "[folders] needs requests, results and work";
  return std::nullopt;
}

section faces_section(faces_config& f) {
  return {{"folders", names_into(f.folders)},
          {"desks", names_into(f.desks)},
          {"work", path_into(f.work)},
          {"zip_password", text_into(f.zip_password)},
          {"institution", text_into(f.institution)}};
}

/// Of the Face folders: nothing when they can be used, and whose they are when they do not say so themselves.
std::optional<std::string> complete(faces_config& f, const node_config& c) {
  if (f.folders.size() != f.desks.size())
    return "[faces] folders and desks have to be as many: one desk for each folder, \"\" for a shared one";
  if (f.institution.empty() && c.line) f.institution = c.line->institution;
  if (f.institution.empty() && c.folders) f.institution = c.folders->institution;
  if (f.work.empty() || f.institution.empty()) return "[faces] needs work and institution";
  return std::nullopt;
}

/// How much a difference of each field weighs when an answer is matched to a patient.
section matching_section(std::vector<std::pair<messages::differing, messages::severity>>& into) {
  section s;
  for (const auto field_name : messages::enumeration<messages::differing>::names) {
    const auto field = *messages::from_name<messages::differing>(field_name);
    s[std::string{field_name}] = [&into, field](const toml::node& n) -> std::optional<std::string> {
      const auto weight = n.is_string() ? messages::from_name<messages::severity>(n.as_string()->get()) : std::nullopt;
      if (!weight) return "one of 'note', 'warn' and 'block' is needed";
      into.emplace_back(field, *weight);
      return {};
    };
  }
  return s;
}

std::optional<std::string> take_over(const rig_config& rig, node_config& c) {
  if (!rig.socket.empty()) c.rig = rig;
  if (c.rig && !c.simulated) return "[rig] is for simulated = true only: a real desk has a real reader";
  return std::nullopt;
}

section face_section(face_config& f) {
  return {{"scripted", flag_into(f.scripted)},
          {"detector", path_into(f.detector)},
          {"detector_sha256", text_into(f.detector_sha256)},
          {"embedding", path_into(f.embedding)},
          {"embedding_sha256", text_into(f.embedding_sha256)},
          {"accept_at", ratio_into(f.accept_at)},
          {"unsure_from", ratio_into(f.unsure_from)}};
}

/// Takes @p f over when it is there; what is wrong with it. The files are looked at when the node opens its ports.
std::optional<std::string> take_over(const face_config& f, node_config& c) {
  const bool named =
      !(f.detector.empty() && f.embedding.empty() && f.detector_sha256.empty() && f.embedding_sha256.empty());
  if (!named && !f.scripted) return {};
  if (!c.simulated)
    return "[face] is for simulated = true only: without a certified terminal a real card signs only after its PIN";
  if (!c.rig) return "[face] needs [rig], which plays the terminal: a card on a real reader signs only after its PIN";
  if (f.scripted && named) return "[face] is either scripted = true or the models of an engine";
  if (!f.scripted &&
      (f.detector.empty() || f.embedding.empty() || f.detector_sha256.empty() || f.embedding_sha256.empty()))
    return "[face] needs detector, detector_sha256, embedding and embedding_sha256";
  c.face = f;
  return std::nullopt;
}

section backup_section(backup_config& b) {
  return {{"folder", path_into(b.folder)},
          {"every_hours", number_into(b.every_hours, 1, 24 * 366)},
          {"keep", number_into(b.keep, 0, 100'000)}};
}

/// Takes @p b over when it is there; what is wrong with it.
std::optional<std::string> take_over(const backup_config& b, node_config& c) {
  if (b.folder.empty() && b.every_hours == 0 && b.keep == 0) return std::nullopt;
  if (b.folder.empty() || b.every_hours == 0) return "[backup] needs folder and every_hours";
  if (c.name != c.hub) return "[backup] is for the hub: the journal is there";
  c.backup = b;
  return std::nullopt;
}

section accounts_section(accounts_config& a) {
  return {{"password_length_min", number_into(a.password_length_min, 8, 64)},
          {"session_hours_max", number_into(a.session_hours_max, 1, 24)},
          {"idle_minutes_max", number_into(a.idle_minutes_max, 1, 24 * 60)},
          {"codes", names_into(a.codes)}};
}

/// Takes @p a over where accounts are; what is wrong with it.
std::optional<std::string> take_over(const accounts_config& a, const pages_config& pages, node_config& c) {
  if (std::ranges::find(c.actors, "account_admin") == c.actors.end()) return std::nullopt;
  if (!pages.development_password.empty())
    return "[screen] development_password is for a hub without accounts: account_admin is among its actors";
  account_admin::policy p;
  p.length_min = a.password_length_min;
  p.session_ms_max = a.session_hours_max * std::uint64_t{3'600'000};
  p.idle_ms_max = a.idle_minutes_max * std::uint64_t{60'000};
  for (const auto& name : a.codes) {
    const auto kind = messages::from_name<messages::account_kind>(name);
    if (!kind || is_system(*kind) || *kind == messages::account_kind::master_reset)
      return "[accounts] codes: “" + name + "” is no kind of account that a person signs in to";
    p.codes.bits |= account_admin::of(*kind).bits;
  }
  c.policy = std::make_shared<const account_admin::policy>(p);
  return std::nullopt;
}

section batch_section(batch_config& b) {
  return {{"appointments", text_into(b.appointments)},
          {"standing_visits", text_into(b.standing_visits)},
          {"claims", text_into(b.claims)},
          {"medical_assistance", text_into(b.medical_assistance)},
          {"consents", text_into(b.consents)},
          {"holidays", names_into(b.holidays)},
          {"closed", names_into(b.closed)},
          {"rows_per_file", number_into(b.rows_per_file, 1, 100'000)},
          {"result_hours_max", number_into(b.result_hours_max, 1, 72)},
          {"poll_ms", number_into(b.poll_ms, 10, 600'000)},
          {"by_hand", path_into(b.by_hand)}, {"zip_password", text_into(b.zip_password)},
          {"singly_max", number_into(b.singly_max, 0, 500)}, {"rests", flag_into(b.rests)}};
}

/// Takes the schedules over where batch_scheduler lives; what is wrong with them.
std::optional<std::string> take_over(const batch_config& b, node_config& c) {
  if (std::ranges::find(c.actors, "batch_scheduler") == c.actors.end()) return std::nullopt;
  using messages::asking_reason;
  auto o = std::make_shared<batch_scheduler::options>();
  auto calendar = batch_scheduler::clinic_calendar::from(b.holidays, b.closed);
  if (!calendar) return "[batch] " + calendar.error().args[0] + ": “" + calendar.error().args[1] + "” is none";
  o->calendar = std::move(*calendar);
  const std::tuple<const char*, asking_reason, const std::string*> all[]{
      {"appointments", asking_reason::appointment, &b.appointments},
      {"standing_visits", asking_reason::standing_visit, &b.standing_visits},
      {"claims", asking_reason::before_claims, &b.claims},
      {"medical_assistance", asking_reason::medical_assistance, &b.medical_assistance},
      {"consents", asking_reason::web_consent, &b.consents}};
  for (const auto& [name, why, text] : all) {
    if (text->empty()) continue;
    auto when = batch_scheduler::schedule::from(*text);
    if (!when)
      return "[batch] " + std::string{name} + ": “" + *text +
             "” is no schedule; like 'every day at 19:00', 'mon,wed-fri at 18:30', 'day 21 or next open day at 20:00'";
    o->schedules.push_back({name, why, std::move(*when)});
  }
  o->rows_per_file = b.rows_per_file;
  o->result_hours_max = b.result_hours_max;
  o->again_ms_first = b.poll_ms;
  o->by_hand_possible = !b.by_hand.empty();
  o->singly_max = b.singly_max;
  c.batches = std::move(o);
  c.batch = b;
  return std::nullopt;
}

section bus_section(bus_config& b) {
  return {{"tcp", flag_into(b.tcp)},
          {"address", text_into(b.address)},
          {"curve", flag_into(b.curve)},
          {"port_base", number_into(b.port_base, 0, 65000)},
          {"hub", text_into(b.hub)},
          {"key", path_into(b.key)}};
}

/// What is wrong with it; beyond this host there are keys, whatever the file says.
std::optional<std::string> complete(bus_config& b, bool is_hub) {
  if (!b.address.starts_with("127.")) b.curve = true;
  if (b.hub.empty() != b.key.empty())
    return "[bus] hub and key go together: the hub's address and this node's key file";
  if (is_hub && !b.hub.empty()) return "[bus] hub is for the other nodes: this one is the hub";
  return std::nullopt;
}

section screen_section(std::filesystem::path& hands, pages_config& p, bool& with_pages) {
  return {{"hands", path_into(hands)},
          {"pages", flag_into(with_pages)},
          {"address", text_into(p.address)},
          {"port", number_into(p.port, 0, 65535)},
          {"port_file", path_into(p.port_file)},
          {"folder", path_into(p.folder)},
          {"certificate", path_into(p.certificate)},
          {"key", path_into(p.key)},
          {"names", names_into(p.names)},
          {"development_password", text_into(p.development_password)}};
}

section rig_section(rig_config& r) {
  return {{"cards", path_into(r.cards)},
          {"socket", path_into(r.socket)},
          {"pin", text_into(r.pin)},
          {"photos", path_into(r.photos)},
          {"usb", flag_into(r.usb)},
          {"reads_number", flag_into(r.reads_number)}};
}

section data_section(node_config& c) {
  return {{"folder", path_into(c.data)},
          {"run", path_into(c.run)},
          {"keys_dir", path_into(c.keys)},
          {"passphrase_file", path_into(c.passphrase_file)}};
}

section retention_section(node_config& c) {
  return {{"record_days", number_into(c.kept.record_days, 0, 36'600)},
          {"proof_days", number_into(c.kept.proof_days, 0, 36'600)},
          {"at_hour", number_into(c.expire_at_hour, 0, 23)}};
}

} // namespace

result<node_config> read_node_config(const std::filesystem::path& file) {
  node_config c;
  line_config line;
  folders_config folders;
  faces_config faces;
  rig_config rig;
  face_config face;
  pages_config pages;
  backup_config backup;
  accounts_config accounts;
  batch_config batch;
  bool with_pages = false;
  std::int64_t seed = -1;
  const sections known{
      {"node",
       {{"name", text_into(c.name)},
        {"hub", text_into(c.hub)},
        {"actors", names_into(c.actors)},
        {"simulated", flag_into(c.simulated)},
        {"seed", number_into(seed, 0, INT64_MAX)}}},
      {"data", data_section(c)},
      {"retention", retention_section(c)},
      {"backup", backup_section(backup)},
      {"batch", batch_section(batch)},
      {"bus", bus_section(c.bus)},
      {"line", line_section(line)},
      {"folders", folders_section(folders)},
      {"faces", faces_section(faces)},
      {"rig", rig_section(rig)},
      {"face", face_section(face)},
      {"receipt", {{"names", names_into(c.receipts.names)}, {"folders", names_into(c.receipts.folders)}}},
      {"matching", matching_section(c.weights)},
      {"viewing", {{"online_days_after", number_into(c.online_days_after, 0, 366)}}},
      {"reader", {{"match", text_into(c.reader_match)}, {"authorities", path_into(c.reader_authorities)}}},
      {"screen", screen_section(c.hands, pages, with_pages)},
      {"accounts", accounts_section(accounts)},
      {"patience", patience_section(c.patience)},
      {"visual_check", {{"accounts", names_into(c.may_vouch)}}},
      {"metrics", {{"port", number_into(c.metrics.port, 0, 65535)}, {"port_file", path_into(c.metrics.port_file)}}},
  };
  if (const auto read = read_sections(file, known); !read) return failure(read.error());
  if (c.name.empty()) return wrong(file, 1, "[node] name is missing: the name of this node");
  if (c.actors.empty()) return wrong(file, 1, "[node] actors is missing: who lives on this node");
  if (c.run.empty()) return wrong(file, 1, "[data] run is missing: a folder for this host's sockets");
  if (c.name == c.hub && c.data.empty())
    return wrong(file, 1, "[data] folder is missing: where the hub keeps its journal");
  if (c.keys.empty() && !c.data.empty()) c.keys = storage::default_key_folder(c.data);
  if (c.receipts.names.size() != c.receipts.folders.size())
    return wrong(file, 1, "[receipt] names and folders have to be as many: one folder for each receipt computer");
  if (const auto amiss = take_over(line, folders, c)) return wrong(file, 1, *amiss);
  if (!faces.folders.empty()) {
    if (const auto missing = complete(faces, c)) return wrong(file, 1, *missing);
    c.faces = faces;
  }
  if (const auto amiss = take_over(rig, c)) return wrong(file, 1, *amiss);
  if (const auto amiss = take_over(backup, c)) return wrong(file, 1, *amiss);
  if (const auto amiss = take_over(accounts, pages, c)) return wrong(file, 1, *amiss);
  if (const auto amiss = take_over(face, c)) return wrong(file, 1, *amiss);
  if (const auto amiss = take_over(batch, c)) return wrong(file, 1, *amiss);
  if (const auto amiss = complete(c.bus, c.name == c.hub)) return wrong(file, 1, *amiss);
  if (with_pages) c.pages = pages;
  if (pages.certificate.empty() != pages.key.empty()) return wrong(file, 1, "[screen] certificate and key go together");
  if (seed >= 0) c.seed = static_cast<std::uint64_t>(seed);
  if (c.metrics.port >= 0 && c.name != c.hub) return wrong(file, 1, "[metrics] is for the hub: it counts");
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
        {"answer_delay_ms", number_into(c.answer_delay_ms, 0, 60'000)},
        {"bulk_ms", number_into(c.bulk_ms, 0, 86'400'000)},
        {"population", number_into(c.population, 0, 200'000)},
        {"population_seed", number_into(c.population_seed, 0, INT64_MAX)}}},
      {"folders",
       {{"requests", path_into(c.requests)},
        {"results", path_into(c.results)},
        {"faces", path_into(c.faces)},
        {"institution", text_into(c.institution)},
        {"zip_password", text_into(c.zip_password)}, {"zipped", flag_into(c.zipped)},
        {"shift_jis", flag_into(c.shift_jis)},
        {"out_of_order", flag_into(c.out_of_order)},
        {"silent", flag_into(c.silent)},
        {"errors", flag_into(c.errors)},
        {"half_written_ms", number_into(c.half_written_ms, 0, 60'000)}}},
      {"home_reception",
       {{"port", number_into(c.home.port, 0, 65535)}, {"port_file", path_into(c.home.port_file)},
        {"cards", path_into(c.home.cards)}, {"pin", text_into(c.home.pin)}}},
  };
  if (const auto read = read_sections(file, known); !read) return failure(read.error());
  const std::map<std::string, const std::filesystem::path*> needed{
      {"certificate", &c.certificate}, {"key", &c.key},         {"client_ca", &c.client_ca},
      {"card_ca", &c.card_ca},         {"persons", &c.persons}, {"data", &c.data}};
  for (const auto& [name, value] : needed)
    if (value->empty()) return wrong(file, 1, "[centre] " + name + " is missing");
  if (!c.requests.empty() && (c.results.empty() || c.faces.empty() || c.institution.empty()))
    return wrong(file, 1, "[folders] needs requests, results, faces and institution");
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
