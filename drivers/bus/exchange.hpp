// The rules of the switchboard without its socket: who is who, what is delivered, and the one answer to every command.
//
// Pure: time comes in as milliseconds, frames as bytes, and what is to be sent goes out through an outlet. One thread.
#pragma once

#include "drivers/bus/incarnation.hpp"
#include "drivers/bus/sent.hpp"
#include "messages/commands.hpp"
#include "messages/envelope.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

namespace bus {

struct switchboard_limits {
  std::size_t in_flight_max = 1024; ///< commands delivered to one node, and asked by one, without an answer yet
  std::size_t queue_max = 4096;     ///< frames waiting in the connection of one node
  std::size_t nodes_max = 256;
  std::size_t actors_max = 64;                 ///< of one node
  std::uint32_t silent_ms = 2000;              ///< a node not heard for so long is gone
  std::uint32_t deadline_ms_max = 15 * 60'000; ///< a longer one is shortened: a slot is not held for ever
  std::uint32_t guess_every_ms = 10;      ///< of one guesser, wrong ones in the long run
  std::size_t guesses_at_once_max = 100;  ///< and so many before that counts
  std::uint32_t guess_held_ms_max = 1000; ///< who guesses faster is told so after this long, not at once
  std::size_t guessers_max = 4096;        ///< told apart
};

struct switchboard_counts {
  std::uint64_t received = 0, delivered = 0, replied = 0;
  std::uint64_t malformed = 0;                  ///< frames that were no envelope
  std::uint64_t late_replies = 0;               ///< to commands that had their answer, or were never in flight
  std::uint64_t lost_replies = 0;               ///< whose asker was gone or did not read
  std::uint64_t wrong_guesses = 0, held_guesses = 0; ///< refused by their receiver; never delivered: too many before
  std::map<std::string, std::uint64_t> refused; ///< by the name of the error that was answered
  std::size_t nodes_alive = 0, in_flight = 0;
};

struct switchboard_rules {
  std::string hub = "hub";
  messages::id incarnation;             ///< of this hub process
  std::function<std::uint64_t()> epoch; ///< of the journal; called on the switchboard's thread
  switchboard_limits limits;
  /// May this one, whose connection has this ZAP User-Id (empty: none), say that to that one? The roster's rule. Empty:
  /// yes.
  std::function<bool(std::string_view user_id, const messages::address& from, const messages::address& to,
                     std::string_view topic)>
      allowed;
  /// May the connection of this ZAP User-Id (empty: none) speak for @p node? Asked when a node announces itself, and
  /// of a connection with a User-Id at each frame: a key that is revoked says nothing more. Empty: yes.
  std::function<bool(std::string_view user_id, std::string_view node)> may_speak_for;
  /// Who guesses at a secret with this command, by which wrong guesses are counted; empty: nobody does. Empty function:
  /// nobody ever does.
  std::function<std::string(const messages::command_envelope&)> guesser;
  /// The hub's own name is taken only from inside the process (set by the switchboard when it is bound over inproc).
  bool hub_inside_only = false;
};

/// A frame as it came in.
struct arrival {
  std::string_view connection; ///< the ROUTER's name for it
  std::string_view user_id;    ///< of ZAP; empty without
  bool inside = false;         ///< it came over inproc
  bool alone = true;           ///< it was the only frame of its message
  std::string_view content;
};

/// Where frames go out; never waits.
class outlet {
public:
  virtual ~outlet() = default;
  /// Hands on the frame that is being taken, unchanged.
  virtual sent pass(const std::string& connection) = 0;
  virtual sent put(std::string_view connection, std::string_view content) = 0;
};

class exchange {
public:
  explicit exchange(switchboard_rules rules);

  /// @p arrived_ms: when reading began; the difference to @p now_ms is taken off the deadline.
  void take(const arrival& a, std::uint64_t arrived_ms, std::uint64_t now_ms, outlet& out);
  /// Answers what is overdue and notes who fell silent. Returns the milliseconds until it should be called again.
  std::uint32_t sweep(std::uint64_t now_ms, outlet& out);
  std::uint32_t due_in_ms(std::uint64_t now_ms) const;
  const switchboard_counts& counts();

private:
  struct node {
    std::string name, connection, user_id;
    messages::id incarnation;
    std::set<std::string, std::less<>> actors;
    std::string welcome; ///< the last welcome sent: sent again to see whether the connection still stands
    std::uint64_t heard_ms = 0;
    bool gone = false;
    std::size_t in_flight = 0, asked = 0;
  };
  using due_list = std::multimap<std::uint64_t, messages::id>;
  struct open_command {
    messages::command_envelope command; ///< without its body
    std::string asker, deliverer;       ///< names of nodes
    messages::id asker_incarnation;
    due_list::iterator due;
    std::string guesser;                    ///< empty: no guess
    std::optional<messages::error> refusal; ///< held: the answer when it is due
  };
  using open_list = std::unordered_map<messages::id, open_command>;
  using guesses = std::map<std::string, std::uint64_t>; ///< by guesser: until when its guesses so far use up its time

  node* speaker_of(const arrival& a, std::uint64_t now_ms, outlet& out);
  messages::result<node*> announce(const arrival& a, const std::string& name, const messages::id& incarnation,
                                   std::uint64_t now_ms, outlet& out);
  messages::result<void> may_announce(const arrival& a, const std::string& name, const messages::id& incarnation,
                                      std::uint64_t now_ms, outlet& out);
  messages::result<node*> make_room(const std::string& name);
  void take_for_switchboard(const arrival& a, const messages::command_envelope& c, std::uint64_t now_ms, outlet& out);
  messages::result<void> take_hello(const arrival& a, const messages::command_envelope& c, std::uint64_t now_ms,
                                    outlet& out);
  void take_command(const arrival& a, node& from, messages::command_envelope c, std::uint64_t spent_ms,
                    std::uint64_t now_ms, outlet& out);
  messages::result<node*> find_receiver(const node& from, const messages::command_envelope& c, std::uint64_t spent_ms);
  void take_reply(node& from, const messages::command_envelope& reply, outlet& out);
  void refuse(std::string_view connection, const messages::command_envelope& c, const messages::error& why,
              outlet& out);
  void refuse_unreadable(const arrival& a, const messages::error& why, outlet& out);
  open_command& remember(const node& from, const node& to, messages::command_envelope c, std::uint64_t now_ms);
  std::optional<messages::error> is_over_eager(const std::string& guesser, std::uint64_t now_ms) const;
  void hold(const node& from, messages::command_envelope c, messages::error why, std::uint64_t now_ms);
  void note_guess(const std::string& guesser, std::uint64_t now_ms);
  void judge_guess(const open_command& open, const messages::command_envelope& reply);
  void answer_due(open_list::iterator at, outlet& out);
  void fail_deliveries(const std::string& node_name, outlet& out);
  void forget(open_list::iterator at);

  switchboard_rules rules_;
  switchboard_counts counts_;
  std::unordered_map<std::string, node> nodes_;
  std::unordered_map<std::string, std::string> connections_; ///< connection → name of its node
  open_list open_;
  due_list due_;
  std::uint64_t next_look_ms_ = 0; ///< at who fell silent
  guesses guessed_until_ms_;
};

} // namespace bus
