// The screens of a node: pages (or scripted hands) that are shown JSON lines and send JSON lines back. The same
// messages whether a browser or a script is at the other end.
#pragma once

#include "messages/id.hpp"
#include "messages/result.hpp"
#include "messages/secret.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace drivers::screen {

/// One page that is open now. Numbers are not reused while the node runs.
using page = std::uint64_t;

/// Whose page it is. Scripted hands are the patient's and the staff's in one. `home_reception` is マイナ在宅受付Web, which
/// no node of a clinic offers: the simulated centre does.
enum class page_kind : std::uint8_t { hands, patient, reception, monitor, accounts, records, home_reception };

/// Who opened a page.
struct visitor {
  page_kind kind = page_kind::hands;
  std::string account;  ///< of the person who signed in; empty at hands and at the patient's page
  messages::id session; ///< that account administration opened; empty: the development account's
};

/// What somebody types at the door of the staff's pages.
struct entry {
  std::string account;           ///< empty: `password` is the offline secret that resets the master
  messages::credential password; ///< or that secret
  std::string code;              ///< TOTP; empty where none is asked for
  std::string place;             ///< where it is typed: the address of the other end
};

/// Hears what pages do. Called on the port's own thread: returns at once.
class watcher {
public:
  virtual ~watcher() = default;
  virtual void page_joined(page p, const visitor& who) = 0;
  /// One line of JSON, without its end; never a PIN: digits go from the port straight into the desk's secret_slot.
  virtual void page_said(page p, std::string line) = 0;
  virtual void page_left(page p) = 0;
  /// Somebody asks to be let in. Answered once, by let_in() or answer_entry(), within the port's patience. @p n counts
  /// entries, not pages.
  virtual void entry_asked(std::uint64_t /*n*/, entry /*who*/) {}
  /// Somebody left by the door: the session is over for this port, its pages are closed.
  virtual void session_left(const std::string& /*account*/, const messages::id& /*session*/) {}
};

/// Thread-safe. A page that does not read is dropped (limit: bytes waiting for it), never waited for.
class pages {
public:
  virtual ~pages() = default;
  virtual void watch(watcher& who) = 0;
  virtual void send(page to, std::string line) = 0;
  /// The entry is granted: whoever asked is this account, in this session.
  virtual void let_in(std::uint64_t /*n*/, const std::string& /*account*/, const messages::id& /*session*/) {}
  /// The entry is answered otherwise: an HTTP status, and JSON.
  virtual void answer_entry(std::uint64_t /*n*/, int /*status*/, std::string /*json*/) {}
  /// The session is over: its cookie opens nothing any more, its pages are closed at once.
  virtual void end_session(const messages::id& /*session*/) {}
  /// No watcher is called after this returned.
  virtual void stop() = 0;
};

/// Several ports as one: scripted hands beside the pages. At most 8.
std::unique_ptr<pages> together(std::vector<std::unique_ptr<pages>> ports);

} // namespace drivers::screen
