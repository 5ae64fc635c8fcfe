// The subcommands of `uketsuke`. Each one adds itself with its options and its help; main.cpp lists them.
#pragma once

#include "messages/result.hpp"

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace tools {

/// What a subcommand returns: the exit code, or the error whose sentence is printed (then the exit code is 1).
using outcome = messages::result<int>;
/// Set by the subcommand that was chosen; main() runs it after the arguments were read.
using chosen = std::function<outcome()>;

void add_serve(CLI::App& app, chosen& run);
void add_centre(CLI::App& app, chosen& run);
void add_simulate(CLI::App& app, chosen& run, const std::string& program);
void add_watch(CLI::App& app, chosen& run);
void add_bench(CLI::App& app, chosen& run);
void add_account(CLI::App& app, chosen& run);
void add_keys(CLI::App& app, chosen& run);
void add_node_keys(CLI::App& keys, chosen& run); ///< below `keys`
void add_audit(CLI::App& app, chosen& run);
void add_backup(CLI::App& app, chosen& run);
void add_restore(CLI::App& app, chosen& run);
void add_diagram(CLI::App& app, chosen& run);
void add_ask(CLI::App& app, chosen& run);
void add_reference(CLI::App& app, chosen& run);
void add_batch(CLI::App& app, chosen& run);
void add_consent(CLI::App& app, chosen& run);
void add_card(CLI::App& app, chosen& run);
void add_reader(CLI::App& app, chosen& run);
void add_doctor(CLI::App& app, chosen& run);
void add_face_engine(CLI::App& app, chosen& run);

} // namespace tools
