// What is done at a desk before 業務開始 and at 業務終了, by what stands there (quick guide ①②③, 業務開始時・終了時に行うこと).
// The steps are keys; the pages hold their words. Pure.
#pragma once

#include "messages/commands.hpp"

namespace desks {

/// power_terminal, power_reader, sign_in: in the guide's order. Home visits and online consultations have no reader.
std::vector<std::string> opening_steps(const messages::desk_status& desk);

/// see_update, complete_restart, shut_down, reader_off, keep_terminal_on: an update that the screen asked for is
/// completed by a restart before the terminal is shut down; a terminal without a display is never powered off.
std::vector<std::string> closing_steps(const messages::desk_status& desk);

} // namespace desks
