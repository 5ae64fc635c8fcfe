// The messages of 資格確認 as XML: pure functions from values to bytes and back (oqs-interface.md §2.2-2.4, §2.8).
//
// Reading is strict in what identifies an answer and lenient in the rest: DOCTYPE, more than `message_bytes_max`, a
// wrong root, a doubled element, another institution or another identifier are refused with the reason
// (`line_unreadable`, which names elements and never their values); unknown elements are ignored, order is free, absent
// optional elements are empty. Bytes in Shift_JIS (CP932) are understood by the XML declaration. Any thread.
#pragma once

#include "drivers/line/port.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drivers::line {

/// One message about one person is a few kilobytes; anything larger is no such message.
inline constexpr std::size_t message_bytes_max = 1024 * 1024;

/// MessageHeader (oqs-interface.md §2.2). Text as received; empty when absent.
struct message_header {
  std::string institution;               ///< 医療機関コード, 10 digits
  std::string identifier;                ///< ArbitraryFileIdentifier
  std::string confirmed_on;              ///< yyyyMMdd
  std::string executed_at;               ///< yyyyMMddHHmmss (JST)
  std::string reference_class;           ///< OQSCD002: 1 My Number card, 2 document
  std::int64_t segment = 0;              ///< OQSCD003; 0 when absent
  std::string error_code, error_message; ///< only when the segment is not 1
};

/// What an answer has to say to be ours. An empty text is not compared.
struct expectation {
  std::string institution;
  std::string identifier;
};

template <class T> struct message {
  message_header header;
  T body;
};

/// What ends a registration of a 照会番号 (oqs-interface.md §2.8).
struct registration_answer {
  std::int64_t status = 0; ///< OQSCD004
  std::string code, message;
};

/// What an answer carries beyond messages::insurance, so that a simulated answer has the shape of a real one.
struct insurance_details {
  std::string loss_reason;                                 ///< OQSCD008
  std::string limit_from, limit_to;                        ///< yyyyMMdd
  std::string disease, disease_from, disease_self_pay;     ///< OQSCD013, yyyyMMdd, yen
  std::vector<std::pair<std::string, std::string>> ticket; ///< MedicalTicketInfo: element and value (§2.5)
};

// What a clinic sends. `wrong_value` when a field cannot be sent.
std::string build_challenge_request(std::string_view institution);
messages::result<std::string> build_card_question(std::string_view institution, const card_question& question);
messages::result<std::string> build_typed_question(std::string_view institution, const typed_question& question);
messages::result<std::string> build_registration(std::string_view institution,
                                                 const reference_registration& registration);

// What the centre reads.
messages::result<message_header> parse_challenge_request(std::string_view octets);
messages::result<message<card_question>> parse_card_question(std::string_view octets);
messages::result<message<typed_question>> parse_typed_question(std::string_view octets);
messages::result<message<reference_registration>> parse_registration(std::string_view octets);

// What the centre sends. @p details are matched to the insurances by position and may be fewer; a consent whose flag is
// negative is not stated at all (it reads back as 0).
std::string build_challenge(const message_header& header, const challenge& issued);
std::string build_answer(const message_header& header, const messages::eligibility_answer& answered,
                         const std::vector<insurance_details>& details);
std::string build_registration_answer(const message_header& header, const reference_registration& registration,
                                      const registration_answer& answered);
/// A message that is only a header: segment 9, error code and message.
std::string build_refusal(const message_header& header);

// What a clinic reads.
messages::result<message<challenge>> parse_challenge(std::string_view octets, const expectation& expected);

} // namespace drivers::line
