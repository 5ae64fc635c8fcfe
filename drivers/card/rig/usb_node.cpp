// SIMULATED: a USB device node at the level of usbdevfs ioctls, as usb_node.hpp says.
#include "drivers/card/rig/usb_node.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <deque>
#include <filesystem>
#include <list>
#include <mutex>

#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <umockdev.h>
#include <unistd.h>

namespace drivers::card {

class usb_testbed {
public:
  usb_testbed() : bed_(umockdev_testbed_new()) {}
  usb_testbed(const usb_testbed&) = delete;
  usb_testbed& operator=(const usb_testbed&) = delete;
  ~usb_testbed() { g_object_unref(bed_); }

  UMockdevTestbed* get() const { return bed_; }
  std::filesystem::path root() const {
    gchar* text = umockdev_testbed_get_root_dir(bed_);
    std::filesystem::path path{text};
    g_free(text);
    return path;
  }
  /// Address 1 is the root hub's.
  int next_number() { return last_number_ = last_number_ % 126 + 2; }

  std::mutex guard; ///< umockdev's test bed is not made for several threads

private:
  UMockdevTestbed* bed_;
  int last_number_ = 0;
};

namespace {

/// A session leader without a terminal (a service, a container's first process) would be given the next terminal it
/// opens as its controlling one, which libusb does with our nodes, and be killed by SIGHUP when such a node is
/// unplugged. So it gets one that is never closed.
void keep_terminals_away() {
  if (getsid(0) != getpid()) return;
  const int own = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (own >= 0) {
    close(own);
    return;
  }
  int master = -1, slave = -1;
  if (openpty(&master, &slave, nullptr, nullptr, nullptr) != 0) return;
  fcntl(master, F_SETFD, FD_CLOEXEC);
  fcntl(slave, F_SETFD, FD_CLOEXEC);
  ioctl(slave, TIOCSCTTY, 0);
}

} // namespace

std::shared_ptr<usb_testbed> open_testbed() {
  static std::once_flag once;
  std::call_once(once, keep_terminals_away);
  static std::mutex guard;
  static std::weak_ptr<usb_testbed> one;
  const std::lock_guard lock{guard};
  auto bed = one.lock();
  if (!bed) one = bed = std::make_shared<usb_testbed>();
  return bed;
}

namespace {

struct data_unref {
  void operator()(UMockdevIoctlData* d) const { umockdev_ioctl_data_unref(d); }
};
using data_ptr = std::unique_ptr<UMockdevIoctlData, data_unref>;

/// Null when the client died in the middle of its call.
data_ptr resolve(UMockdevIoctlData* in, std::size_t offset, std::size_t size) {
  return data_ptr{umockdev_ioctl_data_resolve(in, offset, size, nullptr)};
}

/// One URB of the client: held from SUBMITURB until it is reaped.
struct urb {
  data_ptr data, buffer;
  usbdevfs_urb* get() const { return reinterpret_cast<usbdevfs_urb*>(data->data); }
};

struct packet {
  std::uint8_t endpoint = 0;
  wiped_bytes bytes;
  usb_node::time due;
  bool stalled = false;
};

class mock_node final : public usb_node {
public:
  mock_node(std::shared_ptr<usb_testbed> bed, node_device device)
      : bed_(std::move(bed)), device_(std::move(device)), number_(bed_->next_number()),
        ioctls_(umockdev_ioctl_base_new()) {
    g_signal_connect(ioctls_, "handle-ioctl", G_CALLBACK(on_ioctl), this);
  }
  mock_node(const mock_node&) = delete;
  mock_node& operator=(const mock_node&) = delete;
  ~mock_node() override {
    mock_node::unplug();
    const std::lock_guard lock{bed_->guard};
    umockdev_testbed_detach_ioctl(bed_->get(), device_path().c_str(), nullptr);
    g_signal_handlers_disconnect_by_data(ioctls_, this);
    g_object_unref(ioctls_);
  }

