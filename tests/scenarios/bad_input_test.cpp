// Nonsense from outside: one clear sentence that names the thing and the remedy, exit 1, nothing lost.
#include "tests/test.hpp"

#include "messages/registry.hpp"
#include "storage/key_folder.hpp"
#include "tests/scenarios/support.hpp"
#include "tools/bench/one_process.hpp"

#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <thread>

using namespace scenarios;

namespace {

void write(const std::filesystem::path& file, const std::string& text) { std::ofstream{file} << text; }

std::string hub_config(const std::filesystem::path& folder, const std::string& more = {}) {
  return "[node]\nname = 'hub'\nsimulated = true\nactors = ['desks', 'monitor']\n[data]\nfolder = '" +
         (folder / "journal").string() + "'\nrun = '" + (folder / "run").string() + "'\n" + more;
}

/// `serve` with this configuration; it is expected to end by itself.
finished serve(const temporary_folder& folder, const std::string& config) {
  const auto keys = storage::default_key_folder(folder.path() / "journal");
  if (!storage::holds_keys(keys)) BOOST_REQUIRE(storage::make_key_folder(keys).has_value());
  write(folder.path() / "node.toml", config);
  return run({program().string(), "serve", "--config", (folder.path() / "node.toml").string()}, 20);
}

/// One sentence on stderr beside the log's lines, exit 1.
void is_one_clear_error(const finished& done, std::initializer_list<std::string> names) {
  BOOST_TEST(done.status == 1, "status " << done.status << ": " << done.err);
  const auto at = done.err.find("uketsuke: ");
  BOOST_TEST_REQUIRE(at != std::string::npos, done.err);
  const auto sentence = done.err.substr(at);
  BOOST_TEST(std::ranges::count(sentence, '\n') == 1);
  for (const auto& n : names)
    BOOST_TEST(sentence.find(n) != std::string::npos, sentence << " does not name " << n);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_typing_mistake_in_the_configuration_is_named_with_its_line) {
  const temporary_folder folder;
  is_one_clear_error(serve(folder, hub_config(folder.path(), "[bus]\nport_bsae = 5570\n")),
                     {"node.toml, line 9", "port_bsae", "port_base"});
  is_one_clear_error(serve(folder, hub_config(folder.path(), "[bus]\nport_base = 'many'\n")),
                     {"line 9", "port_base", "whole number"});
  is_one_clear_error(serve(folder, "[node\n"), {"node.toml, line 1"});
  is_one_clear_error(serve(folder, "[node]\nname = 'hub'\n"), {"actors is missing"});
  is_one_clear_error(serve(folder, hub_config(folder.path(), "[faces]\nfolders = ['/a', '/b']\ndesks = ['desk-1']\n")),
                     {"[faces]", "one desk for each folder"});
  is_one_clear_error(serve(folder, hub_config(folder.path(), "[faces]\nfolders = ['/a']\ndesks = ['']\n")),
                     {"[faces]", "work and institution"});
  is_one_clear_error(serve(folder, hub_config(folder.path(), "[backup]\nfolder = '/a'\n")),
                     {"[backup]", "every_hours"});
}

BOOST_AUTO_TEST_CASE(a_face_engine_that_cannot_be_is_named_before_anybody_depends_on_it) {
  const temporary_folder folder;
  const auto hub = hub_config(folder.path());
  const std::string rig = "[rig]\ncards = '" + (folder.path() / "cards").string() + "'\nsocket = '" +
                          (folder.path() / "rig").string() + "'\nusb = false\n";
  const auto models = "[face]\ndetector = '/nowhere/d.onnx'\ndetector_sha256 = '" + std::string(64, 'a') +
                      "'\nembedding = '/nowhere/e.onnx'\nembedding_sha256 = '" + std::string(64, 'b') + "'\n";
  auto real = hub;
  real.replace(real.find("simulated = true"), 16, "simulated = false");
  is_one_clear_error(serve(folder, real + models), {"[face]", "after its PIN"});
  is_one_clear_error(serve(folder, hub + models), {"[face]", "[rig]"});
  is_one_clear_error(serve(folder, hub + rig + "[face]\ndetector = '/a.onnx'\n"), {"[face]", "embedding_sha256"});
  is_one_clear_error(serve(folder, hub + rig + models + "scripted = true\n"), {"[face]", "scripted"});
  auto matching = hub;
  matching.replace(matching.find("'monitor'"), 9, "'face_matcher'");
  is_one_clear_error(serve(folder, matching + rig), {"[face]", "face_matcher"});
  is_one_clear_error(serve(folder, matching + rig + models), {"accept_at", "thresholds"});
  is_one_clear_error(serve(folder, matching + rig + models + "accept_at = 0.7\nunsure_from = 0.5\n"),
                     {"/nowhere/d.onnx", "cannot be read"});
}

BOOST_AUTO_TEST_CASE(a_configuration_that_is_not_there_is_named) {
  is_one_clear_error(run({program().string(), "serve", "--config", "/nowhere/node.toml"}), {"/nowhere/node.toml"});
}

BOOST_AUTO_TEST_CASE(an_actor_that_does_not_exist_is_named) {
  const temporary_folder folder;
  auto config = hub_config(folder.path());
  config.replace(config.find("'monitor'"), 9, "'montior'");
  is_one_clear_error(serve(folder, config), {"montior"});
}

BOOST_AUTO_TEST_CASE(a_missing_certificate_is_named) {
  const temporary_folder folder;
  const auto line = "[line]\nport = 8443\nca = '/nowhere/ca.pem'\ncertificate = '/nowhere/client.pem'\nkey = "
                    "'/nowhere/client.key'\ninstitution = '1319999999'\n";
  is_one_clear_error(serve(folder, hub_config(folder.path(), line)), {"/nowhere/"});
}

BOOST_AUTO_TEST_CASE(a_busy_port_is_named_with_the_option_that_helps) {
  const temporary_folder folder;
  const int taken = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof any;
  BOOST_REQUIRE(::bind(taken, reinterpret_cast<sockaddr*>(&any), sizeof any) == 0);
  BOOST_REQUIRE(::listen(taken, 1) == 0);
  ::getsockname(taken, reinterpret_cast<sockaddr*>(&any), &size);
  const auto port = std::to_string(ntohs(any.sin_port));
  is_one_clear_error(serve(folder, hub_config(folder.path(), "[bus]\nport_base = " + port + "\n")),
                     {port, "--port-base"});
  ::close(taken);
}

BOOST_AUTO_TEST_CASE(a_data_folder_in_use_is_named_and_its_owner_goes_on) {
  const temporary_folder folder;
  auto opened = tools::one_process_clinic::open(
      {.data = folder.path(), .persons = source() / "tools/simulated/insured_persons.json"});
  BOOST_REQUIRE(opened);
  auto config = hub_config(folder.path(), "[bus]\nport_base = 0\n");
  config.replace(config.find("/run'"), 5, "/run-2'");
  is_one_clear_error(serve(folder, config), {(folder.path() / "journal").string(), "in use"});
  BOOST_TEST((*opened)->check_in().has_value());
}

BOOST_AUTO_TEST_CASE(a_full_disk_ends_the_node_with_a_clear_error_and_loses_nothing) {
  const temporary_folder folder;
  const auto data = folder.path() / "clinic";
  // A file-size limit of 1.2 MB stands for the full disk: the log's first megabyte is filled when it is opened, and
  // after some check-ins it cannot grow.
  const auto done = run({"bash", "-c",
                         "ulimit -f 1200; exec '" + program().string() + "' bench check-in --checkins 100000 --data '" +
                             data.string() + "'"},
                        60);
  is_one_clear_error(done, {(data / "journal").string()});
  const auto kept = journal_of(data / "journal");
  BOOST_TEST(kept.size() > 50u);
  for (std::size_t n = 0; n < kept.size(); ++n)
    BOOST_REQUIRE_EQUAL(kept[n].index, n + 1);
  // With room again, everything goes on where it stood.
  auto again =
      tools::one_process_clinic::open({.data = data, .persons = source() / "tools/simulated/insured_persons.json"});
  BOOST_REQUIRE_MESSAGE(again, (again ? "" : messages::to_sentence(again.error())));
  const auto found = (*again)->node().status().head;
  BOOST_TEST(found >= kept.size());
  BOOST_TEST((*again)->check_in().has_value());
  BOOST_TEST((*again)->node().status().head > found);
}

BOOST_AUTO_TEST_CASE(watching_nothing_says_where_to_look_instead) {
  const temporary_folder folder;
  is_one_clear_error(run({program().string(), "watch", "--data", (folder.path() / "none").string()}), {"none"});
  is_one_clear_error(run({program().string(), "watch", "--run", folder.path().string(), "--until-head"}), {"--data"});
}

BOOST_AUTO_TEST_CASE(every_subcommand_has_help) {
  for (const auto* name : {"serve", "simulate", "centre", "watch", "bench", "diagram", "backup", "restore"}) {
    const auto done = run({program().string(), name, "--help"});
    BOOST_TEST(done.status == 0);
    BOOST_TEST(done.out.find("Usage") != std::string::npos);
  }
}
