// Desks on other hosts: the same stories over TCP with keys, revocation while everything runs, and the programs a
// person uses for it.
#include "tests/test.hpp"

#include "drivers/bus/node_keys.hpp"
#include "tests/scenarios/support.hpp"
#include "tools/simulate/story.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

using namespace scenarios;
namespace fs = std::filesystem;

namespace {

struct far_clinic {
  temporary_folder folder;
  std::unique_ptr<tools::clinic> clinic;

  far_clinic() {
    auto o = small_clinic(folder.path());
    o.far_desks = true;
    o.pages = false;
    auto opened = tools::clinic::open(std::move(o));
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : messages::to_sentence(opened.error())));
    clinic = std::move(*opened);
  }
  std::string hub() const { return "127.0.0.1:" + std::to_string(clinic->port_base()); }
  void play(const fs::path& story) {
    std::ostringstream told;
    const auto played = tools::play_story(*clinic, story, told);
    BOOST_REQUIRE_MESSAGE(played, told.str() + (played ? "" : to_sentence(played.error())));
  }
  void play_text(const std::string& text) {
    const auto file = folder.path() / "told.story";
    std::ofstream{file} << text;
    play(file);
  }
  finished keys_node(std::vector<std::string> more) const {
    std::vector<std::string> words{program().string(), "keys", "node"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  /// A key made at the hub, for a tool on another host.
  fs::path key_for(const std::string& name, const std::string& role) const {
    const auto file = folder.path() / (name + ".key");
    const auto made = keys_node({"make", "--keys", clinic->keys_folder().string(), "--name", name, "--role", role,
                                 "--out", file.string()});
    BOOST_TEST_REQUIRE(made.status == 0, made.err);
    return file;
  }
  finished watch(const fs::path& key, std::vector<std::string> more = {"--until-head"}) const {
    std::vector<std::string> words{program().string(), "watch", "--hub", hub(), "--key", key.string(), "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
};

/// Without what a reader of that role may not see, every line the same.
std::string topics_in(const std::string& lines) {
  std::istringstream in{lines};
  std::string line, topics;
  while (std::getline(in, line)) {
    const auto at = line.find("\"topic\":\"");
    topics += line.substr(at + 9, line.find('"', at + 9) - at - 9) + "\n";
  }
  return topics;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_first_visit_at_desks_with_keys_of_their_own_ends_as_at_desks_beside_the_hub, far_clinic) {
  BOOST_TEST(!fs::exists(clinic->run_folder() / "of-desk-1" / "bus")); // there is no way but the keyed one
  play(source() / "tools/simulated/stories/first-visit.story");
  const auto wall = watch(key_for("wall", "monitor")), emr = watch(key_for("emr", "receipt_computer"));
  BOOST_TEST_REQUIRE(wall.status == 0, wall.err);
  BOOST_TEST_REQUIRE(emr.status == 0, emr.err);
  BOOST_TEST(topics_in(wall.out) == topics_in(emr.out));
  BOOST_TEST(wall.out.find("eligibility.reference_number_registered") != std::string::npos);
  BOOST_TEST(wall.out.find("0001234") == std::string::npos); // the reference number is personal
  BOOST_TEST(emr.out.find("0001234") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_revoked_desk_is_out_at_once_and_the_others_go_on, far_clinic) {
  const auto wall = key_for("wall", "monitor");
  const auto listed = keys_node({"list", "--keys", clinic->keys_folder().string()});
  BOOST_TEST(listed.out.find("desk-1  desk  ") != std::string::npos, listed.out);
  const auto gone = keys_node({"revoke", "--keys", clinic->keys_folder().string(), "--name", "wall"});
  BOOST_TEST_REQUIRE(gone.status == 0, gone.err);
  const auto refused = watch(wall, {});
  BOOST_TEST(refused.status == 1);
  BOOST_TEST(refused.err.find("does not let this node's key in") != std::string::npos, refused.err);
  BOOST_TEST(keys_node({"revoke", "--keys", clinic->keys_folder().string(), "--name", "wall"}).status == 1);
  BOOST_TEST_REQUIRE(keys_node({"revoke", "--keys", clinic->keys_folder().string(), "--name", "desk-2"}).status == 0);
  play_text("desk-2: see see_reception\n"
            "desk-1: place SIM000000000001\n"
            "desk-1: see choose_method\n"
            "desk-1: lift\n"
            "desk-1: see place_card\n");
}

BOOST_FIXTURE_TEST_CASE(a_new_desk_comes_for_its_key_with_a_code_typed_once, far_clinic) {
  const auto said = folder.path() / "invitation";
  const auto port = std::to_string(clinic->port_base() + 4);
  background inviting{{program().string(), "keys", "node", "invite", "--keys", clinic->keys_folder().string(), "--name",
                       "desk-9", "--role", "desk", "--port", port},
                      said};
  for (int n = 0; n < 500 && text_of(said).find('\n') == std::string::npos; ++n)
    ::usleep(20'000);
  const auto code = text_of(said).substr(0, text_of(said).find('\n'));
  BOOST_TEST_REQUIRE(code.size() == 23u, code);
  const auto file = folder.path() / "desk-9.key";
  const auto enrol = [&](const std::string& typed) {
    return run({"bash", "-c", R"(printf '%s\n' "$1" | "${@:2}")", "typed", typed, program().string(), "keys", "node",
                "enrol", "--hub", "127.0.0.1:" + port, "--out", file.string()});
  };
  const auto came = enrol(code);
  BOOST_TEST(came.status == 0, came.err);
  BOOST_TEST(inviting.join(10) == 0);
  BOOST_TEST(bus::read_node_key(file).value().node == "desk-9");
  const auto again = enrol(code);
  BOOST_TEST(again.status == 1); // its file is there, and nobody opens
  const auto listed = keys_node({"list", "--keys", clinic->keys_folder().string(), "--json"});
  BOOST_TEST(listed.out.find(R"({"node":"desk-9","role":"desk")") != std::string::npos, listed.out);
}

BOOST_AUTO_TEST_CASE(a_node_without_its_key_or_with_anothers_says_so_and_does_not_start) {
  const temporary_folder folder;
  const auto key = folder.path() / "desk-1.key", config = folder.path() / "desk.toml";
  BOOST_REQUIRE(bus::write_node_key(
      key, {"desk-1", bus::node_role::desk, {bus::fresh_curve_pair(), bus::fresh_curve_pair().public_key}}));
  const auto serve = [&](const std::string& name, const std::string& more) {
    std::ofstream{config} << "[node]\nname = '" << name << "'\nactors = ['screen']\n[data]\nrun = '"
                          << (folder.path() / "run").string() << "'\n[screen]\nhands = '"
                          << (folder.path() / "hands").string() << "'\n[bus]\n" << more;
    return run({program().string(), "serve", "--config", config.string()});
  };
  const auto says = [](const finished& done, const std::string& words) {
    BOOST_TEST(done.status == 1);
    BOOST_TEST(done.err.find(words) != std::string::npos, done.err);
  };
  says(serve("desk-1", "hub = '127.0.0.1:5570'\n"), "hub and key go together");
  says(serve("desk-1", "hub = '127.0.0.1:5570'\nkey = '" + key.string() + ".not'\n"), "cannot be used");
  says(serve("desk-2", "hub = '127.0.0.1:5570'\nkey = '" + key.string() + "'\n"), "it is the key of desk-1");
  says(serve("desk-1", "hub = '127.0.0.1:port'\nkey = '" + key.string() + "'\n"), "cannot be");
}
