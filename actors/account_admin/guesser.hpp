// Who guesses at a password, as the switchboard tells them apart before anything is looked at. Pure.
#pragma once

#include "messages/envelope.hpp"

#include <string>
#include <string_view>

namespace account_admin {

/// By whom the wrong guesses are counted that @p command may be one of; empty: it is none. A node is one guesser. The
/// pages of @p hub itself are told apart by where somebody sits: of those the hub knows it, and all of a clinic's pages
/// may come from there.
std::string guesser_of(const messages::command_envelope& command, std::string_view hub);

} // namespace account_admin
