// The port to the national system: asked by the eligibility gateway, answered over HTTPS, through the folders of
// 連携アプリ, or by the simulated centre.
//
// Threads: every member may be called from any thread. Completions come on the port's own thread, except those that are
// known at once (`busy`, a value that cannot be sent, a stopped port), which come inside the call. A completion is
// called exactly once, must return quickly and must not call stop().
//
// What an error means here, and the reason why the two first are kept apart:
//   line_down            nothing was sent: it is safe to say "not asked"
//   line_silent          something may have been sent and no complete answer came: the outcome is unknown, and the
//                        question may be asked again under the same identifier only
//   line_refused         the centre read it and refused it (SegmentOfResult 9): code and message as received
//   line_unreadable      an answer came that is damaged, of another institution or to another question
//   line_unprocessed     連携アプリ gave the request back (.err): its words as received
//   challenge_expired    the proof is too old: a new challenge and a new signature are needed
//   simulated_centre     a real node reached a simulated centre
//   certificate_problem  at construction only; the file is named
//   busy                 too many questions at once; nothing was sent
//   wrong_value          the question itself cannot be sent (a field is too long, …); nothing was sent
#pragma once

#include "drivers/line/wire.hpp"
#include "messages/bytes.hpp"
#include "messages/eligibility.hpp"
#include "messages/id.hpp"
#include "messages/personal.hpp"
#include "messages/result.hpp"
#include "messages/values.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

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
  /// How the asker knows that the card's owner is there. `pin` comes with a signature, and so does `face` where a
  /// terminal let the card sign. Without one it is the word of the asker alone, which only a simulated centre takes:
  /// this project's own profile, no interface of the real system.
  messages::identity_method method = messages::identity_method::pin;
};

/// 資格確認 from a document (oqs-interface.md §2.3). Outpatient opens no viewing; `home_visit` and `online` ask by
/// OQSsihvq and OQSsionq (§2.11), whose answers state the consents that were given earlier.
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

/// 閲覧同意取り消し of home visits (OQSsihvd, §2.11). Whether the person has been confirmed is the asker's business.
struct withdrawal {
  messages::id question;
  messages::personal<messages::insured_number> person; ///< with the birth date
};

/// Everything that is asked for many persons, or for a period (§2.6, §2.7, §2.9).
enum class bulk_kind : std::uint8_t {
  eligibility,          ///< muquc: persons
  reference_numbers,    ///< muimm: registrations
  home_visit_consented, ///< muhvq: who consented in a period
  online_consented,     ///< muonq: who consented, or is examined, in a period
  medical_assistance,   ///< mutic: the tickets of a month
  home_visit_persons,   ///< IF 029-032: persons; prefix and tree are this project's profile
  online_persons,       ///< IF 033-036: persons; prefix and tree are this project's profile
};

/// One row of a list; `row` comes back with its result (ArbitraryIdentifier).
struct listed_person {
  messages::insured_number person;
  std::string row;
};
struct listed_registration {
  messages::insured_number person;
  std::string number; ///< 照会番号
};
struct bulk_period {
  std::string from, to;     ///< yyyyMMdd of the consent; or a month yyyyMM in `from` for medical assistance
  bool examination = false; ///< the days are of the examination, not of the consent; online only
};

struct bulk_request {
  messages::id question;
  bulk_kind kind{};
  std::string confirmed_on; ///< yyyyMMdd; eligibility and persons
  messages::personal<std::variant<std::vector<listed_person>, std::vector<listed_registration>, bulk_period>> rows;
};

/// The request was taken in; nothing is said about the persons in it.
struct bulk_acceptance {
  std::string reception_number;
  std::string received_at;                      ///< yyyyMMddHHmmss
  messages::personal<messages::bytes> original; ///< as received
};

/// Asks for the result of an accepted request. A new identifier each time: it asks how things stand now.
struct bulk_collection {
  messages::id question;
  bulk_kind kind{};
  std::string reception_number;
};

class bulk_document; ///< the result, unit by unit: bulk.hpp

struct bulk_answer {
  wire::header header; ///< counts, reception number, error
  /// nullptr while the centre still works on it (SegmentOfResult 2): ask again later.
  std::shared_ptr<const bulk_document> units;
};

/// 薬剤・診療情報 (YZK) or 特定健診情報 (TKK), within a consent only (§2.10). `too_large`: more than an event may hold.
struct records_question {
  messages::id question;
  messages::personal<messages::insured_number> person;
  bool checkup = false;             ///< TKK; else YZK
  file_category category{};         ///< of TKK: drugs_pdf and drugs_xml mean PDF and XML
  std::string from_month, to_month; ///< yyyyMM; YZK only
  messages::care how{};             ///< how the consent was obtained
};

