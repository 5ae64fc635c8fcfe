// The pipes of an opened reader over libusb's asynchronous transfers, as usb_bus.hpp says.
#include "drivers/card/usb_bus.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include <libusb.h>

namespace drivers::card {

namespace {

using messages::error_code;

constexpr std::size_t packet_size_max = 512;
constexpr std::size_t interrupt_size_max = 64;
constexpr int interrupt_failures_max = 3;
constexpr std::chrono::milliseconds control_wait{1000};
constexpr unsigned no_limit = 0; ///< of libusb's own: limit() sees to it

pipe_status status_of(libusb_transfer_status status) {
  switch (status) {
  case LIBUSB_TRANSFER_COMPLETED: return pipe_status::done;
  case LIBUSB_TRANSFER_TIMED_OUT: return pipe_status::timed_out;
  case LIBUSB_TRANSFER_STALL: return pipe_status::stalled;
  case LIBUSB_TRANSFER_CANCELLED: // by closing
  case LIBUSB_TRANSFER_NO_DEVICE: return pipe_status::gone;
  case LIBUSB_TRANSFER_ERROR:
  case LIBUSB_TRANSFER_OVERFLOW: break;
  }
  return pipe_status::failed;
}

class libusb_pipe final : public usb_pipe, public std::enable_shared_from_this<libusb_pipe> {
public:
  libusb_pipe(std::shared_ptr<event_loop> loop, const usb_place& place, libusb_device_handle* handle)
      : loop_(std::move(loop)), place_(place), handle_(handle) {}
  libusb_pipe(const libusb_pipe&) = delete;
  libusb_pipe& operator=(const libusb_pipe&) = delete;
  ~libusb_pipe() override { release(); }

  /// The reading goes out before the writing: it is there when the answer comes, and both often end in one turn of the
  /// loop. Patience with the reader begins when it has the whole frame.
  void ask(wiped_bytes frame, milliseconds write_wait, std::size_t size_max, milliseconds read_wait,
           ended then) override {
    auto both = std::make_shared<question>();
    both->then = std::move(then);
    const auto reading = submit(prepare_read(size_max, [this, both](pipe_result got) {
      both->read = std::move(got);
      finish(*both);
    }));
    if (!reading) return tell(std::move(both->then), {reading.error(), {}});
    both->reading = *reading;
    auto write = prepare(std::move(frame), [this, both, read_wait](const pipe_result& gone_out) {
      wrote(*both, gone_out.status, read_wait);
    });
    libusb_fill_bulk_transfer(write->transfer, handle_, place_.endpoint_out, write->buffer.data(),
                              static_cast<int>(write->buffer.size()), bulk_ended, write.get(), no_limit);
    const auto writing = submit(std::move(write));
    if (writing)
      limit(**writing, write_wait);
    else
      wrote(*both, writing.error(), read_wait);
  }

  void read(std::size_t size_max, milliseconds wait, ended then) override {
    start(prepare_read(size_max, told_later(then)), wait, then);
  }

  bool listen(ended each) override {
    if (place_.endpoint_interrupt == 0) return false;
    auto move = prepare(wiped_bytes(interrupt_size_max), each);
    libusb_fill_interrupt_transfer(move->transfer, handle_, place_.endpoint_interrupt, move->buffer.data(),
                                   static_cast<int>(interrupt_size_max), interrupt_came, move.get(), no_limit);
    if (const auto listening = submit(std::move(move)); !listening) tell(std::move(each), {pipe_status::gone, {}});
    return true;
  }

  void clear_halt() override {
    if (closing_) return;
    libusb_clear_halt(handle_, place_.endpoint_in);
    libusb_clear_halt(handle_, place_.endpoint_out);
  }

  void read_product_text(std::uint8_t index, std::function<void(std::string)> done) override {
    static constexpr std::uint16_t english = 0x0409, text_size_max = 255;
    auto text_came = [done = std::move(done)](pipe_result got) {
      std::string text;
      // UTF-16LE after two bytes of head; a model name beyond ASCII is not needed
      for (std::size_t i = LIBUSB_CONTROL_SETUP_SIZE + 2; i + 1 < got.bytes.size(); i += 2)
        text.push_back(got.bytes[i + 1] == 0 && got.bytes[i] >= 0x20 && got.bytes[i] < 0x7F
                           ? static_cast<char>(got.bytes[i])
                           : '?');
      done(got.status == pipe_status::done ? text : std::string{});
    };
    control({LIBUSB_ENDPOINT_IN, LIBUSB_REQUEST_GET_DESCRIPTOR,
             static_cast<std::uint16_t>(LIBUSB_DT_STRING << 8 | index), english, text_size_max},
            std::move(text_came));
  }

