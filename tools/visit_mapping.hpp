// The mapping file of appointment files: which column of another system's CSV is what, and what its words mean.
#pragma once

#include "actors/batch_scheduler/visit_file.hpp"
#include "messages/result.hpp"

#include <filesystem>

namespace tools {

/// TOML; `file_unreadable`, or `wrong_configuration` with file, line and what is wrong there. An empty path: the usual
/// layout, whose headings are the names of the columns themselves (`uketsuke batch import --help` lists them).
messages::result<batch_scheduler::visit_layout> read_visit_mapping(const std::filesystem::path& file);

} // namespace tools
