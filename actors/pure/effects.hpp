// What an actor decided: events to write, things to do once they are durable, things to show at once. Pure data; the
// shell (actors/runtime/shell) carries it out in that order: decide, write, then act (design.md §4).
#pragma once

#include "messages/draft.hpp"
#include "messages/registry.hpp"

#include <functional>

namespace actors {

/// Makes ids from the node's clock and chance. In tests: from a seed.
using id_source = std::function<messages::id()>;

/// What an actor wants to remember about a request until its reply comes: which step, of what.
struct tag {
  std::uint16_t step = 0;
  messages::id about;
  friend bool operator==(const tag&, const tag&) = default;
};

/// A command on its way out.
struct outgoing {
  messages::address to;
  std::string topic;
  std::uint64_t v = 1;
  std::string body;
  std::uint32_t wait_ms_max = 5000; ///< its deadline, counted from the moment it is sent
  messages::id cause;
  std::optional<tag> answer_to; ///< whom its reply is for; none: nobody waits for it
  std::string account{};        ///< on whose behalf; empty: the actor's own
};

/// A reply to a command that was received.
struct answer {
  messages::command_envelope command;
  messages::result<std::string> body;
  bool remember = true; ///< false: the reply holds a credential
};

/// The outcome of one step of one actor.
struct effects {
  messages::draft journal;       ///< written first, all together
  std::vector<outgoing> showing; ///< does not wait for the journal: a screen
  std::vector<outgoing> binding; ///< waits until the journal is durable
  std::vector<answer> replies;   ///< likewise

  // -- words for the pure parts ------------------------------------------------------------------------------------

  template <class M> void write(const M& event, std::string desk, messages::id checkin, messages::id cause = {}) {
    journal.events.push_back(messages::make_draft(event, std::move(desk), checkin, cause));
  }
  template <class M> void show(messages::address to, const M& command) {
    showing.push_back(make(std::move(to), command));
  }
  /// Asks without waiting for the journal: nothing happens outside because of it.
  template <class M> void inquire(messages::address to, const M& command, tag who, std::uint32_t wait_ms_max) {
    showing.push_back(make(std::move(to), command));
    showing.back().answer_to = who;
    showing.back().wait_ms_max = wait_ms_max;
  }
  template <class M> void ask(messages::address to, const M& command, tag who, std::uint32_t wait_ms_max) {
    binding.push_back(make(std::move(to), command));
    binding.back().answer_to = who;
    binding.back().wait_ms_max = wait_ms_max;
  }
  template <class M> void reply(const messages::command_envelope& to, const M& body) {
    replies.push_back({to, messages::encode_body(body), true});
  }
  void refuse(const messages::command_envelope& command, messages::error why) {
    replies.push_back({command, messages::failure(std::move(why)), true});
  }

private:
  template <class M> static outgoing make(messages::address to, const M& command) {
    return {std::move(to), std::string{M::topic}, M::version, messages::encode_body(command), 5000, {}, {}};
  }
};

/// Calls @p handle with the typed body of @p command if its topic is among @p Ms; otherwise, or when the body does not
/// fit, refuses it. @p handle is a set of overloads.
template <class... Ms, class F>
void dispatch(messages::message_list<Ms...>, const messages::command_envelope& command, effects& out, F&& handle) {
  bool known = false;
  const auto try_one = [&]<class M>() {
    if (command.topic != M::topic) return;
    known = true;
    auto body = messages::decode_body<M>(command.body, command.v);
    if (body)
      handle(*body);
    else
      out.refuse(command, body.error());
  };
  (try_one.template operator()<Ms>(), ...);
  if (!known) out.refuse(command, {messages::error_code::unknown_topic, {command.topic}});
}

} // namespace actors
