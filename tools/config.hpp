// The configuration of a node or of the simulated centre: one TOML file, every key known, every mistake named with its
// line.
#pragma once

#include "actors/consent_session/transitions.hpp"
#include "messages/result.hpp"
#include "storage/retention.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tools {

struct line_config {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::filesystem::path ca, certificate, key; ///< PEM
  std::string institution;                    ///< 医療機関コード
  std::uint32_t answer_wait_ms_max = 8000;
};

/// Where answers are handed over as files.
struct receipt_config {
  std::vector<std::string> names, folders; ///< of the receipt computers, in the same order
};

/// SIMULATED: the emulated USB reader of a desk and the cards that hands put on it.
struct rig_config {
  std::filesystem::path cards;  ///< where the throw-away card authority keeps its files
  std::filesystem::path socket; ///< hands: `place ID`, `lift`, `unplug`, `plug`
  std::string pin = "1234";     ///< of every card it makes
  bool usb = true;              ///< real libusb under umockdev; false: a virtual reader in process
};

/// The pages of a node in browsers.
struct pages_config {
  std::string address = "127.0.0.1"; ///< beyond loopback: only with certificate and key
  std::uint16_t port = 0;            ///< 0: a free one, written to port_file
  std::filesystem::path port_file;
  std::filesystem::path folder;           ///< of the pages' files
  std::filesystem::path certificate, key; ///< PEM; both or neither
  std::vector<std::string> names;         ///< further host names that lead here
  std::string development_password;       ///< account `development` at reception, on loopback only; empty: none
};

struct node_config {
  std::string name, hub = "hub";
  std::vector<std::string> actors;
  bool simulated = false;
  std::filesystem::path data, run;
  storage::retention kept; ///< [retention]: the legal reasons stand in storage/retention.hpp
  std::filesystem::path keys, passphrase_file; ///< of the hub; keys_dir's default lies beside `data`
  bool tcp = true;
  int port_base = 5570;
  std::optional<line_config> line;
  receipt_config receipts;
  std::optional<rig_config> rig;
  std::string reader_match;          ///< "054c:0dc8"; empty: any
  std::filesystem::path hands;       ///< scripted hands' socket; empty: none
  std::optional<pages_config> pages; ///< in browsers
  consent_session::patience patience;
  std::optional<std::uint64_t> seed;
};

struct centre_config {
  std::uint16_t port = 0;
  std::filesystem::path port_file; ///< the port in use is written here
  std::filesystem::path certificate, key, client_ca, card_ca, persons, data;
  std::uint32_t answer_delay_ms = 0;
};

/// `file_unreadable`, or `wrong_configuration` with file, line and what is wrong there.
messages::result<node_config> read_node_config(const std::filesystem::path& file);
messages::result<centre_config> read_centre_config(const std::filesystem::path& file);

/// /var/lib/uketsuke as root, else $XDG_STATE_HOME/uketsuke.
std::filesystem::path default_data_folder();

} // namespace tools
