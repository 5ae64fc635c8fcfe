// `uketsuke simulate`: a whole clinic on this machine, and a story told in it.
#include "tools/commands.hpp"
#include "tools/config.hpp"
#include "tools/simulate/clinic.hpp"
#include "tools/simulate/story.hpp"
#include "tools/stop_signal.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace tools {

namespace fs = std::filesystem;
using messages::failure;

namespace {

struct simulate_options {
  int desks = 2;
  std::string story = "first-visit";
  std::string data;
  int port_base = 5570;
  bool once = false;
  bool drill = false;
  bool in_process_reader = false;
  std::string faces;
  bool staff_type_number = false;
};

/// Where the fictional persons and the stories are: beside the sources the program was built from.
fs::path simulated_folder() { return fs::path{UKETSUKE_SOURCE_DIR} / "tools" / "simulated"; }

fs::path fresh_folder() {
  std::string pattern = (fs::temp_directory_path() / "uketsuke-once-XXXXXX").string();
  return ::mkdtemp(pattern.data()) ? fs::path{pattern} : fs::path{};
}

fs::path story_file(const std::string& story) {
  return story.find('/') != std::string::npos ? fs::path{story} : simulated_folder() / "stories" / (story + ".story");
}

void greet(const clinic& c, std::ostream& out) {
  const auto hub = c.pages_address("hub");
  out << "模擬 SIMULATED: a clinic with " << c.options().desks
      << " desks, fictional patients and a simulated national system.\n"
      << "  data      " << c.options().data.string() << '\n'
      << "  sockets   " << c.run_folder().string() << "  (screen-*: JSON lines, rig-*: cards)\n"
      << "  the bus   uketsuke watch --run " << c.run_folder().string() << '\n'
      << "  reception " << hub << "/reception  (account " << c.accounts().general.account
      << ", password " << c.accounts().general.password << ")\n"
      << "  accounts  " << hub << "/accounts  (administration: " << c.accounts().administration.account << ' '
      << c.accounts().administration.password << "; all in " << (c.options().data / "config" / "accounts").string()
      << ")\n"
      << "  records   " << hub << "/records  (medical information: " << c.accounts().medical_viewing.account << ' '
      << c.accounts().medical_viewing.password << ")\n"
      << "  monitor   " << hub << "/monitor\n";
  for (const auto& d : c.desks())
    out << "  " << d << "    " << c.pages_address(d) << "/patient\n";
  out << '\n';
}

outcome simulate(const simulate_options& o, const std::string& program) {
  stop_signal stop;
  const auto file = story_file(o.story);
  const auto lines = read_story(file);
  if (!lines) return failure(lines.error());
  clinic_options c;
  c.program = fs::canonical("/proc/self/exe");
  c.data = !o.data.empty() ? fs::path{o.data} : o.once ? fresh_folder() : default_data_folder() / "sim";
  c.persons = simulated_folder() / "insured_persons.json";
  c.desks = o.desks;
  c.port_base = o.once ? 0 : o.port_base;
  c.pages_port_base = o.once || o.port_base == 0 ? 0 : o.port_base + 10;
  c.usb = !o.in_process_reader;
  c.scripted_faces = shows_faces(*lines);
  if (!c.scripted_faces) c.faces = o.faces;
  c.reads_number = !o.staff_type_number;
  auto opened = clinic::open(c);
  if (!opened) return failure(opened.error());
  auto& where = **opened;
  greet(where, std::cout);
  const auto played = play_story(where, file, std::cout, o.drill);
  if (!played) {
    where.close();
    return failure(played.error());
  }
  std::cout << "\nThe story ended well. Every step is in " << (c.data / "journal").string() << '\n';
  if (!o.once) {
    std::cout << "The clinic stays up; Ctrl-C ends it. Follow it: " << program << " watch --run "
              << where.run_folder().string() << '\n'
              << std::flush;
    stop.wait();
  }
  where.close();
  return 0;
}

} // namespace

void add_simulate(CLI::App& app, chosen& run, const std::string& program) {
  auto* command = app.add_subcommand("simulate", "run a whole SIMULATED clinic on this machine and play a story in it");
  auto o = std::make_shared<simulate_options>();
  command->add_option("--desks", o->desks, "how many desks (default 2)")->check(CLI::Range(1, 50));
  command->add_option("--story", o->story, "a story of tools/simulated/stories, or a path (default first-visit)");
  command->add_option("--data", o->data, "data folder (default: the state folder, /sim appended)");
  command->add_option("--port-base", o->port_base, "first of four TCP ports on 127.0.0.1 (default 5570; 0: free ones)")
      ->check(CLI::Range(0, 65000));
  command->add_flag("--once", o->once, "a fresh data folder, the story, and the end: exit 0 when it ended well");
  command->add_flag("--drill", o->drill, "practice: patients and card follow the story, reception is left to people");
  command->add_flag("--virtual-reader", o->in_process_reader, "a reader in process instead of the emulated USB device");
  command
      ->add_option("--faces", o->faces, "models/ and cards/ for face recognition (default: none, and no face button)")
      ->envname("UKETSUKE_FACE_DIR")
      ->check(CLI::ExistingDirectory);
  command->add_flag("--staff-type-number", o->staff_type_number,
                    "the simulated terminal does not read the number printed on the card (照合番号B)");
  command->callback([&run, o, program] { run = [o, program] { return simulate(*o, program); }; });
}

} // namespace tools
