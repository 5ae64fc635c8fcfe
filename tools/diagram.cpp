// `uketsuke diagram NAME`: prints a table of the program as a Mermaid diagram; the READMEs' drawings are this output.
// `asyncapi`: the wire contract as an AsyncAPI document.
#include "actors/consent_session/transitions.hpp"
#include "actors/eligibility_gateway/transitions.hpp"
#include "actors/face_matcher/transitions.hpp"
#include "actors/reader/transitions.hpp"
#include "actors/roster.hpp"
#include "messages/json.hpp"
#include "tools/asyncapi.hpp"
#include "tools/commands.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace tools {
namespace {

void print_table(const auto& table) {
  std::cout << "stateDiagram-v2\n";
  for (const auto& row : table)
    std::cout << "  " << messages::name(row.from) << " --> " << messages::name(row.to) << " : "
              << messages::name(row.on) << '\n';
}

void print_roster() {
  std::cout << "flowchart LR\n";
  for (const auto& row : actors::runtime::roster) {
    for (const auto topic : row.answers)
      std::cout << "  " << topic << "([" << topic << "]) --> " << row.name << '\n';
    for (const auto topic : row.publishes)
      std::cout << "  " << row.name << " --> " << topic << "[[" << topic << "]]\n";
  }
}

} // namespace

void add_diagram(CLI::App& app, chosen& run) {
  auto* command = app.add_subcommand("diagram", "print a table of the program as a Mermaid diagram");
  auto which = std::make_shared<std::string>();
  command->add_option("which", *which, "check-in, reader, face, question or roster; asyncapi: the messages")
      ->required()
      ->check(CLI::IsMember({"check-in", "reader", "face", "question", "roster", "asyncapi"}));
  command->callback([&run, which] {
    run = [which]() -> outcome {
      if (*which == "check-in")
        print_table(consent_session::table);
      else if (*which == "reader")
        print_table(reader::table);
      else if (*which == "face")
        print_table(face_matcher::table);
      else if (*which == "question")
        print_table(eligibility_gateway::table);
      else if (*which == "asyncapi")
        std::cout << messages::to_json(asyncapi()) << '\n';
      else
        print_roster();
      return 0;
    };
  });
}

} // namespace tools
