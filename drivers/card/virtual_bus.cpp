// SIMULATED: the reader on the virtual bus, as virtual_bus.hpp says.
#include "drivers/card/virtual_bus.hpp"

#include "drivers/card/card_reader.hpp"
#include "drivers/card/ccid_source.hpp"

#include <deque>
#include <mutex>

namespace drivers::card {

namespace {

using messages::error_code;
using std::chrono::milliseconds;

/// One attachment of the device. On the loop's thread, but for misbehave().
class virtual_pipe final : public usb_pipe, public std::enable_shared_from_this<virtual_pipe> {
public:
  virtual_pipe(event_loop& loop, const std::shared_ptr<virtual_slot>& slot, const rig_profile& profile)
      : loop_(loop), profile_(profile), device_(slot, profile) {}

  void ask(wiped_bytes frame, milliseconds write_wait, std::size_t size_max, milliseconds read_wait,
           ended then) override {
    if (gone_) return tell(std::move(then), {pipe_status::gone, {}});
    if (!device_.listens(frame)) return read(size_max, write_wait, std::move(then));
    for (auto& come : device_.receive(frame))
      loop_.after(come.delay, [self = shared_from_this(), come = std::move(come)]() mutable {
        self->arrived_.push_back({come.stalled ? pipe_status::stalled : pipe_status::done, std::move(come.bytes)});
        self->match();
      });
    read(size_max, read_wait, std::move(then));
  }
  void read(std::size_t, milliseconds wait, ended then) override {
    if (gone_) return tell(std::move(then), {pipe_status::gone, {}});
    reader_ = std::move(then);
    patience_ = loop_.after(wait, [self = shared_from_this()] {
      if (auto waiting = std::exchange(self->reader_, nullptr)) waiting({pipe_status::timed_out, {}});
    });
    match();
  }
  bool listen(ended each) override {
    if (!profile_.interrupt_endpoint) return false;
    listener_ = std::move(each);
    return true;
  }
  void clear_halt() override {}
  void request_abort(std::uint8_t slot, std::uint8_t sequence, ended then) override {
    const std::array<std::uint8_t, 8> setup = {0x21, 1, slot, sequence, 0, 0, 0, 0};
    const bool known = !answer_control(profile_, setup).empty();
    tell(std::move(then), {gone_ ? pipe_status::gone : known ? pipe_status::done : pipe_status::stalled, {}});
  }
  void read_product_text(std::uint8_t, std::function<void(std::string)> done) override {
    loop_.post([done = std::move(done), name = profile_.name] { done(name); });
  }
  void read_data_rates(std::function<void(std::vector<std::uint32_t>)> done) override {
    loop_.post([done = std::move(done)] { done({}); });
  }
  void close(std::function<void()> done) override {
    leave();
    loop_.post(std::move(done));
  }

  /// Something happened at the slot; the device takes notice and says so.
  void look() {
    if (gone_) return;
    auto message = device_.look();
    if (!message.empty() && listener_) listener_({pipe_status::done, std::move(message)});
  }
  /// The device is not there any more.
  void leave() {
    if (std::exchange(gone_, true)) return;
    loop_.cancel(patience_);
    if (auto waiting = std::exchange(reader_, nullptr)) tell(std::move(waiting), {pipe_status::gone, {}});
    if (auto listening = std::exchange(listener_, nullptr)) tell(std::move(listening), {pipe_status::gone, {}});
  }
  void misbehave(misdeed what) { device_.misbehave(what); }

private:
  void match() {
    if (!reader_ || arrived_.empty() || gone_) return;
    loop_.cancel(patience_);
    tell(std::exchange(reader_, nullptr), std::move(arrived_.front()));
    arrived_.pop_front();
  }
  void tell(ended then, pipe_result result) {
    auto held = std::make_shared<pipe_result>(std::move(result));
    loop_.post([then = std::move(then), held] { then(std::move(*held)); });
  }

