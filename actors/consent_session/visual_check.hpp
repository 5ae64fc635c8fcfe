// 目視確認 of one desk, at a glance: switched by one press for one patient, and back by itself. What a check-in does
// meanwhile is in transitions.hpp; what each `then` does is in visual_check.cpp.
#pragma once

#include "messages/values.hpp"

namespace messages {

/// What can happen to a desk's visual check. `compared_with_card`: the card lies there when staff say that they looked.
/// `card_lifted`: it was being lifted, to be shown, in the moment they said so.
UKETSUKE_ENUMERATION(visual_event, begun, compared, compared_with_card, card_placed, card_lifted, given_up,
                     checkin_over, no_card_came)

/// What is done about it.
UKETSUKE_ENUMERATION(visual_effect, switch_mode, note_compared, hand_over, note_and_hand_over, await_again,
                     switch_back)

} // namespace messages

namespace consent_session {

using visual_stage = messages::visual_stage;
using visual_event = messages::visual_event;
using visual_effect = messages::visual_effect;

struct visual_transition {
  visual_stage from;
  visual_event on;
  visual_stage to;
  visual_effect then;
};

namespace detail {
using enum messages::visual_stage;
using event = messages::visual_event;
using effect = messages::visual_effect;

// clang-format off
inline constexpr std::array visual_rows{
  //                from           on                         to             then
  visual_transition{none,          event::begun,              comparing,     effect::switch_mode},
  visual_transition{comparing,     event::compared,           awaiting_card, effect::note_compared},
  visual_transition{comparing,     event::compared_with_card, under_way,     effect::note_and_hand_over},
  visual_transition{awaiting_card, event::card_placed,        under_way,     effect::hand_over},
  visual_transition{under_way,     event::card_lifted,        awaiting_card, effect::await_again},

  visual_transition{comparing,     event::given_up,           none,          effect::switch_back},
  visual_transition{awaiting_card, event::given_up,           none,          effect::switch_back},
  visual_transition{comparing,     event::no_card_came,       none,          effect::switch_back},
  visual_transition{awaiting_card, event::no_card_came,       none,          effect::switch_back},
  visual_transition{under_way,     event::checkin_over,       none,          effect::switch_back},
};
// clang-format on
} // namespace detail

inline constexpr auto& visual_table = detail::visual_rows;

constexpr const visual_transition* find_visual(visual_stage from, visual_event on) {
  for (const auto& row : visual_table)
    if (row.from == from && row.on == on) return &row;
  return nullptr;
}

/// A check-in is handed what staff vouched for, and nothing else: each way to `under_way` leads through a comparison.
constexpr bool nobody_is_let_in_unseen() {
  for (const auto& row : visual_table) {
    const bool compared = row.on == visual_event::compared || row.on == visual_event::compared_with_card;
    if (row.to == visual_stage::awaiting_card && !compared && row.from != visual_stage::under_way) return false;
    if (row.to == visual_stage::under_way && !compared && row.from != visual_stage::awaiting_card) return false;
  }
  return true;
}

constexpr bool every_stage_leads_back() {
  for (std::size_t s = 1; s < messages::enumeration<visual_stage>::names.size(); ++s) {
    bool back = false;
    for (const auto& row : visual_table)
      back = back || (row.from == static_cast<visual_stage>(s) && row.to == visual_stage::none);
    if (!back) return false;
  }
  return true;
}

static_assert(nobody_is_let_in_unseen());
static_assert(every_stage_leads_back());

} // namespace consent_session
