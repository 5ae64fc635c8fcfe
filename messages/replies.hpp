// What is answered to commands, beside "refused": one type for each kind of answer, named by the command it answers.
#pragma once

#include "messages/patients.hpp"
#include "messages/secret.hpp"

namespace messages {

/// "Done, and durable."
struct done {
  static constexpr std::string_view topic = "done";
  static constexpr std::uint64_t version = 1;
  UKETSUKE_NO_FIELDS(done)
};

/// How a node.hello was taken.
struct node_welcome {
  static constexpr std::string_view topic = "node.welcome";
  static constexpr std::uint64_t version = 1;
  std::string hub;
  id incarnation;          ///< of the hub process: another one means that it was restarted
  std::uint64_t epoch = 0; ///< of the journal
  UKETSUKE_FIELDS(node_welcome, hub, incarnation, epoch)
};

/// The reader's report on the one VERIFY it was allowed, and what the card signed after it.
struct pin_report {
  static constexpr std::string_view topic = "reader.pin_report";
  static constexpr std::uint64_t version = 1;
  pin_outcome outcome{};
  std::int64_t tries_left = 0;
  personal<bytes> certificate;
  personal<bytes> signature; ///< empty unless the PIN was right and the card signed
  UKETSUKE_FIELDS(pin_report, outcome, tries_left, certificate, signature)
};

/// What lies on the reader now; an empty session: nothing.
struct card_present {
  static constexpr std::string_view topic = "reader.card_present";
  static constexpr std::uint64_t version = 1;
  id reader_session;
  std::int64_t tries_left = -1;
  UKETSUKE_FIELDS(card_present, reader_session, tries_left)
};

/// The certificate of the card that lies on the reader; read without a PIN, and no proof that its owner is there.
struct card_certificate {
  static constexpr std::string_view topic = "reader.card_certificate";
  static constexpr std::uint64_t version = 1;
  personal<bytes> certificate; ///< DER, user authentication
  UKETSUKE_FIELDS(card_certificate, certificate)
};

struct checkin_begun {
  static constexpr std::string_view topic = "checkin.begun";
  static constexpr std::uint64_t version = 1;
  id checkin;
  UKETSUKE_FIELDS(checkin_begun, checkin)
};

struct challenge_obtained {
  static constexpr std::string_view topic = "eligibility.challenge";
  static constexpr std::uint64_t version = 1;
  std::string challenge_id;
  bytes challenge;
  UKETSUKE_FIELDS(challenge_obtained, challenge_id, challenge)
};

/// What the check-in needs of an answer; the whole answer is in the journal.
struct question_report {
  static constexpr std::string_view topic = "eligibility.report";
  static constexpr std::uint64_t version = 1;
  question_outcome outcome{};
  validity judged{};
  bool has_reference_number = false;
  personal<std::string> name;
  personal<std::string> reference_number;
  std::string error;
  UKETSUKE_FIELDS(question_report, outcome, judged, has_reference_number, name, reference_number, error)
};

/// Where the journal and its readers stand, and the hub around them.
struct monitor_status {
  static constexpr std::string_view topic = "monitor.status";
  static constexpr std::uint64_t version = 3;
  std::uint64_t head = 0, epoch = 0, published = 0, dropped = 0, subscriptions = 0, replayed = 0;
  std::string program_version;
  std::uint64_t now_ms = 0;          ///< the hub's clock
  std::uint64_t disk_free_bytes = 0; ///< where the journal lies
  std::uint64_t nodes = 0, in_flight = 0; ///< alive on the bus; commands without an answer yet
  std::uint64_t connections = 0, admitted = 0; ///< from other hosts
  std::uint64_t refused = 0, turned_away = 0, cut = 0; ///< handshakes; more than the limit; revoked
  bool line_known = false, line_up = false; ///< as the last question to the national system found it
  std::uint64_t line_lost_ms = 0;           ///< since when it is lost
  std::uint64_t batches_open = 0, batches_doubtful = 0, batches_saved = 0; ///< not over; of these: in doubt, by hand
  std::uint64_t oldest_batch_ms = 0;         ///< when the oldest open one was planned; 0: none is open
  std::vector<std::string> schedules_missed; ///< whose last planned time passed and nobody was asked about
  UKETSUKE_FIELDS(monitor_status, head, epoch, published, dropped, subscriptions, replayed, program_version, now_ms,
                  disk_free_bytes, nodes, in_flight, connections, admitted, refused, turned_away, cut, line_known,
                  line_up, line_lost_ms, batches_open, batches_doubtful, batches_saved, oldest_batch_ms,
                  schedules_missed)
};

/// One desk as reception sees it.
struct desk_status {
  std::string desk;
  bool open = false;
  desk_mode mode{};
  health reader{};
  std::string reader_model;
  desk_kind kind{};
  bool has_display = true;     ///< a terminal without one is never powered off
  bool update_pending = false; ///< its screen asked for an update: it is restarted before it is shut down
  UKETSUKE_FIELDS(desk_status, desk, open, mode, reader, reader_model, kind, has_display, update_pending)
};
/// The last value of every desk: whoever begins to watch needs no history of them. Holds at least what the journal held
/// up to @p index of @p epoch; go on from the next (a later event that is in it already changes nothing).
struct desk_list {
  static constexpr std::string_view topic = "desks.list_of_desks";
  static constexpr std::uint64_t version = 3;
  std::vector<desk_status> desks;
  std::uint64_t index = 0, epoch = 0;
  UKETSUKE_FIELDS(desk_list, desks, index, epoch)
};

} // namespace messages
