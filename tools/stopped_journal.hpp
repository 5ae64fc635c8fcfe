// Opening the journal of a stopped node for the commands that only read it: watch --data, audit, keys.
#pragma once

#include "storage/journal.hpp"

#include <filesystem>

namespace CLI {
class App;
}

namespace tools {

/// Where a stopped node's journal and its keys lie.
struct stopped_journal {
  std::string data, keys, passphrase_file;

  /// --data, --keys, --passphrase-file.
  void add_options(CLI::App& command, bool data_required = true);
  std::filesystem::path key_folder() const; ///< --keys, or beside the data folder
  storage::key_access access() const;
  storage::journal_options options() const; ///< for reading
};

} // namespace tools
