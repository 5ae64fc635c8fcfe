// What the pages of a node may say and what they are shown. Pure: no sockets. The patient's page knows its own desk
// only; reception's page exists on the hub.
#pragma once

#include "actors/pure/effects.hpp"

#include <map>

namespace screen {

/// A line for one page, or for all (page 0).
struct line {
  std::uint64_t page = 0;
  std::string text;
};

struct decision : actors::effects {
  std::vector<line> lines;
};

class pages {
public:
  /// @p node: where these pages are. @p hub: where commands go, and where reception's page is.
  pages(std::string node, std::string hub);

  decision on_command(const messages::command_envelope& command);
  decision on_reply(const actors::tag& who, const messages::result<std::string>& body);
  /// A new page is shown everything at once.
  decision on_joined(std::uint64_t page);
  decision on_left(std::uint64_t page);
  /// `{"n": 7, "topic": "checkin.stop", "body": {…}}`; answered by `{"n": 7, "ok": true}` or `{"n": 7, "error": {…}}`.
  decision on_said(std::uint64_t page, const std::string& text);
  /// The hub was lost or found: the patient's page says so.
  decision on_hub(bool there);

  static constexpr std::size_t rows_max = 500;  ///< check-ins on reception's board; the oldest leave first
  static constexpr std::size_t asked_max = 500; ///< sayings of pages that wait for their answer

private:
  struct asked {
    std::uint64_t page = 0;
    std::uint64_t n = 0;
  };
  void handle(const messages::show_prompt&, const messages::command_envelope&, decision&);
  void handle(const messages::show_at_reception&, const messages::command_envelope&, decision&);
  std::string prompt_line() const;

  std::string node_, hub_;
  messages::show_prompt prompt_;
  bool hub_there_ = false;
  std::map<messages::id, messages::show_at_reception> board_;
  std::map<std::uint64_t, asked> asked_; ///< by the number in the tag
  std::uint64_t last_asked_ = 0;
};

} // namespace screen
