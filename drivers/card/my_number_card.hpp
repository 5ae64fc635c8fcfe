// The conversation with a My Number card: which commands, in which order, and what their answers mean.
#pragma once

#include "drivers/card/apdu.hpp"
#include "drivers/card/card_files.hpp"
#include "drivers/card/port.hpp"
#include "drivers/card/task.hpp"
#include "drivers/card/transport.hpp"

#include <memory>

namespace drivers::card {

/// One card on one reader, from placing to removal. Only the applications and files of card_files.hpp can be selected:
/// the individual number is out of reach of this code.
/// Lives on the loop's thread, kept alive by its owner while a task runs; one task at a time.
class my_number_card {
public:
  my_number_card(std::shared_ptr<transport> over, trace_line trace, authorities trusted = {});

  /// The card left the reader: nothing is sent to whatever lies there now.
  void mark_removed() { removed_ = true; }

  task<messages::result<card_found>> identify();
  task<messages::result<card_details>> inspect();
  task<pin_attempt> verify_pin(std::shared_ptr<messages::secret> pin);
  task<messages::result<messages::bytes>> sign(messages::bytes challenge);
  task<surface_read> read_surface(std::shared_ptr<messages::secret> check_number, std::int64_t tries_told);

private:
  using answered = exchange<apdu::answer>;
  enum class secret_kind : std::uint8_t { pin, check_number };

  task<answered> send(wiped_bytes command);
  task<answered> select_application(const application_name& name);
  task<answered> select_named(std::uint16_t name);
  task<answered> select_file(jpki_file file) { return select_named(static_cast<std::uint16_t>(file)); }
  task<answered> select_file(surface_file file) { return select_named(static_cast<std::uint16_t>(file)); }
  task<exchange<std::int64_t>> read_tries();
  using size_of = messages::result<std::size_t> (*)(apdu::octets head);
  task<messages::result<messages::bytes>> read_whole(std::size_t head_size, size_of whole, const char* what);
  task<messages::result<messages::bytes>> read_certificate_of(jpki_file file);
  task<messages::result<messages::card_kind>> read_kind();
  task<exchange<std::int64_t>> tries_of(secret_kind which);
  task<pin_attempt> attempt(std::shared_ptr<messages::secret> pin, secret_kind which);
  task<pin_attempt> settle_doubt(secret_kind which);

  std::shared_ptr<transport> over_;
  trace_line trace_;
  authorities trusted_;
  bool removed_ = false;
  bool identified_ = false;
  bool signing_possible_ = false; ///< the JPKI application is the selected one
  std::int64_t tries_reported_ = -1;
  certificate_facts facts_;
};

} // namespace drivers::card
