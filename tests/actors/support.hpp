// What the tests of the actors' pure parts share: ids by number, commands, and a desk around one consent_session whose
// journal is folded as the real one is.
#pragma once

#include "tests/test.hpp"

#include "actors/consent_session/session.hpp"

namespace actors_test {

using namespace messages;

inline constexpr std::uint64_t start_ms = 1'700'000'000'000;
id numbered(std::uint64_t n, std::uint64_t time_ms = start_ms);

/// Ids in order, so that a test is the same every time.
actors::id_source counting_ids(std::uint64_t first = 1000);

template <class M> command_envelope command_of(const std::string& from, const M& m, std::uint64_t now_ms = start_ms) {
  static std::uint64_t n = 1u << 20;
  command_envelope c;
  c.v = M::version;
  c.id = numbered(++n, now_ms);
  c.topic = M::topic;
  c.from = from;
  c.deadline_ms = 5000;
  c.body = encode_body(m);
  return c;
}

/// The typed reply, or the error, that @p out holds for the only command answered in it.
template <class M> result<M> reply_in(const actors::effects& out) {
  BOOST_REQUIRE_EQUAL(out.replies.size(), 1u);
  const auto& body = out.replies.front().body;
  return body ? decode_body<M>(*body, M::version) : result<M>{failure(body.error())};
}
error refusal_in(const actors::effects& out);
bool was_done(const actors::effects& out);

std::vector<std::string> topics_of(const actors::effects& out);
template <class M> std::optional<M> event_in(const actors::effects& out) {
  std::optional<M> found;
  for (const auto& e : out.journal.events)
    if (auto m = body_as<M>(e)) found = std::move(m);
  return found;
}
/// The command of this type among what @p out sends; binding or showing.
template <class M> std::optional<M> sent_in(const std::vector<actors::outgoing>& sent) {
  std::optional<M> found;
  for (const auto& s : sent)
    if (s.topic == M::topic) found = *decode_body<M>(s.body, s.v);
  return found;
}
std::size_t count_of(const std::vector<actors::outgoing>& sent, std::string_view topic);

/// The journal as storage keeps it, in memory: entries, open check-ins by messages::apply, the outbox by effect.
struct kept_journal {
  std::vector<event_envelope> events;
  std::map<id, open_checkin> open;
  std::vector<outbox_row> outbox;

  void take(const draft& d, std::uint64_t now_ms);
  std::vector<open_checkin> rows() const;
  /// Desks that are switched for one patient, as the view of desks has them.
  std::map<std::string, consent_session::visual_check> visual_checks(std::uint64_t until_ms) const;
  std::vector<std::string> topics() const;
};

/// Options of the simulated profile: what staff vouch for may be asked.
consent_session::options simulated();

/// One consent_session, its journal, and what it asked of others and has not been answered.
class clinic {
public:
  explicit clinic(consent_session::options how = simulated());

  const actors::effects& say(const command_envelope& command);
  template <class M> const actors::effects& from_page(const M& m, const std::string& desk = "desk-1") {
    return say(command_of("screen@" + desk, m, now_ms));
  }
  template <class M> const actors::effects& from_reception(const M& m) {
    return say(command_of("screen@hub", m, now_ms));
  }
  /// Reception with somebody signed in.
  template <class M> const actors::effects& from_staff(const M& m, const std::string& account = "suzuki") {
    auto command = command_of("screen@hub", m, now_ms);
    command.account = account;
    return say(command);
  }
  template <class M> const actors::effects& from_reader(const M& m, const std::string& desk = "desk-1") {
    return say(command_of("reader@" + desk, m, now_ms));
  }
  template <class M> const actors::effects& from_gateway(const M& m) {
    return say(command_of("eligibility_gateway@hub", m, now_ms));
  }
  /// Answers the oldest open request of this topic.
  template <class M> const actors::effects& answer(std::string_view topic, const M& m) {
    return answer_with(topic, encode_body(m), M::version);
  }
  const actors::effects& fail(std::string_view topic, error_code why);
  const actors::effects& answer_tag(const actors::tag& who, const result<std::string>& body, std::uint64_t v = 1);
  std::optional<actors::outgoing> open_request(std::string_view topic) const;
  const actors::effects& pass(std::uint64_t ms);
  /// Lets the clock run to the present state's end of patience.
  const actors::effects& run_out(id checkin);
  /// The process dies and another one goes on from what was written.
  const actors::effects& restart();

  // -- a check-in up to a state ------------------------------------------------------------------------------------
  id place(std::int64_t tries_left = 3, const std::string& desk = "desk-1");
  /// Drives a new check-in on desk-1 to @p to.
  id reach(checkin_state to);
  const actors::effects& give_consents(id checkin);
  const actors::effects& provide(id checkin);
  const actors::effects& report(question_outcome outcome, validity judged = {}, bool has_number = false);
  checkin_state now(id checkin) const;
  bool is_open(id checkin) const { return session->visits().contains(checkin); }
  prompt shown(const std::string& desk = "desk-1") const { return prompts.at(desk).shown; }

  std::uint64_t now_ms = start_ms;
  consent_session::options options;
  actors::id_source ids = counting_ids();
  std::unique_ptr<consent_session::session> session;
  kept_journal journal;
  actors::effects last;
  std::vector<actors::outgoing> asked;        ///< and not answered
  std::map<std::string, show_prompt> prompts; ///< by desk: the highest sequence
  id reader_session;                          ///< of the last card placed
  bool pages_answer = true;                   ///< acknowledge prompts at once
  certificate_standing certificate{};         ///< of the next card placed

private:
  const actors::effects& answer_with(std::string_view topic, const result<std::string>& body, std::uint64_t v);
  const actors::effects& take(actors::effects out);
  void acknowledge_prompts();
  void check_attempts(const actors::effects& out);
  std::uint64_t cards_ = 0;
};

/// The values that a happy check-in needs.
challenge_obtained a_challenge();
pin_report right_pin(std::int64_t tries_left = 3);
pin_report wrong_pin(std::int64_t tries_left);
face_report a_face(face_outcome outcome);
face_proof a_proof();
keep_walk_in a_walk_in(id checkin);

} // namespace actors_test

namespace messages {
// Boost.Test prints what differs.
inline std::ostream& operator<<(std::ostream& out, const id& i) { return out << i.text(); }
template <named_enumeration E> std::ostream& operator<<(std::ostream& out, E e) { return out << name(e); }
inline std::ostream& operator<<(std::ostream& out, const error_code& code) { return out << describe(code).name; }
} // namespace messages
