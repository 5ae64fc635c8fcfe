// One check-in as its events tell it: the row that consent_session works on, and that a restart reads back. Pure.
#pragma once

#include "messages/registry.hpp"

namespace messages {

/// A check-in that is not over. Changed by apply() only: what is here is what the journal says.
struct open_checkin {
  id checkin;
  std::string desk;
  checkin_state state{};
  std::uint64_t begun_ms = 0;
  id reader_session;
  bool card_there = true;
  card_kind kind{};
  std::int64_t tries_left = -1;
  id patient;
  identity_method method{};
  id attempt; ///< the PIN attempt that was allowed and has not ended
  std::string challenge_id;
  personal<bytes> certificate;
  personal<bytes> signature;
  id question;
  consent_choices choices;
  question_outcome outcome{};
  validity judged{};
  bool has_reference_number = false;
  std::string error;
  id registration;
  reference_outcome reference{};
  ending how{};
  certificate_standing standing{}; ///< of the card's certificate when it was placed
  std::string vouched_by;          ///< account of who compared the photo; empty: nobody had to
  std::string moved_to;            ///< the desk where the patient goes on

  /// The card proves who is there; medical information is neither offered nor asked for.
  bool eligibility_only() const { return standing == certificate_standing::expired_lately; }

  UKETSUKE_FIELDS(open_checkin, checkin, desk, state, begun_ms, reader_session, card_there, kind, tries_left, patient,
                  method, attempt, challenge_id, certificate, signature, question, choices, outcome, judged,
                  has_reference_number, error, registration, reference, how, standing,
                  vouched_by, moved_to)
};

/// Folds one event of a check-in into its row. False when the check-in is over with this event: the row goes.
/// Events of other check-ins, and topics that say nothing about one, change nothing.
bool apply(const event_envelope& event, open_checkin& row);

/// Does the event begin a check-in?
bool begins_checkin(const event_envelope& event);

} // namespace messages
