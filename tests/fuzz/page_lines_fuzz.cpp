// Fuzz: whatever a page says on its WebSocket becomes at most one command that this kind of page may give, or exactly
// one line that says why not; nothing it said is repeated to it.
#include "actors/screen/pages.hpp"

#include <array>
#include <cstdlib>

namespace {

using namespace messages;
using screen::page_kind;

void demand(bool kept) {
  if (!kept) std::abort();
}

void say(const std::string& text, page_kind kind, const char* node) {
  screen::pages pages{node, "hub"};
  pages.on_joined(1, {kind, kind == page_kind::patient ? "" : "suzuki"});
  const auto d = pages.on_said(1, text);
  demand(d.journal.empty() && d.binding.empty() && d.replies.empty());
  demand(d.showing.size() + d.lines.size() + d.reads.size() + d.todays.size() == 1);
  for (const auto& command : d.showing) {
    demand(is_command(command.topic) && command.to.node == "hub" && command.answer_to.has_value());
    demand(command.account == (kind == page_kind::patient ? "" : "suzuki"));
    // No page speaks for a reader or an actor.
    for (const std::string_view kept : {"reader.", "node.", "screen.", "account.", "checkin.report_", "checkin.settle"})
      demand(!command.topic.starts_with(kept));
    if (kind == page_kind::patient)
      demand(command.topic.starts_with("checkin.") || command.topic == "desks.call_staff");
  }
  if (kind != page_kind::monitor) demand(d.reads.empty());
  if (kind != page_kind::reception) demand(d.todays.empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  const std::string text{reinterpret_cast<const char*>(data), size};
  say(text, page_kind::patient, "desk-1");
  say(text, page_kind::reception, "hub");
  say(text, page_kind::monitor, "hub");
  return 0;
}
