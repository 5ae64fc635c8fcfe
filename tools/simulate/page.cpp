// The client side of the screen port's socket.
#include "tools/simulate/page.hpp"

#include "messages/account_commands.hpp"
#include "messages/json.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace tools {

using namespace messages;

page::page(std::filesystem::path socket, std::optional<clinic_account> who)
    : socket_(std::move(socket)), who_(std::move(who)), thread_([this] { run(); }) {}

page::~page() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
    if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
  }
  changed_.notify_all();
  thread_.join();
}

std::optional<show_prompt> page::prompt() {
  const std::lock_guard lock{mutex_};
  return prompt_;
}

std::map<id, show_at_reception> page::board() {
  const std::lock_guard lock{mutex_};
  return board_;
}

bool page::wait(const std::function<bool(page&)>& good, wait_ms most) {
  const auto until = std::chrono::steady_clock::now() + most;
  for (;;) {
    if (good(*this)) return true;
    std::unique_lock lock{mutex_};
    if (changed_.wait_until(lock, std::min(until, std::chrono::steady_clock::now() + wait_ms{20})) ==
            std::cv_status::timeout &&
        std::chrono::steady_clock::now() >= until) {
      lock.unlock();
      return good(*this);
    }
  }
}

// -- the connection ------------------------------------------------------------------------------------------------

bool page::connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket_.c_str(), sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd);
    return false;
  }
  const std::lock_guard lock{mutex_};
  if (stopping_) { // the destructor found no connection to shut down: whoever read from this one would never wake
    ::close(fd);
    return false;
  }
  fd_ = fd;
  ++connections_;
  changed_.notify_all();
  return true;
}

void page::run() {
  for (;;) {
    {
      std::unique_lock lock{mutex_};
      if (stopping_) return;
    }
    if (!connect()) {
      std::unique_lock lock{mutex_};
      changed_.wait_for(lock, wait_ms{20}, [this] { return stopping_; });
      continue;
    }
    if (who_) sign_in();
    std::string waiting;
    std::array<char, 8192> buffer{};
    for (;;) {
      const auto n = ::recv(fd_, buffer.data(), buffer.size(), 0);
      if (n <= 0) break;
      waiting.append(buffer.data(), static_cast<std::size_t>(n));
      for (std::size_t end = 0; (end = waiting.find('\n')) != std::string::npos;) {
        take(waiting.substr(0, end));
        waiting.erase(0, end + 1);
      }
      if (sign_in_again_) sign_in();
    }
    const std::lock_guard lock{mutex_};
    ::close(fd_);
    fd_ = -1;
    signed_in_ = false;
    ++connections_;
    prompt_.reset();
    board_.clear();
    changed_.notify_all();
  }
}

/// Number 0 is the sign-in's. The hub may not be ready to judge it yet: then it is said again.
void page::sign_in() {
  if (sign_in_again_) std::this_thread::sleep_for(wait_ms{50});
  const auto line = to_json(value{value::map{{"n", {std::uint64_t{0}}},
                                             {"topic", {std::string{messages::sign_in::topic}}},
                                             {"body", value{value::map{{"account", {who_->account}},
                                                                       {"password", {who_->password}}}}}}}) +
                    "\n";
  const std::lock_guard lock{mutex_};
  sign_in_again_ = false;
  if (fd_ >= 0) ::send(fd_, line.data(), line.size(), MSG_NOSIGNAL);
}

void page::take(const std::string& line) {
  const std::lock_guard lock{mutex_};
  changed_.notify_all();
  if (line == "ok" || line.starts_with("error ")) { // a rig's answer; one is under way at a time
    if (line == "ok")
      answers_[last_n_] = {};
    else
      answers_[last_n_] = failure(error_code::wrong_value, "rig", line.substr(6));
    return;
  }
  const auto shown = from_json(line);
  if (!shown) return;
  const auto* all = shown->find("snapshot");
  const auto take_row = [this](const value& row) {
    if (auto m = message_from_json<show_at_reception>(row)) board_[m->checkin] = std::move(*m);
  };
  if (const auto* p = (all ? all : &*shown)->find("prompt"))
    if (auto m = message_from_json<show_prompt>(*p)) prompt_ = std::move(*m);
  if (const auto* rows = all ? all->find("checkins") : nullptr)
    if (const auto* list = rows->as<value::array>()) std::ranges::for_each(*list, take_row);
  if (const auto* row = shown->find("checkin")) take_row(*row);
  if (const auto* n = shown->find("n"); n && n->as_unsigned() && *n->as_unsigned() == 0) {
    signed_in_ = who_ && !shown->find("error");
    sign_in_again_ = who_ && !signed_in_;
  } else if (n && n->as_unsigned()) {
    auto& answer = answers_[*n->as_unsigned()];
    answer = {};
    if (const auto* why = shown->find("error")) {
      const auto* name = why->find("name");
      // The session is over, or the node's screen began anew.
      sign_in_again_ = who_ && name && name->as<std::string>() && *name->as<std::string>() == "not_signed_in";
      const auto* text = why->find("text_en");
      const auto code = name && name->as<std::string>() ? find_error(*name->as<std::string>()) : std::nullopt;
      answer = failure(code.value_or(error_code::malformed),
                       text && text->as<std::string>() ? *text->as<std::string>() : "");
    }
  }
}

// -- saying --------------------------------------------------------------------------------------------------------

result<void> page::send_and_wait(std::string line, std::uint64_t n, wait_ms most) {
  line += '\n';
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, most, [&] { return fd_ >= 0 && (!who_ || signed_in_); });
  const auto connection = connections_;
  if (fd_ < 0 || ::send(fd_, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    return failure(error_code::line_down, socket_.filename().string());
  changed_.wait_for(lock, most, [&] { return answers_.contains(n) || connections_ != connection; });
  const auto found = answers_.find(n);
  if (found == answers_.end()) return failure(error_code::outcome_unknown, socket_.filename().string());
  auto answer = found->second;
  answers_.erase(found);
  return answer;
}

result<void> page::say(std::string_view topic, value body, wait_ms most) {
  std::uint64_t n = 0;
  {
    const std::lock_guard lock{mutex_};
    n = ++last_n_;
  }
  return send_and_wait(
      to_json(value{value::map{{"n", {n}}, {"topic", {std::string{topic}}}, {"body", std::move(body)}}}), n, most);
}

result<void> page::rig(const std::string& line, wait_ms most) {
  std::uint64_t n = 0;
  {
    const std::lock_guard lock{mutex_};
    n = ++last_n_;
  }
  return send_and_wait(line, n, most);
}

void page::press_pin(std::string_view digits) {
  std::string line = "pin " + std::string{digits} + "\n";
  const std::lock_guard lock{mutex_};
  if (fd_ >= 0) ::send(fd_, line.data(), line.size(), MSG_NOSIGNAL);
  ::explicit_bzero(line.data(), line.size());
}

} // namespace tools
