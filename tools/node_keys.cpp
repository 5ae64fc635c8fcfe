// `uketsuke keys node`: who may join the bus from another host; making, inviting, listing, revoking.
#include "drivers/bus/enrolment.hpp"
#include "drivers/bus/node_keys.hpp"
#include "drivers/clock/port.hpp"
#include "drivers/secrets/port.hpp"
#include "messages/json.hpp"
#include "storage/cipher.hpp"
#include "storage/key_folder.hpp"
#include "tools/commands.hpp"
#include "tools/hub_client.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

namespace tools {

namespace fs = std::filesystem;
using namespace messages;

namespace {

struct node_keys_options {
  std::string keys, data; ///< the hub's keys folder, or the data folder it lies beside
  std::string name, role, out, hub, address = "127.0.0.1";
  int port = enrolment_port;
  std::uint32_t minutes = 15;
  bool json = false;
};

result<fs::path> nodes_folder(const node_keys_options& o) {
  if (o.keys.empty() && o.data.empty()) return failure(error_code::missing_value, "--keys or --data");
  return (o.keys.empty() ? storage::default_key_folder(o.data) : fs::path{o.keys}) / "nodes";
}

result<void> check_name(const node_keys_options& o) {
  if (!is_name(o.name)) return failure(error_code::wrong_value, "--name", o.name);
  return {};
}

outcome make(const node_keys_options& o) {
  const auto folder = nodes_folder(o);
  if (!folder) return failure(folder.error());
  if (auto fits = check_name(o); !fits) return failure(fits.error());
  const auto hub = bus::read_hub_key(*folder, true);
  if (!hub) return failure(hub.error());
  const bus::node_key key{o.name, *bus::role_from(o.role), {bus::fresh_curve_pair(), hub->public_key}};
  if (auto written = bus::write_node_key(o.out, key); !written) return failure(written.error());
  const bus::known_node node{key.node, key.role, key.identity.own.public_key};
  if (auto in = bus::let_in(*folder, node); !in) {
    fs::remove(o.out); // a key that opens nothing
    return failure(in.error());
  }
  std::cerr << "made the key of " << o.name << " (" << o.role << ") in " << o.out
            << ".\nCarry it to that node and to nobody else, and delete it here: whoever has it is that node.\n";
  return 0;
}

/// Both sides compute the same key from the code, however it was written down.
bus::enrolment_seed seed_of(const credential& code) {
  std::string signs = "uketsuke enrolment: ";
  for (const char c : code.reveal())
    if (c != '-' && c != ' ') signs += c;
  const auto hash = storage::sha256(signs);
  bus::enrolment_seed seed{};
  std::copy_n(hash.begin(), std::min(hash.size(), seed.size()), seed.begin());
  return seed;
}

outcome invite(const node_keys_options& o) {
  const auto folder = nodes_folder(o);
  if (!folder) return failure(folder.error());
  if (auto fits = check_name(o); !fits) return failure(fits.error());
  const auto hub = bus::read_hub_key(*folder, true);
  if (!hub) return failure(hub.error());
  const auto known = bus::read_known_nodes(*folder);
  if (!known) return failure(known.error());
  if (std::ranges::any_of(*known, [&](const auto& k) { return k.second.name == o.name; }))
    return failure(error_code::not_now, o.name, "a node of that name has a key; revoke it first");
  const auto clock = drivers::clock::system_clock();
  const auto code = drivers::secrets::fresh_password(4);
  bus::invitation what;
  what.endpoint = "tcp://" + o.address + ":" + std::to_string(o.port);
  what.seed = seed_of(code);
  what.node = o.name;
  what.role = *bus::role_from(o.role);
  what.hub_key = hub->public_key;
  what.wait_ms = o.minutes * std::uint64_t{60'000};
  what.clock = [clock] { return clock->steady_ms(); };
  what.keep = [&](const bus::known_node& node) { return bus::let_in(*folder, node); };
  what.on_open = [&](const std::string& endpoint) {
    std::cerr << "For " << o.name << " (" << o.role << "), once, within " << o.minutes << " minutes: run there\n"
              << "  uketsuke keys node enrol --hub " << endpoint.substr(6) << " --out FILE\nand type this code:\n";
    std::fputs((code.reveal() + "\n").c_str(), stdout);
    std::fflush(stdout);
  };
  const auto came = bus::await_enrolment(std::make_shared<bus::context>(), std::move(what));
  if (!came) return failure(came.error());
  std::cerr << came->name << " came and may join from now on.\n";
  return 0;
}

result<credential> typed_code() {
  if (::isatty(STDIN_FILENO) != 0) std::cerr << "code: " << std::flush;
  std::string line;
  std::getline(std::cin, line);
  if (line.empty()) return failure(error_code::missing_value, "the code, on standard input");
  return credential{line};
}

outcome enrol(const node_keys_options& o) {
  const auto at = host_and_port(o.hub, enrolment_port);
  if (!at) return failure(at.error());
  if (fs::exists(o.out)) return failure(error_code::not_now, o.out, "it is there already");
  const auto code = typed_code();
  if (!code) return failure(code.error());
  const auto clock = drivers::clock::system_clock();
  bus::application what;
  what.endpoint = "tcp://" + at->first + ":" + std::to_string(at->second);
  what.seed = seed_of(*code);
  what.clock = [clock] { return clock->steady_ms(); };
  bool wrote = false;
  what.keep = [&](const bus::node_key& key) {
    auto written = bus::write_node_key(o.out, key);
    wrote = written.has_value();
    return written;
  };
  const auto key = bus::enrol(std::make_shared<bus::context>(), std::move(what));
  if (!key) {
    std::error_code ignored;
    if (wrote) fs::remove(o.out, ignored); // a key that opens nothing
    if (key.error().code == error_code::no_hub)
      std::cerr << "nobody opened at " << o.hub << ": is the invitation still waiting there, and the code right?\n";
    return failure(key.error());
  }
  std::cerr << "this is " << key->node << " (" << bus::name_of(key->role) << ") now; its key is " << o.out << "\n";
  return 0;
}

outcome list(const node_keys_options& o) {
  const auto folder = nodes_folder(o);
  if (!folder) return failure(folder.error());
  const auto known = bus::read_known_nodes(*folder);
  if (!known) return failure(known.error());
  std::vector<bus::known_node> nodes;
  for (const auto& [key, node] : *known)
    nodes.push_back(node);
  std::ranges::sort(nodes, {}, &bus::known_node::name);
  for (const auto& n : nodes) {
    if (o.json)
      std::cout << to_json(value{value::map{{"node", {n.name}}, {"role", {std::string{bus::name_of(n.role)}}},
                                            {"key", {n.key}}}})
                << '\n';
    else
      std::cout << n.name << "  " << bus::name_of(n.role) << "  " << n.key << '\n';
  }
  if (nodes.empty()) std::cerr << "no node of another host is known in " << folder->string() << "\n";
  return 0;
}

outcome revoke(const node_keys_options& o) {
  const auto folder = nodes_folder(o);
  if (!folder) return failure(folder.error());
  if (auto done = bus::revoke(*folder, o.name); !done) return failure(done.error());
  std::cerr << o.name << " may not join any more; a hub that runs has cut it.\n";
  return 0;
}

} // namespace

void add_node_keys(CLI::App& keys, chosen& run) {
  auto* command = keys.add_subcommand("node", "who may join the bus from another host");
  command->require_subcommand(1);
  auto o = std::make_shared<node_keys_options>();
  const auto add = [&](const char* name, const char* help, outcome (*what)(const node_keys_options&)) {
    auto* sub = command->add_subcommand(name, help);
    sub->callback([&run, o, what] { run = [o, what] { return what(*o); }; });
    return sub;
  };
  const auto at_hub = [&](CLI::App* sub) {
    auto* folder = sub->add_option("--keys", o->keys, "the hub's keys folder");
    sub->add_option("--data", o->data, "the hub's data folder, beside which it lies")->excludes(folder);
    return sub;
  };
  const auto whom = [&](CLI::App* sub) {
    sub->add_option("--name", o->name, "of the node, as its configuration has it")->required();
    std::vector<std::string> roles{bus::node_role_names.begin(), bus::node_role_names.end()};
    sub->add_option("--role", o->role, "desk, monitor, personal_monitor, scheduler or receipt_computer")
        ->required()
        ->check(CLI::IsMember(roles));
    return sub;
  };
  whom(at_hub(add("make", "make a node's key here; its file has to be carried there", make)))
      ->add_option("--out", o->out, "the file to write")
      ->required();
  auto* inviting = whom(at_hub(add("invite", "let a new node come for its key with a one-time code", invite)));
  inviting->add_option("--address", o->address, "of this host, where the node comes to (default 127.0.0.1)");
  inviting->add_option("--port", o->port, "(default 5574)")->check(CLI::Range(0, 65535));
  inviting->add_option("--minutes", o->minutes, "how long to wait (default 15)")->check(CLI::Range(1, 1440));
  auto* coming = add("enrol", "at the new node: come for its key; the code is read from standard input", enrol);
  coming->add_option("--hub", o->hub, "HOST[:PORT] where the invitation waits (port 5574)")->required();
  coming->add_option("--out", o->out, "the file to write")->required();
  at_hub(add("list", "the nodes that may come", list))->add_flag("--json", o->json, "one a line");
  at_hub(add("revoke", "from now on this node may not; at once, also while the hub runs", revoke))
      ->add_option("--name", o->name, "of the node")
      ->required();
}

} // namespace tools
