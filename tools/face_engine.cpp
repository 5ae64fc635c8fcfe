// `uketsuke face-engine`: the face engine's own process, which a desk starts for itself; not for people.
#include "drivers/face/port.hpp"
#include "tools/commands.hpp"

#include <CLI/CLI.hpp>

namespace tools {

void add_face_engine([[maybe_unused]] CLI::App& app, [[maybe_unused]] chosen& run) {
#ifdef UKETSUKE_WITH_FACE_ENGINE
  auto* command = app.add_subcommand("face-engine", "started by a desk: compares faces in a process without rights");
  command->group(""); // not in --help
  auto detector = std::make_shared<std::string>(), embedding = std::make_shared<std::string>();
  command->add_option("detector", *detector)->required();
  command->add_option("embedding", *embedding)->required();
  command->callback([&run, detector, embedding] {
    run = [detector, embedding]() -> outcome { return drivers::face::serve_engine(*detector, *embedding); };
  });
#endif
}

} // namespace tools
