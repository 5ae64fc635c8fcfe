// Power, parameters and APDUs (card-reader.md §2.2 to §2.4), as ccid_slot.hpp says.
#include "drivers/card/ccid_slot.hpp"

#include <algorithm>

namespace drivers::card {

namespace {

using messages::error_code;

constexpr std::size_t answer_size_max = 65538;
constexpr std::size_t apdu_header_size = 5; ///< CLA INS P1 P2 Lc
constexpr std::uint8_t protocol_t1 = 1;
constexpr std::uint8_t fields_max = 0x7F; ///< bError up to here: the index of a field that the reader does not change

template <class T> tl::unexpected<loss> pass_on(const exchange<T>& failed) {
  return tl::unexpected<loss>{failed.error()};
}

std::size_t header_bytes_from(std::size_t offset) { return offset < apdu_header_size ? apdu_header_size - offset : 0; }

} // namespace

void ccid_slot::mark_off() {
  powered_ = false;
  session_.reset();
}

task<exchange<ccid::frame>> ccid_slot::ask_status(milliseconds wait) {
  auto asking = channel_.ask(question(ccid::request::slot_status, wait));
  co_return co_await asking;
}

/// A reader that is stuck in an exchange is made to forget it; if the reader is lost, that is the answer.
task<exchange<nothing>> ccid_slot::power_off() {
  const auto wait = channel_.limits().answer_wait;
  for (const bool again : {true, false}) {
    auto cutting = channel_.ask(question(ccid::request::power_off, wait));
    const auto off = co_await cutting;
    if (!off && channel_.lost()) co_return pass_on(off);
    const bool busy = off && off->command() == ccid::command_state::failed && off->error == ccid::error_slot_busy;
    const bool stuck = busy || (!off && doubtful_);
    if (!stuck || !again) break;
    auto aborting = channel_.abort(number_);
    co_await aborting;
  }
  doubtful_ = false;
  co_return nothing{}; // anything else that is wrong shows when the power comes on
}

task<exchange<card_session>> ccid_slot::switch_on() {
  static constexpr std::uint8_t five_volts = 1, three_volts = 2, low_volts = 3, automatic = 0, none = 0xFF;
  auto cutting = power_off();
  const auto off = co_await cutting;
  if (!off) co_return pass_on(off);
  const auto offered = [this](int bit, std::uint8_t code) {
    return (reader_.descriptor.voltages & bit) != 0 ? code : none;
  };
  const std::array<std::uint8_t, 3> voltages =
      reader_.auto_voltage
          ? std::array<std::uint8_t, 3>{automatic, none, none}
          : std::array<std::uint8_t, 3>{offered(1, five_volts), offered(2, three_volts), offered(4, low_volts)};
  loss why{failed_command("it offers no voltage", ccid::request::power_on), false};
  for (const auto voltage : voltages) {
    if (voltage == none) continue;
    auto q = question(ccid::request::power_on, channel_.limits().power_on_wait);
    q.specific = {voltage, 0, 0};
    auto powering = channel_.ask(q);
    auto atr = co_await powering;
    if (atr && atr->command() == ccid::command_state::done) {
      co_return card_session{{atr->data.begin(), atr->data.end()}, number_, voltage};
    }
    why = atr ? channel_.from(*atr, ccid::request::power_on) : atr.error();
    if (!atr || atr->card() == ccid::card_state::absent) break;
  }
  co_return tl::unexpected<loss>{why};
}

task<exchange<messages::bytes>> ccid_slot::power_on() {
  mark_off();
  for (const bool fast : {true, false}) {
    auto switching = switch_on();
    auto session = co_await switching;
    if (!session) co_return pass_on(session);
    auto settling = settle(*session, fast);
    const auto settled = co_await settling;
    if (!settled) co_return pass_on(settled);
    if (!present) co_return lost({error_code::card_removed, {}}, false);
    if (!*settled) continue; // it refused the speed: from the beginning, at the default one
    powered_ = true;
    session_ = std::move(*session);
    co_return session_->answer_to_reset;
  }
  co_return lost({error_code::card_mute, {"it accepts no parameters"}}, false);
}

/// False when the card refused the speed that was asked for.
task<exchange<bool>> ccid_slot::settle(card_session& session, bool fast) {
  answer_wait_ = channel_.limits().answer_wait;
  const bool in_blocks = reader_.level == exchange_level::tpdu;
  const auto card = parse_atr(session.answer_to_reset);
  if (!card && in_blocks) co_return lost({error_code::card_mute, {std::string{explain(card.error())}}}, false);
  if (in_blocks && !card->offers_t1) co_return lost({error_code::card_mute, {"its ATR offers no T=1"}}, false);
  if (reader_.sets_parameters && card && card->offers_t1) {
    const auto chosen = choose_parameters(*card, reader_, fast);
    auto asking = ask_speed(chosen);
    const auto agreed = co_await asking;
    if (!agreed || !*agreed) co_return agreed;
    auto setting = set_parameters(chosen);
    const auto set = co_await setting;
    if (!set) co_return pass_on(set);
    answer_wait_ = std::max(answer_wait_, chosen.answer_wait);
    session.speed = chosen.speed;
  }
  session.answer_wait_ms = answer_wait_.count();
  if (!in_blocks) co_return true;
  blocks_.emplace(t1::settings{card->crc ? t1::checksum::crc : t1::checksum::lrc, card->ifsc});
  session.crc = card->crc;
  session.ifsc = card->ifsc;
  session.ifsd = static_cast<std::uint8_t>(std::min<std::uint32_t>(reader_.descriptor.ifsd_max, 254));
  if (!reader_.announces_ifsd || session.ifsd == 0) co_return true;
  auto announcing = run_blocks(blocks_->announce(session.ifsd), {});
  const auto announced = co_await announcing;
  if (!announced && announced.error().why.code != error_code::card_answer_odd) co_return pass_on(announced);
  if (!announced) session.ifsd = 32; // it did not listen; what the standard says holds
  co_return true;
}

task<exchange<bool>> ccid_slot::ask_speed(const card_parameters& chosen) {
  if (chosen.pps.empty()) co_return true;
  auto q = question(ccid::request::transfer, answer_wait_);
  q.data = chosen.pps;
  auto asking = channel_.ask(q);
  const auto answer = co_await asking;
  if (!answer && channel_.lost()) co_return pass_on(answer);
  co_return answer && answer->command() == ccid::command_state::done&& accepts_pps(chosen.pps, answer->data);
}

task<exchange<nothing>> ccid_slot::set_parameters(const card_parameters& chosen) {
  auto q = question(ccid::request::set_parameters, answer_wait_);
  q.specific = {protocol_t1, 0, 0};
  q.data = chosen.t1;
  auto asking = channel_.ask(q);
  const auto answer = co_await asking;
  if (!answer) co_return pass_on(answer);
  // a field that cannot be changed, or the whole command unknown: the reader keeps its own (§2.4 no. 11)
  if (answer->command() == ccid::command_state::done || answer->error <= fields_max) co_return nothing{};
  co_return tl::unexpected<loss>{channel_.from(*answer, ccid::request::set_parameters)};
}

task<exchange<wiped_bytes>> ccid_slot::transmit(const wiped_bytes& apdu) {
  if (channel_.lost()) co_return lost({error_code::reader_lost, {"an APDU"}}, false);
  if (!present) co_return lost({error_code::card_removed, {}}, false);
  if (!powered_) co_return lost({error_code::card_mute, {"it is not powered"}}, false);
  const bool in_blocks = reader_.level == exchange_level::tpdu;
  auto sending = in_blocks ? run_blocks(blocks_->command(apdu), secrecy_of(apdu)) : transmit_apdu(apdu);
  auto answer = co_await sending;
  // out of step: only a power cycle brings it back, never a repeat
  if (!answer && (in_blocks || answer.error().maybe_sent)) {
    powered_ = false;
    doubtful_ = true;
  }
  co_return answer;
}

ccid_question ccid_slot::block(ccid::octets data, std::uint16_t level, const frame_content& content) const {
  auto q = question(ccid::request::transfer, answer_wait_);
  q.specific = {0, static_cast<std::uint8_t>(level), static_cast<std::uint8_t>(level >> 8)};
  q.data = data;
  q.content = content;
  return q;
}

task<exchange<wiped_bytes>> ccid_slot::transmit_apdu(const wiped_bytes& apdu) {
  const auto hidden = secrecy_of(apdu);
  auto sending = send_parts(apdu, hidden);
  auto first = co_await sending;
  if (!first) co_return pass_on(first);
  // at short-APDU level bChainParameter means nothing, and some readers leave garbage there (§2.4 no. 7)
  if (reader_.level != exchange_level::extended_apdu) co_return std::move(first->data);
  auto collecting = collect(std::move(*first), hidden);
  co_return co_await collecting;
}

/// The reply to the last part.
task<exchange<ccid::frame>> ccid_slot::send_parts(const wiped_bytes& apdu, secrecy hidden) {
  const auto size_max = reader_.message_size_max - ccid::header_size;
  if (apdu.size() > size_max && reader_.level != exchange_level::extended_apdu)
    co_return lost(failed_command("too long for this reader", ccid::request::transfer), false);
  bool sent = false;
  std::size_t offset = 0;
  for (const auto& part : ccid::split(apdu, size_max)) {
    auto asking = channel_.ask(block(part.data, part.level, {hidden, reader_.level, header_bytes_from(offset)}));
    auto reply = co_await asking;
    if (!reply) co_return lost(reply.error().why, sent || reply.error().maybe_sent);
    if (reply->command() != ccid::command_state::done)
      co_return tl::unexpected<loss>{channel_.from(*reply, ccid::request::transfer)};
    sent = true;
    offset += part.data.size();
    const bool more = part.level == ccid::level_first || part.level == ccid::level_middle;
    if (!more) co_return std::move(*reply);
    if (!reply->data.empty())
      co_return lost(failed_command("an answer before the whole APDU", ccid::request::transfer), true);
  }
  co_return lost(failed_command("nothing to send", ccid::request::transfer), false);
}

task<exchange<wiped_bytes>> ccid_slot::collect(ccid::frame first, secrecy hidden) {
  auto answer = std::move(first.data);
  bool more = ccid::more_follows(first.chain);
  while (more) {
    auto asking = channel_.ask(block({}, ccid::level_next, {hidden, reader_.level, 0}));
    const auto next = co_await asking;
    if (!next) co_return pass_on(next);
    if (next->command() != ccid::command_state::done)
      co_return tl::unexpected<loss>{channel_.from(*next, ccid::request::transfer)};
    // an empty block that promises more would go on for ever
    if (next->data.empty() || answer.size() + next->data.size() > answer_size_max)
      co_return lost(failed_command("an endless answer", ccid::request::transfer), true);
    answer.insert(answer.end(), next->data.begin(), next->data.end());
    more = ccid::more_follows(next->chain);
  }
  co_return answer;
}

/// Sends blocks until the protocol says that the exchange has ended.
task<exchange<wiped_bytes>> ccid_slot::run_blocks(t1::step now, secrecy hidden) {
  const auto began = std::chrono::steady_clock::now();
  bool first = true;
  while (const auto* next = std::get_if<t1::send>(&now)) {
    if (std::chrono::steady_clock::now() - began > channel_.limits().extended_wait)
      co_return lost(failed_command("it asks for ever more time", ccid::request::transfer), true);
    // a card that was granted time gets it, and the reader is told so (bBWI)
    auto q = block(next->block, ccid::level_whole, {hidden, reader_.level, first ? apdu_header_size : 0});
    q.specific[0] = next->granted;
    q.wait = std::min(answer_wait_ * std::max<int>(next->granted, 1), channel_.limits().extended_wait);
    auto asking = channel_.ask(q);
    const auto reply = co_await asking;
    if (!reply) co_return lost(reply.error().why, !first || reply.error().maybe_sent);
    first = false;
    const bool fine = reply->command() == ccid::command_state::done;
    const bool garbled = reply->error == ccid::error_parity || reply->error == ccid::error_overrun;
    if (!fine && !garbled) co_return tl::unexpected<loss>{channel_.from(*reply, ccid::request::transfer)};
    now = fine ? blocks_->received(reply->data) : blocks_->unreadable();
    if (session_) session_->ifsc = blocks_->ifsc();
  }
  if (auto* done = std::get_if<t1::answered>(&now)) co_return std::move(done->apdu);
  const auto& end = std::get<t1::broken>(now);
  co_return lost({error_code::card_answer_odd, {std::string{end.why}, "T=1"}}, end.maybe_done);
}

} // namespace drivers::card
