// Who comes in by the door of the staff's pages, how long a session lasts that nobody uses, and what its pages show.
#include "actors/screen/pages.hpp"

#include "messages/json.hpp"

#include <algorithm>

namespace screen {

using namespace messages;

namespace {

constexpr auto administration = "account_admin";

/// Over HTTP: whose mistake it is, for those that never look at the text.
int status_of(error_code why) {
  switch (why) {
  case error_code::sign_in_refused:
  case error_code::code_needed: return 401;
  case error_code::sign_in_delayed: return 429;
  case error_code::wrong_value: return 400;
  default: return 503;
  }
}

} // namespace

// -- coming in, and leaving ----------------------------------------------------------------------------------------

decision pages::on_entry(std::uint64_t n, const entrant& who) {
  decision out;
  const auto ask = [&](const auto& m) {
    using M = std::remove_cvref_t<decltype(m)>;
    out.showing.push_back(asking(administration, M::topic, encode_body(m), {0, n, std::string{M::topic}, true}));
  };
  if (asked_.size() >= asked_max)
    out.entries.push_back({n, 503, to_json(value_of_error({error_code::busy, {"screen"}})), {}, {}});
  else if (who.account.empty())
    ask(reset_master{who.password, who.place});
  else
    ask(sign_in{who.account, who.password, who.code, who.place, false});
  return out;
}

void pages::answer_entry(const asked& who, const result<std::string>& body, decision& out) {
  if (!body) {
    out.entries.push_back({who.n, status_of(body.error().code), to_json(value_of_error(body.error())), {}, {}});
    return;
  }
  const auto session = decode_body<session_opened>(*body, session_opened::version);
  if (who.topic != sign_in::topic) {
    const auto shown = unpack(*body);
    out.entries.push_back({who.n, 200, shown ? to_json(*shown) : std::string{}, {}, {}});
  } else if (session) {
    begin_session(session->session, session->account);
    out.entries.push_back({who.n, 204, {}, session->account, session->session});
  } else
    out.entries.push_back({who.n, 503, to_json(value_of_error(session.error())), {}, {}});
}

decision pages::on_door_left(const open_session& who) {
  decision out;
  sessions_.erase(who.session);
  auto command = asking(administration, sign_out::topic, encode_body(sign_out{who.session, false}), {0, 0, {}, false});
  command.account = who.account;
  out.showing.push_back(std::move(command));
  return out;
}

/// Hands have no door: they say who they are on their own line.
void pages::hands_signed_in(std::uint64_t page, const result<std::string>& body) {
  const auto found = open_.find(page);
  const auto session = body ? decode_body<session_opened>(*body, session_opened::version) : failure(body.error());
  if (!session || found == open_.end()) return;
  found->second.who.account = session->account;
  found->second.who.session = session->session;
  begin_session(session->session, session->account);
}

// -- what a consent opened -----------------------------------------------------------------------------------------

void pages::show_view(const asked& who, const result<std::string>& body, decision& out) {
  const auto shown = body ? decode_body<records_obtained>(*body, records_obtained::version) : failure(body.error());
  if (!shown) return;
  if (views_.size() >= views_max) {
    const auto oldest = close_view(views_.front().question);
    out.lines.insert(out.lines.end(), oldest.lines.begin(), oldest.lines.end());
  }
  views_.push_back({who.page, shown->question, shown->patient, shown->kind, shown->consent});
}

decision pages::close_view(const id& question) {
  decision out;
  for (const auto& view : views_)
    if (const auto open = open_.find(view.page); view.question == question && open != open_.end())
      out.lines.push_back({view.page, to_json(value{value::map{{"seq", {++open->second.sequence}},
                                                               {"closed", {question.text()}}}})});
  std::erase_if(views_, [&](const auto& view) { return view.question == question; });
  return out;
}

// -- sessions ------------------------------------------------------------------------------------------------------

void pages::begin_session(const id& session, const std::string& account) {
  if (sessions_.size() >= sessions_max && !sessions_.contains(session))
    sessions_.erase(std::ranges::min_element(sessions_, {}, [](const auto& one) { return one.second.used_ms; }));
  auto& here = sessions_[session];
  if (here.used_ms == 0) here = {account, now_ms_, 0};
}

void pages::use(const id& session) {
  if (const auto found = sessions_.find(session); found != sessions_.end()) found->second.used_ms = now_ms_;
}

std::vector<open_session> pages::sessions() const {
  std::vector<open_session> all;
  for (const auto& [session, here] : sessions_)
    all.push_back({session, here.account});
  return all;
}

decision pages::on_standing(const id& session, const standing& now) {
  decision out;
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return out;
  found->second.idle_ms = now.idle_ms;
  if (!now.in_force) {
    out.ended.push_back({session, found->second.account});
    sessions_.erase(found);
  }
  for (auto& [page, open] : open_) {
    if (open.who.session != session || open.who.now == now) continue;
    open.who.now = now;
    if (!now.in_force) { // hands stay connected, as nobody
      open.who.session = {};
      open.who.account.clear();
    }
    out.lines.push_back(
        {page, to_json(value{value::map{{"seq", {++open.sequence}}, {"snapshot", snapshot_for(open.who)}}})});
  }
  return out;
}

decision pages::on_time() {
  decision out;
  std::vector<open_session> idle;
  for (const auto& [session, here] : sessions_)
    if (here.idle_ms != 0 && now_ms_ >= here.used_ms + here.idle_ms) idle.push_back({session, here.account});
  for (const auto& one : idle) {
    auto left = on_door_left(one);
    out.showing.insert(out.showing.end(), left.showing.begin(), left.showing.end());
    standing over;
    over.in_force = over.sees_board = over.sees_journal = false;
    for (auto& [page, open] : open_)
      if (open.who.session == one.session) {
        open.who.now = over;
        open.who.account.clear();
      }
    out.ended.push_back(one);
  }
  return out;
}

} // namespace screen
