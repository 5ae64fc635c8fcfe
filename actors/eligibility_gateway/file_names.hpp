// The names of the files that receipt computers expect (oqs-interface.md §1.2).
#pragma once

#include "messages/id.hpp"
#include "messages/japanese_time.hpp"

#include <cstdint>
#include <string>

namespace eligibility_gateway {

using messages::japanese_time;

/// OQSsiquc01res_face_ + 10 digits of the institution + 20 of the question + _ + time: the answer to a card.
std::string face_result_name(const std::string& institution, const messages::id& question, std::uint64_t utc_ms);

/// OQSsiquc01res_ + day + 20 of the question: the answer to typed details.
std::string typed_result_name(const messages::id& question, std::uint64_t utc_ms);

} // namespace eligibility_gateway
