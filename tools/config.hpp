// The configuration of a node or of the simulated centre: one TOML file, every key known, every mistake named with its
// line.
#pragma once

#include "actors/consent_session/transitions.hpp"
#include "messages/patients.hpp"
#include "messages/result.hpp"
#include "storage/retention.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace account_admin {
struct policy;
}
namespace batch_scheduler {
struct options;
}

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

/// Instead of HTTPS: the folders of 連携アプリ.
struct folders_config {
  std::filesystem::path requests, results; ///< Req, Res
  std::filesystem::path work;              ///< ours, on this host
  std::string zip_password, institution;
};

/// Where certified readers put their results.
struct faces_config {
  std::vector<std::string> folders, desks; ///< in the same order; the desk "" where several desks share the folder
  std::filesystem::path work;              ///< ours, on this host
  std::string zip_password, institution;   ///< empty institution: the line's
};

/// SIMULATED: the emulated USB reader of a desk and the cards that hands put on it.
struct rig_config {
  std::filesystem::path cards;  ///< where the throw-away card authority keeps its files
  std::filesystem::path socket; ///< hands: `place ID`, `lift`, `unplug`, `plug`
  std::string pin = "1234";     ///< of every card it makes
  std::filesystem::path photos; ///< where `place ID PHOTO` finds the photo of a card (JPEG 2000)
  bool reads_number = true;     ///< plays a terminal that reads the printed 照合番号B itself; false: staff type it
  bool usb = true;              ///< real libusb under umockdev; false: a virtual reader in process
};

/// The face engine of a desk, simulated profile only: models by path, each with the SHA-256 it has to have.
struct face_config {
  bool scripted = false;                     ///< SIMULATED engine and camera instead: names for faces (tools/rig_hands)
  std::filesystem::path detector, embedding; ///< ONNX
  std::string detector_sha256, embedding_sha256;
  double accept_at = 1, unsure_from = 1; ///< of this embedding; both at 1: as measured for it (drivers/face)
};

/// When who is asked about before they come; expressions as in actors/batch_scheduler/calendar.hpp.
struct batch_config {
  std::string appointments, standing_visits, claims, medical_assistance, consents; ///< empty: only when told
  std::vector<std::string> holidays, closed; ///< yyyy-MM-dd or each year MM-dd; weekdays: 'sun'
  std::size_t rows_per_file = 5000;
  std::uint32_t result_hours_max = 12;
  std::uint32_t poll_ms = 30'000;  ///< the first wait for a result; doubles up to ten minutes
  std::filesystem::path by_hand;   ///< folder of files for upload by hand, and of downloaded results
  std::string zip_password;        ///< of downloaded results
  std::size_t singly_max = 0;      ///< so few home visits or consultations are asked about one by one, without a file
  bool rests = true;               ///< false: results are read as fast as they can be
};

/// When the hub backs its journal up while it runs.
struct backup_config {
  std::filesystem::path folder;  ///< outside the data folder, best on another medium
  std::uint32_t every_hours = 0; ///< from one to the next
  std::size_t keep = 0;          ///< how many stay; 0: all
};

/// What passwords have to be and how long sessions last, where the hub has accounts.
struct accounts_config {
  std::size_t password_length_min = 12;
  std::uint32_t session_hours_max = 12, idle_minutes_max = 15;
  std::vector<std::string> codes; ///< kinds of account whose sign-in takes a code, too
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

/// Where the hub's sockets are, and how a node on another host comes to them.
struct bus_config {
  bool tcp = true;                   ///< the hub also binds TCP ports
  std::string address = "127.0.0.1"; ///< of the hub, IPv4; beyond loopback always with keys
  bool curve = false;                ///< with keys also on loopback
  int port_base = 5570;              ///< 0: free ones
  std::string hub;                   ///< HOST[:PORT] of a hub on another host; then also:
  std::filesystem::path key;         ///< this node's own key file
};

/// The page that Prometheus reads.
struct metrics_config {
  int port = -1; ///< on 127.0.0.1; 0: a free one; -1: none
  std::filesystem::path port_file;
};

struct node_config {
  std::string name, hub = "hub";
  std::vector<std::string> actors;
  bool simulated = false;
  std::filesystem::path data, run;
  std::vector<std::string> may_vouch; ///< [visual_check] accounts; empty: everybody who is signed in
  storage::retention kept; ///< [retention]: the legal reasons stand in storage/retention.hpp
  unsigned expire_at_hour = 3; ///< of the day in Japan: when nobody is at the desks
  std::filesystem::path keys, passphrase_file; ///< of the hub; keys_dir's default lies beside `data`
  std::optional<backup_config> backup;         ///< of the hub
  bus_config bus;
  std::optional<line_config> line;
  receipt_config receipts;
  std::vector<std::pair<messages::differing, messages::severity>> weights; ///< [matching]: of differences
  std::uint32_t online_days_after = 0;                                     ///< [viewing]
  std::optional<folders_config> folders;
  std::optional<faces_config> faces;
  std::optional<rig_config> rig;
  std::optional<face_config> face;
  std::string reader_match;          ///< "054c:0dc8"; empty: any
  std::filesystem::path reader_authorities; ///< folder of JPKI's CA certificates; empty: not checked
  std::filesystem::path hands;       ///< scripted hands' socket; empty: none
  std::optional<pages_config> pages; ///< in browsers
  consent_session::patience patience;
  std::shared_ptr<const batch_scheduler::options> batches; ///< of the hub with batch_scheduler; else none
  batch_config batch;
  std::shared_ptr<const account_admin::policy> policy; ///< of the hub with account_admin; else none
  std::optional<std::uint64_t> seed;
  metrics_config metrics; ///< of the hub
};

/// マイナ在宅受付Web, played by the simulated centre; nowhere unless `cards` is named.
struct home_reception_config {
  std::uint16_t port = 0; ///< on 127.0.0.1; 0: a free one
  std::filesystem::path port_file;
  std::filesystem::path cards; ///< the folder of the simulated cards and of their authority
  std::string pin = "1234";    ///< of those cards
};

struct centre_config {
  std::uint16_t port = 0;
  std::filesystem::path port_file; ///< the port in use is written here
  std::filesystem::path certificate, key, client_ca, card_ca, persons, data;
  std::uint32_t answer_delay_ms = 0;
  std::uint64_t bulk_ms = 0;        ///< how long a bulk request is 処理中
  std::size_t population = 0;       ///< persons made by seed beside those of the file
  std::uint64_t population_seed = 1;
  // It plays 連携アプリ, too, when the folders are named.
  std::filesystem::path requests, results, faces;
  std::string institution, zip_password;
  bool zipped = false, shift_jis = false, out_of_order = false, silent = false, errors = false;
  std::uint32_t half_written_ms = 0;
  home_reception_config home;
};

/// `file_unreadable`, or `wrong_configuration` with file, line and what is wrong there.
messages::result<node_config> read_node_config(const std::filesystem::path& file);
messages::result<centre_config> read_centre_config(const std::filesystem::path& file);

/// /var/lib/uketsuke as root, else $XDG_STATE_HOME/uketsuke.
std::filesystem::path default_data_folder();

} // namespace tools
