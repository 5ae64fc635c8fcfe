// The reader of one desk: decides what is asked of the card and what is reported to the hub. Pure: no CAF, no card, no
// clock. The shell carries out what `port` says and brings back what the port answered.
#pragma once

#include "actors/pure/effects.hpp"
#include "actors/reader/transitions.hpp"

#include <deque>
#include <map>

namespace reader {

/// What the shell asks of the card port.
enum class port_action : std::uint8_t {
  identify,
  verify_pin,
  sign,
  wipe_pin,   ///< and 照合番号B, and the card's photo
  read_photo, ///< into the photo slot, under session()
  wipe_photo,
  prove ///< let the card sign without its PIN: only where a terminal is simulated
};

struct decision : actors::effects {
  std::vector<port_action> port;
  messages::bytes challenge; ///< for port_action::sign and prove
};

/// What was read without a PIN (drivers/card/port.hpp says the same in its own words).
struct card_facts {
  messages::card_kind kind{};
  std::int64_t tries_left = -1;
  messages::personal<messages::bytes> certificate;
  messages::id mark;
  messages::certificate_standing standing{};
};

class card_stay {
public:
  card_stay(std::string hub, actors::id_source make_id);

  decision on_start();
  decision on_attached(const std::string& model);
  decision on_detached(const messages::error& why);
  decision on_placed();
  decision on_lifted();
  decision on_identified(const messages::result<card_facts>& read);
  decision on_verified(messages::pin_outcome outcome, std::int64_t tries_left);
  decision on_signed(const messages::result<messages::bytes>& signature);
  /// @p session: of the card whose photo was read.
  decision on_photo(messages::id session, messages::photo_outcome outcome, std::int64_t tries_left);

  /// The hub was reached again: it may have been restarted, and have lost what it was shown or told.
  decision on_hub(bool there);
  decision on_command(const messages::command_envelope& command, std::uint64_t now_ms);
  decision on_reply(const actors::tag& who, const messages::result<std::string>& body, std::uint64_t v,
                    std::uint64_t now_ms);
  decision on_tick(std::uint64_t now_ms);
  std::optional<std::uint64_t> next_tick_ms() const;

  state now() const { return now_; }
  messages::id session() const { return session_; }

private:
  enum step : std::uint16_t { reader_told, placing_told, lifting_told };

  bool fire(event on, decision& out);
  void carry_out(effect then, decision& out);
  void tell_reader(decision& out);
  void tell_placed(decision& out);
  void tell_lifted(messages::id session, bool reader_lost, decision& out);
  void report_attempt(decision& out);
  void handle(const messages::verify_pin&, const messages::command_envelope&, decision&);
  void handle(const messages::forget_pin&, const messages::command_envelope&, decision&);
  void handle(const messages::ask_present&, const messages::command_envelope&, decision&);
  void handle(const messages::read_certificate&, const messages::command_envelope&, decision&);
  void handle(const messages::read_photo&, const messages::command_envelope&, decision&);
  void handle(const messages::prove_by_face&, const messages::command_envelope&, decision&);
  bool may_begin(messages::id session, const messages::command_envelope& command, decision& out) const;
  messages::address consent_session() const { return {"consent_session", hub_}; }

  static constexpr std::uint32_t tell_wait_ms_max = 2'000;
  static constexpr std::uint32_t tell_again_ms = 250;
  static constexpr std::size_t attempts_remembered_max = 64;
  static constexpr std::size_t untold_max = 32; ///< cards lifted while the hub was away; the newest are told

  struct lifted { ///< not yet acknowledged
    bool reader_lost = false;
    std::uint64_t said = 0; ///< which saying of it: only the last one's acknowledgement counts
  };

  std::string hub_;
  actors::id_source make_id_;
  state now_ = state::no_reader;
  std::string model_;
  messages::error lost_why_;
  messages::id session_; ///< of the card that lies here now
  card_facts card_;
  std::string unread_; ///< name of errors.def, why the card that lies here could not be read; empty: it was
  int identifying_ = 0; ///< answers the port still owes: only the last one is about the card that lies here now
  std::optional<messages::command_envelope> attempt_command_; ///< the one VERIFY under way, to be answered
  messages::id attempt_session_;                              ///< of the card it went to
  messages::pin_report attempt_;
  messages::bytes challenge_;
  std::deque<messages::id> attempts_seen_;
  std::optional<messages::command_envelope> photo_command_, proof_command_; ///< under way, to be answered
  messages::id proof_session_;
  // What the hub has not yet acknowledged; said again until it does.
  bool reader_untold_ = false, placing_untold_ = false;
  std::map<messages::id, lifted> lifted_untold_; ///< by session
  std::uint64_t said_ = 0;
  std::optional<std::uint64_t> tell_again_at_ms_;
};

} // namespace reader
