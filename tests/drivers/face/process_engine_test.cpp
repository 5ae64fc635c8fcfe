// The engine's process: it dies, hangs or lies, and the desk only learns that it cannot tell; and what it may do.
#include "tests/drivers/face/support_engines.hpp"

#include "drivers/face/engine_wire.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <sstream>

using namespace face_test;
using messages::error_code;

namespace {

namespace fs = std::filesystem;

/// A folder with two files that pass for models, and programs that pass for the engine.
class stage {
public:
  stage() {
    std::string pattern = (fs::temp_directory_path() / "uketsuke-face-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    std::ofstream{folder_ / "model"} << "abc";
  }
  ~stage() { fs::remove_all(folder_); }

  models files() const {
    const auto file = (folder_ / "model").string();
    const std::string sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // of "abc"
    return {file, sha256, file, sha256, {0.6, 0.4}};
  }
  /// A shell script; descriptor 3 is the socket to the desk.
  std::string program(const std::string& script) const {
    const auto file = folder_ / "engine";
    std::ofstream{file} << "#!/bin/sh\n" << script << '\n';
    ::chmod(file.c_str(), 0700);
    return file.string();
  }
  messages::result<std::unique_ptr<engine>> open(const std::string& script) const {
    return open_process_engine(
        {.which = files(), .program = program(script), .start_ms_max = 3'000, .answer_ms_max = 300});
  }

private:
  fs::path folder_;
};

/// Shell words that say @p how on the socket.
std::string says(wire::verdict how, std::uint32_t sight = 0) {
  std::ostringstream octets;
  for (const auto o : wire::pack(wire::reply{how, sight, 0})) {
    octets << '\\' << ((o >> 6) & 7) << ((o >> 3) & 7) << (o & 7);
  }
  return "printf '" + octets.str() + "' >&3\n";
}

/// The engine's processes among this one's children.
std::vector<int> children() {
  std::vector<int> found;
  for (const auto& task : fs::directory_iterator("/proc/self/task")) {
    std::ifstream in{task.path() / "children"};
    for (int pid = 0; in >> pid;)
      found.push_back(pid);
  }
  return found;
}

std::string status_of(int pid, const std::string& key) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(key + ":")) return line.substr(line.find_first_not_of(" \t", key.size() + 1));
  return {};
}

} // namespace

BOOST_AUTO_TEST_CASE(a_model_file_that_is_another_one_is_refused_by_name_and_digest) {
  const stage s;
  auto which = s.files();
  which.embedding_sha256[0] = '0';
  const auto refused = open_process_engine({.which = which, .program = "/bin/true"});
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == error_code::face_models_unfit));
  BOOST_TEST(refused.error().args[0] == which.embedding);
  which = s.files();
  which.detector += "-gone";
  BOOST_TEST((check_models(which).error().code == error_code::face_models_unfit));
}

BOOST_AUTO_TEST_CASE(thresholds_belong_to_one_model_and_an_unknown_one_needs_its_own) {
  const stage s;
  auto which = s.files();
  which.means = {};
  BOOST_TEST((check_models(which).error().code == error_code::face_models_unfit)); // never measured
  for (const auto senseless : {thresholds{0.4, 0.6}, thresholds{0, 0}, thresholds{1, 0.5}, thresholds{0.5, -1}}) {
    which.means = senseless;
    BOOST_TEST(!check_models(which));
  }
  which.means = {0.6, 0.4};
  BOOST_TEST(check_models(which)->id == "ba7816bf8f01cfea");
  const auto* measured = measured_for("686a5b45a7dc96f97bda55a0707cdbb56dd80572010911bedd5d698ef03b3914");
  BOOST_REQUIRE(measured);
  BOOST_TEST(measured->accept_at == 0.6);
}

BOOST_AUTO_TEST_CASE(an_engine_that_does_not_begin_is_an_error_at_the_start) {
  const stage s;
  for (const auto* script : {"exit 1", "sleep 20", "printf 'nonsense that is no reply' >&3"})
    BOOST_TEST((s.open(script).error().code == error_code::face_engine_lost), script);
  BOOST_TEST((s.open(says(wire::verdict::no_models)).error().code == error_code::face_models_unfit));
}

