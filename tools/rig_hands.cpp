// The words that hands may say to a virtual reader, and the reader they move.
#include "tools/rig_hands.hpp"

#include "drivers/card/card_authority.hpp"
#include "drivers/card/port.hpp"
#ifdef UKETSUKE_WITH_RIG
#include "drivers/card/rig.hpp"
#endif
#include "drivers/card/virtual_slot.hpp"
#include "drivers/screen/hands_socket.hpp"

#include <mutex>

namespace tools {

using messages::error_code;
using messages::failure;
using messages::result;

namespace {

/// The lines come through the same kind of socket as scripted hands on a screen: one more use of that port.
class hands final : public rig_hands, public drivers::screen::watcher {
public:
  hands(rig_config config, std::int64_t now_s, drivers::card::card_authority authority)
      : config_(std::move(config)), now_s_(now_s), authority_(std::move(authority)),
        slot_(std::make_shared<drivers::card::virtual_slot>()) {}
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

  void page_joined(drivers::screen::page, const drivers::screen::visitor&) override {}
  void page_left(drivers::screen::page) override {}
  void page_said(drivers::screen::page p, std::string line) override {
    const auto done = obey(line);
    socket_->send(p, done ? "ok" : "error " + messages::to_sentence(done.error()));
  }

private:
  result<void> obey(const std::string& line) {
    static const std::string place = "place ";
    if (line.starts_with(place)) {
      auto card = card_of(line.substr(place.size()));
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

  /// "SIM000000000001", or "SIM000000000001 as upside_down".
  result<std::shared_ptr<drivers::card::virtual_card>> card_of(const std::string& words) const {
    static const std::string as = " as ";
    static constexpr std::int64_t month_s = 30 * 86'400;
    const auto at = words.find(as);
    const auto person = words.substr(0, at);
    const auto what = at == std::string::npos ? std::string{} : words.substr(at + as.size());
    drivers::card::virtual_card_options options;
    options.pin = config_.pin;
    options.state_file = config_.cards / (person + ".state");
    options.upside_down = what == "upside_down";
    if (what == "juki_card") options.kind = messages::card_kind::juki_card;
    if (what == "phone") options.kind = messages::card_kind::phone;
    if (what == "foreign") options.kind = messages::card_kind::unknown;
    if (what == "expired_lately" || what == "expired") {
      auto issued = authority_.issue_until(person, now_s_ - (what == "expired" ? 12 : 1) * month_s);
      if (!issued) return failure(issued.error());
      options.certificate = std::move(issued->certificate);
      options.key = std::move(issued->key);
    } else if (!what.empty() && !options.upside_down && options.kind == messages::card_kind::my_number_card)
      return failure(error_code::wrong_value, "kind of card", what);
    return drivers::card::make_card(authority_, person, std::move(options));
  }

  rig_config config_;
  std::int64_t now_s_;
  drivers::card::card_authority authority_;
  std::shared_ptr<drivers::card::virtual_slot> slot_;
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
