// One card reader at one desk, at a glance: the card's stay on it from placing to lifting.
#pragma once

#include "messages/values.hpp"

namespace messages {

/// Where a desk's reader stands.
UKETSUKE_ENUMERATION(reader_state, no_reader, empty, reading, ready, verifying, signing, opening)

/// What can happen to it.
UKETSUKE_ENUMERATION(reader_event, attached, detached, placed, lifted, identified, unreadable, verify_wanted, pin_right,
                     pin_not_right, signing_done, photo_wanted, photo_read, proof_wanted)

/// What is done about it.
UKETSUKE_ENUMERATION(reader_effect, report_reader, report_reader_lost, identify, report_card, report_lifted,
                     report_nothing, verify, sign, report_attempt, read_photo, report_photo, prove)

} // namespace messages

namespace reader {

using state = messages::reader_state;
using event = messages::reader_event;
using effect = messages::reader_effect;

struct transition {
  state from;
  event on;
  state to;
  effect then;
};

// clang-format off
inline constexpr std::array table{
  //          from              on                     to                then
  transition{state::no_reader, event::attached,       state::empty,     effect::report_reader},
  transition{state::empty,     event::placed,         state::reading,   effect::identify},
  transition{state::reading,   event::identified,     state::ready,     effect::report_card},
  transition{state::reading,   event::unreadable,     state::ready,     effect::report_card},
  transition{state::ready,     event::verify_wanted,  state::verifying, effect::verify},
  transition{state::verifying, event::pin_right,      state::signing,   effect::sign},
  transition{state::verifying, event::pin_not_right,  state::ready,     effect::report_attempt},
  transition{state::signing,   event::signing_done,   state::ready,     effect::report_attempt},

  // The face: the card's photo with 照合番号B, and the signature of a face that was confirmed.
  transition{state::ready,     event::photo_wanted,   state::opening,   effect::read_photo},
  transition{state::opening,   event::photo_read,     state::ready,     effect::report_photo},
  transition{state::ready,     event::proof_wanted,   state::signing,   effect::prove},

  // A card may be lifted at any moment; an attempt under way is still reported, as what it then is.
  transition{state::reading,   event::lifted,         state::empty,     effect::report_nothing},
  transition{state::ready,     event::lifted,         state::empty,     effect::report_lifted},
  transition{state::verifying, event::lifted,         state::empty,     effect::report_lifted},
  transition{state::signing,   event::lifted,         state::empty,     effect::report_lifted},
  transition{state::opening,   event::lifted,         state::empty,     effect::report_lifted},

  transition{state::empty,     event::detached,       state::no_reader, effect::report_reader_lost},
  transition{state::reading,   event::detached,       state::no_reader, effect::report_reader_lost},
  transition{state::ready,     event::detached,       state::no_reader, effect::report_reader_lost},
  transition{state::verifying, event::detached,       state::no_reader, effect::report_reader_lost},
  transition{state::signing,   event::detached,       state::no_reader, effect::report_reader_lost},
  transition{state::opening,   event::detached,       state::no_reader, effect::report_reader_lost},
  transition{state::no_reader, event::detached,       state::no_reader, effect::report_reader_lost},
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
constexpr bool every_state_answers(event on, state first = state::no_reader) {
  for (auto n = static_cast<std::size_t>(first); n < messages::enumeration<state>::names.size(); ++n)
    if (find(static_cast<state>(n), on) == nullptr) return false;
  return true;
}
constexpr bool every_state_with_a_card_answers(event on) { return every_state_answers(on, state::reading); }
/// VERIFY is sent from one row only: a read card, and a permission.
constexpr bool only_a_permission_verifies() {
  for (const auto& row : table)
    if (row.then == effect::verify && !(row.from == state::ready && row.on == event::verify_wanted)) return false;
  return true;
}

static_assert(no_row_twice());
static_assert(every_state_answers(event::detached));
static_assert(every_state_with_a_card_answers(event::lifted));
static_assert(only_a_permission_verifies());

} // namespace reader
