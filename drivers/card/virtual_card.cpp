// SIMULATED: the virtual card, as virtual_card.hpp says.
#include "drivers/card/virtual_card.hpp"

#include "drivers/card/digest.hpp"

#include <algorithm>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <openssl/rand.h>
#include <unistd.h>

namespace drivers::card {

namespace {

constexpr std::array<std::uint8_t, 10> jpki_application = {0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01};
constexpr std::uint16_t token_file = 0x0006, certificate_file = 0x000A, issuer_file = 0x000B, key_file = 0x0017,
                        pin_file = 0x0018;
/// Contact card, T=1 (card-reader.md §1.4).
constexpr std::array<std::uint8_t, 18> contact_atr = {0x3B, 0xDA, 0x13, 0xFF, 0x81, 0x31, 0xFB, 0x46, 0x80,
                                                      0x12, 0x39, 0x2F, 0x31, 0xC1, 0x73, 0xC6, 0x01, 0xC0};
constexpr std::uint8_t contact_atr_check = 0x3B;
constexpr std::size_t token_size = 20, selected_max = 256;

wiped_bytes sw(unsigned word) { return {static_cast<std::uint8_t>(word >> 8), static_cast<std::uint8_t>(word)}; }

wiped_bytes with_sw(apdu::octets data) {
  wiped_bytes out(data.begin(), data.end());
  out.insert(out.end(), {0x90, 0x00});
  return out;
}

std::string_view token_of(messages::card_kind kind) {
  switch (kind) {
  case messages::card_kind::my_number_card:
    return "JPKIAPICCTOKEN2";
  case messages::card_kind::juki_card:
    return "JPKIAPICCTOKEN";
  case messages::card_kind::phone:
    return "JPKIAPGPSETOKEN";
  case messages::card_kind::unknown:
    break;
  }
  return "";
}

std::uint16_t big_endian(apdu::octets two) { return static_cast<std::uint16_t>(two[0] << 8 | two[1]); }

} // namespace

virtual_card::virtual_card(virtual_card_options options) : options_(std::move(options)) {
  auto& pin = options_.pin;
  pin_digest_ = sha256({reinterpret_cast<const std::uint8_t*>(pin.data()), pin.size()});
  wipe(pin.data(), pin.size());
  pin.clear();
  const auto text = token_of(options_.kind);
  token_.assign(text.begin(), text.end());
  token_.resize(token_size, ' ');
}

messages::result<std::shared_ptr<virtual_card>> virtual_card::make(virtual_card_options options) {
  std::shared_ptr<virtual_card> card{new virtual_card{std::move(options)}};
  if (!card->load())
    return messages::failure(messages::error_code::file_unreadable, card->options_.state_file.string(),
                             "not the state of a virtual card");
  return card;
}

messages::bytes virtual_card::atr() const {
  messages::bytes all(contact_atr.begin(), contact_atr.end());
  all.push_back(contact_atr_check);
  return all;
}

void virtual_card::reset() {
  const std::lock_guard lock{guard_};
  in_application_ = verified_ = false;
  file_ = 0;
}

card_counts virtual_card::counts() const {
  const std::lock_guard lock{guard_};
  return counts_;
}

std::set<std::string> virtual_card::selected() const {
  const std::lock_guard lock{guard_};
  return selected_;
}

wiped_bytes virtual_card::answer(apdu::octets command) {
  const std::lock_guard lock{guard_};
  const auto c = apdu::parse(command);
  if (!c) return sw(0x6700);
  if (c->cla != 0x00 && c->cla != 0x80) return sw(0x6E00);
  switch (c->ins) {
  case apdu::ins_select:
    return select(*c);
  case apdu::ins_read_binary:
    return read_binary(*c);
  case apdu::ins_verify:
    return verify(*c);
  case apdu::ins_sign:
    return sign(*c);
  case apdu::ins_challenge:
    return challenge(*c);
  default:
    return sw(0x6D00);
  }
}

wiped_bytes virtual_card::select(const apdu::command& c) {
  if (selected_.size() < selected_max) selected_.insert(apdu::hex(c.data));
  if (c.p1 == 0x04) {
    const bool known = options_.kind != messages::card_kind::unknown && std::ranges::equal(c.data, jpki_application);
    if (!known) return sw(0x6A82);
    in_application_ = true;
    verified_ = false; // selecting an application clears verified PINs
    file_ = 0;
    return sw(0x9000);
  }
  if (c.p1 != 0x00 && c.p1 != 0x02) return sw(0x6A86);
  if (!in_application_ || c.data.size() != 2) return sw(0x6A82);
  const auto name = big_endian(c.data);
  if (file(name) == nullptr && name != pin_file && name != key_file) return sw(0x6A82);
  file_ = name;
  return sw(0x9000);
}

const messages::bytes* virtual_card::file(std::uint16_t name) const {
  switch (name) {
  case token_file:
    return &token_;
  case certificate_file:
    return &options_.certificate;
  case issuer_file:
    return &options_.issuer_certificate;
  default:
    return nullptr;
  }
}

wiped_bytes virtual_card::read_binary(const apdu::command& c) const {
  const auto* content = in_application_ ? file(file_) : nullptr;
  if (content == nullptr) return sw(0x6986);
  // a phone shows even this certificate only after the PIN (card-reader.md §1.1)
  if (options_.kind == messages::card_kind::phone && file_ == certificate_file && !verified_) return sw(0x6982);
  const std::size_t at = static_cast<std::size_t>(c.p1 << 8 | c.p2);
  if (at >= content->size()) return sw(0x6B00);
  const auto size = std::min(content->size() - at, c.le == 0 ? apdu::answer_size_max : c.le);
  return with_sw(apdu::octets{*content}.subspan(at, size));
}

wiped_bytes virtual_card::verify(const apdu::command& c) {
  if (c.p1 != 0x00 || c.p2 != 0x80) return sw(0x6A86);
  if (!in_application_ || file_ != pin_file) return sw(0x6986);
  if (c.data.empty()) return sw(0x63C0 + static_cast<unsigned>(counts_.tries_left)); // also when verified
  auto next = counts_;
  ++next.verifies;
  const bool locked = counts_.tries_left == 0;
  const bool right = !locked && sha256(c.data) == pin_digest_;
  if (locked)
    ++next.refused;
  else
    next.tries_left = right ? tries_max : counts_.tries_left - 1;
  if (!save(next)) return sw(0x6581);
  counts_ = next;
  verified_ = right;
  if (locked) return sw(0x6984);
  return right ? sw(0x9000) : sw(0x63C0 + static_cast<unsigned>(counts_.tries_left));
}

wiped_bytes virtual_card::sign(const apdu::command& c) const {
  if (c.cla != 0x80 || c.p1 != 0x00 || c.p2 != 0x80) return sw(0x6A86);
  if (!in_application_ || file_ != key_file) return sw(0x6986);
  if (!verified_) return sw(0x6982);
  const auto signature = options_.key ? options_.key(c.data) : messages::bytes{};
  return signature.empty() ? sw(0x6700) : with_sw(signature);
}

wiped_bytes virtual_card::challenge(const apdu::command& c) const {
  const auto size = c.le == 0 ? std::size_t{8} : c.le;
  if (size > apdu::answer_size_max) return sw(0x6700);
  wiped_bytes random(size);
  if (RAND_bytes(random.data(), static_cast<int>(size)) != 1) return sw(0x6F00);
  return with_sw(random);
}

bool virtual_card::load() {
  const auto& path = options_.state_file;
  if (path.empty()) return true;
  std::error_code failed;
  if (!std::filesystem::exists(path, failed)) return !failed;
  std::ifstream in{path};
  std::string word;
  card_counts read;
  bool good = static_cast<bool>(in >> word >> read.tries_left) && word == "tries_left";
  good = good && in >> word >> read.verifies && word == "verifies" && in >> word >> read.refused && word == "refused";
  if (!good || read.tries_left < 0 || read.tries_left > tries_max) return false;
  counts_ = read;
  return true;
}

/// Written aside and renamed, so that a kill at any moment leaves the old or the new state.
bool virtual_card::save(const card_counts& counts) const {
  const auto& path = options_.state_file;
  if (path.empty()) return true;
  const auto aside = path.string() + ".new";
  const auto text = "tries_left " + std::to_string(counts.tries_left) + "\nverifies " +
                    std::to_string(counts.verifies) + "\nrefused " + std::to_string(counts.refused) + "\n";
  const int fd = open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  close(fd);
  std::error_code failed;
  if (written) std::filesystem::rename(aside, path, failed);
  return written && !failed;
}

} // namespace drivers::card
