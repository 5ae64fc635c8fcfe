// The conversation with the card (card-reader.md §1.1 to §1.3), as my_number_card.hpp says.
#include "drivers/card/my_number_card.hpp"

#include "drivers/card/digest.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace drivers::card {

namespace {

using messages::error_code;
using messages::pin_outcome;

constexpr std::size_t token_size = 20;
constexpr std::uint16_t sw_done = 0x9000, sw_not_verified = 0x6982, sw_short_file = 0x6282, sw_wrong_pin = 0x6300;
constexpr std::size_t pin_size_min = 4, pin_size_max = 16, check_number_size = 14;
constexpr std::size_t mark_size = 16, rsa_bits_max = apdu::answer_size_max * 8;

/// DigestInfo of SHA-256 without the digest (card-reader.md §1.3).
constexpr std::array<std::uint8_t, 19> sha256_info = {0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                                      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

messages::error odd(std::uint16_t sw, std::string_view command) {
  return {error_code::card_answer_odd, {apdu::hex(sw), std::string{command}}};
}

/// The whole size of the surface file from its head; surface_size_max is the limit.
messages::result<std::size_t> surface_size(apdu::octets head) {
  const auto read = apdu::parse_ber_head(head);
  const auto size = read ? read->head_size + read->content_size : 0;
  if (read && read->tag == surface_tag && size >= head.size() && size <= surface_size_max) return size;
  return messages::failure(error_code::card_answer_odd, apdu::hex(head), "READ BINARY of the surface's head");
}
constexpr std::size_t certificate_head_size = 4, surface_head_size = 5;

/// Longest text first: it begins with the other one.
messages::card_kind kind_of(std::string_view token) {
  if (token.starts_with("JPKIAPICCTOKEN2")) return messages::card_kind::my_number_card;
  if (token.starts_with("JPKIAPICCTOKEN")) return messages::card_kind::juki_card;
  if (token.starts_with("JPKIAPGPSETOKEN")) return messages::card_kind::phone;
  return messages::card_kind::unknown;
}

} // namespace

my_number_card::my_number_card(std::shared_ptr<transport> over, trace_line trace, authorities trusted)
    : over_(std::move(over)), trace_(std::move(trace)), trusted_(std::move(trusted)) {}

task<my_number_card::answered> my_number_card::send(wiped_bytes command) {
  if (removed_) co_return lost({error_code::card_removed, {}}, false);
  if (trace_) trace_("> " + apdu::describe(command));
  auto sending = over_->transmit(std::move(command));
  auto came = co_await sending;
  if (!came) {
    if (trace_) trace_("< nothing: " + messages::to_sentence(came.error().why));
    co_return tl::unexpected<loss>{came.error()};
  }
  auto read = apdu::parse_answer(*came);
  if (!read) co_return lost({error_code::card_answer_odd, {"no status word", "an APDU"}}, true);
  if (trace_) trace_("< [" + std::to_string(read->data.size()) + " bytes] " + apdu::hex(read->sw));
  co_return std::move(*read);
}

task<my_number_card::answered> my_number_card::select_application(const application_name& name) {
  signing_possible_ = false; // whatever was verified is forgotten
  auto sending = send(apdu::build({0x00, apdu::ins_select, 0x04, 0x0C, name, 0}));
  co_return co_await sending;
}

task<my_number_card::answered> my_number_card::select_named(std::uint16_t file) {
  const std::array<std::uint8_t, 2> name = {static_cast<std::uint8_t>(file >> 8), static_cast<std::uint8_t>(file)};
  auto sending = send(apdu::build({0x00, apdu::ins_select, 0x02, 0x0C, name, 0}));
  auto answer = co_await sending;
  if (answer && answer->sw != sw_done) co_return lost(odd(answer->sw, "SELECT of a file"), true);
  co_return answer;
}

/// The PIN's file is selected. An empty VERIFY takes no try; its answer is 63Cx also when the PIN is verified.
task<exchange<std::int64_t>> my_number_card::read_tries() {
  auto sending = send(apdu::build({0x00, apdu::ins_verify, 0x00, 0x80, {}, 0}));
  auto answer = co_await sending;
  if (!answer) co_return tl::unexpected<loss>{answer.error()};
  const auto left = apdu::tries_left(answer->sw);
  if (!left) co_return lost(odd(answer->sw, "the empty VERIFY"), true);
  co_return *left;
}

task<messages::result<messages::card_kind>> my_number_card::read_kind() {
  auto selecting = select_application(jpki_application);
  auto selected = co_await selecting;
  if (!selected) co_return messages::failure(selected.error().why);
  if (selected->sw != sw_done) co_return messages::failure(error_code::not_my_number_card, apdu::hex(selected->sw));
  auto choosing = select_file(jpki_file::token);
  auto chosen = co_await choosing;
  if (!chosen) co_return messages::failure(chosen.error().why);
  auto reading = send(apdu::build({0x00, apdu::ins_read_binary, 0x00, 0x00, {}, token_size}));
  auto token = co_await reading;
  if (!token) co_return messages::failure(token.error().why);
  if (token->sw != sw_done && token->sw != sw_short_file)
    co_return messages::failure(odd(token->sw, "READ BINARY of the token"));
  const std::string text(token->data.begin(), token->data.end());
  co_return kind_of(text);
}

/// The selected file, whose head tells its size.
task<messages::result<messages::bytes>> my_number_card::read_whole(std::size_t head_size, size_of whole,
                                                                   const char* what) {
  messages::bytes content;
  std::size_t wanted = head_size;
  bool size_known = false;
  while (content.size() < wanted) {
    const auto at = content.size();
    // the last block with its exact size: a card may refuse to read past the end of a file
    const auto size = std::min(wanted - at, apdu::answer_size_max);
    auto reading = send(apdu::build(
        {0x00, apdu::ins_read_binary, static_cast<std::uint8_t>(at >> 8), static_cast<std::uint8_t>(at), {}, size}));
    auto block = co_await reading;
    if (!block) co_return messages::failure(block.error().why);
    if (block->sw != sw_done || block->data.empty() || block->data.size() > size)
      co_return messages::failure(odd(block->sw, what));
    content.insert(content.end(), block->data.begin(), block->data.end());
    if (size_known || content.size() < wanted) continue;
    const auto told = whole(content);
    if (!told) co_return messages::failure(told.error());
    wanted = *told;
    content.reserve(wanted); // no copy of a face is left behind by growing
    size_known = true;
  }
  co_return content;
}

task<messages::result<messages::bytes>> my_number_card::read_certificate_of(jpki_file file) {
  auto choosing = select_file(file);
  auto chosen = co_await choosing;
  if (!chosen) co_return messages::failure(chosen.error().why);
  auto reading = read_whole(certificate_head_size, apdu::certificate_size, "READ BINARY of the certificate");
  co_return co_await reading;
}

task<messages::result<card_found>> my_number_card::identify() {
  identified_ = signing_possible_ = false;
  if (removed_) co_return messages::failure(error_code::card_removed);
  auto powering = over_->power_on();
  auto atr = co_await powering;
  if (!atr) co_return messages::failure(atr.error().why);
  if (trace_) trace_("ATR " + apdu::hex(*atr)); // names a make of cards, not a card
  auto telling = read_kind();
  const auto kind = co_await telling;
  if (!kind) co_return messages::failure(kind.error());
  card_found found;
  found.kind = *kind;
  // a phone gives its certificate only after the PIN; an old card's is no proof any more (card-reader.md §1.1)
  if (*kind != messages::card_kind::my_number_card) co_return found;
  auto choosing = select_file(jpki_file::user_pin);
  auto chosen = co_await choosing;
  if (!chosen) co_return messages::failure(chosen.error().why);
  auto counting = read_tries();
  const auto tries = co_await counting;
  if (!tries) co_return messages::failure(tries.error().why);
  auto reading = read_certificate_of(jpki_file::user_certificate);
  auto certificate = co_await reading;
  if (!certificate) co_return messages::failure(certificate.error());
  const auto facts = read_certificate(*certificate);
  if (!facts) co_return messages::failure(facts.error());
  if (trusted_ && !chains_to(*certificate, *trusted_)) // not identified: no PIN goes to a card of who knows whom
    co_return messages::failure(error_code::certificate_problem, "JPKI", "issued by no authority accepted here");
  found.tries_left = tries_reported_ = *tries;
  found.facts = facts_ = *facts;
  const auto digest = sha256(*certificate);
  found.mark.assign(digest.begin(), digest.begin() + mark_size);
  found.certificate = messages::personal<messages::bytes>{std::move(*certificate)};
  identified_ = signing_possible_ = true;
  co_return found;
}

task<messages::result<card_details>> my_number_card::inspect() {
  auto identifying = identify();
  auto found = co_await identifying;
  if (!found) co_return messages::failure(found.error());
  card_details details;
  details.found = std::move(*found);
  if (details.found.kind != messages::card_kind::my_number_card) co_return details;
  auto reading = read_certificate_of(jpki_file::user_issuer);
  auto issuer = co_await reading;
  if (!issuer) co_return messages::failure(issuer.error());
  details.issuer_certificate = std::move(*issuer);
  // some cards were issued without the digital signature: then there is no such PIN, and nothing to tell
  auto choosing = select_file(jpki_file::signing_pin);
  auto chosen = co_await choosing;
  if (chosen) {
    auto counting = read_tries();
    details.signing_tries_left = (co_await counting).value_or(-1);
  }
  auto entering = tries_of(secret_kind::check_number);
  details.surface_tries_left = (co_await entering).value_or(-1);
  auto returning = select_application(jpki_application);
  const auto back = co_await returning;
  signing_possible_ = back && back->sw == sw_done;
  co_return details;
}

/// Selects the application anew, then the file of the PIN or of 照合番号B, and reads the tries left.
task<exchange<std::int64_t>> my_number_card::tries_of(secret_kind which) {
  const bool pin = which == secret_kind::pin;
  auto selecting = select_application(pin ? jpki_application : surface_application);
  auto selected = co_await selecting;
  if (!selected) co_return tl::unexpected<loss>{selected.error()};
  if (selected->sw != sw_done) co_return lost(odd(selected->sw, "SELECT of the application"), true);
  signing_possible_ = pin;
  auto choosing = pin ? select_file(jpki_file::user_pin) : select_file(surface_file::check_number_b);
  auto chosen = co_await choosing;
  if (!chosen) co_return tl::unexpected<loss>{chosen.error()};
  auto counting = read_tries();
  co_return co_await counting;
}

task<pin_attempt> my_number_card::verify_pin(std::shared_ptr<messages::secret> pin) {
  if (!identified_ || removed_) co_return pin_attempt{pin_outcome::not_made, -1};
  auto entering = tries_of(secret_kind::pin);
  const auto tries = co_await entering;
  if (!tries) co_return pin_attempt{pin_outcome::not_made, -1};
  if (*tries == 0) {
    tries_reported_ = 0;
    co_return pin_attempt{pin_outcome::blocked, 0};
  }
  if (*tries != tries_reported_) {
    tries_reported_ = *tries;
    co_return pin_attempt{pin_outcome::not_made, *tries};
  }
  auto attempting = attempt(std::move(pin), secret_kind::pin);
  auto made = co_await attempting;
  // in doubt the number counts only when it was read again
  if (made.tries_left >= 0 || made.outcome == pin_outcome::in_doubt) tries_reported_ = made.tries_left;
  co_return made;
}

task<surface_read> my_number_card::read_surface(std::shared_ptr<messages::secret> check_number,
                                                std::int64_t tries_told) {
  surface_read read;
  read.attempt = {pin_outcome::not_made, -1};
  if (!identified_ || removed_) co_return read;
  auto entering = tries_of(secret_kind::check_number);
  const auto tries = co_await entering;
  if (!tries) co_return read;
  read.attempt = {*tries == 0 ? pin_outcome::blocked : pin_outcome::not_made, *tries};
  if (*tries == 0 || *tries != tries_told) co_return read;
  auto attempting = attempt(std::move(check_number), secret_kind::check_number);
  read.attempt = co_await attempting;
  if (read.attempt.outcome != pin_outcome::right) co_return read;
  auto choosing = select_file(surface_file::surface);
  auto chosen = co_await choosing;
  if (!chosen) {
    read.surface = messages::failure(chosen.error().why);
    co_return read;
  }
  auto reading = read_whole(surface_head_size, surface_size, "READ BINARY of the surface");
  auto file = co_await reading;
  read.surface = file ? parse_surface(*file) : messages::failure(file.error());
  if (file) wipe(file->data(), file->size());
  co_return read;
}

/// The one place where a PIN leaves for the card: once.
task<pin_attempt> my_number_card::attempt(std::shared_ptr<messages::secret> pin, secret_kind which) {
  const bool is_pin = which == secret_kind::pin;
  auto command = pin->use_once([is_pin](std::string_view text) {
    const auto least = is_pin ? pin_size_min : check_number_size, most = is_pin ? pin_size_max : check_number_size;
    if (text.size() < least || text.size() > most) return wiped_bytes{};
    const apdu::octets data{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
    return apdu::build({0x00, apdu::ins_verify, 0x00, 0x80, data, 0});
  });
  if (command.empty()) co_return pin_attempt{pin_outcome::not_made, is_pin ? tries_reported_ : -1};
  auto sending = send(std::move(command));
  const auto answer = co_await sending;
  if (!answer && !answer.error().maybe_sent) co_return pin_attempt{pin_outcome::not_made, -1};
  const auto left = answer ? apdu::tries_left(answer->sw) : std::nullopt;
  if (left) co_return pin_attempt{*left == 0 ? pin_outcome::blocked : pin_outcome::wrong, *left};
  if (answer && (answer->sw == sw_done || answer->sw == sw_wrong_pin)) {
    auto counting = read_tries();
    const auto now = co_await counting;
    co_return pin_attempt{answer->sw == sw_done ? pin_outcome::right : pin_outcome::wrong, now.value_or(-1)};
  }
  auto settling = settle_doubt(which);
  co_return co_await settling;
}

/// The VERIFY may or may not have reached the card. Its tries are read again if it is still there; what they are does
/// not turn doubt into an outcome, because a right PIN resets them.
task<pin_attempt> my_number_card::settle_doubt(secret_kind which) {
  const pin_attempt unknown{pin_outcome::in_doubt, -1};
  if (removed_) co_return unknown;
  auto powering = over_->power_on();
  const auto atr = co_await powering;
  if (!atr) co_return unknown;
  auto entering = tries_of(which);
  const auto tries = co_await entering;
  co_return pin_attempt{pin_outcome::in_doubt, tries.value_or(-1)};
}

task<messages::result<messages::bytes>> my_number_card::sign(messages::bytes challenge) {
  if (removed_) co_return messages::failure(error_code::card_removed);
  if (!identified_ || !signing_possible_) co_return messages::failure(error_code::pin_missing);
  if (!facts_.rsa || facts_.key_bits > rsa_bits_max) // short APDUs bring 256 bytes; other keys want another DigestInfo
    co_return messages::failure(error_code::card_answer_odd,
                                (facts_.rsa ? "RSA-" : "a key that is not RSA, ") + std::to_string(facts_.key_bits),
                                "the certificate");
  messages::bytes info(sha256_info.begin(), sha256_info.end());
  const auto digest = sha256(challenge);
  info.insert(info.end(), digest.begin(), digest.end());
  auto choosing = select_file(jpki_file::user_key);
  auto chosen = co_await choosing;
  if (!chosen) co_return messages::failure(chosen.error().why);
  auto signing = send(apdu::build({0x80, apdu::ins_sign, 0x00, 0x80, info, apdu::answer_size_max}));
  auto answer = co_await signing;
  if (!answer) co_return messages::failure(answer.error().why);
  if (answer->sw == sw_not_verified) co_return messages::failure(error_code::pin_missing);
  if (answer->sw != sw_done || answer->data.size() != (facts_.key_bits + 7) / 8)
    co_return messages::failure(odd(answer->sw, "the signature"));
  co_return messages::bytes(answer->data.begin(), answer->data.end());
}

} // namespace drivers::card