  bool plug(const rig_profile& profile) {
    const std::lock_guard lock{bed_->guard};
    // first the handler and the node, then the device: the add event is seen at once
    if (!umockdev_testbed_attach_ioctl(bed_->get(), device_path().c_str(), ioctls_, nullptr)) return false;
    if (!make_terminal()) return false;
    claimed_ = profile.held_by_another;
    plugged_ = umockdev_testbed_add_from_string(bed_->get(), describe(profile).c_str(), nullptr);
    return plugged_;
  }

  void unplug() override {
    if (!std::exchange(plugged_, false)) return;
    {
      const std::lock_guard lock{guard_};
      gone_ = true;
      packets_.clear();
      while (!flying_.empty())
        finish(flying_.begin(), -ESHUTDOWN, {});
      tcflow(slave_, TCOON);
    }
    {
      const std::lock_guard lock{bed_->guard};
      umockdev_testbed_uevent(bed_->get(), ("/sys" + sys_path()).c_str(), "remove");
      umockdev_testbed_remove_device(bed_->get(), ("/sys" + sys_path()).c_str());
    }
    const std::lock_guard lock{guard_};
    // the client's poll now tells POLLERR and POLLHUP, as usbfs does for a device that left
    close(std::exchange(master_, -1));
    close(std::exchange(slave_, -1));
  }

  void interrupt(const std::function<wiped_bytes()>& make) override {
    const std::lock_guard lock{guard_};
    if (gone_) return;
    auto message = make();
    if (!message.empty()) push(rig_endpoint_interrupt, std::move(message), {});
    match();
  }

  std::optional<time> deliver() override {
    const std::lock_guard lock{guard_};
    return match();
  }

private:
  std::string device_path() const { return "/dev/bus/usb/001/" + three_digits(); }
  std::string sys_path() const { return "/devices/usb1/1-" + std::to_string(number_); }
  std::string three_digits() const {
    const auto text = std::to_string(number_);
    return std::string(3 - text.size(), '0') + text;
  }

  /// The node is a terminal's slave: held back (TCOOFF) it is not ready for POLLOUT, which means "no URB to reap" in
  /// usbfs; a plain file would always be ready, and epoll refuses files (card-reader.md §3).
  bool make_terminal() {
    char name[64];
    if (openpty(&master_, &slave_, name, nullptr, nullptr) != 0) return false;
    termios raw{};
    tcgetattr(slave_, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave_, TCSANOW, &raw);
    tcflow(slave_, TCOOFF);
    fcntl(master_, F_SETFD, FD_CLOEXEC);
    fcntl(slave_, F_SETFD, FD_CLOEXEC);
    std::error_code failed;
    const auto folder = bed_->root() / "dev/bus/usb/001";
    std::filesystem::create_directories(folder, failed);
    std::filesystem::remove(folder / three_digits(), failed);
    std::filesystem::create_symlink(name, folder / three_digits(), failed);
    return !failed;
  }

  /// Without an N: line: umockdev would write through the symbolic link.
  std::string describe(const rig_profile& profile) const {
    static constexpr char format[] = "%04x";
    char vendor[8], product[8];
    std::snprintf(vendor, sizeof vendor, format, profile.vendor);
    std::snprintf(product, sizeof product, format, profile.product);
    return "P: " + sys_path() + "\nE: SUBSYSTEM=usb\nE: DRIVER=usb\nE: BUSNUM=001\nE: DEVNUM=" + three_digits() +
           "\nE: DEVNAME=" + device_path() + "\nE: DEVTYPE=usb_device\nA: bConfigurationValue=1\\n\nA: busnum=1\\n" +
           "\nA: devnum=" + std::to_string(number_) + "\\n\nA: speed=12\\n\nA: idVendor=" + vendor +
           "\\n\nA: idProduct=" + product + "\\n\nH: descriptors=" + apdu::hex(make_descriptors(profile)) +
           "\n\nP: " + sys_path() + "/1-" + std::to_string(number_) +
           ":1.0\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface" +
           "\nE: INTERFACE=11/0/0\nA: bInterfaceNumber=00\\n\nA: bInterfaceClass=0b\\n\n"; // pcscd looks for it
  }

