// Events into figures.
#include "actors/monitor/figures.hpp"

#include <algorithm>

namespace monitor {

using namespace messages;

void duration_figures::add(std::uint64_t ms) {
  const double seconds = static_cast<double>(ms) / 1000;
  const auto at = std::ranges::find_if(bounds, [&](double bound) { return seconds <= bound; });
  ++counts[static_cast<std::size_t>(at - bounds.begin())];
  sum += seconds;
}

void figures::begin(const event_envelope& event, const char* step) {
  const auto found = open_.find(event.checkin);
  if (found != open_.end()) found->second.since_ms[step] = event.time_ms;
}

void figures::end(const event_envelope& event, const char* step) {
  const auto found = open_.find(event.checkin);
  if (found == open_.end()) return; // it began before anybody counted
  const auto since = found->second.since_ms.find(step);
  if (since == found->second.since_ms.end()) return;
  steps_[step].add(event.time_ms - std::min(since->second, event.time_ms));
  found->second.since_ms.erase(since);
}

void figures::fold_checkin(const event_envelope& event) {
  if (const auto m = body_as<card_placed>(event)) {
    if (open_.size() < open_max) open_.try_emplace(event.checkin);
    begin(event, "whole");
    begin(event, "choose");
    ++tries_left_[m->tries_left < 0 ? "unknown" : std::to_string(m->tries_left)];
  } else if (event.topic == identity_method_chosen::topic) {
    end(event, "choose");
  } else if (event.topic == pin_attempt_allowed::topic) {
    begin(event, "verify_pin");
  } else if (const auto ended = body_as<pin_attempt_ended>(event)) {
    end(event, "verify_pin");
    ++pin_attempts_[std::string{name(ended->outcome)}];
  } else if (event.topic == identity_proven::topic) {
    begin(event, "consent");
  } else if (event.topic == consents_recorded::topic) {
    end(event, "consent");
  } else if (const auto over = body_as<checkin_ended>(event)) {
    end(event, "whole");
    ++endings_[std::string{name(over->how)}];
    open_.erase(event.checkin);
  }
}

void figures::fold_rest(const event_envelope& event) {
  if (event.topic == question_asked::topic) {
    begin(event, "ask");
    ++questions_["asked"];
  } else if (const auto m = body_as<eligibility_answered>(event)) {
    end(event, "ask");
    ++questions_[m->settled_late ? "settled_late" : "answered"];
  } else if (event.topic == outcome_unknown::topic) {
    end(event, "ask");
    ++questions_["unknown"];
  } else if (event.topic == question_refused::topic) {
    end(event, "ask");
    ++questions_["refused"];
  } else if (event.topic == eligibility_not_asked::topic) {
    ++questions_["not_asked"];
  } else if (event.topic == line_lost::topic) {
    ++line_losses_;
  } else if (event.topic == actor_restarted::topic) {
    ++restarts_;
  } else if (event.topic == staff_called::topic) {
    ++staff_calls_;
  } else if (event.topic == reader_attached::topic || event.topic == reader_detached::topic) {
    readers_[event.desk] = event.topic == reader_attached::topic;
  }
}

void figures::apply(const event_envelope& event, std::uint64_t now_ms) {
  ++events_[event.topic];
  last_index_ = event.index;
  delivery_.add(now_ms - std::min(event.time_ms, now_ms));
  fold_checkin(event);
  fold_rest(event);
}

} // namespace monitor
