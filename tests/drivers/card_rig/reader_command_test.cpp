// `uketsuke reader list | status | trace`, the program itself, on emulated USB readers: what it tells, and that telling
// uses no try. Skipped (77) in a build without the tools.
#include "tests/test.hpp"

#include "drivers/card/rig.hpp"
#include "tests/drivers/card/child.hpp"
#include "tests/drivers/card/notebook.hpp"
#include "tests/drivers/card/replay.hpp"

#include <cstdio>
#include <fstream>

using namespace conformance;

namespace {

constexpr std::chrono::seconds tool_wait{30};
const std::string program = UKETSUKE_BINARY_DIR "/tools/uketsuke";

struct built {
  built() {
    if (std::filesystem::exists(program)) return;
    std::puts("SKIPPED: this build has no tools");
    std::fflush(stdout);
    _exit(77);
  }
};
BOOST_TEST_GLOBAL_FIXTURE(built);

struct said {
  int status = -1;
  std::string text;
  bool has(const std::string& what) const { return text.find(what) != std::string::npos; }
};

said run_reader(std::vector<std::string> words) {
  words.insert(words.begin(), {program, "reader"});
  child tool{std::move(words)};
  said s;
  s.text = tool.read_all(tool_wait);
  const int how = tool.end();
  s.status = WIFEXITED(how) ? WEXITSTATUS(how) : 128;
  return s;
}

/// An emulated reader, and what lies on it.
struct desk {
  explicit desk(const char* profile) : slot(std::make_shared<virtual_slot>()) {
    auto started = usb_rig::start(slot, *rig_profile_named(profile));
    BOOST_REQUIRE(started.has_value());
    rig = std::move(*started);
  }
  std::shared_ptr<virtual_slot> slot;
  std::unique_ptr<usb_rig> rig;
};

} // namespace

BOOST_AUTO_TEST_CASE(list_tells_each_readers_profile_and_why) {
  struct row {
    const char *profile, *exchange, *found_by;
  };
  for (const auto& [profile, exchange, found_by] : {row{"rc-s300", "exchange: extended APDU", "found by: class 0B"},
                                                    row{"scr3310-nttcom", "exchange: TPDU", "found by: class FF"},
                                                    row{"tc63cut021", "exchange: short APDU", "found by: class 0B"}}) {
    const desk d{profile};
    const auto plain = run_reader({"list"});
    BOOST_TEST(plain.status == 0, plain.text);
    BOOST_TEST(plain.has(exchange), plain.text);
    BOOST_TEST(plain.has(found_by), plain.text);
    BOOST_TEST(plain.has("dwFeatures"), plain.text); // the why
    const auto json = run_reader({"list", "--json"});
    BOOST_TEST(json.text.starts_with("[{\"model\":\""), json.text);
    BOOST_TEST(json.has("\"decisions\""), json.text);
  }
}

BOOST_AUTO_TEST_CASE(status_tells_what_lies_there_uses_no_try_and_names_nobody) {
  const desk d{"rc-s300"};
  const auto empty = run_reader({"status", "--wait", "1"});
  BOOST_TEST(empty.status == 0, empty.text);
  BOOST_TEST(empty.has("card: none"), empty.text);
  const auto card = new_card();
  d.slot->place(card);
  const auto full = run_reader({"status"});
  BOOST_TEST(full.status == 0, full.text);
  BOOST_TEST(full.has("card: my_number_card"), full.text);
  BOOST_TEST(full.has("PIN of user authentication: 3"), full.text);
  BOOST_TEST(full.has("key: RSA, 2048 bits"), full.text);
  BOOST_TEST(full.has("issued by an accepted authority: not checked"), full.text);
  BOOST_TEST(!full.has("SIM000000000001"), full.text);
  BOOST_TEST(card->counts().verifies == 0);
  BOOST_TEST(card->counts().tries_left == 3);
}

BOOST_AUTO_TEST_CASE(status_tells_whether_an_accepted_authority_issued_the_card) {
  const temporary_folder ours, theirs, foreign;
  const auto put = [](const temporary_folder& folder, const messages::bytes& der) {
    std::ofstream to{folder.path / "ca.cer", std::ios::binary};
    to.write(reinterpret_cast<const char*>(der.data()), static_cast<std::streamsize>(der.size()));
  };
  put(ours, authority().certificate());
  put(theirs, card_authority::open(foreign.path, now_s)->certificate());
  const desk d{"rc-s300"};
  d.slot->place(new_card());
  const auto good = run_reader({"status", "--authorities", ours.path.string()});
  BOOST_TEST(good.has("issued by an accepted authority: yes"), good.text);
  const auto bad = run_reader({"status", "--authorities", theirs.path.string()});
  BOOST_TEST(bad.has("issued by an accepted authority: no "), bad.text);
  const auto none = run_reader({"status", "--authorities", (ours.path / "absent").string()});
  BOOST_TEST(none.status == 1, none.text);
}

BOOST_AUTO_TEST_CASE(trace_shows_frames_and_decisions_until_it_is_told_to_end_and_nothing_of_the_card) {
  const desk d{"scr3310-nttcom"};
  const auto card = new_card();
  d.slot->place(card);
  child tool{{program, "reader", "trace"}};
  const said s{0, tool.read_all(tool_wait, "issued by an accepted authority")};
  const int how = tool.end(); // SIGTERM
  BOOST_TEST((WIFEXITED(how) && WEXITSTATUS(how) == 0), "ended with " << how);
  for (const char* what : {"# attached: ", "# exchange: TPDU", "# a card was placed", "-> 000000 62", "<- 000000 80",
                           "# PIN of user authentication: 3"})
    BOOST_TEST(s.has(what), what << " is missing in\n" << s.text);
  const auto issued = authority().issue("SIM000000000001");
  BOOST_TEST(!s.has(apdu::hex(apdu::octets{issued->certificate}.subspan(100, 8))));
  BOOST_TEST(s.has(" **"), s.text); // a file's bytes
  BOOST_TEST(card->counts().verifies == 0);
  const auto again = replay::run(s.text); // put into tests/drivers/card/traces it is a test
  if (const char* file = std::getenv("UKETSUKE_WRITE_TRACE")) std::ofstream{file} << s.text;
  for (const auto& difference : again.differences)
    BOOST_ERROR(difference);
  BOOST_TEST((again.to_the_end && again.power_ons == 1 && again.apdus > 10));
}
