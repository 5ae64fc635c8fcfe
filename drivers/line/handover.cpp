// Writing a file once, and a thread for each receipt computer.
#include "drivers/line/handover.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

namespace drivers::line {

using messages::bytes;
using messages::error_code;
using messages::failure;
using messages::result;

namespace {

namespace fs = std::filesystem;

constexpr auto workshop = ".uketsuke";

result<void> failed(const fs::path& file) {
  const auto code =
      errno == ENOSPC || errno == EFBIG || errno == EDQUOT ? error_code::disk_full : error_code::write_failed;
  return failure(code, file.string(), std::strerror(errno));
}

result<void> write_whole(const fs::path& file, const bytes& octets) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (fd < 0) return failed(file);
  std::size_t written = 0;
  while (written < octets.size()) {
    const auto n = ::write(fd, octets.data() + written, octets.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      auto why = failed(file);
      ::close(fd);
      return why;
    }
    written += static_cast<std::size_t>(n);
  }
  const bool synced = ::fsync(fd) == 0 || errno == EINVAL; // some network file systems cannot
  auto why = synced ? result<void>{} : failed(file);
  if (::close(fd) != 0 && why) why = failed(file);
  return why;
}

void sync_folder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

bool is_plain_name(const std::string& file) {
  return !file.empty() && file.size() <= 200 && file.front() != '.' && file.find('/') == std::string::npos &&
         file.find('\0') == std::string::npos;
}

} // namespace

result<void> put_file_once(const fs::path& folder, const std::string& file, const bytes& octets,
                           const std::function<void(const char*)>& step) {
  const auto at = [&](const char* name) {
    if (step) step(name);
  };
  if (!is_plain_name(file)) return failure(error_code::wrong_value, "file", file);
  const auto inside = folder / workshop;
  if (::mkdir(inside.c_str(), 0700) != 0 && errno != EEXIST) return failed(inside);
  const auto ready = inside / (file + ".ready"), mark = inside / (file + ".mark");
  std::error_code ignored;
  const bool marked = fs::exists(mark, ignored), made = fs::exists(ready, ignored);
  if (marked && !made) return {}; // it was moved before the last end
  if (!marked) {
    if (auto done = write_whole(ready, octets); !done) return done;
    sync_folder(inside);
    at("made");
    if (auto done = write_whole(mark, {}); !done) return done;
    sync_folder(inside);
  }
  at("marked");
  if (::rename(ready.c_str(), (folder / file).c_str()) != 0) return failed(folder / file);
  at("moved");
  sync_folder(folder);
  return {};
}

void forget_put_file(const fs::path& folder, const std::string& file) {
  if (is_plain_name(file)) ::unlink((folder / workshop / (file + ".mark")).c_str());
}

namespace {

/// One receipt computer: a queue of work and the thread that does it.
class computer {
public:
  explicit computer(fs::path folder) : folder_(std::move(folder)), thread_([this] { run(); }) {}
  ~computer() { stop(); }

  const fs::path& folder() const { return folder_; }
  bool queue(std::function<void(bool)> work, std::size_t waiting_max = receipt_computers::waiting_max) {
    const std::lock_guard lock{mutex_};
    if (ends_ || work_.size() >= waiting_max) return false;
    work_.push_back(std::move(work));
    wake_.notify_one();
    return true;
  }
  void stop() {
    {
      const std::lock_guard lock{mutex_};
      ends_ = true;
      wake_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
  }

private:
  void run() {
    std::unique_lock lock{mutex_};
    while (!ends_ || !work_.empty()) {
      wake_.wait(lock, [this] { return ends_ || !work_.empty(); });
      while (!work_.empty()) {
        const auto work = std::move(work_.front());
        work_.pop_front();
        const bool ends = ends_;
        lock.unlock();
        work(!ends);
        lock.lock();
      }
    }
  }

  fs::path folder_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void(bool goes_on)>> work_;
  bool ends_ = false;
  std::thread thread_; // last: it uses the others
};

class folders final : public receipt_computers {
public:
  explicit folders(const std::vector<receipt_computer_options>& which) {
    for (const auto& w : which)
      all_.emplace(w.name, std::make_unique<computer>(w.folder));
  }
  ~folders() override { stop(); }

  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, c] : all_)
      names.push_back(name);
    return names;
  }

  void hand_over(const std::string& name, const std::string& file, messages::personal<bytes> octets,
                 std::function<void(result<void>)> done) override {
    const auto found = all_.find(name);
    if (found == all_.end()) return done(failure(error_code::wrong_value, "receipt computer", name));
    const auto work = [folder = found->second->folder(), name, file, octets = std::move(octets), done](bool goes_on) {
      done(goes_on ? put_file_once(folder, file, octets.reveal()) : failure(error_code::busy, name));
    };
    if (!found->second->queue(work)) done(failure(error_code::busy, name));
  }

  void forget(const std::string& name, const std::string& file) override {
    const auto found = all_.find(name);
    if (found == all_.end()) return;
    found->second->queue([folder = found->second->folder(), file](bool) { forget_put_file(folder, file); });
  }

  void look(const std::string& name, const std::string& file, std::function<void(bool)> done) override {
    const auto found = all_.find(name);
    if (found == all_.end()) return done(true);
    const auto work = [folder = found->second->folder(), file, done](bool) {
      std::error_code why;
      const bool folder_seen = fs::is_directory(folder, why);
      const bool there = fs::exists(folder / file, why);
      done(!folder_seen || why || there);
    };
    // looking never takes the last places from writing
    if (!found->second->queue(work, waiting_max / 2)) done(true);
  }

  void stop() override {
    for (auto& [name, c] : all_)
      c->stop();
  }

private:
  std::map<std::string, std::unique_ptr<computer>> all_;
};

} // namespace

result<std::unique_ptr<receipt_computers>> receipt_computers::open(std::vector<receipt_computer_options> which) {
  std::vector<std::string> names;
  for (const auto& w : which) {
    if (w.name.empty() || std::ranges::find(names, w.name) != names.end())
      return failure(error_code::wrong_value, "receipt computer", w.name);
    names.push_back(w.name);
  }
  return std::make_unique<folders>(which);
}

} // namespace drivers::line
