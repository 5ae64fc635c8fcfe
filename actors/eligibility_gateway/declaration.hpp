// 被保険者資格申立書: the page that a patient signs when nothing could be asked, filled in with what is known.
#pragma once

#include "messages/patients.hpp"

#include <cstdint>
#include <string>

namespace eligibility_gateway {

/// A whole HTML page for printing: no scripts, nothing loaded from elsewhere. What is not known is left as a blank line
/// or an open box. The items are the ministry's (oqs-interface.md §7, 6); their lay-out is this project's.
std::string declaration_page(const messages::declared_insurance& declared, const messages::insured_number& person,
                             std::uint64_t visit_ms);

} // namespace eligibility_gateway
