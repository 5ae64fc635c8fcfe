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
#include <utility>

namespace tools {

using messages::error_code;
using messages::failure;
using messages::result;

namespace {

/// Plays the terminal: knows what is printed on the card that hands have placed.
class played_terminal final : public drivers::card::terminal {
public:
  played_terminal(std::shared_ptr<drivers::card::virtual_slot> slot, bool reads)
      : slot_(std::move(slot)), reads_(reads) {}

  void placed(const drivers::card::virtual_person& owner) {
    const std::lock_guard lock{mutex_};
    number_ = drivers::card::check_number_of(owner);
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

/// Sees whom the hands show, in the words of the scripted engine; nobody: no frame comes. What a page sees goes
/// nowhere.
class played_camera final : public drivers::camera::page_camera {
public:
  void show(const std::string& who) {
    std::unique_lock lock{mutex_};
    who_ = who == "nobody" ? "" : who;
    pass_on(lock);
  }
  void next(std::function<void(messages::wiped_bytes)> taken) override {
    std::unique_lock lock{mutex_};
    waits_ = std::move(taken);
    pass_on(lock);
  }
  void rest() override {
    const std::lock_guard lock{mutex_};
    waits_ = nullptr;
  }
  void put(messages::wiped_bytes) override {}

private:
  void pass_on(std::unique_lock<std::mutex>& lock) {
    if (who_.empty() || !waits_) return;
    const auto taken = std::exchange(waits_, nullptr);
    const auto words = "frame " + who_;
    lock.unlock();
    taken(messages::wiped_bytes(words.begin(), words.end()));
  }

  std::mutex mutex_;
  std::string who_;
  std::function<void(messages::wiped_bytes)> waits_;
};

/// The lines come through the same kind of socket as scripted hands on a screen: one more use of that port.
class hands final : public rig_hands, public drivers::screen::watcher {
public:
  hands(rig_config config, std::int64_t now_s, drivers::card::card_authority authority)
      : config_(std::move(config)), now_s_(now_s), authority_(std::move(authority)),
        slot_(std::make_shared<drivers::card::virtual_slot>()),
        terminal_(std::make_shared<played_terminal>(slot_, config_.reads_number)),
        camera_(std::make_shared<played_camera>()) {}
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
  std::shared_ptr<drivers::camera::page_camera> camera() override { return camera_; }

  void page_joined(drivers::screen::page, const drivers::screen::visitor&) override {}
  void page_left(drivers::screen::page) override {}
  void page_said(drivers::screen::page p, std::string line) override {
    const auto done = obey(line);
    socket_->send(p, done ? "ok" : "error " + messages::to_sentence(done.error()));
  }

private:
  /// The card's photo instead of the drawn one: a file of the configured folder; without a folder the name itself, in
  /// the words of the scripted engine.
  result<void> take_photo(const drivers::card::virtual_person& owner, const std::string& name,
                          drivers::card::virtual_card_options& options) const {
    const auto words = "\xFF\x4F\xFF\x51photo " + name; // begins as every photo on a card does
    messages::bytes octets{words.begin(), words.end()};
    if (!config_.photos.empty()) {
      std::ifstream in{config_.photos / name, std::ios::binary};
      octets.assign(std::istreambuf_iterator<char>{in}, {});
    }
    if (name.find('/') != std::string::npos || octets.empty() || octets.size() > drivers::card::photo_size_max)
      return failure(error_code::file_unreadable, (config_.photos / name).string(), "a photo of at most 16 KiB");
    options.surface = drivers::card::surface_of(owner, octets);
    options.check_number = drivers::card::check_number_of(owner);
    return {};
  }

  result<void> obey(const std::string& line) {
    static const std::string place = "place ", show = "show ";
    if (line.starts_with(place)) {
      auto card = card_of(line.substr(place.size()));
      if (!card) return failure(card.error());
      slot_->place(std::move(*card));
    } else if (line.starts_with(show))
      camera_->show(line.substr(show.size()));
    else if (line == "lift")
      slot_->remove();
    else if (line == "unplug")
      slot_->unplug();
    else if (line == "plug")
      slot_->plug();
    else
      return failure(error_code::wrong_value, "hands", line);
    return {};
  }

  /// "SIM000000000001", then "as upside_down" and "photo NAME", each or none.
  result<std::shared_ptr<drivers::card::virtual_card>> card_of(const std::string& text) const {
    std::istringstream words{text};
    std::string person, word, value, kind;
    words >> person;
    drivers::card::virtual_card_options options;
    options.pin = config_.pin;
    options.state_file = config_.cards / (person + ".state");
    const auto owner = drivers::card::person_of(person);
    while (words >> word) {
      if (!(words >> value) || (word != "as" && word != "photo"))
        return failure(error_code::wrong_value, "hands", text);
      if (word == "as") kind = value;
      if (word == "photo")
        if (auto taken = take_photo(owner, value, options); !taken) return failure(taken.error());
    }
    if (auto made = make_odd(kind, person, options); !made) return failure(made.error());
    terminal_->placed(owner);
    return drivers::card::make_card(authority_, person, std::move(options));
  }

  /// A card as it should not be: of another kind, the wrong way round, too old. Empty: as it should be.
  result<void> make_odd(const std::string& kind, const std::string& person,
                        drivers::card::virtual_card_options& options) const {
    static constexpr std::int64_t month_s = 30 * 86'400;
    options.upside_down = kind == "upside_down";
    if (kind == "juki_card") options.kind = messages::card_kind::juki_card;
    if (kind == "phone") options.kind = messages::card_kind::phone;
    if (kind == "foreign") options.kind = messages::card_kind::unknown;
    if (kind == "expired_lately" || kind == "expired") {
      auto issued = authority_.issue_until(person, now_s_ - (kind == "expired" ? 12 : 1) * month_s);
      if (!issued) return failure(issued.error());
      options.certificate = std::move(issued->certificate);
      options.key = std::move(issued->key);
    } else if (!kind.empty() && !options.upside_down && options.kind == messages::card_kind::my_number_card)
      return failure(error_code::wrong_value, "kind of card", kind);
    return {};
  }

  rig_config config_;
  std::int64_t now_s_;
  drivers::card::card_authority authority_;
  std::shared_ptr<drivers::card::virtual_slot> slot_;
  std::shared_ptr<played_terminal> terminal_;
  std::shared_ptr<played_camera> camera_;
#ifdef UKETSUKE_WITH_RIG
  std::unique_ptr<drivers::card::usb_rig> rig_;
#endif
  std::shared_ptr<drivers::card::reader> reader_;
  std::unique_ptr<drivers::screen::pages> socket_;
};

} // namespace

result<std::unique_ptr<rig_hands>> rig_hands::open(const rig_config& config, std::uint64_t now_ms,
                                                    drivers::card::authorities trusted) {
  const auto now_s = static_cast<std::int64_t>(now_ms / 1000);
  auto authority = drivers::card::card_authority::open(config.cards, now_s);
  if (!authority) return failure(authority.error());
  auto made = std::make_unique<hands>(config, now_s, std::move(*authority));
  if (auto started = made->start(std::move(trusted)); !started) return failure(started.error());
  return made;
}

} // namespace tools
