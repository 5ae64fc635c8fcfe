// Every name on the HTTPS line that is this project's own profile, because the official one is not public: headers,
// element names and refusal codes; paths are in interface.json. Names that are known (oqs-interface.md §2) stand in
// xml_*.cpp.
#pragma once

#include <cstdint>
#include <string_view>

namespace drivers::line::profile {

inline constexpr std::string_view content_type = "application/xml; charset=utf-8";

// A simulated centre says so twice: in every response, and in its certificate, so that a real node can leave before it
// has sent anything about a patient.
inline constexpr std::string_view simulated_header = "X-Uketsuke-Simulated";
inline constexpr std::string_view simulated_value = "yes";
inline constexpr const char* simulated_organization = "UKETSUKE SIMULATED";

// XmlMsg/MessageBody/…
inline constexpr const char* challenge_request_element = "ChallengeRequestInfo"; // empty
inline constexpr const char* challenge_element = "ChallengeInfo";
inline constexpr const char* challenge_id_element = "ChallengeIdentifier";
inline constexpr const char* challenge_value_element = "ChallengeValue"; // base64
inline constexpr const char* challenge_valid_element = "ChallengeValidMilliseconds";
inline constexpr const char* card_question_element = "CardQuestionInfo";
inline constexpr const char* certificate_element = "AuthenticationCertificate"; // base64 of DER
inline constexpr const char* signature_element = "ChallengeSignature";          // base64
// Instead of the signature: "face" or "visual", what the asker saw. Only a simulated centre takes the asker's word.
inline constexpr const char* vouched_element = "IdentityVouchedBy";

/// What the address of マイナ在宅受付Web ends with; a token follows.
inline constexpr std::string_view web_path = "/home_reception?at=";

// ErrorCode of a refusal by our centre; the texts are Japanese, as the real ones are.
struct refusal {
  std::string_view code, message;
  int http_status;
};
inline constexpr refusal unreadable_request{"SIME0001", "（模擬）要求を読み取れません。", 400};
inline constexpr refusal unknown_path{"SIME0002", "（模擬）そのような機能はありません。", 404};
inline constexpr refusal other_institution{"SIME0003", "（模擬）医療機関コードが証明書と一致しません。", 403};
inline constexpr refusal other_content{"SIME0004", "（模擬）同じ識別子で内容の異なる要求です。", 409};
inline constexpr refusal expired_challenge{"SIME0005", "（模擬）確認用の値の有効時間が過ぎています。", 403};
inline constexpr refusal used_challenge{"SIME0006", "（模擬）確認用の値はすでに使われています。", 403};
inline constexpr refusal wrong_certificate{"SIME0007", "（模擬）利用者証明用電子証明書を確認できません。", 403};
inline constexpr refusal wrong_signature{"SIME0008", "（模擬）署名が正しくありません。", 403};
inline constexpr refusal unknown_reception{"SIME0010", "（模擬）その受付番号の要求はありません。", 404};
inline constexpr refusal too_busy{"SIME0009", "（模擬）混み合っています。", 503}; // nothing was done

// ProcessingResultCode of our centre: about a person, not about the file.
struct remark {
  std::string_view code, message;
};
inline constexpr remark nobody_found{"SIMP0001", "（模擬）該当する資格がありません。"};
inline constexpr remark several_found{"SIMP0002", "（模擬）該当する資格が複数あります。"};
inline constexpr remark number_taken{"SIMP0003", "（模擬）その照会番号は別の方に登録されています。"};
inline constexpr remark nothing_to_withdraw{"SIMP0005", "（模擬）取り消す閲覧同意がありません。"};
inline constexpr remark no_viewing{"SIMP0006", "（模擬）閲覧の同意がありません。"};
inline constexpr remark certificate_ends_soon{"SIMP0004", "（模擬）電子証明書の有効期限が近づいています。"};
inline constexpr remark certificate_ended{"SIMP0007", "（模擬）電子証明書の有効期限が切れています。資格の確認だけができます。"};

} // namespace drivers::line::profile
