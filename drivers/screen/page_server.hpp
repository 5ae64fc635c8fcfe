// The pages of a node in browsers: HTTP for the files, a WebSocket for each open page, TLS where asked for. The real
// side of the screen port; what is said on it is what scripted hands say. Boost.Beast is named in page_server.cpp only.
#pragma once

#include "drivers/screen/house_rules.hpp"
#include "messages/secret_slot.hpp"
#include "messages/wiped.hpp"

namespace drivers::screen {

struct page_server_options {
  std::string address = "127.0.0.1";    ///< beyond loopback: only with TLS, and without a development account
  std::uint16_t port = 0;               ///< 0: a free one
  std::string folder;                   ///< of the files, read once
  std::string certificate, key;         ///< PEM files; both empty: plain HTTP
  std::vector<std::string> names;       ///< further host names of this server, without port
  house of;                             ///< hosts and tls are filled in; now_ms and token may be left empty
  bool development_account = false;     ///< `of.known` is the one of a developer's machine
  messages::secret_slot* pin = nullptr; ///< none: this node has no PIN pad
  messages::secret_slot* check_number = nullptr; ///< for 照合番号B; none: nobody types it here
  /// Takes the PIN that is typed at マイナ在宅受付Web, where each page has a card of its own; at once, on the port's thread.
  std::function<void(page, messages::secret)> pin_at_home;
  std::function<void(messages::wiped_bytes)> frame; ///< takes what the patient's page sees; none: it has no camera
  std::size_t frame_bytes_max = 512 * 1024;
  std::size_t connections_max = 512;    ///< beyond: closed at once
  std::size_t pages_max = 128;          ///< WebSockets among them
  std::size_t entries_max = 64;         ///< sign-ins that wait for account administration; more: 503
  std::size_t line_bytes_max = 64 * 1024;
  std::size_t waiting_bytes_max = 1024 * 1024; ///< unread output of one page; more: it is dropped
  std::uint32_t request_ms_max = 10'000;       ///< for a request to arrive and its answer to leave
};

class page_server : public pages {
public:
  virtual std::uint16_t port() const = 0;
  virtual std::size_t connections() const = 0;
};

/// Binds at once; answers from watch() on, on one thread of its own. Errors: file_unreadable (pages, PEM), port_taken,
/// wrong_value (address), pages_beyond_host.
messages::result<std::unique_ptr<page_server>> open_page_server(page_server_options options);

} // namespace drivers::screen