BOOST_AUTO_TEST_CASE(an_engine_that_dies_hangs_or_lies_cannot_tell_and_is_replaced) {
  const stage s;
  const auto ready = says(wire::verdict::ready);
  // It answers what it was asked, as the real one does: the head, and the five bytes of "photo".
  const auto learnt = "head -c " + std::to_string(wire::head_size + 5) + " <&3 >/dev/null\n" +
                      says(wire::verdict::learnt);
  for (const std::string& last :
       {std::string{"exit 1"}, std::string{"sleep 20"}, std::string{"kill -SEGV $$"}, says(wire::verdict::seen, 99),
        says(wire::verdict::learnt), std::string{"printf 'xxxxxxxxxxxx' >&3"}}) {
    auto opened = s.open(ready + learnt + last);
    BOOST_REQUIRE(opened);
    auto& e = **opened;
    BOOST_REQUIRE(learn(e, octets("photo")));
    BOOST_TEST((look(e, octets("frame")).error().code == error_code::face_engine_lost), last);
    BOOST_TEST((look(e, octets("frame")).error().code == error_code::face_engine_lost), last); // begin anew
    BOOST_TEST(learn(e, octets("photo")).has_value(), last); // by another process
  }
  BOOST_TEST(children().empty()); // none is left behind, none a zombie
}

#ifdef UKETSUKE_WITH_FACE_ENGINE

BOOST_AUTO_TEST_CASE(the_process_gives_way_and_is_without_rights_descriptors_or_memory_of_the_last_patient) {
  const auto folder = face_folder();
  if (!folder) {
    BOOST_TEST_MESSAGE("skipped: no models (UKETSUKE_FACE_DIR)");
    return;
  }
  auto opened = open_process_engine({.which = models_in(*folder), .program = program()});
  BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : messages::to_sentence(opened.error())));
  BOOST_REQUIRE(learn(**opened, file(*folder / "cards/C001080_240x320_3000.j2k")));
  const auto pids = children();
  BOOST_REQUIRE(pids.size() == 1u);
  BOOST_TEST(::getpriority(PRIO_PROCESS, static_cast<id_t>(pids[0])) >= 10);
  BOOST_TEST(::sched_getscheduler(pids[0]) == SCHED_OTHER); // an idle one starves beside a browser
  BOOST_TEST(status_of(pids[0], "NoNewPrivs") == "1");
  BOOST_TEST(status_of(pids[0], "Seccomp") == "2");
  if (::geteuid() == 0) BOOST_TEST(status_of(pids[0], "Uid").starts_with("65534"));
  std::error_code unseen;
  std::size_t descriptors = 0;
  for (const auto& fd : fs::directory_iterator("/proc/" + std::to_string(pids[0]) + "/fd", unseen)) {
    ++descriptors;
    const auto name = fs::read_symlink(fd.path(), unseen).string();
    BOOST_TEST((name == "/dev/null" || name.starts_with("socket:")), name);
  }
  if (!unseen) BOOST_TEST(descriptors == 4u);
  (*opened)->forget();
  BOOST_REQUIRE(learn(**opened, file(*folder / "cards/C001080_240x320_3000.j2k")));
  const auto next = children();
  BOOST_REQUIRE(next.size() == 1u);
  BOOST_TEST(next[0] != pids[0]); // another process: what the first one saw went with it
}

BOOST_AUTO_TEST_CASE(an_engine_killed_in_the_middle_is_replaced_for_the_next_patient) {
  const auto folder = face_folder();
  if (!folder) {
    BOOST_TEST_MESSAGE("skipped: no models (UKETSUKE_FACE_DIR)");
    return;
  }
  auto opened = open_process_engine({.which = models_in(*folder), .program = program()});
  BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : messages::to_sentence(opened.error())));
  const auto photo = file(*folder / "cards/C001080_240x320_3000.j2k"),
             frame = file(*folder / "photos/C001080_b2024.jpg");
  BOOST_REQUIRE(learn(**opened, photo));
  ::kill(children().at(0), SIGKILL);
  BOOST_TEST((look(**opened, frame).error().code == error_code::face_engine_lost));
  BOOST_REQUIRE(learn(**opened, photo));
  BOOST_TEST(look(**opened, frame)->score >= 0.6);
}

#endif