struct records {
  wire::drug_history drugs;       ///< of an XML answer to YZK
  wire::checkup_history checkups; ///< of an XML answer to TKK
  bool pdf = false;               ///< the document is `original` itself
};
struct records_answer {
  messages::personal<records> found;
  messages::personal<messages::bytes> original;
};

/// 医療機関等アクセスURL取得 for マイナ在宅受付Web (§2.11; profile).
struct url_question {
  messages::id question;
  url_purpose purpose{};
  url_format format{};
  bool renew = false; ///< the old address stops working
};
struct access_url {
  std::string url;
  messages::bytes image; ///< 二次元コード
};

/// An answer and the bytes it was read from, to be kept sealed.
struct answer {
  messages::eligibility_answer typed;
  messages::personal<messages::bytes> original;  ///< as received
  messages::personal<wire::confirmation> full{}; ///< every field of the file: tickets, all consents, reasons
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

  /// Withdrawn or not: `typed` has status, code and message. Viewing ends at once on our side, whatever comes.
  virtual void withdraw(withdrawal what, std::uint32_t wait_ms_max, completion<answer> done) = 0;
  virtual void request_bulk(bulk_request request, std::uint32_t wait_ms_max, completion<bulk_acceptance> done) = 0;
  virtual void collect_bulk(bulk_collection what, std::uint32_t wait_ms_max, completion<bulk_answer> done) = 0;
  /// The acceptance of a request that went out earlier under @p question and was not answered in time. Sends nothing.
  /// `not_offered`: this line keeps no late answers; `line_down`: it never went out; `line_silent`: nothing came yet.
  virtual void find_bulk(bulk_kind kind, messages::id question, std::uint32_t wait_ms_max,
                         completion<bulk_acceptance> done) {
    static_cast<void>(kind), static_cast<void>(question), static_cast<void>(wait_ms_max);
    done(messages::failure(messages::error_code::not_offered, "find_bulk"));
  }
  virtual void ask(records_question question, std::uint32_t wait_ms_max, completion<records_answer> done) = 0;
  virtual void obtain_url(url_question question, std::uint32_t wait_ms_max, completion<access_url> done) = 0;

  /// The bytes of the reply for which @p question was last refused or could not be read; nothing when no reply came, or
  /// one that is larger than an event may hold. Kept in memory for the newest questions, until kept() at the latest.
  virtual messages::personal<messages::bytes> refused_original(const messages::id& question) const = 0;

  /// What was answered to @p question is durable here: the line may clear away what it keeps of it.
  virtual void kept(const messages::id& question) = 0;

  /// Ends what is under way: pending completions are called with line_silent or line_down before it returns. What is
  /// asked afterwards is line_down.
  virtual void stop() = 0;
};

/// Who takes in the files of a folder: one of several programs, and everybody can see which.
enum class importing : std::uint8_t {
  off,      ///< not started, or stopped: nothing is taken in
  active,   ///< this program
  standby,  ///< another one holds the lease; it is named
  unusable, ///< a folder cannot be read, or not to its end: what was found is taken in all the same
};
struct importer_state {
  importing now{};
  std::string holder;                                ///< who holds the lease: host and process
  std::uint64_t waiting = 0, taken = 0, refused = 0; ///< files seen and not yet taken; taken; unreadable
};

/// A Face file: a check-in of its own at a certified reader, which nobody here asked for.
struct face_arrival {
  messages::id arrival; ///< made from the file's name and bytes: the same file again is the same arrival
  std::string desk;     ///< whose folder it lay in; "" for a shared folder: unknown until staff claim it
  std::string file;     ///< its name
  messages::result<answer> read = messages::failure(messages::error_code::line_unreadable, "not read");
  messages::personal<messages::bytes> original; ///< also of one that could not be read
};

/// The Face folders. @p arrived comes on the source's own thread, in the order of the files' times in their names, and
/// comes again after a restart until `taken`; it must return quickly. Other threads' rules as for the line.
class face_source {
public:
  virtual ~face_source() = default;
  virtual void start(std::function<void(face_arrival)> arrived) = 0;
  /// It is durable here and does not come again. The file stays where it is: it is not ours.
  virtual void taken(const messages::id& arrival) = 0;
  virtual importer_state state() const = 0;
  /// Returns when no arrival is under way.
  virtual void stop() = 0;
};

} // namespace drivers::line
