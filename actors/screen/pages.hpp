// What the pages of a node may say and what they are shown. Pure: no sockets. The patient's page knows its own desk
// only; reception's and the monitor's pages exist on the hub.
//
// To a page goes first {"seq": 1, "snapshot": {…}}, everything it may see; then patches {"seq": n, "prompt" | "checkin"
// | "desk" | "visual" | "sight" | "hub": …}, each n one higher than the last: a page that misses one opens itself anew.
//
// Where the hub has accounts, a page shows what its account may see now, and is shown a new snapshot when that changes.
#pragma once

#include "actors/pure/effects.hpp"
#include "messages/value.hpp"

#include <map>
#include <set>

namespace screen {

/// Whose page it is; scripted hands are the patient's and the staff's in one.
enum class page_kind : std::uint8_t { hands, patient, reception, monitor, accounts, records };

/// What account administration says of whoever sits at a page. Without accounts: everything.
struct standing {
  bool in_force = true; ///< false: the session is over
  bool sees_board = true, sees_journal = true;
  std::string kind;              ///< of the account
  std::string first;             ///< topic of what has to be done before anything else
  std::vector<std::string> may;  ///< topics of commands
  std::vector<std::string> administers; ///< kinds of account
  std::uint64_t idle_ms = 0;     ///< signed out after so long without use; 0: never
  friend bool operator==(const standing&, const standing&) = default;
};

struct visitor {
  page_kind kind = page_kind::hands;
  std::string account;
  messages::id session{}; ///< that account administration opened
  standing now{};
};

/// Who asks to be let in at the door of the staff's pages (drivers/screen/port.hpp).
struct entrant {
  std::string account; ///< empty: `password` is the offline secret that resets the master
  messages::credential password;
  std::string code, place;
};
/// What the door is told: let in, or an HTTP status and JSON.
struct entry_answer {
  std::uint64_t n = 0;
  int status = 204; ///< 204: let in
  std::string json, account;
  messages::id session{};
};

/// Medical information that stands on a page now, and the consent it rests on.
struct open_view {
  std::uint64_t page = 0;
  messages::id question, patient;
  messages::information_kind kind{};
  std::uint64_t consent = 0; ///< index
};

/// A session of this node's pages.
struct open_session {
  messages::id session;
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

/// Somebody who may view records searches for whose; the shell reads, and answers with answer_search().
struct search_wanted {
  std::uint64_t page = 0, n = 0;
  messages::value conditions; ///< as the page wrote them
};

/// Reception's page wants today's list; the shell reads on in the journal, and answers with answer_today().
struct today_wanted {
  std::uint64_t page = 0, n = 0;
};

struct decision : actors::effects {
  std::vector<line> lines;
  std::vector<search_wanted> searches;
  std::vector<events_wanted> reads;
  std::vector<entry_answer> entries;
  std::vector<open_session> ended; ///< their pages are closed, their cookies void
  std::string used_by;             ///< the account of somebody who was seen to be at a page
  bool accounts_said = false;      ///< account administration answered: standings may have changed
  std::vector<today_wanted> todays;
};

/// {number, name, text, text_en}: how a page is told what was refused.
messages::value value_of_error(const messages::error& why);

class pages {
public:
  /// @p node: where these pages are. @p hub: where commands go, and where reception's page is.
  pages(std::string node, std::string hub);

  decision on_command(const messages::command_envelope& command);
  decision on_reply(const actors::tag& who, const messages::result<std::string>& body);
  /// A new page is shown everything at once.
  decision on_joined(std::uint64_t page, visitor who);
  decision on_left(std::uint64_t page);
  /// Somebody at the door: account administration is asked.
  decision on_entry(std::uint64_t n, const entrant& who);
  /// Somebody left by the door: account administration hears of it.
  decision on_door_left(const open_session& who);
  /// How an account of a session stands now; asked for each of sessions() again and again.
  decision on_standing(const messages::id& session, const standing& now);
  /// Ends what was not used for too long.
  decision on_time();
  /// What stands on the pages; whoever can judge its consent closes it when that is over.
  const std::vector<open_view>& views() const { return views_; }
  decision close_view(const messages::id& question);
  /// The sessions that may have pages here.
  std::vector<open_session> sessions() const;
  /// Said before anything else happens: what the clock shows.
  void at(std::uint64_t now_ms) { now_ms_ = now_ms; }
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

  static line answer_search(const search_wanted& wanted, const messages::result<messages::value>& found);
  /// @p more: the list is not read to its end yet; the page asks again.
  static line answer_today(const today_wanted& wanted, messages::value rows, bool more);

  static constexpr std::size_t rows_max = 500; ///< check-ins on reception's board; the oldest leave first
  static constexpr std::size_t desks_max = 200;
  static constexpr std::size_t asked_max = 500; ///< sayings of pages that wait for their answer
  static constexpr std::size_t sessions_max = 200; ///< the one used longest ago goes
  static constexpr std::size_t views_max = 500;    ///< the oldest is closed

private:
  struct asked {
    std::uint64_t page = 0;
    std::uint64_t n = 0;
    std::string topic{};
    bool door = false; ///< an entry, not a page
  };
  struct session_here {
    std::string account;
    std::uint64_t used_ms = 0, idle_ms = 0;
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
  actors::outgoing asking(std::string_view actor, std::string_view topic, std::string body, asked who);
  void answer_entry(const asked& who, const messages::result<std::string>& body, decision& out);
  void hands_signed_in(std::uint64_t page, const messages::result<std::string>& body);
  void begin_session(const messages::id& session, const std::string& account);
  void use(const messages::id& session);
  void show_view(const asked& who, const messages::result<std::string>& body, decision& out);
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
  std::map<messages::id, session_here> sessions_;
  std::vector<open_view> views_; ///< oldest first
  std::uint64_t now_ms_ = 0;
  std::set<std::string> unasked_; ///< actors that have not heard that everything is to be shown again
};

} // namespace screen
