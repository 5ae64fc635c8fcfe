// The example clients against a running hub: they subscribe, replay and ask as the contract says, in two languages.
#include "tests/test.hpp"

#include "tests/scenarios/support.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>

using namespace scenarios;
namespace fs = std::filesystem;

namespace {

struct open_clinic {
  temporary_folder folder;
  std::unique_ptr<tools::clinic> clinic;

  explicit open_clinic(bool far = false) {
    auto o = small_clinic(folder.path());
    o.pages = false;
    o.far_desks = far;
    auto opened = tools::clinic::open(std::move(o));
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : messages::to_sentence(opened.error())));
    clinic = std::move(*opened);
  }
  /// Once the hub has written where it listens: its socket in the run folder is there a moment earlier.
  std::string endpoint(const char* which) const {
    const auto file = folder.path() / "journal" / "ports.json";
    for (int looks = 0; looks < 1000 && !fs::exists(file); ++looks)
      ::usleep(10'000);
    const auto ports = nlohmann::json::parse(text_of(file));
    return "tcp://127.0.0.1:" + std::to_string(ports.at(which).get<int>());
  }
  fs::path key_for(const std::string& name, const std::string& role) const {
    const auto file = folder.path() / (name + ".key");
    const auto made = run({program().string(), "keys", "node", "make", "--keys", clinic->keys_folder().string(),
                           "--name", name, "--role", role, "--out", file.string()});
    BOOST_TEST_REQUIRE(made.status == 0, made.err);
    return file;
  }
};

bool python_speaks() { return run({"/usr/bin/python3", "-c", "import zmq, msgpack"}).status == 0; }

finished python(const char* example, std::vector<std::string> more) {
  std::vector<std::string> words{"/usr/bin/python3", (source() / "tools/examples" / example).string()};
  words.insert(words.end(), more.begin(), more.end());
  return run(words);
}

/// Desks come one after the other; whoever asks again is told of both.
bool are_told_of_both_desks(const std::vector<std::string>& question) {
  for (int tries = 0; tries < 100; ++tries) {
    const auto desks = python("ask.py", question);
    BOOST_TEST_REQUIRE(desks.status == 0, desks.err);
    if (nlohmann::json::parse(desks.out).at("desks").size() == 2) return true;
    ::usleep(100'000);
  }
  return false;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_example_in_cpp_asks_where_the_journal_stands_and_reads_up_to_there) {
  const open_clinic c;
  const auto client = program().parent_path() / "example_client";
  const auto read = run({client.string(), c.endpoint("commands"), c.endpoint("events"), c.endpoint("replay")});
  BOOST_TEST(read.status == 0, read.err);
  BOOST_TEST(read.out.starts_with("1 account.registered\n"), read.out);
  // As many as it was told there are, one a line and none left out.
  std::istringstream lines{read.out};
  std::uint64_t index = 0, expected = 1;
  std::string topic;
  while (lines >> index >> topic)
    BOOST_TEST(index == expected++);
  const auto ours = run({program().string(), "watch", "--run", c.clinic->run_folder().string(), "--until-head"});
  BOOST_TEST(static_cast<std::uint64_t>(std::ranges::count(ours.out, '\n')) >= index);
  BOOST_TEST(index >= 3u);
}

BOOST_AUTO_TEST_CASE(the_example_in_python_asks_one_question) {
  if (!python_speaks()) {
    std::cerr << "SKIPPED: python3-zmq and python3-msgpack are missing\n";
    return;
  }
  const open_clinic c;
  BOOST_TEST(are_told_of_both_desks({"desks", "--hub", c.endpoint("commands")}));
  const auto status = python("ask.py", {"status", "--hub", c.endpoint("commands")});
  BOOST_TEST(nlohmann::json::parse(status.out).at("head").get<int>() > 0);
  const auto nobody = python("ask.py", {"status", "--hub", "tcp://127.0.0.1:1", "--wait-s", "1"});
  BOOST_TEST(nobody.status == 1);
  BOOST_TEST(nobody.err.find("nobody answers") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(with_a_key_the_python_examples_work_from_another_host_as_far_as_their_role_goes) {
  if (!python_speaks()) {
    std::cerr << "SKIPPED: python3-zmq and python3-msgpack are missing\n";
    return;
  }
  const open_clinic c{true};
  const auto key = c.key_for("wall", "monitor");
  BOOST_TEST(are_told_of_both_desks({"desks", "--hub", c.endpoint("commands"), "--key", key.string()}));
  const auto read = python("watch.py", {"--events", c.endpoint("events"), "--replay", c.endpoint("replay"), "--key",
                                        key.string(), "--until-head"});
  BOOST_TEST_REQUIRE(read.status == 0, read.err);
  BOOST_TEST(std::ranges::count(read.out, '\n') >= 3);
  const auto plain = python("watch.py", {"--events", c.endpoint("events"), "--replay", c.endpoint("replay"),
                                         "--until-head", "--wait-s", "1"});
  BOOST_TEST(plain.status == 1); // without a key nothing is heard
}
