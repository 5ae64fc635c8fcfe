// The conversation with a My Number card: which commands, in which order, and what their answers mean.
#pragma once

#include "drivers/card/apdu.hpp"
#include "drivers/card/port.hpp"
#include "drivers/card/task.hpp"
#include "drivers/card/transport.hpp"

#include <memory>

namespace drivers::card {

/// One card on one reader, from placing to removal. Only the public authentication application (JPKI AP) is ever
/// selected, and of its files only those below: the individual number is out of reach of this code.
/// Lives on the loop's thread, kept alive by its owner while a task runs; one task at a time.
class my_number_card {
public:
  my_number_card(std::shared_ptr<transport> over, trace_line trace);

  /// The card left the reader: nothing is sent to whatever lies there now.
  void mark_removed() { removed_ = true; }

  task<messages::result<card_found>> identify();
  task<pin_attempt> verify_pin(std::shared_ptr<messages::secret> pin);
  task<messages::result<messages::bytes>> sign(messages::bytes challenge);

private:
  using answered = exchange<apdu::answer>;

  task<answered> send(wiped_bytes command);
  task<answered> select_file(std::uint16_t file);
  task<exchange<std::int64_t>> read_tries();
  task<messages::result<messages::bytes>> read_certificate();
  task<messages::result<messages::card_kind>> read_kind();
  task<exchange<std::int64_t>> enter_pin_file();
  task<pin_attempt> attempt(std::shared_ptr<messages::secret> pin);
  task<pin_attempt> settle_doubt();

  std::shared_ptr<transport> over_;
  trace_line trace_;
  bool removed_ = false;
  bool identified_ = false;
  std::int64_t tries_reported_ = -1;
};

} // namespace drivers::card
