// The thread that hashes, its queue, its key file, and fresh passwords.
#include "drivers/secrets/digests.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>

namespace drivers::secrets {

using messages::error_code;
using messages::failure;

namespace {

constexpr std::size_t key_size = 32;
constexpr int niceness = 10; ///< a patient at the desk comes first

class one_thread final : public hasher {
public:
  one_thread(std::string key, cost effort) : key_(std::move(key)), effort_(effort), thread_([this] { work(); }) {}
  ~one_thread() override {
    stop();
    volatile char* p = key_.data();
    for (std::size_t n = 0; n < key_.size(); ++n)
      p[n] = 0;
  }

  bool start(job what, std::function<void(outcome)> done) override {
    const std::lock_guard lock{mutex_};
    if (ended_ || queued_.size() >= queued_max) return false;
    queued_.emplace_back(std::move(what), std::move(done));
    changed_.notify_one();
    return true;
  }
  messages::credential code_secret(const std::string& account, const messages::bytes& nonce) const override {
    return code_secret_of(key_, account, nonce);
  }
  void stop() override {
    {
      const std::lock_guard lock{mutex_};
      ended_ = true;
      queued_.clear();
      changed_.notify_one();
    }
    const std::lock_guard joining{joining_};
    if (thread_.joinable()) thread_.join();
  }

private:
  using waiting = std::pair<job, std::function<void(outcome)>>;

  void work() {
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), niceness);
    std::unique_lock lock{mutex_};
    while (true) {
      changed_.wait(lock, [&] { return ended_ || !queued_.empty(); });
      if (ended_) return;
      auto [what, done] = std::move(queued_.front());
      queued_.pop_front();
      lock.unlock();
      done(outcome_of(what));
      what = {};
      lock.lock();
    }
  }

  outcome outcome_of(const job& what) const {
    const auto before = work_done();
    auto out = judged(what);
    out.work = work_done() - before;
    return out;
  }
  outcome judged(const job& what) const {
    outcome out;
    if (what.judges) {
      out.right = fits(key_, what.account, what.password, what.verifier, effort_);
      if (!what.code_nonce.empty())
        out.code_step = step_of(code_secret_of(key_, what.account, what.code_nonce), what.code, what.utc_ms);
      if (!out.right) return out;
    }
    for (const auto& [account, password] : what.make)
      out.made.push_back(make_verifier(key_, account, password, effort_));
    return out;
  }

  std::string key_;
  const cost effort_;
  std::mutex mutex_, joining_;
  std::condition_variable changed_;
  std::deque<waiting> queued_;
  bool ended_ = false;
  std::thread thread_; // last: it uses all the others
};

} // namespace

messages::result<std::unique_ptr<hasher>> open_hasher(const std::filesystem::path& key_file, cost effort) {
  const int file = ::open(key_file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return failure(error_code::accounts_key, key_file.string(), std::strerror(errno));
  struct stat about {};
  std::string key(key_size + 1, '\0');
  const bool known = ::fstat(file, &about) == 0;
  const auto size = ::read(file, key.data(), key.size());
  ::close(file);
  if (!known || size != static_cast<ssize_t>(key_size))
    return failure(error_code::accounts_key, key_file.string(), "it does not hold 32 bytes");
  if ((about.st_mode & 077) != 0) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(about.st_mode & 07777));
    return failure(error_code::keys_exposed, key_file.string(), mode);
  }
  key.resize(key_size);
  return std::make_unique<one_thread>(std::move(key), effort);
}

messages::result<void> make_accounts_key(const std::filesystem::path& key_file) {
  const int file = ::open(key_file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 && errno == EEXIST) return failure(error_code::not_now, "accounts key", key_file.string());
  if (file < 0) return failure(error_code::accounts_key, key_file.string(), std::strerror(errno));
  auto key = fresh_octets(key_size);
  const bool written = ::write(file, key.data(), key.size()) == static_cast<ssize_t>(key.size()) && ::fsync(file) == 0;
  const auto why = errno;
  ::close(file);
  volatile char* p = key.data();
  for (std::size_t n = 0; n < key.size(); ++n)
    p[n] = 0;
  if (written) return {};
  ::unlink(key_file.c_str());
  return failure(error_code::accounts_key, key_file.string(), std::strerror(why));
}

messages::credential fresh_password(std::size_t groups) {
  // Without 0 O 1 I l and without vowels, so that no word appears by chance.
  static constexpr std::string_view signs = "23456789bcdfghjkmnpqrstvwxyzBCD"; // 31: rejected above 247
  std::string text;
  while (text.size() < groups * 6) {
    if (text.size() % 6 == 5) {
      text += '-';
      continue;
    }
    const auto octet = static_cast<unsigned char>(fresh_octets(1).front());
    if (octet < 248) text += signs[octet % signs.size()];
  }
  if (!text.empty()) text.pop_back();
  messages::credential made{text};
  volatile char* p = text.data();
  for (std::size_t n = 0; n < text.size(); ++n)
    p[n] = 0;
  return made;
}

messages::bytes fresh_nonce() {
  const auto octets = fresh_octets(16);
  return {octets.begin(), octets.end()};
}

} // namespace drivers::secrets
