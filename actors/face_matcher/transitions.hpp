// One comparison of a face with the card's photo, at a glance.
#pragma once

#include "messages/values.hpp"

namespace messages {

/// Where a desk's comparison stands.
UKETSUKE_ENUMERATION(matching_state, idle, opening, learning, looking)

/// What can happen to it.
UKETSUKE_ENUMERATION(matching_event, match_wanted, photo_held, photo_refused, face_learnt, face_not_learnt, frame_taken,
                     decided, engine_lost, stopped, timed_out)

/// What is done about it.
UKETSUKE_ENUMERATION(matching_effect, read_photo, learn, look, look_again, report, forget_and_report)

} // namespace messages

namespace face_matcher {

using state = messages::matching_state;
using event = messages::matching_event;
using effect = messages::matching_effect;

struct transition {
  state from;
  event on;
  state to;
  effect then;
};

// clang-format off
inline constexpr std::array table{
  //          from             on                      to               then
  transition{state::idle,     event::match_wanted,    state::opening,  effect::read_photo},
  transition{state::opening,  event::photo_held,      state::learning, effect::learn},
  transition{state::opening,  event::photo_refused,   state::idle,     effect::report},
  transition{state::learning, event::face_learnt,     state::looking,  effect::look},
  transition{state::learning, event::face_not_learnt, state::idle,     effect::forget_and_report},
  transition{state::looking,  event::frame_taken,     state::looking,  effect::look_again},
  transition{state::looking,  event::decided,         state::idle,     effect::forget_and_report},
  transition{state::looking,  event::engine_lost,     state::idle,     effect::forget_and_report},

  // The patient may turn to the PIN or take the card at any moment, and nobody waits for ever.
  transition{state::opening,  event::stopped,         state::idle,     effect::forget_and_report},
  transition{state::learning, event::stopped,         state::idle,     effect::forget_and_report},
  transition{state::looking,  event::stopped,         state::idle,     effect::forget_and_report},
  transition{state::opening,  event::timed_out,       state::idle,     effect::forget_and_report},
  transition{state::learning, event::timed_out,       state::idle,     effect::forget_and_report},
  transition{state::looking,  event::timed_out,       state::idle,     effect::forget_and_report},
};
// clang-format on

constexpr const transition* find(state from, event on) {
  for (const auto& row : table)
    if (row.from == from && row.on == on) return &row;
  return nullptr;
}

constexpr bool no_row_twice() {
  for (std::size_t i = 0; i < table.size(); ++i)
    for (std::size_t j = i + 1; j < table.size(); ++j)
      if (table[i].from == table[j].from && table[i].on == table[j].on) return false;
  return true;
}
/// Whoever waits can be told to stop, and stops by itself.
constexpr bool every_comparison_ends() {
  for (auto n = static_cast<std::size_t>(state::opening); n < messages::enumeration<state>::names.size(); ++n)
    for (const auto on : {event::stopped, event::timed_out}) {
      const auto* row = find(static_cast<state>(n), on);
      if (row == nullptr || row->to != state::idle) return false;
    }
  return true;
}
/// What was seen is forgotten on every way out on which something may have been seen.
constexpr bool what_was_seen_is_forgotten() {
  for (const auto& row : table)
    if (row.to == state::idle && row.from != state::idle && row.then != effect::forget_and_report &&
        !(row.from == state::opening && row.on == event::photo_refused))
      return false;
  return true;
}

static_assert(no_row_twice());
static_assert(every_comparison_ends());
static_assert(what_was_seen_is_forgotten());

} // namespace face_matcher
