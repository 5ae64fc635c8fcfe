// Finding readers with libusb, as usb_bus.hpp says.
#include "drivers/card/usb_bus.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <libusb.h>

namespace drivers::card {

/// One libusb context, driven by the loop: its descriptors are watched, its hot-plug news wake the bus. Made and
/// destroyed on the loop's thread, never inside a libusb callback.
class usb_context : public std::enable_shared_from_this<usb_context> {
public:
  usb_context(event_loop& loop, std::weak_ptr<usb_bus> bus) : loop_(loop), bus_(std::move(bus)) {}
  usb_context(const usb_context&) = delete;
  usb_context& operator=(const usb_context&) = delete;
  ~usb_context() {
    if (context_ == nullptr) return;
    libusb_set_pollfd_notifiers(context_, nullptr, nullptr, nullptr);
    for_each_descriptor([this](const libusb_pollfd& d) { loop_.forget(d.fd); });
    libusb_exit(context_);
  }

  bool open() {
    if (libusb_init(&context_) != 0) {
      context_ = nullptr;
      return false;
    }
    // libusb keeps its time-outs in a timerfd on Linux, so its descriptors are all that must be watched
    for_each_descriptor([this](const libusb_pollfd& d) { watch(d.fd, d.events); });
    libusb_set_pollfd_notifiers(
        context_, [](int fd, short events, void* self) { static_cast<usb_context*>(self)->watch(fd, events); },
        [](int fd, void* self) { static_cast<usb_context*>(self)->loop_.forget(fd); }, this);
    libusb_hotplug_register_callback(context_, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT,
                                     0, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY,
                                     hot_plugged, this, nullptr);
    return true;
  }
  libusb_context* get() const { return context_; }

private:
  template <class F> void for_each_descriptor(F use) {
    const auto** all = libusb_get_pollfds(context_);
    if (all == nullptr) return;
    for (auto at = all; *at != nullptr; ++at)
      use(**at);
    libusb_free_pollfds(all);
  }

  void watch(int fd, short events) {
    loop_.watch(fd, events, [context = context_] {
      timeval now{0, 0};
      libusb_handle_events_timeout_completed(context, &now, nullptr);
    });
  }

  static int LIBUSB_CALL hot_plugged(libusb_context*, libusb_device*, libusb_hotplug_event, void* user) {
    auto& self = *static_cast<usb_context*>(user);
    if (std::exchange(self.told_, true)) return 0; // one call for a burst of devices
    self.loop_.post([weak = self.weak_from_this()] {
      const auto alive = weak.lock();
      if (!alive) return;
      alive->told_ = false;
      if (const auto bus = alive->bus_.lock()) bus->wake_listeners();
    });
    return 0;
  }

