// The key files of nodes, and how a new node comes for its own.
#include "tests/test.hpp"

#include "drivers/bus/enrolment.hpp"
#include "tests/drivers/bus/support.hpp"

#include <sys/stat.h>

#include <fstream>

using namespace bus_test;
using namespace bus;
namespace fs = std::filesystem;

namespace {

template <class T> std::string why_not(const messages::result<T>& r) {
  return r ? "" : std::string{describe(r.error().code).name};
}

struct folder_of_keys {
  private_folder folder;
  fs::path nodes = fs::path{folder.path()} / "nodes";
  std::string hub_key = read_hub_key(nodes, true).value().public_key;
  fs::path file(const std::string& name) const { return fs::path{folder.path()} / name; }
};

mode_t mode_of(const fs::path& file) {
  struct stat found {};
  BOOST_REQUIRE(::stat(file.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

enrolment_seed seed(unsigned char octet) {
  enrolment_seed s{};
  s.fill(7);
  s[9] = octet; // not at the ends, where a secret key has bits that do not count
  return s;
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_written_is_for_its_owner_only_and_read_again) {
  const folder_of_keys f;
  BOOST_TEST(mode_of(f.nodes) == 0700u);
  BOOST_TEST(mode_of(f.nodes / "hub.key") == 0600u);
  BOOST_TEST(read_hub_key(f.nodes).value().public_key == f.hub_key);
  const node_key key{"desk-1", node_role::desk, {fresh_curve_pair(), f.hub_key}};
  BOOST_REQUIRE(write_node_key(f.file("desk-1.key"), key));
  BOOST_TEST(mode_of(f.file("desk-1.key")) == 0600u);
  const auto read = read_node_key(f.file("desk-1.key")).value();
  BOOST_TEST(read.node == "desk-1");
  BOOST_TEST(read.identity.own.public_key == key.identity.own.public_key);
  BOOST_TEST(read.identity.hub_key == f.hub_key);
  BOOST_REQUIRE(let_in(f.nodes, {"desk-1", node_role::desk, key.identity.own.public_key}));
  BOOST_TEST(read_known_nodes(f.nodes).value().at(key.identity.own.public_key).name == "desk-1");
  BOOST_REQUIRE(revoke(f.nodes, "desk-1"));
  BOOST_TEST(read_known_nodes(f.nodes).value().empty());
}

BOOST_AUTO_TEST_CASE(nothing_is_replaced_and_no_name_or_key_is_given_twice) {
  const folder_of_keys f;
  const auto pair = fresh_curve_pair();
  BOOST_REQUIRE(let_in(f.nodes, {"desk-1", node_role::desk, pair.public_key}));
  BOOST_TEST(why_not(let_in(f.nodes, {"desk-1", node_role::desk, fresh_curve_pair().public_key})) == "not_now");
  BOOST_TEST(why_not(let_in(f.nodes, {"desk-2", node_role::desk, pair.public_key})) == "not_now");
  BOOST_TEST(why_not(let_in(f.nodes, {"../x", node_role::desk, fresh_curve_pair().public_key})) == "wrong_value");
  BOOST_TEST(why_not(revoke(f.nodes, "desk-9")) == "wrong_value");
  BOOST_TEST(why_not(revoke(f.nodes, "../nodes/desk-1")) == "wrong_value");
  std::ofstream{f.file("there")} << "mine";
  BOOST_TEST(why_not(write_node_key(f.file("there"), {"a", node_role::desk, {pair, f.hub_key}})) == "not_now");
}

BOOST_AUTO_TEST_CASE(a_file_that_others_can_read_or_that_says_nonsense_is_refused_by_name) {
  const folder_of_keys f;
  BOOST_TEST(why_not(read_hub_key(f.file("nowhere"))) == "no_node_keys");
  BOOST_TEST(why_not(read_node_key(f.file("nowhere"))) == "node_key_unusable");
  const auto pair = fresh_curve_pair();
  BOOST_REQUIRE(let_in(f.nodes, {"desk-1", node_role::desk, pair.public_key}));
  const auto write = [&](const std::string& text) {
    std::ofstream{f.nodes / "desk-2.node"} << text;
    ::chmod((f.nodes / "desk-2.node").c_str(), 0600);
    return why_not(read_known_nodes(f.nodes));
  };
  const std::string key = fresh_curve_pair().public_key;
  BOOST_TEST(write("role desk\nkey " + key + "\n") == "");
  const std::vector<std::string> nonsense{
      "", "role desk\n", "role king\nkey " + key + "\n", "role desk\nkey short\n",
      "role desk\nkey " + key + "\nkey " + key + "\n", "role desk\nkey " + key + "\nmore x\n",
      "role desk\nkey " + pair.public_key + "\n", std::string(5000, 'x')};
  for (const auto& text : nonsense)
    BOOST_TEST(write(text) == "node_key_unusable", text);
  std::vector<messages::error> passed_over;
  BOOST_TEST(read_known_nodes(f.nodes, &passed_over).value().size() == 1u); // the others still come in
  BOOST_TEST(passed_over.size() == 1u);
  ::chmod((f.nodes / "desk-1.node").c_str(), 0640);
  BOOST_TEST(why_not(read_known_nodes(f.nodes)) == "keys_exposed");
}

BOOST_AUTO_TEST_CASE(a_new_node_comes_for_its_key_once_and_with_the_code_only) {
  const folder_of_keys f;
  const auto home = std::make_shared<context>();
  std::atomic<int> port{0};
  invitation i{.endpoint = "tcp://127.0.0.1:0", .seed = seed(1), .node = "desk-3", .role = node_role::desk,
               .hub_key = f.hub_key, .wait_ms = 20'000, .clock = now_ms,
               .keep = [&](const known_node& n) { return let_in(f.nodes, n); },
               .on_open = [&](const std::string& at) { port = std::stoi(at.substr(at.rfind(':') + 1)); }};
  messages::result<known_node> came = messages::failure(messages::error_code::busy, "");
  std::thread hub{[&] { came = await_enrolment(home, i); }};
  BOOST_REQUIRE(soon([&] { return port != 0; }));
  const auto come = [&](const enrolment_seed& with, const std::string& file) {
    return enrol(std::make_shared<context>(),
                 {.endpoint = "tcp://127.0.0.1:" + std::to_string(port), .seed = with, .wait_ms = 1500,
                  .clock = now_ms, .keep = [&](const node_key& k) { return write_node_key(f.file(file), k); }});
  };
  BOOST_TEST(why_not(come(seed(2), "wrong")) == "no_hub");
  BOOST_TEST(!fs::exists(f.file("wrong")));
  const auto key = come(seed(1), "desk-3.key");
  hub.join();
  BOOST_REQUIRE_MESSAGE(key, why_not(key));
  BOOST_REQUIRE(came);
  BOOST_TEST(key->node == "desk-3");
  BOOST_TEST(read_known_nodes(f.nodes).value().at(key->identity.own.public_key).name == "desk-3");
  BOOST_TEST(read_node_key(f.file("desk-3.key")).value().identity.hub_key == f.hub_key);
  BOOST_TEST(why_not(come(seed(1), "again")) == "no_hub"); // the code is worth nothing now
}

BOOST_AUTO_TEST_CASE(a_node_that_does_not_come_is_not_let_in) {
  const folder_of_keys f;
  const auto nobody = await_enrolment(
      std::make_shared<context>(),
      {.endpoint = "tcp://127.0.0.1:0", .seed = seed(1), .node = "desk-3", .role = node_role::desk,
       .hub_key = f.hub_key, .wait_ms = 50, .clock = now_ms,
       .keep = [&](const known_node& n) { return let_in(f.nodes, n); }, .on_open = {}});
  BOOST_TEST(why_not(nobody) == "deadline_passed");
  BOOST_TEST(read_known_nodes(f.nodes).value().empty());
}