  void push(std::uint8_t endpoint, wiped_bytes bytes, std::chrono::milliseconds delay, bool stalled = false) {
    packets_.push_back({endpoint, std::move(bytes), std::chrono::steady_clock::now() + delay, stalled});
  }

  void finish(std::list<urb>::iterator at, int status, ccid::octets bytes) {
    auto* u = at->get();
    const auto room = static_cast<std::size_t>(u->buffer_length);
    const auto size = std::min(bytes.size(), room);
    if (size > 0) std::memcpy(u->buffer, bytes.data(), size);
    u->actual_length = static_cast<int>(size);
    u->status = bytes.size() > room ? -EOVERFLOW : status;
    done_.splice(done_.end(), flying_, at);
  }

  /// Gives packets whose time has come to waiting URBs, keeping the order of each endpoint.
  std::optional<time> match() {
    const auto now = std::chrono::steady_clock::now();
    std::optional<time> next;
    bool held_back[256] = {};
    for (auto p = packets_.begin(); p != packets_.end();) {
      const bool waits = held_back[p->endpoint] || p->due > now;
      const auto found =
          waits ? flying_.end()
                : std::ranges::find_if(flying_, [&](const urb& u) { return u.get()->endpoint == p->endpoint; });
      if (p->due > now && (!next || p->due < *next)) next = p->due;
      if (found == flying_.end()) {
        held_back[p->endpoint] = true;
        ++p;
        continue;
      }
      finish(found, p->stalled ? -EPIPE : 0, p->bytes);
      p = packets_.erase(p);
    }
    if (slave_ >= 0 && !gone_) tcflow(slave_, done_.empty() ? TCOOFF : TCOON);
    return next;
  }

  int submit(UMockdevIoctlData* arg) {
    std::list<urb> one(1);
    auto& u = one.front();
    u.data = resolve(arg, 0, sizeof(usbdevfs_urb));
    if (!u.data) return EFAULT;
    auto* about = u.get();
    if (about->buffer_length > 0)
      u.buffer = resolve(u.data.get(), offsetof(usbdevfs_urb, buffer), static_cast<std::size_t>(about->buffer_length));
    if (about->buffer_length > 0 && !u.buffer) return EFAULT;
    about->actual_length = 0;
    about->status = 0;
    const auto* bytes = static_cast<const std::uint8_t*>(about->buffer);
    const ccid::octets content{bytes, static_cast<std::size_t>(about->buffer_length)};
    if (about->type == USBDEVFS_URB_TYPE_CONTROL) {
      control(u, content);
    } else if ((about->endpoint & 0x80) != 0) {
      flying_.splice(flying_.end(), one);
    } else if (about->endpoint != rig_endpoint_out) {
      about->status = -EPIPE; // the side interface of a composite reader: nobody has any business there
    } else {
      const wiped_bytes request(content.begin(), content.end()); // it may hold a PIN
      if (auto answers = device_.bulk_out(request)) {
        about->actual_length = about->buffer_length;
        for (auto& frame : *answers)
          push(rig_endpoint_in, std::move(frame.bytes), frame.delay, frame.stalled);
      } else
        flying_.splice(flying_.end(), one);
    }
    done_.splice(done_.end(), one); // what is under way has left the list
    if (match() && device_.scheduled) device_.scheduled();
    return 0;
  }

