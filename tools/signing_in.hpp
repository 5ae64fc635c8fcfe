// How a person's command at a running hub says who gives it: by a password that is asked for, or by a token file that
// `uketsuke account sign-in` wrote.
#pragma once

#include "tools/hub_client.hpp"

#include <functional>

namespace CLI {
class App;
}

namespace tools {

struct signing_in {
  std::string run;   ///< the hub's run folder; empty: the local hub's
  std::string as;    ///< user ID; the password is asked for, or read from a pipe
  std::string code;  ///< of the authenticator
  std::string token; ///< file of an open session

  /// --run, --as, --code, --token.
  void add_options(CLI::App& command);
};

/// A line that is not shown while it is typed; from a file or pipe, its next line.
messages::credential asked_for(const std::string& what);

/// Signs in as @p who says (with neither account nor token: as nobody), does @p what, and signs out again; with a token
/// file the session stays open. Errors: those of @p what, and of signing in.
messages::result<int> with_hub(const signing_in& who,
                               const std::function<messages::result<int>(const hub_access& hub)>& what);

/// Opens a session that lasts, and writes what proves it to the token file (0600), which must not be there.
messages::result<int> open_token(const signing_in& who);
/// Ends the session of the token file, or @p everywhere all of its account, and removes the file.
messages::result<int> close_token(const signing_in& who, bool everywhere);

} // namespace tools
