// Names of files for receipt computers.
#include "actors/eligibility_gateway/file_names.hpp"

namespace eligibility_gateway {

std::string face_result_name(const std::string& institution, const messages::id& question, std::uint64_t utc_ms) {
  const auto ten = std::string(10 - std::min<std::size_t>(10, institution.size()), '0') + institution.substr(0, 10);
  return "OQSsiquc01res_face_" + ten + question.text().substr(12) + "_" + japanese_time(utc_ms) + ".xml";
}

std::string typed_result_name(const messages::id& question, std::uint64_t utc_ms) {
  return "OQSsiquc01res_" + japanese_time(utc_ms).substr(0, 8) + question.text().substr(12) + ".xml";
}

} // namespace eligibility_gateway
