// What batches and changes are called on a terminal: the quick guide's words.
#pragma once

#include "messages/visits.hpp"

#include <string>

namespace tools {

std::string words_of(messages::asking_reason why);
std::string words_of(messages::batch_kind kind);
std::string words_of(messages::batch_state state);
std::string words_of(messages::change_kind what);
std::string words_of(messages::consent_end why);
std::string words_of(messages::change_decision how);
std::string words_of(messages::care how);
std::string words_of(messages::visitor_standing stands);

} // namespace tools