  void control(urb& u, ccid::octets content) {
    auto* about = u.get();
    const auto answer = content.size() >= 8 ? device_.control(content.first(8)) : std::vector<std::uint8_t>{};
    const auto size = content.size() >= 8 ? std::min(answer.size(), content.size() - 8) : 0;
    if (size > 0) std::memcpy(static_cast<std::uint8_t*>(about->buffer) + 8, answer.data(), size);
    about->actual_length = static_cast<int>(size);
    about->status = answer.empty() ? -EPIPE : 0;
  }

  int reap(UMockdevIoctlData* arg) {
    match();
    if (done_.empty()) return gone_ ? ENODEV : EAGAIN;
    const auto target = resolve(arg, 0, sizeof(void*));
    if (!target) return EFAULT;
    umockdev_ioctl_data_set_ptr(target.get(), 0, done_.front().data.get());
    done_.pop_front();
    match();
    return 0;
  }

  int discard(UMockdevIoctlData* arg) {
    gulong address = 0;
    std::memcpy(&address, arg->data, sizeof address);
    const auto found = std::ranges::find_if(flying_, [&](const urb& u) { return u.data->client_addr == address; });
    if (found == flying_.end()) return EINVAL;
    finish(found, -ENOENT, {});
    match();
    return 0;
  }

  /// 0, an errno, or -1 for a request that is not known here.
  int handle(unsigned long request, UMockdevIoctlData* arg) {
    const bool reaping = request == USBDEVFS_REAPURB || request == USBDEVFS_REAPURBNDELAY;
    if (gone_ && !reaping) return ENODEV;
    switch (request) {
    case USBDEVFS_GET_CAPABILITIES: {
      const std::uint32_t all = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_BULK_CONTINUATION |
                                USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_BULK_SCATTER_GATHER |
                                USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
      const auto target = resolve(arg, 0, sizeof all);
      if (target) std::memcpy(target->data, &all, sizeof all);
      return target ? 0 : EFAULT;
    }
    case USBDEVFS_CLAIMINTERFACE:
    case USBDEVFS_DISCONNECT_CLAIM: return std::exchange(claimed_, true) ? EBUSY : 0;
    case USBDEVFS_RELEASEINTERFACE: claimed_ = false; return 0;
    case USBDEVFS_CLEAR_HALT:
    case USBDEVFS_RESET:
    case USBDEVFS_RESETEP:
    case USBDEVFS_SETINTERFACE: return 0;
    case USBDEVFS_GETDRIVER: return ENODATA;
    case USBDEVFS_SUBMITURB: return submit(arg);
    case USBDEVFS_REAPURB:
    case USBDEVFS_REAPURBNDELAY: return reap(arg);
    case USBDEVFS_DISCARDURB: return discard(arg);
    default: return -1;
    }
  }

  static gboolean on_ioctl(UMockdevIoctlBase*, UMockdevIoctlClient* client, gpointer self) {
    auto& node = *static_cast<mock_node*>(self);
    int failed = 0;
    {
      const std::lock_guard lock{node.guard_};
      failed = node.handle(umockdev_ioctl_client_get_request(client), umockdev_ioctl_client_get_arg(client));
    }
    if (failed < 0) return FALSE;
    umockdev_ioctl_client_complete(client, failed == 0 ? 0 : -1, failed);
    return TRUE;
  }

  std::shared_ptr<usb_testbed> bed_;
  node_device device_;
  const int number_;
  UMockdevIoctlBase* ioctls_;
  bool plugged_ = false; // of the rig's thread

  std::mutex guard_; // of all that follows
  int master_ = -1, slave_ = -1;
  bool gone_ = false, claimed_ = false;
  std::list<urb> flying_, done_;
  std::deque<packet> packets_;
};

} // namespace

messages::result<std::unique_ptr<usb_node>> usb_node::plug(std::shared_ptr<usb_testbed> bed, const rig_profile& profile,
                                                           node_device device) {
  auto node = std::make_unique<mock_node>(std::move(bed), std::move(device));
  if (node->plug(profile)) return node;
  return messages::failure(messages::error_code::no_reader, "umockdev refused the device");
}

} // namespace drivers::card
