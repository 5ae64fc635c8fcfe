// How a batch goes from its plan to the morning list: one table, checked by the compiler. The one way to the line leads
// through `uploading`, which is durable before anything is sent; from there a crash or silence leads to `doubtful`, and
// from `doubtful` nothing leads back to an upload.
#pragma once

#include "messages/visits.hpp"

#include <array>
#include <optional>

namespace batch_scheduler {

using state = messages::batch_state;

enum class event : std::uint8_t {
  built,         ///< the request file is there
  saved,         ///< and lies in the folder for uploads by hand
  unfit,         ///< nothing of it can be sent
  upload_begun,  ///< durable; the file goes to the line
  taken_in,      ///< a reception number came
  not_sent,      ///< nothing arrived
  silence,       ///< something may have arrived
  refused,       ///< read and refused: nothing is done
  asking_begun,  ///< its persons are asked about one by one, each under an identifier of its own
  interrupted,   ///< the process ended meanwhile
  number_told,   ///< staff saw the reception number at the national system
  absence_told,  ///< staff saw that it is not there
  asked,         ///< the result is asked for
  still_working, ///< 処理中
  not_collected, ///< no answer to that
  result_came,   ///< over the line
  result_given,  ///< downloaded by hand
  result_broken, ///< it ended in the middle, or could not be read
  all_taken,     ///< row by row, durable
  given_up       ///< too late for this night
};

struct transition {
  state from;
  event on;
  state to;
};

namespace detail {
using enum messages::batch_state;

} // namespace detail

// clang-format off
inline constexpr std::array transitions{
    transition{detail::planned,    event::built,         detail::written},
    transition{detail::planned,    event::saved,         detail::saved},
    transition{detail::planned,    event::unfit,         detail::failed},
    transition{detail::planned,    event::interrupted,   detail::planned},
    transition{detail::planned,    event::given_up,      detail::failed},
    transition{detail::written,    event::upload_begun,  detail::uploading},
    transition{detail::written,    event::asking_begun,  detail::asking},
    transition{detail::written,    event::interrupted,   detail::planned}, // the file was in memory
    transition{detail::written,    event::given_up,      detail::failed},
    transition{detail::saved,      event::number_told,   detail::accepted},
    transition{detail::saved,      event::absence_told,  detail::failed},
    transition{detail::saved,      event::result_given,  detail::answered},
    transition{detail::saved,      event::interrupted,   detail::saved},
    transition{detail::saved,      event::given_up,      detail::failed},
    transition{detail::uploading,  event::taken_in,      detail::accepted},
    transition{detail::uploading,  event::not_sent,      detail::written},
    transition{detail::uploading,  event::silence,       detail::doubtful},
    transition{detail::uploading,  event::refused,       detail::failed},
    transition{detail::uploading,  event::interrupted,   detail::doubtful},
    transition{detail::doubtful,   event::taken_in,      detail::accepted}, // it came after all
    transition{detail::doubtful,   event::refused,       detail::failed},
    transition{detail::doubtful,   event::number_told,   detail::accepted},
    transition{detail::doubtful,   event::absence_told,  detail::failed},
    transition{detail::doubtful,   event::result_given,  detail::answered},
    transition{detail::doubtful,   event::interrupted,   detail::doubtful},
    transition{detail::doubtful,   event::given_up,      detail::failed},
    transition{detail::accepted,   event::asked,         detail::collecting},
    transition{detail::accepted,   event::result_given,  detail::answered},
    transition{detail::accepted,   event::interrupted,   detail::accepted},
    transition{detail::accepted,   event::given_up,      detail::failed},
    transition{detail::collecting, event::still_working, detail::accepted},
    transition{detail::collecting, event::not_collected, detail::accepted},
    transition{detail::collecting, event::result_came,   detail::answered},
    transition{detail::collecting, event::refused,       detail::failed},
    transition{detail::collecting, event::interrupted,   detail::accepted},
    transition{detail::answered,   event::all_taken,     detail::listed},
    transition{detail::answered,   event::result_broken, detail::accepted},
    transition{detail::answered,   event::interrupted,   detail::accepted}, // rows taken already are not taken twice
    transition{detail::asking,     event::all_taken,     detail::listed},
    transition{detail::asking,     event::result_broken, detail::written}, // rows taken already are not asked again
    transition{detail::asking,     event::refused,       detail::failed},
    transition{detail::asking,     event::interrupted,   detail::planned},
};
// clang-format on

constexpr std::optional<state> next(state from, event on) {
  for (const auto& t : transitions)
    if (t.from == from && t.on == on) return t.to;
  return std::nullopt;
}

constexpr bool is_over(state s) { return s == state::listed || s == state::failed; }
/// It may be at the national system: its persons count as asked about.
constexpr bool may_be_there(state s) { return s != state::planned && s != state::written && s != state::saved; }

namespace detail {

constexpr std::size_t states = messages::enumeration<state>::names.size();

constexpr bool no_row_stands_twice() {
  for (std::size_t a = 0; a < transitions.size(); ++a)
    for (std::size_t b = a + 1; b < transitions.size(); ++b)
      if (transitions[a].from == transitions[b].from && transitions[a].on == transitions[b].on) return false;
  return true;
}
constexpr bool reaches(state from, state to) {
  std::array<bool, states> there{};
  there[static_cast<std::size_t>(from)] = true;
  for (std::size_t n = 0; n < states; ++n)
    for (const auto& t : transitions)
      if (there[static_cast<std::size_t>(t.from)]) there[static_cast<std::size_t>(t.to)] = true;
  return there[static_cast<std::size_t>(to)];
}
constexpr bool every_open_state_ends_and_survives_a_crash() {
  for (std::size_t n = 0; n < states; ++n) {
    const auto s = static_cast<state>(n);
    if (is_over(s)) continue;
    if (!reaches(s, state::failed) || !reaches(s, state::listed) || !next(s, event::interrupted)) return false;
  }
  return true;
}
constexpr bool one_row_leads_to_an_upload() {
  int rows = 0;
  for (const auto& t : transitions)
    rows += t.to == state::uploading;
  return rows == 1;
}
static_assert(no_row_stands_twice(), "two rows for one event in one state");
static_assert(every_open_state_ends_and_survives_a_crash());
static_assert(one_row_leads_to_an_upload(), "an upload begins in one place");
static_assert(!reaches(state::doubtful, state::uploading), "an upload whose fate is unknown is not sent again");

} // namespace detail

} // namespace batch_scheduler
