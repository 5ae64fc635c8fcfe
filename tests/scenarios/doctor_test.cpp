// Each link broken in a clinic of processes: the doctor at the desk or at the hub names it.
#include "tests/test.hpp"

#include "drivers/bus/node_keys.hpp"
#include "tests/scenarios/support.hpp"
#include "tools/simulate/page.hpp"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <fstream>
#include <functional>

using namespace scenarios;
namespace fs = std::filesystem;

namespace {

struct ailing_clinic {
  temporary_folder folder;
  std::unique_ptr<tools::clinic> clinic;

  ailing_clinic() {
    auto o = small_clinic(folder.path());
    o.pages = false;
    o.far_desks = true;
    auto opened = tools::clinic::open(std::move(o));
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : messages::to_sentence(opened.error())));
    clinic = std::move(*opened);
  }
  fs::path config(const std::string& node) const { return folder.path() / "config" / (node + ".toml"); }
  finished doctor(const fs::path& config) const {
    return run({program().string(), "doctor", "--config", config.string(), "--json"}, 60);
  }
  /// The links that are broken, as doctor's JSON names them.
  std::string broken(const finished& said) const {
    std::string links;
    for (const auto& f : nlohmann::json::parse(said.out, nullptr, false))
      if (f.at("standing") == "broken") links += (links.empty() ? "" : ", ") + f.at("link").get<std::string>();
    return links;
  }
  bool soon_broken(const fs::path& config, const std::string& links) const {
    for (int tries = 0; tries < 60; ++tries) {
      if (broken(doctor(config)) == links) return true;
      ::usleep(100'000);
    }
    BOOST_TEST_MESSAGE(doctor(config).out);
    return false;
  }
  /// A copy of a node's configuration with @p from replaced by @p to.
  fs::path changed(const std::string& node, const std::string& from, const std::string& to) const {
    auto text = text_of(config(node));
    const auto at = text.find(from);
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, text);
    text.replace(at, from.size(), to);
    const auto file = folder.path() / "changed.toml";
    std::ofstream{file} << text;
    return file;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_clinic_in_good_health_has_no_complaints_and_each_fault_is_named, ailing_clinic) {
  BOOST_TEST(soon_broken(config("desk-1"), ""));
  BOOST_TEST(soon_broken(config("hub"), ""));
  const auto words = run({program().string(), "doctor", "--config", config("desk-1").string()}, 60);
  BOOST_TEST(words.status == 0, words.out << words.err);
  BOOST_TEST(words.out.find("異常は見つかりませんでした") != std::string::npos, words.out);

  tools::page rig{clinic->rig_socket("desk-1")};
  BOOST_REQUIRE(rig.rig("unplug").has_value());
  BOOST_TEST(soon_broken(config("desk-1"), "card reader"));
  BOOST_TEST(soon_broken(config("desk-2"), "")); // that one's is in order
  BOOST_REQUIRE(rig.rig("plug").has_value());
  BOOST_TEST(soon_broken(config("desk-1"), ""));

  const auto pki = folder.path() / "pki";
  const auto other = changed("hub", "\ncertificate = '", "\ncertificate = '/nowhere");
  BOOST_TEST(broken(doctor(other)) == "certificate");
  const auto wrong_port = changed("hub", "[line]\nhost = '127.0.0.1'", "[line]\nhost = 'no-such-host.invalid'");
  BOOST_TEST(broken(doctor(wrong_port)) == "line");
  clinic->freeze("centre");
  BOOST_TEST(soon_broken(config("hub"), "national system"));
  clinic->stop("centre");
  BOOST_TEST(soon_broken(config("hub"), "line"));
  clinic->start("centre");
  BOOST_TEST(soon_broken(config("hub"), ""));

  const auto elsewhere = changed("desk-1", "hub = '127.0.0.1:", "hub = 'no-such-host.invalid:");
  BOOST_TEST(broken(doctor(elsewhere)) == "local network");
  BOOST_REQUIRE(bus::revoke(clinic->keys_folder() / "nodes", "desk-2"));
  BOOST_TEST(soon_broken(config("desk-2"), "keys"));
  clinic->stop("hub");
  BOOST_TEST(soon_broken(config("desk-1"), "hub"));
  const auto said = run({program().string(), "doctor", "--config", config("desk-1").string()}, 60);
  BOOST_TEST(said.status == 1);
  BOOST_TEST(said.out.find("受付サーバーの電源を確認") != std::string::npos, said.out);
  BOOST_TEST(said.out.find("Vendor: ") != std::string::npos);
  BOOST_TEST(said.out.find("異常箇所：ハブ") != std::string::npos);
}
