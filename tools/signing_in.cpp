// Prompts, token files, and a session for as long as a command takes.
#include "tools/signing_in.hpp"

#include <CLI/CLI.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

namespace tools {

using namespace messages;

namespace {

constexpr auto administration = "account_admin";
constexpr std::uint32_t hashing_wait_ms = 30'000;

/// What a token file holds, a line each. Whoever can read it is its account: the node's name is the proof.
struct token {
  std::string node, account;
  id session;
};

result<token> read_token(const std::string& file) {
  struct stat about {};
  if (::stat(file.c_str(), &about) != 0) return failure(error_code::file_unreadable, file, std::strerror(errno));
  if ((about.st_mode & 077) != 0) return failure(error_code::file_unreadable, file, "others can read it: chmod 0600");
  token t;
  std::string session;
  std::ifstream in{file};
  in >> t.node >> t.account >> session;
  const auto known = id::from_text(session);
  if (!in || !known) return failure(error_code::file_unreadable, file, "it is no token of `uketsuke account sign-in`");
  t.session = *known;
  return t;
}

result<void> write_token(const std::string& file, const token& t) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return failure(error_code::write_failed, file, std::strerror(errno));
  const auto text = t.node + '\n' + t.account + '\n' + t.session.text() + '\n';
  const bool whole = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const auto why = errno;
  ::close(fd);
  if (whole) return {};
  ::unlink(file.c_str());
  return failure(error_code::write_failed, file, std::strerror(why));
}

result<session_opened> enter(const signing_in& who, const hub_access& hub, const credential& password) {
  return ask_hub(hub, administration, sign_in{who.as, password, who.code, {}, false}, hashing_wait_ms);
}

} // namespace

void signing_in::add_options(CLI::App& command) {
  command.add_option("--run", run, "the folder of the hub's sockets (default: the local hub's)");
  auto* user = command.add_option("--as", as, "your user ID; the password is asked for, or read from a pipe");
  command.add_option("--code", code, "of your authenticator")->needs(user);
  command.add_option("--token", token, "the file of a session that `uketsuke account sign-in` opened");
}

credential asked_for(const std::string& what) {
  const bool terminal = ::isatty(STDIN_FILENO) != 0;
  termios before{};
  if (terminal) {
    std::cerr << what << ": " << std::flush;
    ::tcgetattr(STDIN_FILENO, &before);
    auto silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &silent);
  }
  std::string line;
  std::getline(std::cin, line);
  if (terminal) {
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
    std::cerr << '\n';
  }
  credential typed{line};
  volatile char* p = line.data();
  for (std::size_t n = 0; n < line.size(); ++n)
    p[n] = 0;
  return typed;
}

result<int> with_hub(const signing_in& who, const std::function<result<int>(const hub_access&)>& what) {
  const auto run = run_folder(who.run);
  if (!run) return failure(run.error());
  if (who.as.empty() && who.token.empty()) {
    auto done = what(*run);
    if (!done && done.error().code == error_code::not_signed_in)
      std::cerr << "This hub has accounts: give --as USER_ID, or --token FILE of `uketsuke account sign-in`.\n";
    return done;
  }
  if (who.as.empty()) {
    const auto t = read_token(who.token);
    if (!t) return failure(t.error());
    return what({*run, t->account, t->node});
  }
  const auto password = asked_for("パスワード (password) " + who.as);
  const auto session = enter(who, *run, password);
  if (!session) return failure(session.error());
  hub_access hub{*run, session->account, {}};
  hub.password = password;
  auto done = what(hub);
  static_cast<void>(ask_hub(hub, administration, sign_out{session->session, false}));
  return done;
}

result<int> open_token(const signing_in& who) {
  const auto run = run_folder(who.run);
  if (!run) return failure(run.error());
  if (std::filesystem::exists(who.token)) return failure(error_code::write_failed, who.token, "it is there already");
  const auto session = enter(who, *run, asked_for("パスワード (password) " + who.as));
  if (!session) return failure(session.error());
  if (auto written = write_token(who.token, {tool_node(), session->account, session->session}); !written)
    return failure(written.error());
  std::cerr << who.token << " opens the account " << session->account << " until `uketsuke account sign-out --token "
            << who.token << "`, or " << session->idle_ms / 60'000 << " minutes without use.\n";
  return 0;
}

result<int> close_token(const signing_in& who, bool everywhere) {
  const auto t = read_token(who.token);
  if (!t) return failure(t.error());
  return with_hub({who.run, {}, {}, who.token}, [&](const hub_access& hub) -> result<int> {
    const auto done = ask_hub(hub, administration, sign_out{t->session, everywhere});
    const bool over = !done && done.error().code == error_code::not_signed_in;
    if (!done && !over) return failure(done.error());
    std::filesystem::remove(who.token);
    return 0;
  });
}

} // namespace tools
