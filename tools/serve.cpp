// `uketsuke serve`: one node, its actors and ports as the configuration says.
#include "actors/runtime/node.hpp"
#include "drivers/camera/port.hpp"
#include "drivers/card/authority_folder.hpp"
#include "drivers/card/port.hpp"
#include "drivers/clock/port.hpp"
#include "drivers/face/background.hpp"
#include "drivers/face/port.hpp"
#include "drivers/line/face_folder.hpp"
#include "drivers/line/folder_line.hpp"
#include "drivers/line/handover.hpp"
#include "drivers/line/https_line.hpp"
#include "drivers/screen/hands_socket.hpp"
#include "drivers/screen/page_server.hpp"
#include "drivers/secrets/port.hpp"
#include "messages/photo_slot.hpp"
#include "tools/backups.hpp"
#include "tools/commands.hpp"
#include "tools/config.hpp"
#include "tools/expiry.hpp"
#include "tools/hub_client.hpp"
#include "tools/metrics.hpp"
#include "tools/rig_hands.hpp"
#include "tools/stop_signal.hpp"

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace tools {

using messages::failure;

namespace {

/// Real, or emulated with its hands. Whose cards it accepts is said in the log, also when that is anybody's.
messages::result<void> open_reader(const node_config& config, const drivers::clock::clock& clock,
                                   std::unique_ptr<rig_hands>& hands, actors::runtime::node_ports& ports) {
  const bool real = std::ranges::find(config.actors, "reader") != config.actors.end();
  if (!config.rig && !real) return {};
  drivers::card::usb_options o;
  o.match = config.reader_match;
  if (config.reader_authorities.empty()) {
    spdlog::info("whose cards lie on the reader is not checked here: [reader] authorities names no folder");
  } else {
    auto trusted = drivers::card::read_authorities(config.reader_authorities);
    if (!trusted) return failure(trusted.error());
    o.trusted = std::move(*trusted);
    spdlog::info("cards of {} authorities are accepted", o.trusted->size());
  }
  if (!config.rig) {
    ports.reader = drivers::card::make_usb_reader(std::move(o));
    return {};
  }
  auto opened = rig_hands::open(*config.rig, clock.utc_ms(), std::move(o.trusted));
  if (!opened) return failure(opened.error());
  hands = std::move(*opened);
  ports.reader = hands->reader();
  spdlog::warn("SIMULATED reader and cards");
  return {};
}

/// Where the pages' files are when no folder is configured: beside the sources the program was built from.
std::filesystem::path pages_folder(const pages_config& p) {
  return p.folder.empty() ? std::filesystem::path{UKETSUKE_SOURCE_DIR} / "drivers" / "screen" / "pages" : p.folder;
}

bool has_accounts(const node_config& config) {
  return std::ranges::find(config.actors, "account_admin") != config.actors.end();
}

/// Where a program that started this node finds the port of its page.
void write_port_file(const std::filesystem::path& file, int port) {
  if (file.empty()) return;
  const auto temporary = file.string() + ".new";
  std::ofstream{temporary} << port << '\n';
  std::filesystem::rename(temporary, file);
}

/// A desk's face engine, and the camera of its patient's page. None unless face_matcher is among its actors.
messages::result<void> open_face(const node_config& config, rig_hands* hands, actors::runtime::node_ports& ports,
                                 std::shared_ptr<drivers::camera::page_camera>& camera) {
  const bool wanted = std::ranges::find(config.actors, "face_matcher") != config.actors.end();
  if (!wanted) return {};
  if (!config.face) return failure(messages::error_code::missing_value, "[face]: face_matcher needs its models");
  const auto& f = *config.face;
  if (f.scripted) {
    ports.face = drivers::face::make_scripted_engine();
    camera = hands->camera();
    spdlog::warn("SIMULATED face engine and camera: names instead of faces");
  } else {
    drivers::face::process_options o;
    o.which = {f.detector.string(), f.detector_sha256, f.embedding.string(), f.embedding_sha256,
               {f.accept_at, f.unsure_from}};
    auto engine = drivers::face::open_process_engine(std::move(o));
    if (!engine) return failure(engine.error());
    ports.face = std::move(*engine);
    camera = drivers::camera::make_page_camera();
  }
  const auto facts = ports.face->model();
  spdlog::info("faces are compared by model {}: accepted from {}, staff decide from {}", facts.id,
               facts.means.accept_at, facts.means.unsure_from);
  ports.camera = camera;
  return {};
}

/// What belongs to the pages of one desk beside the bus.
struct desk_slots {
  messages::secret_slot *pin = nullptr, *check_number = nullptr;
  std::shared_ptr<drivers::camera::page_camera> camera;
};

messages::result<std::unique_ptr<drivers::screen::page_server>> open_browser_pages(const node_config& config,
                                                                                   const desk_slots& slots) {
  using drivers::screen::page_kind;
  const auto& p = *config.pages;
  drivers::screen::page_server_options o;
  o.address = p.address;
  o.port = p.port;
  o.folder = pages_folder(p).string();
  o.certificate = p.certificate.string();
  o.key = p.key.string();
  o.names = p.names;
  o.pin = slots.pin;
  o.check_number = slots.check_number;
  if (slots.camera) {
    o.frame = [camera = slots.camera](messages::wiped_bytes frame) { camera->put(std::move(frame)); };
    o.of.methods.insert(o.of.methods.begin(), "face");
  }
  o.of.node = config.name;
  o.of.simulated = config.simulated;
  if (std::ranges::find(config.actors, "reader") != config.actors.end()) o.of.offers.push_back(page_kind::patient);
  if (config.name == config.hub) o.of.offers.insert(o.of.offers.end(), {page_kind::reception, page_kind::monitor});
  o.of.accounts = has_accounts(config);
  if (o.of.accounts) o.of.offers.insert(o.of.offers.end(), {page_kind::accounts, page_kind::records});
  o.development_account = !p.development_password.empty();
  if (o.development_account)
    o.of.known = [password = p.development_password](std::string_view account,
                                                     std::string_view said) -> std::optional<std::string> {
      const bool right = drivers::screen::same_secret(said, password);
      return account == "development" && right ? std::optional<std::string>{"development"} : std::nullopt;
    };
  auto server = drivers::screen::open_page_server(std::move(o));
  if (!server) return failure(server.error());
  write_port_file(p.port_file, (*server)->port());
  spdlog::info("pages on port {}", (*server)->port());
  return server;
}

messages::result<std::unique_ptr<drivers::screen::pages>> open_pages(const node_config& config,
                                                                     const desk_slots& slots) {
  std::vector<std::unique_ptr<drivers::screen::pages>> all;
  if (!config.hands.empty()) {
    auto hands = drivers::screen::open_hands_socket(
        {.path = config.hands.string(), .pin = slots.pin, .check_number = slots.check_number});
    if (!hands) return failure(hands.error());
    all.push_back(std::move(*hands));
  }
  if (config.pages) {
    auto server = open_browser_pages(config, slots);
    if (!server) return failure(server.error());
    all.push_back(std::move(*server));
  }
  if (all.empty()) return nullptr;
  return drivers::screen::together(std::move(all));
}

/// Who takes Face files in, for the lease that other importers see.
std::string importer_name(const std::string& node) {
  char host[256] = {};
  (void)::gethostname(host, sizeof host - 1);
  return node + '@' + host + ' ' + std::to_string(::getpid());
}

messages::result<std::unique_ptr<drivers::line::line>> open_line_of(const node_config& config,
                                                                    const drivers::clock::clock& clock) {
  return drivers::line::open_https_line({.host = config.line->host,
                                         .port = config.line->port,
                                         .ca_file = config.line->ca,
                                         .certificate_file = config.line->certificate,
                                         .key_file = config.line->key,
                                         .institution = config.line->institution,
                                         .simulated_allowed = config.simulated,
                                         .now_ms = [&clock] { return clock.utc_ms(); }});
}

/// The national system, the Face folders beside it and the receipt computers behind it.
messages::result<void> open_line(const node_config& config, const drivers::clock::clock& clock,
                                 actors::runtime::node_ports& ports) {
  if (config.line) {
    ports.answer_wait_ms_max = config.line->answer_wait_ms_max;
    auto line = open_line_of(config, clock);
    if (!line) return failure(line.error());
    ports.line = std::move(*line);
    ports.institution = config.line->institution;
    if (config.batches) { // a connection and a thread of their own: patients' questions never wait for a batch
      auto second = open_line_of(config, clock);
      if (!second) return failure(second.error());
      ports.batch_line = std::move(*second);
    }
  }
  if (config.folders) {
    auto line = drivers::line::open_folder_line({.who = {config.folders->institution, config.simulated},
                                                 .requests = config.folders->requests,
                                                 .results = config.folders->results,
                                                 .work = config.folders->work,
                                                 .zip_password = config.folders->zip_password});
    if (!line) return failure(line.error());
    ports.line = std::move(*line);
    ports.institution = config.folders->institution;
  }
  if (config.faces) {
    drivers::line::face_options options;
    for (std::size_t n = 0; n < config.faces->folders.size(); ++n)
      options.folders.push_back({config.faces->folders[n], config.faces->desks[n]});
    options.work = config.faces->work;
    options.institution = config.faces->institution;
    options.holder = importer_name(config.name);
    options.zip_password = config.faces->zip_password;
    auto faces = drivers::line::open_face_folders(std::move(options));
    if (!faces) return failure(faces.error());
    ports.faces = std::move(*faces);
  }
  if (!config.receipts.names.empty()) {
    std::vector<drivers::line::receipt_computer_options> which;
    for (std::size_t n = 0; n < config.receipts.names.size(); ++n)
      which.push_back({config.receipts.names[n], config.receipts.folders[n]});
    auto receipts = drivers::line::receipt_computers::open(std::move(which));
    if (!receipts) return failure(receipts.error());
    ports.receipts = std::move(*receipts);
  }
  return {};
}

/// The ports that the configuration asks for; what is simulated is named in the log.
messages::result<actors::runtime::node_ports> open_ports(const node_config& config, const drivers::clock::clock& clock,
                                                         std::unique_ptr<rig_hands>& hands) {
  actors::runtime::node_ports ports;
  ports.patience = config.patience;
  ports.weights = config.weights;
  ports.online_days_after = config.online_days_after;
  ports.simulated = config.simulated;
  ports.may_vouch = config.may_vouch;
  ports.pin = std::make_shared<messages::secret_slot>();
  ports.check_number = std::make_shared<messages::secret_slot>();
  ports.photo = std::make_shared<messages::photo_slot>();
  if (auto opened = open_line(config, clock, ports); !opened) return failure(opened.error());
  if (auto opened = open_reader(config, clock, hands, ports); !opened) return failure(opened.error());
  ports.policy = config.policy;
  ports.batches = config.batches;
  ports.by_hand = config.batch.by_hand;
  ports.by_hand_password = config.batch.zip_password;
  ports.batches_unresting = !config.batch.rests;
  if (has_accounts(config)) {
    auto hasher = drivers::secrets::open_hasher(config.keys / "accounts.key");
    if (!hasher) return failure(hasher.error());
    ports.hasher = std::move(*hasher);
  }
  if (hands) ports.terminal = hands->terminal();
  std::shared_ptr<drivers::camera::page_camera> camera;
  if (auto opened = open_face(config, hands.get(), ports, camera); !opened) return failure(opened.error());
  auto pages = open_pages(config, {ports.pin.get(), ports.check_number.get(), camera});
  if (!pages) return failure(pages.error());
  ports.pages = std::move(*pages);
  return ports;
}

/// The addresses in use, for whoever started this node with free ports.
void write_ports_file(const std::filesystem::path& folder, const actors::runtime::node_tcp_ports& ports) {
  const auto temporary = folder / "ports.json.new";
  std::ofstream{temporary} << "{\"commands\":" << ports.commands << ",\"events\":" << ports.events
                           << ",\"replay\":" << ports.replay << ",\"personal\":" << ports.personal << "}\n";
  std::filesystem::rename(temporary, folder / "ports.json");
}

/// The backups that the configuration asks for, made of what @p node writes.
std::unique_ptr<scheduled_backups> schedule_backups(const node_config& config, actors::runtime::node& node,
                                                    const drivers::clock::clock& clock) {
  if (!config.backup) return nullptr;
  const auto& b = *config.backup;
  return std::make_unique<scheduled_backups>(
      backup_plan{config.data, config.keys, b.folder, b.keep}, b.every_hours * std::uint64_t{3'600'000},
      [&node](const std::filesystem::path& folder) { return node.copy_journal(folder); },
      [&node](messages::event_draft what) { node.tell(std::move(what)); }, [&clock] { return clock.utc_ms(); });
}

/// A hub that runs for months forgets what it keeps no longer, too.
std::unique_ptr<scheduled_expiry> schedule_expiry(const node_config& config, actors::runtime::node& node,
                                                  const drivers::clock::clock& clock) {
  if (config.name != config.hub) return nullptr;
  return std::make_unique<scheduled_expiry>(
      config.expire_at_hour, [&node] { return node.expire_records(); },
      [&node](messages::event_draft what) { node.tell(std::move(what)); }, [&clock] { return clock.utc_ms(); });
}

/// How the node joins a hub on another host, by its own key.
messages::result<void> join_by_key(const node_config& config, actors::runtime::node_options& options) {
  if (config.bus.hub.empty()) return {};
  auto key = bus::read_node_key(config.bus.key);
  if (!key) return failure(key.error());
  if (key->node != config.name)
    return failure(messages::error_code::node_key_unusable, config.bus.key.string(),
                   "it is the key of " + key->node + ", and [node] name is " + config.name);
  const auto ports = hub_ports(config.bus.hub);
  if (!ports) return failure(ports.error());
  options.hub_endpoint = ports->commands;
  options.key = std::move(*key);
  return {};
}

outcome serve(const std::filesystem::path& file) {
  stop_signal stop; // before any thread
  if (!drivers::face::wake_before_others()) spdlog::info("the kernel grants no short time slice");
  const auto config = read_node_config(file);
  if (!config) return failure(config.error());
  auto clock = drivers::clock::system_clock();
  auto chance = config->seed ? drivers::clock::seeded_chance(*config->seed, config->name.c_str())
                             : drivers::clock::system_chance();
  std::unique_ptr<rig_hands> hands; // outlives the node, which uses its reader
  auto ports = open_ports(*config, *clock, hands);
  if (!ports) return failure(ports.error());

  actors::runtime::node_options options;
  options.name = config->name;
  options.hub = config->hub;
  options.actors = config->actors;
  options.data = config->data;
  options.keys = config->keys;
  options.kept = config->kept;
  options.passphrase_file = config->passphrase_file;
  options.run = config->run;
  options.tcp = config->bus.tcp;
  options.address = config->bus.address;
  options.curve = config->bus.curve;
  options.port_base = config->bus.port_base;
  if (auto joined = join_by_key(*config, options); !joined) return failure(joined.error());
  auto node = actors::runtime::node::start(options, *ports, clock, chance,
                                           [&stop](const messages::error& why) { stop.fail(why); });
  if (!node) return failure(node.error());
  if (config->name == config->hub) write_ports_file(config->data, (*node)->ports());
  auto backups = schedule_backups(*config, **node, *clock);
  auto expiry = schedule_expiry(*config, **node, *clock);
  std::unique_ptr<metrics_page> metrics;
  if (config->metrics.port >= 0) {
    auto opened = metrics_page::open(static_cast<std::uint16_t>(config->metrics.port), config->run, **node, clock);
    if (!opened) return failure(opened.error());
    metrics = std::move(*opened);
    write_port_file(config->metrics.port_file, metrics->port());
    spdlog::info("metrics on port {}", metrics->port());
  }
  spdlog::info("node {} serves", config->name);

  const auto why = stop.wait();
  spdlog::info("node {} ends", config->name);
  metrics.reset(); // it asks the node
  expiry.reset(); // they work on the node's journal
  backups.reset();
  (*node)->stop();
  if (ports->hasher) ports->hasher->stop();
  if (ports->pages) ports->pages->stop();
  if (ports->face) ports->face->stop();
  if (ports->reader) ports->reader->stop();
  if (ports->faces) ports->faces->stop();
  if (ports->line) ports->line->stop();
  if (ports->batch_line) ports->batch_line->stop();
  if (ports->receipts) ports->receipts->stop();
  if (why) return failure(*why);
  return 0;
}

} // namespace

void add_serve(CLI::App& app, chosen& run) {
  auto* command = app.add_subcommand("serve", "run a node: the actors that the configuration names");
  auto file = std::make_shared<std::string>();
  command->add_option("--config", *file, "the node's TOML file")->required();
  command->callback([&run, file] { run = [file] { return serve(*file); }; });
}

} // namespace tools
