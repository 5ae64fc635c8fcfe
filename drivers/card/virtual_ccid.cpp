// SIMULATED: a CCID reader's firmware and descriptors, as virtual_ccid.hpp says.
#include "drivers/card/virtual_ccid.hpp"

#include "drivers/card/descriptor.hpp"

#include <algorithm>

namespace drivers::card {

namespace {

constexpr std::uint8_t failed = 0x40, more_time = 0x80;
constexpr std::uint8_t card_mute = 0xFE, hardware_error = 0xFB, not_supported = 0x00;
constexpr std::uint8_t wrong_length = 1, wrong_slot = 5, wrong_voltage = 7, wrong_protocol = 7, wrong_level = 8;

/// Message types (card-reader.md §2.2), written down a second time on purpose: the driver's list is not asked.
constexpr std::uint8_t power_on = 0x62, power_off = 0x63, slot_status = 0x65, transfer_apdu = 0x6F,
                       get_parameters = 0x6C, set_parameters = 0x61, reset_parameters = 0x6D;
constexpr std::uint8_t data_block = 0x80, status_answer = 0x81, parameters_answer = 0x82;

constexpr std::uint32_t does_voltage = 0x08, does_ifsd = 0x400;
constexpr std::uint32_t level_mask = 0x70000, level_tpdu = 0x10000, level_short = 0x20000;
constexpr std::size_t parameters_size_t1 = 7;

/// How often a slow answer asks for more time, and the multiplier it asks for.
constexpr std::chrono::milliseconds extension_every{50};
constexpr std::uint8_t extension_factor = 2;

void put_le(std::vector<std::uint8_t>& at, std::size_t offset, std::uint32_t value, int size) {
  for (int i = 0; i < size; ++i)
    at[offset + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(value >> (8 * i));
}

void put_length(wiped_bytes& frame, std::size_t length) {
  for (std::size_t i = 0; i < 4; ++i)
    frame[1 + i] = static_cast<std::uint8_t>(length >> (8 * i));
}

/// T=1 parameters before anything was negotiated (ISO/IEC 7816-3, defaults).
messages::bytes default_parameters() { return {0x11, 0x10, 0x00, 0x4D, 0x00, 0x20, 0x00}; }

} // namespace

std::optional<rig_profile> rig_profile_named(std::string_view name) {
  rig_profile p;
  if (name == "rc-s300") return p;
  if (name == "scr3310-nttcom") {
    p.vendor = 0x04E6;
    p.product = 0x511A;
    p.name = "Simulated SCR3310-NTTCom";
    p.interface_class = 0xFF;
    p.features = 0x000101BA;
    p.protocols = 3;
    p.message_size_max = 271;
    p.ifsd_max = 252;
  } else if (name == "acr39u") {
    p.vendor = 0x072F;
    p.product = 0xB100;
    p.name = "Simulated ACR39U ICC Reader";
    p.features = 0x000100B2;
    p.protocols = 3;
    p.message_size_max = 271;
    p.ifsd_max = 247;
  } else if (name == "tc63cut021") {
    p.vendor = 0x23EB;
    p.product = 0x0003;
    p.name = "Simulated TC63CUT021";
    p.features = 0x0002067E;
    p.protocols = 3;
    p.message_size_max = 271;
  } else if (name == "scr331-di-nttcom") {
    p.vendor = 0x04E6;
    p.product = 0x5120;
    p.name = "Simulated SCR331-DI-NTTCom";
    p.interface_class = 0xFF;
    p.features = 0x000100BA;
    p.protocols = 3;
    p.message_size_max = 263;
    p.message_size_taken = 271;
    p.ifsd_max = 252;
    p.voltages = p.card_voltages = 1;
    p.slots = 2;
    p.card_slot = 1;
  } else if (name == "acr1251") {
    p.vendor = 0x072F;
    p.product = 0x221A;
    p.name = "Simulated ACR1251 Dual Reader";
    p.features = 0x00040040;
    p.ifsd_max = 512;
    p.beside.emplace();
  } else
    return std::nullopt;
  return p;
}

ccid_device::ccid_device(std::shared_ptr<virtual_slot> slot, rig_profile profile)
    : slot_(std::move(slot)), profile_(std::move(profile)), parameters_(default_parameters()) {
  look();
}

ccid_device::level ccid_device::exchange_level() const {
  const auto bits = profile_.features & level_mask;
  return bits == level_tpdu ? level::tpdu : bits == level_short ? level::short_apdu : level::extended_apdu;
}

wiped_bytes ccid_device::look() {
  const auto now = slot_->now();
  const auto seen = now.card_present ? now.placed_count : 0;
  if (seen == noticed_card_) return {};
  noticed_card_ = seen;
  powered_ = false;
  t1_.reset();
  static constexpr std::uint8_t notice = 0x50, slots_in_a_byte = 4;
  wiped_bytes message(2 + (profile_.slots - 1u) / slots_in_a_byte, 0);
  message[0] = notice;
  message[1 + profile_.card_slot / slots_in_a_byte] =
      static_cast<std::uint8_t>((now.card_present ? 3 : 2) << (profile_.card_slot % slots_in_a_byte * 2));
  return message;
}

/// A card that was exchanged since the last look is absent until the next one.
std::uint8_t ccid_device::card_status() const {
  const auto now = slot_->now();
  if (!now.card_present || now.placed_count != noticed_card_) return 2;
  return powered_ ? 0 : 1;
}

/// All but one of the slots have no card.
std::uint8_t ccid_device::status_of(std::uint8_t slot) const {
  return slot == profile_.card_slot ? card_status() : std::uint8_t{2};
}

wiped_bytes ccid_device::frame(std::uint8_t type, const head& h, std::uint8_t status, std::uint8_t error,
                               std::uint8_t chain, ccid::octets data) const {
  const auto state = static_cast<std::uint8_t>(status | status_of(h.slot));
  wiped_bytes out = {type, 0, 0, 0, 0, h.slot, h.sequence, state, error, chain};
  put_length(out, data.size());
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

wiped_bytes ccid_device::power(const head& h, bool on) {
  powered_ = false;
  t1_.reset();
  command_.clear();
  answer_.clear();
  answered_ = 0;
  parameters_ = default_parameters();
  if (!on) {
    slot_->power_off();
    return frame(status_answer, h, 0, 0, 1);
  }
  const auto chosen = h.specific[0];
  const bool automatic = (profile_.features & does_voltage) != 0;
  if (chosen > 3 || (chosen == 0 && !automatic)) return frame(data_block, h, failed, wrong_voltage, 0);
  const auto voltage = static_cast<std::uint8_t>(chosen == 0 ? profile_.voltages : 1 << (chosen - 1));
  if ((voltage & profile_.voltages) == 0) return frame(data_block, h, failed, wrong_voltage, 0);
  const bool answers = card_status() != 2 && (voltage & profile_.card_voltages) != 0;
  const auto atr = answers ? slot_->power_on() : messages::bytes{};
  if (atr.empty()) return frame(data_block, h, failed, card_mute, 0);
  powered_ = true;
  const auto ifsd = (profile_.features & does_ifsd) != 0 ? std::size_t{profile_.ifsd_max} : virtual_t1::ifsd_at_start;
  if (exchange_level() == level::tpdu)
    t1_.emplace(slot_->make(), ifsd, [slot = slot_](apdu::octets command) { return slot->exchange(command); });
  return frame(data_block, h, 0, 0, 0, atr);
}

wiped_bytes ccid_device::parameters(const head& h, ccid::octets wanted, bool set) {
  constexpr std::uint8_t t1 = 1;
  if (card_status() != 0) return frame(parameters_answer, h, failed, card_mute, t1);
  if (set && h.specific[0] != t1) return frame(parameters_answer, h, failed, wrong_protocol, t1);
  if (set && wanted.size() != parameters_size_t1) return frame(parameters_answer, h, failed, wrong_length, t1);
  if (set) parameters_.assign(wanted.begin(), wanted.end());
  return frame(parameters_answer, h, 0, 0, t1, parameters_);
}

// -- what it does wrong --------------------------------------------------------------------------------------------

void ccid_device::misbehave(misdeed what) {
  const std::lock_guard lock{guard_};
  misdeeds_.push_back(std::move(what));
}

/// Counts @p bytes of traffic; true when the reader leaves within them.
bool ccid_device::leaves_at(std::size_t bytes) {
  const std::lock_guard lock{guard_};
  for (auto m = misdeeds_.begin(); m != misdeeds_.end(); ++m) {
    if (m->kind != misdeed_kind::unplug_at_byte) continue;
    if (m->number > bytes) {
      m->number -= bytes;
      continue;
    }
    misdeeds_.erase(m);
    return true;
  }
  return false;
}

std::optional<misdeed> ccid_device::take_misdeed(std::uint8_t type) {
  const std::lock_guard lock{guard_};
  std::optional<misdeed> due;
  for (auto m = misdeeds_.begin(); m != misdeeds_.end();) {
    const bool of_answers = m->kind != misdeed_kind::unplug_at_byte && m->kind != misdeed_kind::deaf;
    const bool counts = of_answers && (!m->to || *m->to == type);
    if (counts && --m->answer == 0 && !due) {
      due = *m;
      m = misdeeds_.erase(m);
    } else
      ++m;
  }
  return due;
}

bool ccid_device::listens(ccid::octets request) {
  const std::lock_guard lock{guard_};
  const auto due = std::ranges::find_if(misdeeds_, [&](misdeed& m) {
    const bool counts = m.kind == misdeed_kind::deaf && (!m.to || (!request.empty() && *m.to == request[0]));
    return counts && --m.answer == 0;
  });
  if (due == misdeeds_.end()) return true;
  misdeeds_.erase(due);
  return false;
}

std::vector<timed_frame> ccid_device::receive(ccid::octets request) {
  if (leaves_at(request.size())) { // the card never sees it
    slot_->unplug();
    return {};
  }
  auto out = spoil(answer(request), request);
  std::size_t size = 0;
  for (const auto& f : out)
    size += f.bytes.size();
  if (!leaves_at(size)) return out;
  slot_->unplug();
  return {};
}

std::vector<timed_frame> ccid_device::spoil(frames right, ccid::octets request) {
  const auto what = request.empty() || right.empty() ? std::nullopt : take_misdeed(request[0]);
  if (!what) return right;
  auto& last = right.back();
  switch (what->kind) {
  case misdeed_kind::stale_frame: {
    auto stale = last;
    stale.bytes[6] = static_cast<std::uint8_t>(stale.bytes[6] - 1);
    right.insert(right.begin(), std::move(stale));
    break;
  }
  case misdeed_kind::wrong_sequence: last.bytes[6] ^= 0x55; break;
  case misdeed_kind::wrong_slot: last.bytes[5] ^= 0x01; break;
  case misdeed_kind::short_read: last.bytes.resize(std::min(last.bytes.size(), what->number)); break;
  case misdeed_kind::wrong_length: put_length(last.bytes, last.bytes.size() - ccid::header_size + what->number); break;
  case misdeed_kind::time_extension: {
    const head h{last.bytes[5], last.bytes[6], {}};
    right.insert(right.begin(), what->number, {frame(last.bytes[0], h, more_time, extension_factor, 0)});
    break;
  }
  case misdeed_kind::stall: right.insert(right.begin(), timed_frame{{}, {}, true}); break;
  case misdeed_kind::silence: right.clear(); break;
  case misdeed_kind::garbage_chain: last.bytes[9] = static_cast<std::uint8_t>(what->number); break;
  case misdeed_kind::damaged_block: last.bytes.back() ^= 0xFF; break;
  case misdeed_kind::unplug_at_byte:
  case misdeed_kind::deaf: break;
  }
  return right;
}

// -- what it does right --------------------------------------------------------------------------------------------

std::vector<timed_frame> ccid_device::answer(ccid::octets request) {
  if (request.size() < ccid::header_size) return {}; // nothing to answer to
  const head h{request[5], request[6], {request[7], request[8], request[9]}};
  const auto one = [](wiped_bytes bytes) {
    frames out;
    out.push_back({std::move(bytes)});
    return out;
  };
  if (!ccid::is_whole(request) || request.size() > std::max(profile_.message_size_max, profile_.message_size_taken))
    return one(frame(status_answer, h, failed, wrong_length, 0));
  if (h.slot >= profile_.slots) return one(frame(status_answer, h, failed, wrong_slot, 0));
  if (h.slot != profile_.card_slot) return answer_empty_slot(h, request[0]);
  const auto data = request.subspan(ccid::header_size);
  switch (request[0]) {
  case slot_status: return one(frame(status_answer, h, 0, 0, 0));
  case power_on: return one(power(h, true));
  case power_off: return one(power(h, false));
  case get_parameters:
  case reset_parameters:
    if (request[0] == reset_parameters) parameters_ = default_parameters();
    return one(parameters(h, data, false));
  case set_parameters: return one(parameters(h, data, true));
  case transfer_apdu: return transfer(h, data);
  default: return one(frame(status_answer, h, failed, not_supported, 0));
  }
}

std::vector<timed_frame> ccid_device::answer_empty_slot(const head& h, std::uint8_t type) const {
  const bool fine = type == slot_status || type == power_off;
  const bool block = type == power_on || type == transfer_apdu;
  const bool about_parameters = type == get_parameters || type == set_parameters || type == reset_parameters;
  const auto of_type = block ? data_block : about_parameters ? parameters_answer : status_answer;
  frames out;
  out.push_back({frame(of_type, h, fine ? 0 : failed, fine ? 0 : card_mute, 0)});
  return out;
}

std::vector<timed_frame> ccid_device::transfer(const head& h, ccid::octets data) {
  frames out;
  if (card_status() != 0) {
    out.push_back({frame(data_block, h, failed, card_mute, 0)});
    return out;
  }
  if (exchange_level() == level::tpdu) return transfer_block(h, data);
  const auto chosen = static_cast<std::uint16_t>(h.specific[1] | h.specific[2] << 8);
  if (exchange_level() == level::short_apdu && chosen != ccid::level_whole) {
    out.push_back({frame(data_block, h, failed, wrong_level, 0)});
    return out;
  }
  if (chosen == ccid::level_next) {
    out.push_back({next_block(h)});
    return out;
  }
  if (chosen == ccid::level_whole || chosen == ccid::level_first) command_.clear();
  command_.insert(command_.end(), data.begin(), data.end());
  if (chosen == ccid::level_first || chosen == ccid::level_middle) {
    out.push_back({frame(data_block, h, 0, 0, 0x10)}); // "send the next block"
    return out;
  }
  return run(h);
}

std::vector<timed_frame> ccid_device::lost(const head& h, slot_answer::outcome how) const {
  frames out;
  if (how == slot_answer::outcome::failed) out.push_back({frame(data_block, h, failed, hardware_error, 0)});
  if (how == slot_answer::outcome::removed) out.push_back({frame(data_block, h, failed, card_mute, 0)});
  return out; // mute, or unplugged: nothing
}

/// TPDU level: the reader carries blocks of T=1 and understands none of them.
std::vector<timed_frame> ccid_device::transfer_block(const head& h, ccid::octets data) {
  auto came = t1_->receive(data);
  if (came.how != slot_answer::outcome::answered) return lost(h, came.how);
  frames out;
  out.push_back({frame(data_block, h, 0, 0, 0, came.block), came.delay});
  return out;
}

/// The whole command is here: the card's turn.
std::vector<timed_frame> ccid_device::run(const head& h) {
  auto came = slot_->exchange(command_);
  command_ = {};
  if (came.how != slot_answer::outcome::answered) return lost(h, came.how);
  frames out;
  const std::chrono::milliseconds late{came.delay_ms};
  for (auto at = extension_every; at < late; at += extension_every)
    out.push_back({frame(data_block, h, more_time, extension_factor, 0), at});
  answer_ = std::move(came.bytes);
  answered_ = 0;
  out.push_back({next_block(h), late});
  return out;
}

wiped_bytes ccid_device::next_block(const head& h) {
  const auto size = std::min(answer_.size() - answered_, profile_.message_size_max - ccid::header_size);
  const bool first = answered_ == 0, last = answered_ + size == answer_.size();
  std::uint8_t chain = first ? (last ? 0 : 1) : (last ? 2 : 3);
  if (exchange_level() == level::short_apdu) chain = 0; // it means nothing there
  auto out = frame(data_block, h, 0, 0, chain, ccid::octets{answer_}.subspan(answered_, size));
  answered_ += size;
  return out;
}

namespace {

/// What the class descriptor and the endpoints of one interface say.
struct interface_block {
  std::uint8_t number = 0, interface_class = 0x0B, out = rig_endpoint_out, in = rig_endpoint_in;
  std::uint8_t interrupt = rig_endpoint_interrupt; ///< 0: none
  bool class_descriptor_last = false;
};

void put_interface(std::vector<std::uint8_t>& all, const interface_block& i, const std::vector<std::uint8_t>& about) {
  const std::uint8_t endpoints = i.interrupt != 0 ? 3 : 2;
  all.insert(all.end(), {9, 4, i.number, 0, endpoints, i.interface_class, 0, 0, 0});
  if (!i.class_descriptor_last) all.insert(all.end(), about.begin(), about.end());
  all.insert(all.end(), {7, 5, i.out, 2, 64, 0, 0, 7, 5, i.in, 2, 64, 0, 0});
  if (i.interrupt != 0) all.insert(all.end(), {7, 5, i.interrupt, 3, 8, 0, 10});
  if (i.class_descriptor_last) all.insert(all.end(), about.begin(), about.end());
}

std::vector<std::uint8_t> class_descriptor(const rig_profile& profile) {
  std::vector<std::uint8_t> about(ccid_descriptor_size);
  about[0] = ccid_descriptor_size;
  about[1] = 0x21;
  put_le(about, 2, 0x0110, 2);
  about[4] = static_cast<std::uint8_t>(profile.slots - 1);
  about[5] = profile.voltages;
  put_le(about, 6, profile.protocols, 4);
  put_le(about, 10, 4000, 4);
  put_le(about, 14, 4000, 4);
  put_le(about, 19, 115200, 4);
  put_le(about, 23, 1036800 & 0xFFFFFF, 4);
  put_le(about, 28, profile.ifsd_max, 4);
  put_le(about, 40, profile.features, 4);
  put_le(about, 44, profile.message_size_max, 4);
  about[53] = 1;
  return about;
}

} // namespace

std::vector<std::uint8_t> make_descriptors(const rig_profile& profile) {
  static constexpr std::uint8_t side_out = 0x04, side_in = 0x85, side_interrupt = 0x86;
  std::vector<std::uint8_t> device = {18, 1, 0x00, 2, 0, 0, 0, 64, 0, 0, 0, 0, 0x00, 1, 1, 2, 0, 1};
  put_le(device, 8, profile.vendor, 2);
  put_le(device, 10, profile.product, 2);
  const std::uint8_t interfaces = profile.beside ? 2 : 1;
  std::vector<std::uint8_t> all = {9, 2, 0, 0, interfaces, 1, 0, 0x80, 50};
  interface_block own;
  own.number = profile.beside && profile.beside->first ? 1 : 0;
  own.interface_class = profile.interface_class;
  if (!profile.interrupt_endpoint) own.interrupt = 0;
  own.class_descriptor_last = profile.descriptor_on_last_endpoint;
  const auto put_side = [&] {
    rig_profile side;
    side.features = profile.beside->features;
    side.protocols = profile.beside->protocols;
    put_interface(all, {static_cast<std::uint8_t>(1 - own.number), 0x0B, side_out, side_in, side_interrupt, false},
                  class_descriptor(side));
  };
  if (own.number != 0) put_side();
  put_interface(all, own, class_descriptor(profile));
  if (profile.beside && own.number == 0) put_side();
  put_le(all, 2, static_cast<std::uint32_t>(all.size()), 2);
  device.insert(device.end(), all.begin(), all.end());
  return device;
}

std::vector<std::uint8_t> answer_control(const rig_profile& profile, ccid::octets setup) {
  static constexpr std::uint8_t in = 0x80, get_descriptor = 6, text_type = 3;
  if (setup.size() < 8 || setup[0] != in || setup[1] != get_descriptor || setup[3] != text_type) return {};
  std::vector<std::uint8_t> out = {4, text_type, 9, 4}; // languages: English
  if (setup[2] > 2) return {};
  if (setup[2] > 0) {
    out = {0, text_type};
    for (const char c : setup[2] == 1 ? profile.manufacturer : profile.name) {
      out.push_back(static_cast<std::uint8_t>(c));
      out.push_back(0);
    }
    out[0] = static_cast<std::uint8_t>(out.size());
  }
  const auto wanted = static_cast<std::size_t>(setup[6] | setup[7] << 8);
  out.resize(std::min(out.size(), wanted));
  return out;
}

} // namespace drivers::card
