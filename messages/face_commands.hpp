// What is asked about faces: of the face_matcher of a desk, of its reader, of the check-in. No picture, no number of
// the card and no score is in any of this.
#pragma once

#include "messages/commands.hpp"

namespace messages {

// -- replies --------------------------------------------------------------------------------------------------------

/// What came of reading the photo; the photo itself waits in the desk's photo_slot.
struct photo_report {
  static constexpr std::string_view topic = "reader.photo_report";
  static constexpr std::uint64_t version = 1;
  photo_outcome outcome{};
  std::int64_t tries_left = -1; ///< of 照合番号B; -1: not known
  UKETSUKE_FIELDS(photo_report, outcome, tries_left)
};

/// What the card signed for a face that was confirmed.
struct face_proof {
  static constexpr std::string_view topic = "reader.face_proof";
  static constexpr std::uint64_t version = 1;
  personal<bytes> certificate;
  personal<bytes> signature;
  UKETSUKE_FIELDS(face_proof, certificate, signature)
};

/// How a comparison ended, and by which model: its thresholds are its own.
struct face_report {
  static constexpr std::string_view topic = "face.report";
  static constexpr std::uint64_t version = 1;
  face_outcome outcome{};
  std::string model; ///< first 16 hexadecimal digits of the embedding's SHA-256; empty when none was asked
  UKETSUKE_FIELDS(face_report, outcome, model)
};

// -- to the reader of a desk ----------------------------------------------------------------------------------------

/// Reads the card's photo into the desk's photo_slot, with the 照合番号B that the reader or the staff supplied.
struct read_photo {
  static constexpr std::string_view topic = "reader.read_photo";
  static constexpr std::uint64_t version = 1;
  using reply = photo_report;
  id reader_session;
  UKETSUKE_FIELDS(read_photo, reader_session)
};

/// The face was confirmed: let the card sign the challenge without its PIN. Only a certified terminal can; here that is
/// simulated, and a desk without it refuses (face_not_offered).
struct prove_by_face {
  static constexpr std::string_view topic = "reader.prove_by_face";
  static constexpr std::uint64_t version = 1;
  using reply = face_proof;
  id reader_session;
  bytes challenge;
  UKETSUKE_FIELDS(prove_by_face, reader_session, challenge)
};

// -- to the face_matcher of a desk ----------------------------------------------------------------------------------

/// Compare whoever is before the camera with the photo on the card. The reply comes when that is decided.
struct match_face {
  static constexpr std::string_view topic = "face.match";
  static constexpr std::uint64_t version = 1;
  using reply = face_report;
  id checkin;
  id reader_session;
  UKETSUKE_FIELDS(match_face, checkin, reader_session)
};

/// Nobody waits for that comparison any more: what was seen is wiped. Its reply is `cannot_tell`.
struct stop_matching {
  static constexpr std::string_view topic = "face.stop";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id checkin;
  UKETSUKE_FIELDS(stop_matching, checkin)
};

// -- to consent_session ---------------------------------------------------------------------------------------------

/// The reader of this desk holds 照合番号B; here only that staff typed it. Digits are in no message.
struct enter_check_number {
  static constexpr std::string_view topic = "checkin.enter_check_number";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id checkin;
  UKETSUKE_FIELDS(enter_check_number, checkin)
};

/// The engine could not tell: staff looked at the patient and at the photo on the card.
struct decide_face {
  static constexpr std::string_view topic = "checkin.decide_face";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id checkin;
  bool same_person = false;
  UKETSUKE_FIELDS(decide_face, checkin, same_person)
};

// -- to the screens -------------------------------------------------------------------------------------------------

/// What the last camera frame of this check-in showed: words for the patient, and the page's sign to send the next.
struct show_sight {
  static constexpr std::string_view topic = "screen.show_sight";
  static constexpr std::uint64_t version = 1;
  using reply = done;
  id checkin;
  face_sight seen{};
  UKETSUKE_FIELDS(show_sight, checkin, seen)
};

} // namespace messages
