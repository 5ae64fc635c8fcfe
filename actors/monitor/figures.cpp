// Events into figures.
#include "actors/monitor/figures.hpp"

#include <algorithm>
#include <utility>

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

void figures::note_asked(const id& batch) {
  auto& b = batches_[batch];
  if (!std::exchange(b.asked, true)) batch_rows_["asked"] += b.rows;
}

/// Answers come by the hundred thousand: they are counted by their topic alone.
void figures::fold_batch(const event_envelope& event) {
  if (event.topic == batch_row_answered::topic) {
    ++batch_rows_["answered"];
  } else if (event.topic == batch_row_refused::topic) {
    ++batch_rows_["refused"];
  } else if (const auto planned = body_as<batch_planned>(event)) {
    if (batches_.size() < open_max) batches_[planned->batch] = {planned->rows, planned->singly, false, false};
    batch_rows_["planned"] += planned->rows;
  } else if (const auto written = body_as<batch_written>(event)) {
    if (const auto b = batches_.find(written->batch); b != batches_.end() && b->second.singly) note_asked(b->first);
  } else if (const auto doubted = body_as<batch_doubted>(event)) {
    note_asked(doubted->batch);
    auto& b = batches_[doubted->batch];
    if (!std::exchange(b.doubted, true)) batch_rows_["doubtful"] += b.rows;
  } else if (const auto accepted = body_as<batch_accepted>(event)) {
    note_asked(accepted->batch);
    const auto& b = batches_[accepted->batch];
    if (b.doubted && !accepted->told_by_staff) batch_rows_["late"] += b.rows;
  } else if (const auto listed = body_as<batch_listed>(event)) {
    batch_rows_["missing"] += listed->missing;
    batches_.erase(listed->batch);
  } else if (const auto failed = body_as<batch_failed>(event)) {
    batch_rows_["failed"] += batches_[failed->batch].rows;
    batches_.erase(failed->batch);
  }
}

void figures::apply(const event_envelope& event, std::uint64_t now_ms) {
  ++events_[event.topic];
  last_index_ = event.index;
  delivery_.add(now_ms - std::min(event.time_ms, now_ms));
  fold_checkin(event);
  fold_rest(event);
  if (event.topic.starts_with("batch.")) fold_batch(event);
}

} // namespace monitor
