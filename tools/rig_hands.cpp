// The words that hands may say to a virtual reader, and the reader they move.
#include "tools/rig_hands.hpp"

#include "drivers/card/card_authority.hpp"
#include "drivers/card/port.hpp"
#ifdef UKETSUKE_WITH_RIG
#include "drivers/card/rig.hpp"
#endif
#include "drivers/card/virtual_person.hpp"
#include "drivers/card/virtual_slot.hpp"
#include "drivers/screen/hands_socket.hpp"

#include <fstream>
#include <iterator>
#include <mutex>
#include <sstream>

namespace tools {

using messages::error_code;
using messages::failure;
using messages::result;

namespace {

/// Plays the terminal: knows what is printed on the card that hands have placed.
class played_terminal final : public drivers::card::terminal {
public:
  played_terminal(std::shared_ptr<drivers::card::virtual_slot> slot, bool reads) : slot_(std::move(slot)), reads_(reads) {}

  void placed(const std::string& person) {
    const std::lock_guard lock{mutex_};
    number_ = drivers::card::check_number_of(drivers::card::person_of(person));
  }
  messages::secret printed_number() override {
    const std::lock_guard lock{mutex_};
    auto read = reads_ ? messages::secret::from(number_) : std::nullopt;
    return read ? std::move(*read) : messages::secret{};
  }
  bool vouch() override { return slot_->vouch(); }

private:
  std::shared_ptr<drivers::card::virtual_slot> slot_;
  const bool reads_;
  std::mutex mutex_;
  std::string number_;
};

/// The lines come through the same kind of socket as scripted hands on a screen: one more use of that port.
class hands final : public rig_hands, public drivers::screen::watcher {
public:
  hands(rig_config config, drivers::card::card_authority authority)
      : config_(std::move(config)), authority_(std::move(authority)),
        slot_(std::make_shared<drivers::card::virtual_slot>()),
        terminal_(std::make_shared<played_terminal>(slot_, config_.reads_number)) {}
  ~hands() override {
    if (socket_) socket_->stop();
    if (reader_) reader_->stop();
  }

  result<void> start(drivers::card::authorities trusted) {
    if (config_.usb) {
#ifdef UKETSUKE_WITH_RIG
      auto rig = drivers::card::usb_rig::start(slot_);
      if (!rig) return failure(rig.error());
      rig_ = std::move(*rig);
      drivers::card::usb_options usb;
      usb.trusted = std::move(trusted);
      reader_ = drivers::card::make_usb_reader(std::move(usb));
#else
      return failure(error_code::wrong_value, "usb", "this build has no umockdev");
#endif
    } else
      reader_ = drivers::card::make_virtual_reader(slot_, {}, std::move(trusted));
    auto socket = drivers::screen::open_hands_socket({.path = config_.socket.string()});
    if (!socket) return failure(socket.error());
    socket_ = std::move(*socket);
    socket_->watch(*this);
    return {};
  }

  std::shared_ptr<drivers::card::reader> reader() override { return reader_; }
  std::shared_ptr<drivers::card::terminal> terminal() override { return terminal_; }

  void page_joined(drivers::screen::page, const drivers::screen::visitor&) override {}
  void page_left(drivers::screen::page) override {}
  void page_said(drivers::screen::page p, std::string line) override {
    const auto done = obey(line);
    socket_->send(p, done ? "ok" : "error " + messages::to_sentence(done.error()));
  }

private:
  /// The card of @p person with a photo from the configured folder instead of the drawn one.
  result<void> take_photo(const std::string& person, const std::string& photo,
                          drivers::card::virtual_card_options& options) const {
    std::ifstream in{config_.photos / photo, std::ios::binary};
    const messages::bytes octets{std::istreambuf_iterator<char>{in}, {}};
    if (photo.find('/') != std::string::npos || config_.photos.empty() || octets.empty() ||
        octets.size() > drivers::card::photo_size_max)
      return failure(error_code::file_unreadable, (config_.photos / photo).string(), "a photo of at most 16 KiB");
    const auto owner = drivers::card::person_of(person);
    options.surface = drivers::card::surface_of(owner, octets);
    options.check_number = drivers::card::check_number_of(owner);
    return {};
  }

  result<void> obey(const std::string& line) {
    static const std::string place = "place ";
    if (line.starts_with(place)) {
      drivers::card::virtual_card_options options;
      options.pin = config_.pin;
      std::istringstream words{line.substr(place.size())};
      std::string person, photo;
      words >> person >> photo;
      if (!photo.empty())
        if (auto taken = take_photo(person, photo, options); !taken) return taken;
      terminal_->placed(person);
      options.state_file = config_.cards / (person + ".state");
      auto card = drivers::card::make_card(authority_, person, std::move(options));
      if (!card) return failure(card.error());
      slot_->place(std::move(*card));
    } else if (line == "lift")
      slot_->remove();
    else if (line == "unplug")
      slot_->unplug();
    else if (line == "plug")
      slot_->plug();
    else
      return failure(error_code::wrong_value, "hands", line);
    return {};
  }

  rig_config config_;
  drivers::card::card_authority authority_;
  std::shared_ptr<drivers::card::virtual_slot> slot_;
  std::shared_ptr<played_terminal> terminal_;
#ifdef UKETSUKE_WITH_RIG
  std::unique_ptr<drivers::card::usb_rig> rig_;
#endif
  std::shared_ptr<drivers::card::reader> reader_;
  std::unique_ptr<drivers::screen::pages> socket_;
};

} // namespace

result<std::unique_ptr<rig_hands>> rig_hands::open(const rig_config& config, std::uint64_t now_ms,
                                                    drivers::card::authorities trusted) {
  auto authority = drivers::card::card_authority::open(config.cards, static_cast<std::int64_t>(now_ms / 1000));
  if (!authority) return failure(authority.error());
  auto made = std::make_unique<hands>(config, std::move(*authority));
  if (auto started = made->start(std::move(trusted)); !started) return failure(started.error());
  return made;
}

} // namespace tools