  void read_data_rates(std::function<void(std::vector<std::uint32_t>)> done) override {
    static constexpr std::uint8_t get_data_rates = 3;
    static constexpr std::uint16_t size_max = 256 * 4;
    auto rates_came = [done = std::move(done)](pipe_result got) {
      std::vector<std::uint32_t> rates;
      for (std::size_t i = LIBUSB_CONTROL_SETUP_SIZE; got.status == pipe_status::done && i + 3 < got.bytes.size();
           i += 4)
        rates.push_back(static_cast<std::uint32_t>(got.bytes[i] | got.bytes[i + 1] << 8 | got.bytes[i + 2] << 16) |
                        static_cast<std::uint32_t>(got.bytes[i + 3]) << 24);
      done(std::move(rates));
    };
    control({class_request | LIBUSB_ENDPOINT_IN, get_data_rates, 0, place_.interface_number, size_max},
            std::move(rates_came));
  }

  void request_abort(std::uint8_t slot, std::uint8_t sequence, ended then) override {
    static constexpr std::uint8_t abort = 1;
    control({class_request, abort, static_cast<std::uint16_t>(sequence << 8 | slot), place_.interface_number, 0},
            std::move(then));
  }

  void close(std::function<void()> done) override {
    closing_ = true;
    closed_ = std::move(done);
    for (auto* move : under_way_)
      libusb_cancel_transfer(move->transfer);
    finish_closing();
  }

private:
  /// One transfer. It holds its pipe, so that a callback always finds it.
  struct movement {
    std::shared_ptr<libusb_pipe> owner;
    libusb_transfer* transfer = nullptr;
    wiped_bytes buffer;
    ended then;
    event_loop::timer patience{};
    bool timed_out = false;
    int failures = 0;

    movement() = default;
    movement(const movement&) = delete;
    movement& operator=(const movement&) = delete;
    ~movement() { libusb_free_transfer(transfer); }
  };

  /// The two movements of one ask().
  struct question {
    ended then;
    movement* reading = nullptr;
    std::optional<pipe_status> written;
    std::optional<pipe_result> read;
  };

  struct request {
    std::uint8_t type = 0, number = 0;
    std::uint16_t value = 0, index = 0, size = 0;
  };
  static constexpr std::uint8_t class_request =
      static_cast<std::uint8_t>(LIBUSB_REQUEST_TYPE_CLASS) | static_cast<std::uint8_t>(LIBUSB_RECIPIENT_INTERFACE);

  void control(const request& r, ended then) {
    auto move = prepare(wiped_bytes(LIBUSB_CONTROL_SETUP_SIZE + r.size), told_later(then));
    libusb_fill_control_setup(move->buffer.data(), r.type, r.number, r.value, r.index, r.size);
    libusb_fill_control_transfer(move->transfer, handle_, move->buffer.data(), bulk_ended, move.get(), no_limit);
    start(std::move(move), control_wait, then);
  }

  /// @p then is called from inside libusb's callback: it may start and cancel transfers, and nothing else.
  std::unique_ptr<movement> prepare(wiped_bytes buffer, ended then) {
    auto move = std::make_unique<movement>();
    move->owner = shared_from_this();
    move->transfer = libusb_alloc_transfer(0);
    move->buffer = std::move(buffer);
    move->then = std::move(then);
    return move;
  }

  std::unique_ptr<movement> prepare_read(std::size_t size_max, ended then) {
    // whole packets: otherwise a device that sends more than asked fails the transfer
    const auto room = (size_max + packet_size_max - 1) / packet_size_max * packet_size_max;
    auto move = prepare(wiped_bytes(room), std::move(then));
    libusb_fill_bulk_transfer(move->transfer, handle_, place_.endpoint_in, move->buffer.data(), static_cast<int>(room),
                              bulk_ended, move.get(), no_limit);
    return move;
  }

  /// From here on libusb has the movement; its callback takes it back.
  tl::expected<movement*, pipe_status> submit(std::unique_ptr<movement> move) {
    const int failed = closing_ ? LIBUSB_ERROR_NO_DEVICE : libusb_submit_transfer(move->transfer);
    if (failed == LIBUSB_ERROR_NO_DEVICE) return tl::unexpected{pipe_status::gone};
    if (failed != 0) return tl::unexpected{pipe_status::not_sent};
    return *under_way_.insert(move.release()).first;
  }

  void start(std::unique_ptr<movement> move, milliseconds wait, ended then) {
    const auto started = submit(std::move(move));
    if (started)
      limit(**started, wait);
    else
      tell(std::move(then), {started.error(), {}});
  }

  /// Ends the movement after @p wait. By the loop's timers: libusb's would be a system call a transfer, and begin
  /// when it is handed over.
  void limit(movement& move, milliseconds wait) {
    move.patience = loop_->after(wait, [&move] {
      move.timed_out = true;
      libusb_cancel_transfer(move.transfer); // its callback comes all the same
    });
  }

  void wrote(question& q, pipe_status how, milliseconds read_wait) {
    q.written = how;
    if (!q.read && how == pipe_status::done) limit(*q.reading, read_wait);
    if (!q.read && how != pipe_status::done) libusb_cancel_transfer(q.reading->transfer);
    finish(q);
  }

