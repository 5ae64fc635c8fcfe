// What goes out and what a reply means, whatever carries it: shared by the HTTPS line and the simulated line.
#pragma once

#include "drivers/line/port.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace drivers::line {

/// A request ready to be carried.
struct outgoing {
  std::string_view path; ///< of profile.hpp
  std::string body;
};

/// A complete reply.
struct incoming {
  int status = 0;         ///< HTTP
  bool simulated = false; ///< the centre says so of itself
  std::string body;
};

/// Whose questions these are, and whom they may be put to.
struct asker {
  std::string institution; ///< 医療機関コード
  bool simulated_allowed = false;
};

messages::result<challenge> read_challenge(const asker& who, const incoming& reply);
messages::result<answer> read_answer(const asker& who, const messages::id& question, const incoming& reply);
messages::result<void> read_registration(const asker& who, const messages::id& question, const incoming& reply);

/// The port on top of anything that carries a request to a centre and brings its reply.
class carried_line : public line {
public:
  explicit carried_line(asker who) : who_(std::move(who)) {}

  void obtain_challenge(std::uint32_t wait_ms_max, completion<challenge> done) final;
  void ask(card_question question, std::uint32_t wait_ms_max, completion<answer> done) final;
  void ask(typed_question question, std::uint32_t wait_ms_max, completion<answer> done) final;
  void register_reference_number(reference_registration registration, std::uint32_t wait_ms_max,
                                 completion<void> done) final;

protected:
  using arrival = completion<incoming>;
  /// Calls @p done exactly once, with a complete reply or the error that the port promises.
  virtual void carry(outgoing request, std::uint32_t wait_ms_max, arrival done) = 0;
  const asker& who() const { return who_; }

private:
  const asker who_;
};

} // namespace drivers::line
