// The options that name a stopped node's journal, and what they come to.
#include "tools/stopped_journal.hpp"

#include "drivers/clock/port.hpp"

#include <CLI/CLI.hpp>

namespace tools {

void stopped_journal::add_options(CLI::App& command, bool data_required) {
  auto* folder = command.add_option("--data", data, "the journal folder of a stopped node, or a copy of it");
  if (data_required) folder->required();
  command.add_option("--keys", keys, "its key folder (default: beside it, NAME-keys)");
  command.add_option("--passphrase-file", passphrase_file, "a 0600 file whose first line unlocks the keys");
}

std::filesystem::path stopped_journal::key_folder() const {
  return keys.empty() ? storage::default_key_folder(data) : std::filesystem::path{keys};
}

storage::key_access stopped_journal::access() const { return {key_folder(), storage::passphrase_in(passphrase_file)}; }

storage::journal_options stopped_journal::options() const {
  storage::journal_options o;
  o.folder = data;
  o.node = "hub";
  o.now_ms = [clock = drivers::clock::system_clock()] { return clock->utc_ms(); };
  o.read_only = true;
  // Without keys it can still be read, with everything personal redacted; a folder that was named has to be there.
  if (!keys.empty() || storage::holds_keys(key_folder())) o.keys = access();
  return o;
}

} // namespace tools
