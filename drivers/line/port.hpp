// The port to the national system: asked by the eligibility gateway, answered by HTTPS or by the simulated centre.
//
// Threads: every member may be called from any thread. Completions come on the port's own thread, except those that are
// known at once (`busy`, a value that cannot be sent, a stopped port), which come inside the call. A completion is
// called exactly once, must return quickly and must not call stop().
//
// What an error means here, and the reason why the two first are kept apart:
//   line_down            nothing was sent: it is safe to say "not asked"
//   line_silent          something may have been sent and no complete answer came: the outcome is unknown, and the
//   question
//                        may be asked again under the same identifier only
//   line_refused         the centre read it and refused it (SegmentOfResult 9): code and message as received
//   line_unreadable      an answer came that is damaged, of another institution or to another question
//   challenge_expired    the proof is too old: a new challenge and a new signature are needed
//   simulated_centre     a real node reached a simulated centre
//   certificate_problem  at construction only; the file is named
//   busy                 too many questions at once; nothing was sent
//   wrong_value          the question itself cannot be sent (a field is too long, …); nothing was sent
#pragma once

#include "messages/bytes.hpp"
#include "messages/eligibility.hpp"
#include "messages/id.hpp"
#include "messages/personal.hpp"
#include "messages/result.hpp"
#include "messages/values.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace drivers::line {

/// What the card has to sign. Valid for `valid_ms` milliseconds from the moment it was issued, for one question.
struct challenge {
  std::string id;
  messages::bytes value;
  std::uint64_t valid_ms = 0;
};

/// 資格確認 with a My Number card: a signature over a challenge says who asks; the day is the centre's.
struct card_question {
  messages::id question; ///< ArbitraryFileIdentifier; the centre gives the same answer to the same identifier
  std::string challenge_id;
  messages::personal<messages::bytes> certificate; ///< 利用者証明用電子証明書, DER
  messages::bytes signature;                       ///< RSA PKCS#1 v1.5 with SHA-256 over the challenge's value
  messages::consent_choices choices;
  messages::care kind{};
};

/// 資格確認 from a document (oqs-interface.md §2.3). Opens no viewing.
struct typed_question {
  messages::id question;
  messages::personal<messages::insured_number> person;
  messages::choice limit{};
  messages::care kind{};
  std::string confirmed_on; ///< yyyyMMdd: the day on which validity is judged
};

/// 照会番号登録 (oqs-interface.md §2.8).
struct reference_registration {
  messages::id question; ///< an identifier of its own, not the eligibility question's
  messages::personal<messages::insured_number> person;
  messages::personal<std::string> number; ///< 照会番号, at most 50 characters
};

/// An answer and the bytes it was read from, to be kept sealed.
struct answer {
  messages::eligibility_answer typed;
  messages::personal<messages::bytes> original; ///< as received
};

template <class T> using completion = std::function<void(messages::result<T>)>;

/// `wait_ms_max` bounds everything from connecting to the last byte of the answer.
class line {
public:
  virtual ~line() = default;

  /// Harmless to repeat, whatever the error: a challenge that nobody uses expires by itself.
  virtual void obtain_challenge(std::uint32_t wait_ms_max, completion<challenge> done) = 0;
  virtual void ask(card_question question, std::uint32_t wait_ms_max, completion<answer> done) = 0;
  virtual void ask(typed_question question, std::uint32_t wait_ms_max, completion<answer> done) = 0;
  virtual void register_reference_number(reference_registration registration, std::uint32_t wait_ms_max,
                                         completion<void> done) = 0;

  /// Ends what is under way: pending completions are called with line_silent or line_down before it returns. What is
  /// asked afterwards is line_down.
  virtual void stop() = 0;
};

} // namespace drivers::line
