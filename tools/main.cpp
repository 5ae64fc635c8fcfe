// The one program: `uketsuke SUBCOMMAND`.
#include "tools/commands.hpp"

#include <CLI/CLI.hpp>

#include <malloc.h>

#include <csignal>
#include <iostream>

namespace {

/// glibc gives memory back as soon as it can, and takes it again, for a thread, by a system call a page: an eighth of
/// what folding an event cost. What was freed is kept, within bounds, and a batch's text needs no mapping of its own.
void keep_freed_memory() {
  constexpr int kept_bytes = 16 << 20, mapped_bytes_min = 8 << 20;
  ::mallopt(M_TRIM_THRESHOLD, kept_bytes);
  ::mallopt(M_MMAP_THRESHOLD, mapped_bytes_min);
}

} // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  std::signal(SIGPIPE, SIG_IGN); // a reader that went away is an error where we write
  std::signal(SIGXFSZ, SIG_IGN); // a file that may not grow is an error like any other full disk
  CLI::App app{"uketsuke (受付): the reception of a clinic: online eligibility verification with the My Number card"};
  app.require_subcommand(1);
  tools::chosen run;
  tools::add_serve(app, run);
  tools::add_centre(app, run);
  tools::add_simulate(app, run, argv[0]);
  tools::add_watch(app, run);
  tools::add_bench(app, run);
  tools::add_account(app, run);
  tools::add_keys(app, run);
  tools::add_audit(app, run);
  tools::add_backup(app, run);
  tools::add_restore(app, run);
  tools::add_diagram(app, run);
  tools::add_ask(app, run);
  tools::add_reference(app, run);
  tools::add_batch(app, run);
  tools::add_consent(app, run);
  tools::add_card(app, run);
  tools::add_reader(app, run);
  tools::add_doctor(app, run);
  tools::add_face_engine(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e);
  }
  const auto done = run();
  if (done) return *done;
  std::cerr << "uketsuke: " << messages::to_sentence(done.error()) << '\n';
  return 1;
}