  event_loop& loop_;
  std::weak_ptr<usb_bus> bus_;
  libusb_context* context_ = nullptr;
  bool told_ = false;
};

namespace {

octets extra_of(const unsigned char* extra, int size) {
  return size > 0 ? octets{extra, static_cast<std::size_t>(size)} : octets{};
}

/// Some readers hang the class descriptor there (card-reader.md §2.4 no. 2).
octets extra_of_last_endpoint(const libusb_interface_descriptor& about) {
  if (about.bNumEndpoints == 0) return {};
  const auto& last = about.endpoint[about.bNumEndpoints - 1];
  return extra_of(last.extra, last.extra_length);
}

std::optional<ccid_descriptor> descriptor_of(const libusb_interface_descriptor& about) {
  if (auto found = find_descriptor(extra_of(about.extra, about.extra_length))) return found;
  return find_descriptor(extra_of_last_endpoint(about));
}

bool fill_in(usb_place& place, const libusb_interface_descriptor& about) {
  if (!is_reader(about.bInterfaceClass, extra_of(about.extra, about.extra_length)) &&
      !is_reader(about.bInterfaceClass, extra_of_last_endpoint(about)))
    return false;
  place.interface_number = about.bInterfaceNumber;
  place.interface_class = about.bInterfaceClass;
  for (int i = 0; i < about.bNumEndpoints; ++i) {
    const auto& end = about.endpoint[i];
    const bool in = (end.bEndpointAddress & LIBUSB_ENDPOINT_IN) != 0;
    switch (end.bmAttributes & LIBUSB_TRANSFER_TYPE_MASK) {
    case LIBUSB_TRANSFER_TYPE_BULK: (in ? place.endpoint_in : place.endpoint_out) = end.bEndpointAddress; break;
    case LIBUSB_TRANSFER_TYPE_INTERRUPT: place.endpoint_interrupt = end.bEndpointAddress; break;
    default: break;
    }
  }
  if (place.endpoint_in == 0 || place.endpoint_out == 0) return false;
  place.descriptor = descriptor_of(about);
  return true;
}

/// Every interface of the device that is a reader.
std::vector<usb_place> look_at(const std::shared_ptr<usb_context>& context, libusb_device* device) {
  libusb_device_descriptor about{};
  libusb_config_descriptor* configuration = nullptr;
  if (libusb_get_device_descriptor(device, &about) != 0) return {};
  if (libusb_get_active_config_descriptor(device, &configuration) != 0) return {};
  const std::unique_ptr<libusb_config_descriptor, void (*)(libusb_config_descriptor*)> held{
      configuration, libusb_free_config_descriptor};
  usb_place common;
  common.context = context;
  common.device = {libusb_ref_device(device), libusb_unref_device};
  common.bus = libusb_get_bus_number(device);
  common.address = libusb_get_device_address(device);
  common.product_text = about.iProduct;
  char text[16];
  std::snprintf(text, sizeof text, "%04x:%04x", about.idVendor, about.idProduct);
  common.vendor_product = text;
  std::vector<usb_place> found;
  for (int i = 0; i < configuration->bNumInterfaces; ++i) {
    auto place = common;
    if (configuration->interface[i].num_altsetting > 0 && fill_in(place, configuration->interface[i].altsetting[0]))
      found.push_back(std::move(place));
  }
  return found;
}

} // namespace

std::shared_ptr<usb_bus> usb_bus::shared(const std::shared_ptr<event_loop>& loop) {
  static std::weak_ptr<usb_bus> one; // on the loop's thread only; the bus goes before its loop
  auto bus = one.lock();
  if (!bus) one = bus = std::make_shared<usb_bus>(loop);
  return bus;
}

std::vector<usb_place> usb_bus::without_taken(std::vector<usb_place> places) const {
  std::erase_if(places, [this](const usb_place& place) { return is_taken(place); });
  return places;
}

std::vector<usb_place> usb_bus::readers_of(const std::shared_ptr<usb_context>& context,
                                           const std::string& match) const {
  std::vector<usb_place> found;
  libusb_device** list = nullptr;
  const auto count = libusb_get_device_list(context->get(), &list);
  for (ssize_t i = 0; i < count; ++i) {
    for (auto& place : look_at(context, list[i]))
      if (match.empty() || match == place.vendor_product) found.push_back(std::move(place));
  }
  if (count >= 0) libusb_free_device_list(list, 1);
  // a stable order: the same desk gets the same reader again
  std::ranges::stable_sort(found, {}, &usb_place::key);
  return found;
}

std::vector<usb_place> usb_bus::free_readers(const std::string& match) {
  if (context_) {
    auto found = without_taken(readers_of(context_, match));
    if (!found.empty()) return found;
  }
  // Debian's libusb learns of new devices from udev only; without it (containers, umockdev without a monitor) a new
  // context is what scans the bus again (card-reader.md §4)
  return without_taken(readers(match));
}

std::vector<usb_place> usb_bus::readers(const std::string& match) {
  const auto loop = loop_.lock();
  if (!loop) return {};
  auto fresh = std::make_shared<usb_context>(*loop, shared(loop));
  if (!fresh->open()) return {};
  auto found = readers_of(fresh, match);
  if (!context_ || !found.empty()) context_ = std::move(fresh);
  return found;
}

} // namespace drivers::card
