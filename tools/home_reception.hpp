// SIMULATED: マイナ在宅受付Web in a browser, as the centre plays it: whoever opens an institution's address chooses, reviews,
// types the PIN and holds a card (a virtual one) to the phone; what comes of it is the centre's to say.
#pragma once

#include "drivers/line/centre.hpp"
#include "tools/config.hpp"

#include <memory>
#include <string>

namespace tools {

class home_reception {
public:
  /// Binds its port, and answers nobody yet: the centre wants to know the address first. Errors of the page server and
  /// of the cards' folder.
  static messages::result<std::unique_ptr<home_reception>> open(const home_reception_config& config,
                                                                std::uint64_t now_ms);
  virtual ~home_reception() = default;
  virtual std::string address() const = 0; ///< "http://127.0.0.1:5590"
  virtual std::uint16_t port() const = 0;
  /// @p centre outlives stop().
  virtual void serve(drivers::line::centre& centre) = 0;
  virtual void stop() = 0;
};

} // namespace tools
