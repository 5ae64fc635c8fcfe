// One question to the national system, at a glance: asked once under one identifier, answered or honestly unknown.
#pragma once

#include "messages/values.hpp"

namespace messages {

/// Where a question stands.
UKETSUKE_ENUMERATION(question_state, fresh, asked, doubtful, answered, refused)

/// What can happen to it.
UKETSUKE_ENUMERATION(question_event, wanted, answer_came, nothing_sent, silence, refusal, time_to_ask_again,
                     started_again)

/// What is done about it.
UKETSUKE_ENUMERATION(question_effect, write_and_ask, take_answer, note_unknown, take_refusal, ask_same_again,
                     tell_known, wait_on)

} // namespace messages

namespace eligibility_gateway {

using state = messages::question_state;
using event = messages::question_event;
using effect = messages::question_effect;

struct transition {
  state from;
  event on;
  state to;
  effect then;
};

// clang-format off
inline constexpr std::array table{
  //          from             on                           to               then
  transition{state::fresh,    event::wanted,               state::asked,    effect::write_and_ask},

  transition{state::asked,    event::answer_came,          state::answered, effect::take_answer},
  transition{state::asked,    event::refusal,              state::refused,  effect::take_refusal},
  transition{state::asked,    event::silence,              state::doubtful, effect::note_unknown},
  transition{state::asked,    event::nothing_sent,         state::doubtful, effect::note_unknown},
  transition{state::asked,    event::wanted,               state::asked,    effect::wait_on},

  // Unknown is not failed: the same question again under the same identifier, until it is known.
  transition{state::doubtful, event::time_to_ask_again,    state::doubtful, effect::ask_same_again},
  transition{state::doubtful, event::answer_came,          state::answered, effect::take_answer},
  transition{state::doubtful, event::refusal,              state::refused,  effect::take_refusal},
  transition{state::doubtful, event::silence,              state::doubtful, effect::wait_on},
  transition{state::doubtful, event::nothing_sent,         state::doubtful, effect::wait_on},
  transition{state::doubtful, event::wanted,               state::doubtful, effect::tell_known},

  // Its outbox row is still there: it may have been asked, it may have been answered.
  transition{state::asked,    event::started_again,        state::asked,    effect::ask_same_again},
  transition{state::doubtful, event::started_again,        state::doubtful, effect::ask_same_again},

  // Settled: whoever asks again hears the same.
  transition{state::answered, event::wanted,               state::answered, effect::tell_known},
  transition{state::refused,  event::wanted,               state::refused,  effect::tell_known},
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
/// Nothing leads from a settled question back to asking, and a new question is written before it is asked.
constexpr bool settled_stays_settled() {
  for (const auto& row : table)
    if ((row.from == state::answered || row.from == state::refused) && row.to != row.from) return false;
  return true;
}
constexpr bool only_a_fresh_question_is_written() {
  for (const auto& row : table)
    if ((row.then == effect::write_and_ask) != (row.from == state::fresh)) return false;
  return true;
}

static_assert(no_row_twice());
static_assert(settled_stays_settled());
static_assert(only_a_fresh_question_is_written());

} // namespace eligibility_gateway
