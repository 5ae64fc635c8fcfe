// The outside as a node's actors see it. Filled in by whoever builds the node; an actor that needs a port that is not
// there is not spawned.
#pragma once

#include "actors/consent_session/transitions.hpp"
#include "messages/commands.hpp"
#include "messages/secret_slot.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace drivers::line {
class line;
class face_source;
class receipt_computers;
}
namespace drivers::card {
class reader;
class terminal;
}
namespace drivers::face {
class engine;
}
namespace drivers::camera {
class camera;
}
namespace messages {
class photo_slot;
}
namespace drivers::screen {
class pages;
}
namespace drivers::secrets {
class hasher;
}
namespace account_admin {
struct policy;
}
namespace batch_scheduler {
struct options;
}

namespace actors::runtime {

struct node_ports {
  std::shared_ptr<drivers::line::line> line;
  std::shared_ptr<drivers::line::line> batch_line;            ///< of its own for batches; none: they share `line`
  std::shared_ptr<const batch_scheduler::options> batches;    ///< when who is asked about; none: only when told
  std::filesystem::path by_hand;                              ///< files for upload, and downloaded results; or empty
  std::string by_hand_password;                               ///< of downloaded zips
  bool batches_unresting = false;                             ///< results are read as fast as they can be
  std::shared_ptr<drivers::line::face_source> faces;          ///< none: no certified reader writes files here
  std::shared_ptr<drivers::line::receipt_computers> receipts; ///< none: nothing is handed over
  std::string institution;                                    ///< 医療機関コード, in the names of files handed over
  std::shared_ptr<drivers::card::reader> reader;
  std::shared_ptr<drivers::screen::pages> pages;
  std::shared_ptr<drivers::secrets::hasher> hasher; ///< of the hub on which account_admin lives
  std::shared_ptr<const account_admin::policy> policy; ///< of its accounts; none: the defaults
  std::shared_ptr<messages::secret_slot> pin;          ///< of this desk
  std::shared_ptr<messages::secret_slot> check_number; ///< 照合番号B, typed by staff at this desk
  std::shared_ptr<messages::photo_slot> photo;         ///< of the card on this desk's reader
  std::shared_ptr<drivers::face::engine> face;         ///< none: no face_matcher on this desk
  std::shared_ptr<drivers::camera::camera> camera;
  std::shared_ptr<drivers::card::terminal> terminal; ///< SIMULATED; none: a card signs only after its PIN
  consent_session::patience patience;
  std::vector<std::pair<messages::differing, messages::severity>> weights; ///< of differences, where not the usual
  std::uint32_t online_days_after = 0; ///< viewing of an online consultation ends so long after its day
  bool simulated = false;             ///< the whole clinic: the line may be asked for cards that signed nothing
  std::vector<std::string> may_vouch; ///< accounts that may compare photos (目視確認); empty: everybody signed in
  std::uint32_t answer_wait_ms_max = 8'000;         ///< one exchange with the centre
  std::function<messages::monitor_status()> status; ///< filled in by the node
};

} // namespace actors::runtime