  void finish(question& q) {
    if (!q.written || !q.read) return;
    tell(std::move(q.then), *q.written == pipe_status::done ? std::move(*q.read) : pipe_result{*q.written, {}});
  }

  /// Not from inside libusb's callback: what is called may close the device.
  void tell(ended then, pipe_result result) {
    auto held = std::make_shared<pipe_result>(std::move(result));
    loop_->post([then = std::move(then), held] { then(std::move(*held)); });
  }
  ended told_later(ended then) {
    return [this, then = std::move(then)](pipe_result result) { tell(then, std::move(result)); };
  }

  static void LIBUSB_CALL bulk_ended(libusb_transfer* transfer) {
    const std::unique_ptr<movement> move{static_cast<movement*>(transfer->user_data)};
    const auto pipe = move->owner;
    pipe->under_way_.erase(move.get());
    pipe->loop_->cancel(move->patience);
    const bool given_up = move->timed_out && transfer->status == LIBUSB_TRANSFER_CANCELLED;
    auto status = given_up ? pipe_status::timed_out : status_of(transfer->status);
    const bool out = transfer->type == LIBUSB_TRANSFER_TYPE_BULK && (transfer->endpoint & LIBUSB_ENDPOINT_IN) == 0;
    if (out) {
      if (status == pipe_status::done && transfer->actual_length != transfer->length) status = pipe_status::failed;
      move->buffer.clear();
    } else {
      const std::size_t head = transfer->type == LIBUSB_TRANSFER_TYPE_CONTROL ? LIBUSB_CONTROL_SETUP_SIZE : 0;
      move->buffer.resize(head + static_cast<std::size_t>(std::max(transfer->actual_length, 0)));
    }
    move->then({status, std::move(move->buffer)});
    pipe->finish_closing();
  }

  static void LIBUSB_CALL interrupt_came(libusb_transfer* transfer) {
    std::unique_ptr<movement> move{static_cast<movement*>(transfer->user_data)};
    const auto pipe = move->owner;
    const auto status = status_of(transfer->status);
    if (status == pipe_status::done) {
      move->failures = 0;
      const auto size = static_cast<std::size_t>(std::max(transfer->actual_length, 0));
      pipe->tell(move->then, {status, wiped_bytes(move->buffer.data(), move->buffer.data() + size)});
    } else if (status == pipe_status::stalled && !pipe->closing_) {
      libusb_clear_halt(pipe->handle_, transfer->endpoint);
    }
    const bool again = !pipe->closing_ && status != pipe_status::gone && move->failures++ < interrupt_failures_max;
    if (again && libusb_submit_transfer(transfer) == 0) {
      [[maybe_unused]] auto* kept = move.release();
      return;
    }
    pipe->under_way_.erase(move.get());
    pipe->tell(std::move(move->then), {pipe_status::gone, {}});
    pipe->finish_closing();
  }

  void finish_closing() {
    if (!closing_ || !under_way_.empty() || !closed_) return;
    loop_->post([self = shared_from_this(), done = std::exchange(closed_, nullptr)] {
      self->release();
      done();
    });
  }

  void release() {
    if (handle_ == nullptr) return;
    libusb_release_interface(handle_, place_.interface_number);
    libusb_close(std::exchange(handle_, nullptr));
  }

  std::shared_ptr<event_loop> loop_;
  usb_place place_;
  libusb_device_handle* handle_;
  std::set<movement*> under_way_;
  bool closing_ = false;
  std::function<void()> closed_;
};

messages::error why_not(int failed, const usb_place& place) {
  switch (failed) {
  case LIBUSB_ERROR_BUSY: return {error_code::reader_busy, {place.vendor_product}};
  case LIBUSB_ERROR_NO_DEVICE: return {error_code::reader_lost, {"opening it"}};
  case LIBUSB_ERROR_ACCESS:
    return {error_code::reader_failed, {place.vendor_product + ": no permission for the device node", "opening it"}};
  default: break;
  }
  return {error_code::reader_failed, {place.vendor_product + ": " + libusb_error_name(failed), "opening it"}};
}

} // namespace

messages::result<std::shared_ptr<usb_pipe>> usb_bus::open(const usb_place& place) {
  auto loop = loop_.lock();
  if (!loop) return messages::failure(error_code::reader_lost, "opening it");
  libusb_device_handle* handle = nullptr;
  int failed = libusb_open(place.device.get(), &handle);
  if (failed != 0) return messages::failure(why_not(failed, place));
  auto pipe = std::make_shared<libusb_pipe>(std::move(loop), place, handle);
  libusb_set_auto_detach_kernel_driver(handle, 1);
  failed = libusb_claim_interface(handle, place.interface_number);
  if (failed != 0) return messages::failure(why_not(failed, place));
  return pipe;
}

} // namespace drivers::card
