// Reading and writing BER-TLV, and the surface file, as ber.hpp says.
#include "drivers/card/ber.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace drivers::card {

std::optional<std::vector<ber_element>> parse_ber(apdu::octets bytes) {
  std::vector<ber_element> all;
  while (!bytes.empty()) {
    const auto head = apdu::parse_ber_head(bytes);
    if (!head || bytes.size() - head->head_size < head->content_size) return std::nullopt;
    if (all.size() == ber_elements_max) return std::nullopt;
    all.push_back({head->tag, bytes.subspan(head->head_size, head->content_size)});
    bytes = bytes.subspan(head->head_size + head->content_size);
  }
  return all;
}

std::optional<apdu::octets> find_ber(const std::vector<ber_element>& in, std::uint16_t tag) {
  const auto found = std::ranges::find(in, tag, &ber_element::tag);
  return found == in.end() ? std::nullopt : std::optional{found->content};
}

void put_ber(messages::bytes& to, std::uint16_t tag, const messages::bytes& content) {
  assert(content.size() <= 0xFFFF);
  if (tag > 0xFF) to.push_back(static_cast<std::uint8_t>(tag >> 8));
  to.push_back(static_cast<std::uint8_t>(tag));
  const auto size = content.size();
  if (size > 0xFF) {
    to.insert(to.end(), {0x82, static_cast<std::uint8_t>(size >> 8)});
  } else if (size > 0x7F) {
    to.push_back(0x81);
  }
  to.push_back(static_cast<std::uint8_t>(size));
  to.insert(to.end(), content.begin(), content.end());
}

namespace {

bool is_jpeg_2000(apdu::octets photo) {
  static constexpr std::array<std::uint8_t, 12> boxes = {0, 0, 0, 0x0C, 'j', 'P', ' ', ' ', 0x0D, 0x0A, 0x87, 0x0A};
  static constexpr std::array<std::uint8_t, 4> codestream = {0xFF, 0x4F, 0xFF, 0x51};
  const auto begins = [&](apdu::octets with) {
    return photo.size() > with.size() && std::ranges::equal(photo.first(with.size()), with);
  };
  return begins(boxes) || begins(codestream);
}

bool is_digits(apdu::octets text, std::size_t size) {
  return text.size() == size && std::ranges::all_of(text, [](auto c) { return c >= '0' && c <= '9'; });
}

std::string text_of(apdu::octets bytes) { return {bytes.begin(), bytes.end()}; }

} // namespace

messages::result<surface_facts> parse_surface(apdu::octets file) {
  static constexpr std::size_t date_size = 8, sex_size = 1;
  const auto odd = [](const char* what) {
    return messages::failure(messages::error_code::card_answer_odd, what, "READ BINARY of the surface");
  };
  if (file.size() > surface_size_max) return odd("too long");
  const auto outer = parse_ber(file);
  if (!outer || outer->size() != 1 || outer->front().tag != surface_tag) return odd("no surface file");
  const auto inner = parse_ber(outer->front().content);
  if (!inner) return odd("lengths that do not add up");
  const auto photo = find_ber(*inner, surface_photo_tag), birth = find_ber(*inner, surface_birth_tag),
             sex = find_ber(*inner, surface_sex_tag), expiry = find_ber(*inner, surface_expiry_tag);
  if (!photo || photo->size() > photo_size_max || !is_jpeg_2000(*photo)) return odd("no photo");
  if (!birth || !is_digits(*birth, date_size)) return odd("no birth date");
  if (!expiry || !is_digits(*expiry, date_size)) return odd("no date of expiry");
  if (!sex || !is_digits(*sex, sex_size)) return odd("no sex");
  surface_facts facts;
  facts.photo = messages::personal<wiped_bytes>{wiped_bytes(photo->begin(), photo->end())};
  facts.birth_date = messages::personal<std::string>{text_of(*birth)};
  facts.expiry = messages::personal<std::string>{text_of(*expiry)};
  facts.sex = messages::personal<std::string>{text_of(*sex)};
  return facts;
}

} // namespace drivers::card
