// OpenSC, pcscd and libccid, which nobody here wrote, accept the virtual card in vpcd's slot and the virtual readers on
// USB. Skipped (77) where their packages, or private namespaces, are missing.
#include "tests/test.hpp"

#include "drivers/card/rig.hpp"
#include "drivers/card/virtual_vpcd.hpp"
#include "tests/drivers/card/child.hpp"
#include "tests/drivers/card/notebook.hpp"

#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>

using namespace conformance;

namespace {

constexpr std::uint16_t vpcd_port = 35963; // in a network of its own: nobody else is there
constexpr std::chrono::seconds tool_wait{20}, start_wait{20};

void skip(const char* why) {
  std::printf("SKIPPED: %s\n", why);
  std::fflush(stdout);
  _exit(77);
}

/// A mount and a network namespace of this process and its children: their own /run, their own loopback.
bool become_private() {
  const auto uid = getuid();
  if (unshare(uid == 0 ? CLONE_NEWNS | CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) != 0) return false;
  if (uid != 0) std::ofstream{"/proc/self/uid_map"} << "0 " << uid << " 1\n";
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  if (mount("tmpfs", "/run", "tmpfs", 0, "mode=755") != 0) return false;
  std::filesystem::create_directories("/run/pcscd");
  const int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq loopback{};
  std::strcpy(loopback.ifr_name, "lo");
  loopback.ifr_flags = IFF_UP | IFF_RUNNING;
  const bool up = any >= 0 && ioctl(any, SIOCSIFFLAGS, &loopback) == 0;
  close(any);
  return up;
}

struct surroundings {
  surroundings() {
    for (const char* file : {"/usr/sbin/pcscd", "/usr/bin/opensc-tool", "/usr/bin/pkcs15-tool", "/usr/bin/pkcs11-tool",
                             "/usr/lib/pcsc/drivers/serial/libifdvpcd.so", "/usr/lib/pcsc/drivers/ifd-ccid.bundle"})
      if (!std::filesystem::exists(file))
        skip((std::string{file} + " is not installed (pcscd, vsmartcard-vpcd, opensc, libccid)").c_str());
    if (!become_private()) skip("this machine gives no private namespaces (unshare, mount)");
  }
};
BOOST_TEST_GLOBAL_FIXTURE(surroundings);

struct tool_result {
  bool good = false;
  std::string text;
};

/// Without umockdev, which only pcscd needs: opensc-pkcs11.so starts GLib's thread inside dlopen() (it registers for
/// notifications), umockdev's read() on that thread calls dlsym(), and both wait for the loader's lock for ever.
tool_result run(std::vector<std::string> words) {
  words[0] = "/usr/bin/" + words[0];
  child tool{std::move(words), {"LD_PRELOAD", "UMOCKDEV_DIR"}};
  tool_result r;
  r.text = tool.read_all(tool_wait);
  const int how = tool.end();
  r.good = WIFEXITED(how) && WEXITSTATUS(how) == 0;
  return r;
}

int count(const std::string& text, const std::string& what) {
  int n = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++n;
  return n;
}

/// pcscd in the foreground, with vpcd's slots or with what hangs on USB.
class pcscd {
public:
  explicit pcscd(bool with_vpcd) {
    std::ofstream{folder_.path / "vpcd"} << (with_vpcd ? "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:0x8C7B\n"
                                                         "LIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so\n"
                                                         "CHANNELID 0x8C7B\n"
                                                       : "");
    process_ = std::make_unique<child>(
        std::vector<std::string>{"/usr/sbin/pcscd", "--foreground", "--config", folder_.path.string()});
    const auto until = std::chrono::steady_clock::now() + start_wait;
    while (!std::filesystem::exists("/run/pcscd/pcscd.comm") && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    BOOST_REQUIRE(std::filesystem::exists("/run/pcscd/pcscd.comm"));
  }
  ~pcscd() { process_->end(); }
  pcscd(const pcscd&) = delete;
  pcscd& operator=(const pcscd&) = delete;

private:
  temporary_folder folder_;
  std::unique_ptr<child> process_;
};

/// Which card OpenSC sees, as soon as it sees it: pcscd looks at the slot now and then, and may be powering it now.
tool_result name_of_card() {
  tool_result seen;
  const auto until = std::chrono::steady_clock::now() + start_wait;
  while (std::chrono::steady_clock::now() < until) {
    seen = run({"opensc-tool", "-n"});
    if (seen.good && seen.text.find("jpki") != std::string::npos) break;
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
  }
  return seen;
}

/// What OpenSC's own tools must be able to do with a card of ours, however it is reached.
void check_acceptance(virtual_card& card) {
  const auto named = name_of_card();
  BOOST_TEST_REQUIRE(named.good, named.text);
  BOOST_TEST(count(named.text, "jpki") == 1, named.text);

  const auto listed = run({"pkcs15-tool", "-D"});
  BOOST_TEST(listed.good, listed.text);
  BOOST_TEST(count(listed.text, "X.509 Certificate [") == 4, listed.text);
  BOOST_TEST(count(listed.text, "Private RSA Key [") == 2, listed.text);
  BOOST_TEST(count(listed.text, "PIN [") == 2, listed.text);
  BOOST_TEST(count(listed.text, "Tries left     : 3") == 1, listed.text);
  BOOST_TEST(count(listed.text, "Tries left     : 5") == 1, listed.text);

  const auto tested = run({"pkcs11-tool", "--test", "--login", "--pin", "1234"});
  BOOST_TEST(tested.good, tested.text);
  BOOST_TEST(count(tested.text, "No errors") == 1, tested.text);
  BOOST_TEST(card.counts().tries_left == 3);
  BOOST_TEST(card.counts().verifies >= 1);
  BOOST_TEST(card.counts().refused == 0);
}

std::shared_ptr<virtual_card> whole_card(virtual_card_options options = {}) {
  auto made = make_whole_card(authority(), "SIM000000000001", std::move(options));
  BOOST_REQUIRE(made.has_value());
  return *made;
}

void check_on_usb(const char* profile) {
  const auto card = whole_card();
  const auto slot = std::make_shared<virtual_slot>();
  slot->place(card);
  const auto rig = usb_rig::start(slot, *rig_profile_named(profile));
  BOOST_REQUIRE(rig.has_value());
  const pcscd daemon{false};
  check_acceptance(*card);
}

} // namespace

BOOST_AUTO_TEST_CASE(opensc_accepts_the_card_in_vpcds_slot) {
  const pcscd daemon{true};
  const auto card = whole_card();
  const auto front = vpcd_front::open(card, {.port = vpcd_port, .connect_wait_ms_max = 10'000});
  BOOST_REQUIRE(front.has_value());
  check_acceptance(*card);

  const auto wrong = run({"pkcs11-tool", "--login", "--pin", "9999", "-O"});
  BOOST_TEST(!wrong.good, wrong.text);
  BOOST_TEST(card->counts().tries_left == 2);
  const auto right = run({"pkcs11-tool", "--login", "--pin", "1234", "-O"});
  BOOST_TEST(right.good, right.text);
  BOOST_TEST(card->counts().tries_left == 3);
}

BOOST_AUTO_TEST_CASE(opensc_knows_the_card_whatever_its_answer_to_reset) {
  for (const auto which : card_atrs) {
    const pcscd daemon{true}; // vpcd 3.3 may hang when cards are exchanged under it
    virtual_card_options options;
    options.atr = which;
    const auto front =
        vpcd_front::open(whole_card(std::move(options)), {.port = vpcd_port, .connect_wait_ms_max = 10'000});
    BOOST_REQUIRE(front.has_value());
    const auto named = name_of_card();
    BOOST_TEST(named.good, apdu::hex(make_of(which).atr) << ": " << named.text);
    BOOST_TEST(count(named.text, "jpki") == 1, apdu::hex(make_of(which).atr) << ": " << named.text);
  }
}

BOOST_AUTO_TEST_CASE(opensc_through_libccid_accepts_the_extended_apdu_reader) { check_on_usb("rc-s300"); }

BOOST_AUTO_TEST_CASE(opensc_through_libccid_accepts_the_tpdu_reader_of_the_vendor_class) {
  check_on_usb("scr3310-nttcom");
}

BOOST_AUTO_TEST_CASE(opensc_through_libccid_accepts_a_reader_without_automatic_voltage) { check_on_usb("acr39u"); }

BOOST_AUTO_TEST_CASE(opensc_through_libccid_accepts_the_short_apdu_reader) { check_on_usb("tc63cut021"); }