  event_loop& loop_; ///< whose calls and timers hold this pipe
  const rig_profile profile_;
  ccid_device device_;
  bool gone_ = false;
  std::deque<pipe_result> arrived_;
  ended reader_, listener_;
  event_loop::timer patience_{};
};

/// Where the interfaces of the device are, read from its descriptors as usb_bus reads a real one's.
std::vector<usb_place> places_of(const rig_profile& profile) {
  static constexpr std::uint8_t interface_type = 4, endpoint_type = 5, bulk = 2;
  std::vector<usb_place> places;
  char text[16];
  std::snprintf(text, sizeof text, "%04x:%04x", profile.vendor, profile.product);
  const auto all = make_descriptors(profile);
  for (octets left = all; left.size() >= 2 && left[0] >= 2 && left[0] <= left.size(); left = left.subspan(left[0])) {
    const auto one = left.first(left[0]);
    if (one[1] == interface_type && one.size() >= 9) {
      auto& place = places.emplace_back();
      place.bus = 1;
      place.vendor_product = text;
      place.product_text = 2;
      place.interface_number = one[2];
      place.interface_class = one[5];
    } else if (!places.empty() && one[1] == endpoint_type && one.size() >= 7) {
      auto& place = places.back();
      const bool in = (one[2] & 0x80) != 0;
      (one[3] != bulk ? place.endpoint_interrupt : in ? place.endpoint_in : place.endpoint_out) = one[2];
    } else if (!places.empty() && one.size() == ccid_descriptor_size) {
      places.back().descriptor = find_descriptor(one);
    }
  }
  return places;
}

/// The bus itself. The slot's calls come on any thread and are posted.
class bus_of_one final : public virtual_bus, public reader_bus, public std::enable_shared_from_this<bus_of_one> {
public:
  bus_of_one(std::shared_ptr<virtual_slot> slot, rig_profile profile)
      : slot_(std::move(slot)), profile_(std::move(profile)) {}
  ~bus_of_one() override { slot_->set_front({}); }

  void misbehave(misdeed what) override {
    const std::lock_guard lock{guard_};
    if (pipe_) pipe_->misbehave(what);
  }
  std::unique_ptr<reader> make_reader(usb_options options) override {
    const auto loop = event_loop::shared();
    loop_ = loop;
    slot_->set_front([weak = weak_from_this(), loop = loop_] {
      const auto running = loop.lock();
      if (running)
        running->post([weak] {
          if (const auto self = weak.lock()) self->follow();
        });
    });
    auto trace = options.trace;
    auto source = make_ccid_source(
        loop, [self = shared_from_this()] { return self; }, std::move(options));
    return std::make_unique<card_reader>(loop, std::move(source), std::move(trace));
  }

  std::vector<usb_place> free_readers(const std::string& match) override {
    const auto now = slot_->now();
    auto places = places_of(profile_);
    for (auto& place : places)
      place.address = static_cast<std::uint8_t>(now.unplugged_count % 127 + 1); // as with the kernel: a new number
    std::erase_if(places, [&](const usb_place& place) {
      return !now.plugged || is_taken(place) || (!match.empty() && match != place.vendor_product);
    });
    return places;
  }
  messages::result<std::shared_ptr<usb_pipe>> open(const usb_place& place) override {
    if (profile_.held_by_another) return messages::failure(error_code::reader_busy, place.vendor_product);
    const auto now = slot_->now();
    opened_at_ = now.unplugged_count;
    if (!now.plugged) return messages::failure(error_code::reader_lost, "opening it");
    const auto loop = loop_.lock();
    if (!loop) return messages::failure(error_code::reader_lost, "opening it");
    const std::lock_guard lock{guard_};
    const bool own = place.endpoint_out == rig_endpoint_out; // the interface beside it never has a card
    pipe_ = std::make_shared<virtual_pipe>(*loop, own ? slot_ : std::make_shared<virtual_slot>(), profile_);
    return pipe_;
  }
  void distrust() override {}

private:
  void follow() {
    const auto now = slot_->now();
    const auto pipe = [this] {
      const std::lock_guard lock{guard_};
      return pipe_;
    }();
    const bool left = !now.plugged || now.unplugged_count != opened_at_;
    if (pipe && left)
      pipe->leave();
    else if (pipe)
      pipe->look();
    if (now.plugged) wake_listeners();
  }

  std::weak_ptr<event_loop> loop_; ///< the reader of this bus keeps it
  std::shared_ptr<virtual_slot> slot_;
  const rig_profile profile_;
  std::uint64_t opened_at_ = 0;
  std::mutex guard_; // of pipe_
  std::shared_ptr<virtual_pipe> pipe_;
};

} // namespace

std::shared_ptr<virtual_bus> virtual_bus::make(std::shared_ptr<virtual_slot> slot, rig_profile profile) {
  return std::make_shared<bus_of_one>(std::move(slot), std::move(profile));
}

} // namespace drivers::card
