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

/// Where the journal and its readers stand.
struct monitor_status {
  static constexpr std::string_view topic = "monitor.status";
  static constexpr std::uint64_t version = 1;
  std::uint64_t head = 0, epoch = 0, published = 0, dropped = 0, subscriptions = 0, replayed = 0;
  UKETSUKE_FIELDS(monitor_status, head, epoch, published, dropped, subscriptions, replayed)
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
struct desk_list {
  static constexpr std::string_view topic = "desks.list_of_desks";
  static constexpr std::uint64_t version = 2;
  std::vector<desk_status> desks;
  UKETSUKE_FIELDS(desk_list, desks)
};

} // namespace messages
