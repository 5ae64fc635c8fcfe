// What the pages' server answers to one HTTP request: which files there are, who may open which page, signing in. Pure:
// no sockets, no Beast; time and chance are passed in.
#pragma once

#include "drivers/screen/port.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string_view>

namespace drivers::screen {

/// One file of the pages, held in memory: a request can name nothing else.
struct page_file {
  std::string type, bytes;
};
/// By its name under the pages' folder ("patient.html"). Limits: 200 files, 4 MiB in all. Errors: file_unreadable.
messages::result<std::map<std::string, page_file, std::less<>>> read_site(const std::string& folder);

/// One request, as far as anything depends on it. Texts are the client's and trusted in nothing.
struct request_facts {
  std::string method, target, host, origin, cookie, content_type, body;
  std::string place;    ///< the address of the other end
  bool upgrade = false; ///< to a WebSocket
};

struct answer {
  int status = 200;
  std::string type = "text/plain; charset=utf-8", body;
  std::string location, cookie;   ///< header values; empty: not sent
  std::optional<visitor> granted; ///< an upgrade, and whose page it becomes
  std::optional<entry> asks;      ///< account administration has to be asked; the answer comes later
  std::optional<visitor> left;    ///< who signed out
  std::string refused;            ///< what was tried that no page of ours tries: for the log, without what was sent
};

/// Who this node is to its pages.
struct house {
  std::string node;
  bool simulated = false; ///< a banner on every page
  bool tls = false;
  std::vector<page_kind> offers;           ///< never `hands`
  std::vector<std::string> hosts;          ///< values of Host that are this server ("127.0.0.1:5575")
  std::vector<std::string> methods{"pin"}; ///< of identity check; "face" only with a face engine
  bool accounts = false; ///< account administration says who may come in; `known` is not asked
  /// Who that is, if the password is right: the development account. None: nobody can sign in.
  std::function<std::optional<std::string>(std::string_view account, std::string_view password)> known;
  std::function<std::uint64_t()> now_ms;
  std::function<std::string()> token; ///< 256 bits of chance, in characters that a cookie may hold
};

/// Not thread-safe.
class house_rules {
public:
  house_rules(house of, std::map<std::string, page_file, std::less<>> site);

  answer decide(const request_facts& asked);
  /// Account administration let them in: the answer to their sign-in, with its cookie.
  answer let_in(const std::string& account, const messages::id& session);
  void end_session(const messages::id& session);
  /// Is it still signed in? A page's handshake takes its time, and its session may end meanwhile.
  bool is_open(const messages::id& session) const;
  /// Header names and values of every answer.
  std::vector<std::pair<std::string, std::string>> headers() const;

  static constexpr std::size_t sign_ins_max = 100;                 ///< the one used longest ago goes
  static constexpr std::uint64_t signed_in_ms_max = 12 * 3600'000; ///< whatever account administration says
  static constexpr int wrong_passwords_max = 5; ///< of the development account; then nobody does for:
  static constexpr std::uint64_t lock_out_ms = 30'000;

private:
  struct signed_in {
    std::string account;
    messages::id session;
    std::uint64_t begun_ms = 0, used_ms = 0;
  };
  answer upgrade(const request_facts& asked);
  answer file(const request_facts& asked);
  answer qr_picture(const request_facts& asked);
  answer sign_in(const request_facts& asked);
  answer sign_in_for_development(const std::string& account, const messages::credential& password);
  answer post(const request_facts& asked);
  answer about(const request_facts& asked);
  bool same_origin(const request_facts& asked) const;
  bool offers(page_kind kind) const;
  signed_in* found_by(const request_facts& asked);

  house house_;
  std::map<std::string, page_file, std::less<>> site_;
  std::map<std::string, signed_in, std::less<>> sign_ins_; ///< by token
  int wrong_passwords_ = 0;
  std::uint64_t locked_until_ms_ = 0;
};

std::string_view name_of(page_kind kind);

/// Equal, in a time that does not tell where they differ.
bool same_secret(std::string_view a, std::string_view b);

} // namespace drivers::screen
