// `uketsuke card`: the virtual card for programs that nobody here wrote: in pcscd's Virtual PCD slot.
#include "drivers/card/card_authority.hpp"
#include "drivers/card/virtual_vpcd.hpp"
#include "drivers/clock/port.hpp"
#include "tools/commands.hpp"
#include "tools/config.hpp"
#include "tools/stop_signal.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <iostream>
#include <map>

namespace tools {

using messages::error_code;
using messages::failure;

namespace {

namespace card = drivers::card;

struct card_options {
  std::string vpcd, patient = "SIM000000000001", data, atr = "contact";
};

const std::map<std::string, card::card_atr> atr_names = {
    {"contact", card::card_atr::contact},
    {"contact-short", card::card_atr::contact_short},
    {"contact-fixed-speed", card::card_atr::contact_fixed_speed},
    {"contact-fixed-speed-2", card::card_atr::contact_fixed_speed_2},
    {"contactless", card::card_atr::contactless},
    {"contactless-2", card::card_atr::contactless_2},
    {"juki", card::card_atr::juki}};

messages::result<card::vpcd_options> slot_from(const std::string& text) {
  card::vpcd_options slot;
  const auto colon = text.rfind(':');
  slot.host = text.substr(0, colon);
  if (colon == std::string::npos) return slot;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + colon + 1, end, slot.port);
  if (read.ec != std::errc{} || read.ptr != end || slot.port == 0)
    return failure(error_code::wrong_value, "--vpcd", text + " (HOST:PORT is wanted)");
  return slot;
}

outcome serve_card(const card_options& o) {
  stop_signal stop;
  auto slot = slot_from(o.vpcd);
  if (!slot) return failure(slot.error());
  const auto folder = !o.data.empty() ? std::filesystem::path{o.data} : default_data_folder() / "sim" / "cards";
  const auto now_s = static_cast<std::int64_t>(drivers::clock::system_clock()->utc_ms() / 1000);
  auto authority = card::card_authority::open(folder, now_s);
  if (!authority) return failure(authority.error());
  card::virtual_card_options options;
  options.state_file = folder / (o.patient + ".state");
  options.atr = atr_names.at(o.atr);
  auto made = card::make_whole_card(*authority, o.patient, std::move(options));
  if (!made) return failure(made.error());
  slot->on_end = [&stop, &o] { stop.fail({error_code::vpcd_silent, {o.vpcd}}); };
  auto front = card::vpcd_front::open(*made, std::move(*slot));
  if (!front) return failure(front.error());
  std::cerr << "SIMULATED My Number card of " << o.patient << " lies in " << o.vpcd << "; Ctrl-C takes it out\n";
  if (const auto why = stop.wait()) return failure(*why);
  return 0;
}

} // namespace

void add_card(CLI::App& app, chosen& run) {
  auto* command = app.add_subcommand("card", "put a SIMULATED My Number card into pcscd's vpcd slot");
  auto o = std::make_shared<card_options>();
  command->add_option("--vpcd", o->vpcd, "where vpcd listens, HOST[:PORT] (its own default is 127.0.0.1:35963)")
      ->required();
  command->add_option("--patient", o->patient, "whose card: an id, e.g. SIM000000000001; PIN 1234, signing PIN ABC123");
  command->add_option("--data", o->data, "where cards and their tries are kept (default: the state folder, sim/cards)");
  command
      ->add_option("--atr", o->atr,
                   "its answer to reset: " + CLI::detail::join(
                                                 atr_names, [](const auto& n) { return n.first; }, ", "))
      ->check(CLI::IsMember(atr_names));
  command->callback([&run, o] { run = [o] { return serve_card(*o); }; });
}

} // namespace tools
