// SIMULATED: the virtual card, as virtual_card.hpp says.
#include "drivers/card/virtual_card.hpp"

#include "drivers/card/ber.hpp"
#include "drivers/card/card_files.hpp"
#include "drivers/card/digest.hpp"

#include <algorithm>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/file.h>
#include <unistd.h>

namespace drivers::card {

namespace {

constexpr std::size_t token_size = 20, selected_max = 256;
constexpr std::uint8_t no_control_information = 0x0C;
constexpr std::uint16_t control_information_tag = 0x6F, name_tag = 0x84;

wiped_bytes sw(unsigned word) { return {static_cast<std::uint8_t>(word >> 8), static_cast<std::uint8_t>(word)}; }

wiped_bytes with_sw(apdu::octets data) {
  wiped_bytes out(data.begin(), data.end());
  out.insert(out.end(), {0x90, 0x00});
  return out;
}

std::string_view token_of(messages::card_kind kind) {
  switch (kind) {
  case messages::card_kind::my_number_card: return "JPKIAPICCTOKEN2";
  case messages::card_kind::juki_card: return "JPKIAPICCTOKEN";
  case messages::card_kind::phone: return "JPKIAPGPSETOKEN";
  case messages::card_kind::unknown: break;
  }
  return "";
}

std::uint16_t big_endian(apdu::octets two) { return static_cast<std::uint16_t>(two[0] << 8 | two[1]); }
constexpr std::uint16_t name(jpki_file f) { return static_cast<std::uint16_t>(f); }
constexpr std::uint16_t name(surface_file f) { return static_cast<std::uint16_t>(f); }

/// The digest of a secret; what was given is wiped.
std::array<std::uint8_t, 32> take_digest(std::string& secret) {
  const auto digest = sha256({reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size()});
  wipe(secret.data(), secret.size());
  secret.clear();
  return digest;
}

/// An exclusive hold on the state between several objects of the same card; none without a state file.
class state_lock {
public:
  explicit state_lock(const std::filesystem::path& state) {
    if (state.empty()) return;
    file_ = open((state.string() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ >= 0 && flock(file_, LOCK_EX) != 0) close(std::exchange(file_, -1));
  }
  state_lock(const state_lock&) = delete;
  state_lock& operator=(const state_lock&) = delete;
  ~state_lock() {
    if (file_ >= 0) close(file_);
  }

private:
  int file_ = -1;
};

} // namespace

card_make make_of(card_atr which) {
  // all that card-reader.md §1.4 lists, with what it decodes there
  switch (which) {
  case card_atr::contact:
    return {{0x3B, 0xDA, 0x13, 0xFF, 0x81, 0x31, 0xFB, 0x46, 0x80, 0x12, 0x39, 0x2F, 0x31, 0xC1, 0x73, 0xC6, 0x01, 0xC0,
             0x3B},
            251,
            false,
            false,
            true};
  case card_atr::contact_short:
    return {{0x3B, 0xC5, 0xFF, 0x81, 0x31, 0xFB, 0x45, 0x80, 0x73, 0xC6, 0x01, 0x00, 0x00}, 251, false, false, false};
  case card_atr::contact_fixed_speed:
    return {{0x3B, 0xF5, 0x91, 0x00, 0xFF, 0x91, 0x81, 0x71, 0xFE, 0x40, 0x00, 0x42, 0x00, 0x01, 0x00, 0xD1, 0xD6},
            254,
            false,
            true,
            false};
  case card_atr::contact_fixed_speed_2:
    return {{0x3B, 0xF5, 0x91, 0x00, 0xFF, 0x91, 0x81, 0x71, 0xFE, 0x40, 0x00, 0x42, 0x00, 0x01, 0xB3, 0xA1, 0x15},
            254,
            false,
            true,
            false};
  case card_atr::contactless:
    return {{0x3B, 0x88, 0x80, 0x01, 0x00, 0x00, 0x05, 0xE0, 0xB3, 0x81, 0xA1, 0x00, 0x7F}, 32, false, false, false};
  case card_atr::contactless_2:
    return {{0x3B, 0x88, 0x80, 0x01, 0x00, 0x00, 0x41, 0xE0, 0xB3, 0x81, 0xA1, 0x00, 0x3B}, 32, false, false, false};
  case card_atr::juki: break;
  }
  return {{0x3B, 0xE0, 0x00, 0xFF, 0x81, 0x31, 0xFE, 0x45, 0x14}, 254, false, false, false};
}

virtual_card::virtual_card(virtual_card_options options) : options_(std::move(options)), make_(make_of(options_.atr)) {
  secrets_ = {take_digest(options_.pin), take_digest(options_.signing_pin), take_digest(options_.check_number)};
  const auto text = token_of(options_.kind);
  token_.assign(text.begin(), text.end());
  token_.resize(token_size, ' ');
  if (options_.upside_down) make_.atr.clear();
}

messages::result<std::shared_ptr<virtual_card>> virtual_card::make(virtual_card_options options) {
  std::shared_ptr<virtual_card> card{new virtual_card{std::move(options)}};
  if (!card->load())
    return messages::failure(messages::error_code::file_unreadable, card->options_.state_file.string(),
                             "not the state of a virtual card");
  return card;
}

void virtual_card::believe_terminal() {
  const std::lock_guard lock{guard_};
  verified_[user_secret] = in_ == application::jpki;
}

void virtual_card::reset() {
  const std::lock_guard lock{guard_};
  in_ = application::none;
  verified_ = {};
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
  const bool extended = command.size() > 5 && command[4] == 0;
  if (extended && !make_.extended) return sw(0x6700);
  if (c->cla != 0x00 && c->cla != 0x80) return sw(0x6E00);
  switch (c->ins) {
  case apdu::ins_select: return select(*c);
  case apdu::ins_read_binary: return read_binary(*c);
  case apdu::ins_verify: return verify(*c);
  case apdu::ins_sign: return sign(*c);
  case apdu::ins_challenge: return challenge(*c);
  default: return sw(0x6D00);
  }
}

wiped_bytes virtual_card::select(const apdu::command& c) {
  if (c.p1 == 0x04) return select_application(c);
  const auto& of = in_ == application::surface ? surface_application : jpki_application;
  const auto where = in_ == application::none ? std::string{} : apdu::hex(of) + ' ';
  if (selected_.size() < selected_max) selected_.insert(where + apdu::hex(c.data));
  if (c.p1 != 0x00 && c.p1 != 0x02) return sw(0x6A86);
  if (in_ == application::none || c.data.size() != 2 || !is_known(big_endian(c.data))) return sw(0x6A82);
  file_ = big_endian(c.data);
  return sw(0x9000);
}

wiped_bytes virtual_card::select_application(const apdu::command& c) {
  if (selected_.size() < selected_max) selected_.insert(apdu::hex(c.data));
  auto found = application::none;
  if (options_.kind != messages::card_kind::unknown && std::ranges::equal(c.data, jpki_application))
    found = application::jpki;
  if (!options_.surface.empty() && std::ranges::equal(c.data, surface_application)) found = application::surface;
  if (found == application::none) return sw(0x6A82);
  in_ = found;
  verified_ = {}; // selecting an application clears verified PINs
  file_ = 0;
  if (c.p2 == no_control_information) return sw(0x9000);
  messages::bytes inner, whole;
  put_ber(inner, name_tag, messages::bytes(c.data.begin(), c.data.end()));
  put_ber(whole, control_information_tag, inner);
  return with_sw(whole);
}

const messages::bytes* virtual_card::file(std::uint16_t which) const {
  const auto there = [](const messages::bytes& content) { return content.empty() ? nullptr : &content; };
  if (in_ == application::surface) return which == name(surface_file::surface) ? &options_.surface : nullptr;
  switch (static_cast<jpki_file>(which)) {
  case jpki_file::token: return &token_;
  case jpki_file::user_certificate: return there(options_.certificate);
  case jpki_file::user_issuer: return there(options_.issuer_certificate);
  case jpki_file::signing_certificate: return there(options_.signing_certificate);
  case jpki_file::signing_issuer: return there(options_.signing_issuer_certificate);
  default: return nullptr;
  }
}

bool virtual_card::is_known(std::uint16_t which) const {
  if (file(which) != nullptr) return true;
  if (in_ == application::surface) return which == name(surface_file::check_number_b);
  if (which == name(jpki_file::user_pin) || which == name(jpki_file::user_key)) return true;
  const bool signs = !options_.signing_certificate.empty();
  return signs && (which == name(jpki_file::signing_pin) || which == name(jpki_file::signature_key));
}

/// What has to be verified before a file can be read.
std::optional<virtual_card::secret_name> virtual_card::guard_of(std::uint16_t which) const {
  if (in_ == application::surface) return surface_secret;
  if (which == name(jpki_file::signing_certificate)) return signing_secret;
  // a phone shows even this certificate only after the PIN (card-reader.md §1.1)
  const bool phone = options_.kind == messages::card_kind::phone;
  if (phone && which == name(jpki_file::user_certificate)) return user_secret;
  return std::nullopt;
}

wiped_bytes virtual_card::read_binary(const apdu::command& c) const {
  const auto* content = in_ != application::none ? file(file_) : nullptr;
  if (content == nullptr) return sw(0x6986);
  if (const auto guard = guard_of(file_); guard && !verified_[*guard]) return sw(0x6982);
  const std::size_t at = static_cast<std::size_t>(c.p1 << 8 | c.p2);
  if (at >= content->size()) return sw(0x6B00);
  const auto size = std::min(content->size() - at, c.le == 0 ? apdu::answer_size_max : c.le);
  return with_sw(apdu::octets{*content}.subspan(at, size));
}

std::optional<virtual_card::secret_name> virtual_card::secret_selected() const {
  if (in_ == application::surface)
    return file_ == name(surface_file::check_number_b) ? std::optional{surface_secret} : std::nullopt;
  if (in_ != application::jpki) return std::nullopt;
  if (file_ == name(jpki_file::user_pin)) return user_secret;
  return file_ == name(jpki_file::signing_pin) ? std::optional{signing_secret} : std::nullopt;
}

std::int64_t& virtual_card::tries_of(card_counts& counts, secret_name which) {
  return which == user_secret      ? counts.tries_left
         : which == signing_secret ? counts.signing_tries_left
                                   : counts.surface_tries_left;
}

wiped_bytes virtual_card::verify(const apdu::command& c) {
  static constexpr std::int64_t full[] = {tries_max, signing_tries_max, surface_tries_max};
  if (c.p1 != 0x00 || c.p2 != 0x80) return sw(0x6A86);
  const auto which = secret_selected();
  if (!which) return sw(0x6986);
  const state_lock held{options_.state_file};
  if (!load()) return sw(0x6581);
  auto next = counts_;
  auto& tries = tries_of(next, *which);
  if (c.data.empty()) return sw(0x63C0 + static_cast<unsigned>(tries)); // also when verified
  const bool locked = tries == 0;
  const bool right = !locked && sha256(c.data) == secrets_[*which];
  ++(*which == user_secret ? next.verifies : next.other_verifies);
  if (locked && *which == user_secret) ++next.refused;
  if (!locked) tries = right ? full[*which] : tries - 1;
  if (!save(next)) return sw(0x6581);
  counts_ = next;
  verified_[*which] = right;
  if (locked) return sw(0x6984);
  return right ? sw(0x9000) : sw(0x63C0 + static_cast<unsigned>(tries));
}

wiped_bytes virtual_card::sign(const apdu::command& c) const {
  if (c.cla != 0x80 || c.p1 != 0x00 || c.p2 != 0x80) return sw(0x6A86);
  const bool by_user = file_ == name(jpki_file::user_key);
  const bool known = by_user || file_ == name(jpki_file::signature_key);
  if (in_ != application::jpki || !known) return sw(0x6986);
  if (!verified_[by_user ? user_secret : signing_secret]) return sw(0x6982);
  const auto& key = by_user ? options_.key : options_.signature_key;
  const auto signature = key ? key(c.data) : messages::bytes{};
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
  card_counts read;
  const std::pair<std::string_view, std::int64_t*> fields[] = {{"tries_left", &read.tries_left},
                                                               {"verifies", &read.verifies},
                                                               {"refused", &read.refused},
                                                               {"signing_tries_left", &read.signing_tries_left},
                                                               {"surface_tries_left", &read.surface_tries_left},
                                                               {"other_verifies", &read.other_verifies}};
  for (const auto& [wanted, value] : fields) {
    std::string word;
    if (!(in >> word >> *value) || word != wanted || *value < 0) return false;
  }
  if (read.tries_left > tries_max || read.signing_tries_left > signing_tries_max ||
      read.surface_tries_left > surface_tries_max)
    return false;
  counts_ = read;
  return true;
}

/// Written aside and renamed, so that a kill at any moment leaves the old or the new state.
bool virtual_card::save(const card_counts& counts) const {
  const auto& path = options_.state_file;
  if (path.empty()) return true;
  const auto line = [](const char* what, std::int64_t value) { return what + (' ' + std::to_string(value)) + '\n'; };
  const auto aside = path.string() + ".new";
  const auto text = line("tries_left", counts.tries_left) + line("verifies", counts.verifies) +
                    line("refused", counts.refused) + line("signing_tries_left", counts.signing_tries_left) +
                    line("surface_tries_left", counts.surface_tries_left) +
                    line("other_verifies", counts.other_verifies);
  const int fd = open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  close(fd);
  std::error_code failed;
  if (written) std::filesystem::rename(aside, path, failed);
  return written && !failed;
}

} // namespace drivers::card
