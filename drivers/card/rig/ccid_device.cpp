// SIMULATED: a CCID reader's firmware and descriptors, as ccid_device.hpp says.
#include "drivers/card/rig/ccid_device.hpp"

#include "drivers/card/descriptor.hpp"

#include <algorithm>
#include <array>

namespace drivers::card {

namespace {

constexpr std::uint8_t failed = 0x40, more_time = 0x80;
constexpr std::uint8_t card_mute = 0xFE, hardware_error = 0xFB;
/// How often a slow answer asks for more time, and the multiplier it asks for.
constexpr std::chrono::milliseconds extension_every{50};
constexpr std::uint8_t extension_factor = 2;

void put_le(std::vector<std::uint8_t>& at, std::size_t offset, std::uint32_t value, int size) {
  for (int i = 0; i < size; ++i)
    at[offset + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(value >> (8 * i));
}

} // namespace

ccid_device::ccid_device(std::shared_ptr<virtual_slot> slot, std::size_t message_size_max)
    : slot_(std::move(slot)), message_size_max_(message_size_max) {
  look();
}

wiped_bytes ccid_device::look() {
  const auto now = slot_->now();
  const auto seen = now.card_present ? now.placed_count : 0;
  if (seen == noticed_card_) return {};
  noticed_card_ = seen;
  powered_ = false;
  return {0x50, static_cast<std::uint8_t>(now.card_present ? 3 : 2)};
}

/// A card that was exchanged since the last look is absent until the next one.
std::uint8_t ccid_device::card_status() const {
  const auto now = slot_->now();
  if (!now.card_present || now.placed_count != noticed_card_) return 2;
  return powered_ ? 0 : 1;
}

wiped_bytes ccid_device::frame(ccid::reply type, const head& h, std::uint8_t status, std::uint8_t error,
                               std::uint8_t chain, ccid::octets data) const {
  const std::array<std::uint8_t, 3> specific = {static_cast<std::uint8_t>(status | card_status()), error, chain};
  auto out = ccid::build(ccid::request{}, 0, h.sequence, specific, data);
  out[0] = static_cast<std::uint8_t>(type);
  return out;
}

wiped_bytes ccid_device::power(const head& h, bool on) {
  powered_ = false;
  command_.clear();
  answer_.clear();
  if (!on) {
    slot_->power_off();
    return frame(ccid::reply::slot_status, h, 0, 0, 1);
  }
  const auto atr = card_status() == 2 ? messages::bytes{} : slot_->power_on();
  if (atr.empty()) return frame(ccid::reply::data_block, h, failed, card_mute, 0);
  powered_ = true;
  return frame(ccid::reply::data_block, h, 0, 0, 0, atr);
}

std::vector<timed_frame> ccid_device::receive(ccid::octets request) {
  if (request.size() < ccid::header_size) return {}; // nothing to answer to
  const head h{request[6], {request[7], request[8], request[9]}};
  std::vector<timed_frame> out;
  if (!ccid::is_whole(request)) {
    out.push_back({frame(ccid::reply::slot_status, h, failed, 1, 0)});
    return out;
  }
  switch (static_cast<ccid::request>(request[0])) {
  case ccid::request::slot_status:
    out.push_back({frame(ccid::reply::slot_status, h, 0, 0, 0)});
    return out;
  case ccid::request::power_on:
    out.push_back({power(h, true)});
    return out;
  case ccid::request::power_off:
    out.push_back({power(h, false)});
    return out;
  case ccid::request::transfer:
    return transfer(h, request.subspan(ccid::header_size));
  }
  out.push_back({frame(ccid::reply::slot_status, h, failed, 0, 0)});
  return out;
}

std::vector<timed_frame> ccid_device::transfer(const head& h, ccid::octets data) {
  std::vector<timed_frame> out;
  if (card_status() != 0) {
    out.push_back({frame(ccid::reply::data_block, h, failed, card_mute, 0)});
    return out;
  }
  const auto level = static_cast<std::uint16_t>(h.specific[1] | h.specific[2] << 8);
  if (level == ccid::level_next) {
    out.push_back({next_block(h)});
    return out;
  }
  if (level == ccid::level_whole || level == ccid::level_first) command_.clear();
  command_.insert(command_.end(), data.begin(), data.end());
  if (level == ccid::level_first || level == ccid::level_middle) {
    out.push_back({frame(ccid::reply::data_block, h, 0, 0, 0x10)}); // "send the next block"
    return out;
  }
  return run(h);
}

/// The whole command is here: the card's turn.
std::vector<timed_frame> ccid_device::run(const head& h) {
  using outcome = slot_answer::outcome;
  std::vector<timed_frame> out;
  auto came = slot_->exchange(command_);
  command_ = {};
  switch (came.how) {
  case outcome::mute:
  case outcome::unplugged:
    return out;
  case outcome::failed:
    out.push_back({frame(ccid::reply::data_block, h, failed, hardware_error, 0)});
    return out;
  case outcome::removed:
    out.push_back({frame(ccid::reply::data_block, h, failed, card_mute, 0)});
    return out;
  case outcome::answered:
    break;
  }
  const std::chrono::milliseconds late{came.delay_ms};
  for (auto at = extension_every; at < late; at += extension_every)
    out.push_back({frame(ccid::reply::data_block, h, more_time, extension_factor, 0), at});
  answer_ = std::move(came.bytes);
  answered_ = 0;
  out.push_back({next_block(h), late});
  return out;
}

wiped_bytes ccid_device::next_block(const head& h) {
  const auto size = std::min(answer_.size() - answered_, message_size_max_ - ccid::header_size);
  const bool first = answered_ == 0, last = answered_ + size == answer_.size();
  const std::uint8_t chain = first ? (last ? 0 : 1) : (last ? 2 : 3);
  auto out = frame(ccid::reply::data_block, h, 0, 0, chain, ccid::octets{answer_}.subspan(answered_, size));
  answered_ += size;
  return out;
}

std::vector<std::uint8_t> make_descriptors(const rig_profile& profile) {
  std::vector<std::uint8_t> device = {18, 1, 0x00, 2, 0, 0, 0, 64, 0, 0, 0, 0, 0x00, 1, 1, 2, 0, 1};
  put_le(device, 8, profile.vendor, 2);
  put_le(device, 10, profile.product, 2);
  std::vector<std::uint8_t> about(ccid_descriptor_size);
  about[0] = ccid_descriptor_size;
  about[1] = 0x21;
  put_le(about, 2, 0x0110, 2);
  about[5] = 7;
  put_le(about, 6, profile.protocols, 4);
  put_le(about, 10, 4000, 4);
  put_le(about, 14, 4000, 4);
  put_le(about, 19, 115200, 4);
  put_le(about, 23, 1036800 & 0xFFFFFF, 4);
  put_le(about, 28, 254, 4);
  put_le(about, 40, profile.features, 4);
  put_le(about, 44, profile.message_size_max, 4);
  about[53] = 1;
  const std::uint8_t endpoints = profile.interrupt_endpoint ? 3 : 2;
  std::vector<std::uint8_t> all = {9, 2, 0, 0, 1, 1, 0, 0x80, 50, 9, 4, 0, 0, endpoints, profile.interface_class,
                                   0, 0, 0};
  all.insert(all.end(), about.begin(), about.end());
  all.insert(all.end(), {7, 5, rig_endpoint_out, 2, 64, 0, 0, 7, 5, rig_endpoint_in, 2, 64, 0, 0});
  if (profile.interrupt_endpoint) all.insert(all.end(), {7, 5, rig_endpoint_interrupt, 3, 8, 0, 10});
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
