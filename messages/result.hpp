// How a function says that it may fail: a value or an error, never an exception (design rule 3).
#pragma once

#include "messages/error.hpp"

#include <tl/expected.hpp>

#include <string>
#include <utility>

namespace messages {

/// A T, or the error that explains why there is none. `[[nodiscard]]` comes with tl::expected.
template <class T> using result = tl::expected<T, error>;

/// `return failure(error_code::busy, "eligibility_gateway");`
template <class... Args> [[nodiscard]] tl::unexpected<error> failure(error_code code, Args&&... args) {
  return tl::unexpected<error>{error{code, {std::string(std::forward<Args>(args))...}}};
}

[[nodiscard]] inline tl::unexpected<error> failure(error why) { return tl::unexpected<error>{std::move(why)}; }

} // namespace messages
