// What the pages of a node may say and what they are shown. Pure: no sockets. The patient's page knows its own desk
// only; reception's and the monitor's pages exist on the hub.
//
// To a page goes first {"seq": 1, "snapshot": {…}}, everything it may see; then patches {"seq": n, "prompt" | "checkin"
// | "desk" | "visual" | "sight" | "hub": …}, each n one higher than the last: a page that misses one opens itself anew.
#pragma once

#include "actors/pure/effects.hpp"
#include "messages/value.hpp"

#include <map>
#include <set>

namespace screen {

/// Whose page it is; scripted hands are the patient's and the staff's in one.
enum class page_kind : std::uint8_t { hands, patient, reception, monitor };

struct visitor {
  page_kind kind = page_kind::hands;
  std::string account;
};

/// A line for one page.
struct line {
  std::uint64_t page = 0;
  std::string text;
};

/// A monitor's page wants to read on in the journal; the shell reads, and answers with answer_events().
struct events_wanted {
  std::uint64_t page = 0, n = 0, from = 1, limit = 100;
  std::vector<std::string> topics; ///< prefixes; none: all
};

/// Reception's page wants today's list; the shell reads on in the journal, and answers with answer_today().
struct today_wanted {
  std::uint64_t page = 0, n = 0;
};

struct decision : actors::effects {
  std::vector<line> lines;
  std::vector<events_wanted> reads;
  std::vector<today_wanted> todays;
};

class pages {
public:
  /// @p node: where these pages are. @p hub: where commands go, and where reception's page is.
  pages(std::string node, std::string hub);

  decision on_command(const messages::command_envelope& command);
  decision on_reply(const actors::tag& who, const messages::result<std::string>& body);
  /// A new page is shown everything at once.
  decision on_joined(std::uint64_t page, visitor who);
  decision on_left(std::uint64_t page);
  /// `{"n": 7, "topic": "checkin.stop", "body": {…}}`; answered by `{"n": 7, "ok": true}` or `{"n": 7, "error": {…}}`.
  decision on_said(std::uint64_t page, const std::string& text);
  /// The hub was lost or found: the pages say so, and what is shown is asked for again.
  decision on_hub(bool there);
  /// Asks again whoever could not be asked to show everything: an actor that is being started. To be called about a
  /// quarter of a second after wants_again() became true.
  decision on_tick();
  bool wants_again() const { return !unasked_.empty(); }
  /// @p found: event envelopes in index order; personal values are blotted out here.
  static line answer_events(const events_wanted& wanted, const std::vector<messages::event_envelope>& found,
                            std::uint64_t next, std::uint64_t head);

  /// @p more: the list is not read to its end yet; the page asks again.
  static line answer_today(const today_wanted& wanted, messages::value rows, bool more);

  static constexpr std::size_t rows_max = 500; ///< check-ins on reception's board; the oldest leave first
  static constexpr std::size_t desks_max = 200;
  static constexpr std::size_t asked_max = 500; ///< sayings of pages that wait for their answer

private:
  struct asked {
    std::uint64_t page = 0;
    std::uint64_t n = 0;
    bool with_body = false; ///< the page reads what was answered, not only that it was
  };
  struct open_page {
    visitor who;
    std::uint64_t sequence = 0; ///< of the last line sent to it
  };
  void handle(const messages::show_prompt&, const messages::command_envelope&, decision&);
  void handle(const messages::show_at_reception&, const messages::command_envelope&, decision&);
  void handle(const messages::show_desk&, const messages::command_envelope&, decision&);
  void handle(const messages::show_visual_check&, const messages::command_envelope&, decision&);
  void handle(const messages::show_sight&, const messages::command_envelope&, decision&);
  std::optional<messages::error> say(std::uint64_t page, std::uint64_t number, const messages::value& written,
                                     decision& out);
  void read_events(std::uint64_t page, std::uint64_t number, const messages::value* body, decision& out) const;
  void ask_for_everything(const std::string& actor, decision& out) const;
  bool is_shown(const visitor& who, std::string_view key) const;
  void patch(std::string_view key, const messages::value& what, decision& out);
  messages::value prompt_now() const;
  messages::value snapshot_for(const visitor& who) const;

  std::string node_, hub_;
  messages::show_prompt prompt_;
  bool hub_there_ = false;
  std::map<messages::id, messages::show_at_reception> board_;
  std::map<std::string, messages::show_desk> desks_;
  std::map<std::string, messages::show_visual_check> visual_; ///< by desk
  std::map<std::uint64_t, open_page> open_;
  std::map<std::uint64_t, asked> asked_; ///< by the number in the tag
  std::uint64_t last_asked_ = 0;
  std::set<std::string> unasked_; ///< actors that have not heard that everything is to be shown again
};

} // namespace screen
