// The comparison under way at one desk: decides what is asked of the reader, the engine and the camera. Pure: no CAF,
// no pictures, no clock. The shell carries out what `port` says and brings back what came of it; pictures never come
// here.
#pragma once

#include "actors/face_matcher/judgement.hpp"
#include "actors/face_matcher/transitions.hpp"
#include "actors/pure/effects.hpp"

namespace face_matcher {

/// What the shell does with pictures.
enum class port_action : std::uint8_t {
  learn,     ///< the photo in the slot goes to the engine
  take_frame, ///< the camera's next frame goes to the engine
  forget     ///< slot, engine and camera let go of everything
};

struct decision : actors::effects {
  std::vector<port_action> port;
};

struct options {
  std::string hub = "hub";
  std::string node;                      ///< this desk
  std::string model;                     ///< whose scores are judged
  scale by;
  std::uint32_t comparison_ms_max = 30'000; ///< from the card's photo to an outcome
  std::uint32_t photo_ms_max = 10'000;      ///< the reader's part of it
};

/// At most one comparison at a time; a second one is refused as busy.
class matching {
public:
  explicit matching(options how) : options_(std::move(how)) {}

  decision on_command(const messages::command_envelope& command, std::uint64_t now_ms);
  decision on_reply(const actors::tag& who, const messages::result<std::string>& body, std::uint64_t version,
                    std::uint64_t now_ms);
  /// @p of: the comparison() for which the engine or the camera was asked; what comes for an earlier one is not heard.
  decision on_learnt(std::uint64_t of, const messages::result<void>& learnt);
  decision on_seen(std::uint64_t of, const messages::result<messages::face_sight>& seen, double score);
  decision on_tick(std::uint64_t now_ms);
  std::optional<std::uint64_t> next_tick_ms() const;

  state now() const { return now_; }
  std::uint64_t comparison() const { return comparison_; }
  messages::id reader_session() const { return wanted_.reader_session; }

private:
  enum step : std::uint16_t { photo_asked, sight_shown };

  void handle(const messages::match_face&, const messages::command_envelope&, decision&);
  void handle(const messages::stop_matching&, const messages::command_envelope&, decision&);
  bool fire(event on, messages::face_outcome so_far, decision& out);
  void carry_out(effect then, messages::face_outcome so_far, decision& out);

  options options_;
  state now_ = state::idle;
  std::optional<messages::command_envelope> command_; ///< the match_face to be answered
  messages::match_face wanted_;
  judgement judged_{scale{}};
  std::uint64_t comparison_ = 0, now_ms_ = 0, until_ms_ = 0;
};

} // namespace face_matcher
