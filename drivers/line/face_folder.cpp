// The Face folders.
#include "drivers/line/face_folder.hpp"

#include "drivers/line/exchange.hpp"
#include "drivers/line/text.hpp"
#include "drivers/line/zip_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

namespace drivers::line {
namespace {

namespace fs = std::filesystem;
using messages::error_code;
using messages::failure;
using messages::result;

constexpr const char* lease_name = "uketsuke-importer.lease";

/// The same bytes are the same check-in, whatever their file is called.
messages::id arrival_of(const std::string& octets) {
  return messages::id::from_text(digest_of(octets).substr(0, 32)).value_or(messages::id{});
}

/// The 14 digits before the kind: when the reader wrote it. The middle of the name is anybody's (§1.2).
std::string time_in(const std::string& name) {
  const auto dot = name.rfind('.');
  return dot == std::string::npos || dot < 14 ? name : name.substr(dot - 14, 14);
}

bool is_whole(const std::string& octets) {
  const auto end = octets.find_last_not_of(" \t\r\n");
  if (end == std::string::npos || octets[end] != '>') return false;
  const auto last = octets.rfind("</");
  return last != std::string::npos && octets.find("XmlMsg", last) != std::string::npos;
}

/// A file that was read and waits for its second look.
struct look {
  std::string octets, name, desk, key;
};

class faces final : public face_source {
public:
  explicit faces(face_options options)
      : options_(std::move(options)), watch_(paths(options_)),
        lease_(options_.folders.empty() ? fs::path{} : options_.folders.front().folder / lease_name, options_.holder,
               options_.names->lease_ms) {
    load_taken();
  }
  ~faces() override { stop(); }

  void start(std::function<void(face_arrival)> arrived) override {
    const std::lock_guard lock{joining_};
    if (thread_.joinable()) return;
    arrived_ = std::move(arrived);
    stopping_ = false;
    thread_ = std::thread{[this] { run(); }};
  }

  void taken(const messages::id& arrival) override {
    const std::lock_guard lock{mutex_};
    if (!taken_.insert(arrival.text()).second) return;
    ++state_.taken;
    std::ofstream{taken_file(), std::ios::app} << arrival.text() << '\n';
  }

  importer_state state() const override {
    const std::lock_guard lock{mutex_};
    return state_;
  }

  void stop() override {
    {
      const std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    watch_.wake();
    const std::lock_guard lock{joining_};
    if (thread_.joinable()) thread_.join();
  }

private:
  static std::vector<fs::path> paths(const face_options& o) {
    std::vector<fs::path> all;
    for (const auto& f : o.folders)
      all.push_back(f.folder);
    return all;
  }
  fs::path taken_file() const { return options_.work / "face-taken"; }

  void load_taken() {
    std::ifstream from{taken_file()};
    for (std::string line; std::getline(from, line);)
      if (line.size() == 32) taken_.insert(line); // a torn last line is an arrival that comes again
  }

  bool stopping() const {
    const std::lock_guard lock{mutex_};
    return stopping_;
  }

  void run() {
    const auto& names = *options_.names;
    while (!stopping()) {
      ours_ = keep_lease();
      show();
      if (ours_) scan();
      show();
      // a file is looked at again soon, a quiet folder at the scan's pace; four looks while a file has to stand still
      // are enough, whatever else happens in its folder
      watch_.wait(looks_.empty() || !ours_ ? names.scan_ms : std::min(names.scan_ms, names.equal_reads_ms),
                  names.equal_reads_ms / 4);
    }
    lease_.give_up();
    const std::lock_guard lock{mutex_};
    state_.now = importing::off;
  }

  bool keep_lease() { return lease_.hold(options_.sight.clock()); }
  /// Asked between any two steps of a scan, which may last longer than the lease. Lost once, it is lost for this scan.
  bool may_go_on() { return ours_ = ours_ && keep_lease(); }

  void show() {
    const std::lock_guard lock{mutex_};
    state_.holder = ours_ ? options_.holder : lease_.holder();
    state_.now = !ours_ ? importing::standby : all_seen_ ? importing::active : importing::unusable;
    state_.waiting = looks_.size();
  }

  using listed = std::map<std::string, std::pair<fs::path, std::string>>; // by path: path and desk

  void scan() {
    listed here;
    all_seen_ = true;
    for (const auto& [folder, desk] : options_.folders) {
      const auto listing = options_.sight.list(folder, [this] { return may_go_on(); });
      all_seen_ = all_seen_ && listing.complete;
      for (const auto& [name, path] : listing.files)
        if (is_face(name)) here.emplace(path.string(), std::pair{path, desk});
    }
    std::vector<look> complete;
    for (const auto& [key, file] : here)
      if (!done_.contains(key) && may_go_on()) examine(key, file.first, file.second, complete);
    if (all_seen_ && may_go_on()) { // of a folder that was not seen whole, nobody knows what has left it
      take_those_that_left(here, complete);
      std::erase_if(done_, [&](const std::string& key) { return !here.contains(key); });
    }
    std::sort(complete.begin(), complete.end(), [](const look& a, const look& b) {
      return std::pair{time_in(a.name), a.name} < std::pair{time_in(b.name), b.name};
    });
    for (auto& one : complete)
      may_go_on() ? deliver(std::move(one)) : put_back(std::move(one));
  }

  /// Another importer has the lease. Should it come back, nothing is lost.
  void put_back(look one) {
    done_.erase(one.key);
    auto key = one.key;
    looks_.insert_or_assign(std::move(key), std::move(one));
  }

  bool is_face(const std::string& name) const {
    return name.starts_with(options_.names->face_prefix) && (name.ends_with(".xml") || name.ends_with(".zip"));
  }

  void examine(const std::string& key, const fs::path& path, const std::string& desk, std::vector<look>& complete) {
    const auto limit = options_.names->message_bytes_max;
    auto octets = options_.sight.read(path, limit);
    if (!octets && octets.error().code != error_code::too_large) return; // locked or gone: the next scan sees
    const auto now = options_.sight.clock();
    if (!octets) octets = std::string{}; // too large is told as such, once
    const bool settled = settling_.seen(key, digest_of(*octets), now, options_.names->equal_reads_ms);
    const auto patience = 10ull * options_.names->equal_reads_ms; // its writer may pause; then it is damaged
    const bool whole = is_zip(*octets) || is_whole(*octets);
    auto& one = looks_[key] = {std::move(*octets), path.filename().string(), desk, key};
    if (!settled || (!whole && settling_.same_for_ms(key, now) < patience)) return;
    complete.push_back(std::move(one));
    finish(key);
  }

  void finish(const std::string& key) {
    looks_.erase(key);
    settling_.forget(key);
    done_.insert(key);
  }

  /// Another program was quicker than our second look: what was whole at the first is believed.
  void take_those_that_left(const listed& here, std::vector<look>& complete) {
    std::vector<std::string> left;
    for (const auto& [key, one] : looks_)
      if (!here.contains(key)) left.push_back(key);
    for (const auto& key : left) {
      auto one = std::move(looks_[key]);
      if (is_zip(one.octets) || is_whole(one.octets)) complete.push_back(std::move(one));
      finish(key);
    }
  }

  void deliver(look one) {
    face_arrival a;
    a.arrival = arrival_of(one.octets);
    {
      const std::lock_guard lock{mutex_};
      if (taken_.contains(a.arrival.text()) || !told_.insert(a.arrival.text()).second) return;
    }
    a.desk = one.desk;
    a.file = one.name;
    a.original = messages::personal{messages::bytes(one.octets.begin(), one.octets.end())};
    a.read = read(one);
    if (!a.read) {
      const std::lock_guard lock{mutex_};
      ++state_.refused;
    }
    arrived_(std::move(a));
  }

  result<answer> read(const look& one) const {
    if (one.octets.empty()) return failure(error_code::line_unreadable, "empty, or larger than the limit");
    if (!is_zip(one.octets)) return to_checked_answer(one.octets, *options_.names, {options_.institution, {}, {}});
    const auto document = unzip(one.octets, options_.zip_password, options_.names->message_bytes_max);
    if (!document) return failure(document.error());
    return to_checked_answer(*document, *options_.names, {options_.institution, {}, {}});
  }

  const face_options options_;
  folder_watch watch_;
  importer_lease lease_; // the source's thread's, as the next six
  bool ours_ = false, all_seen_ = true;
  settling settling_;
  std::map<std::string, look> looks_;
  std::set<std::string> done_;
  std::function<void(face_arrival)> arrived_;
  mutable std::mutex mutex_; // the rest
  std::set<std::string> taken_, told_;
  importer_state state_;
  bool stopping_ = false;
  std::mutex joining_;
  std::thread thread_;
};

} // namespace

result<std::unique_ptr<face_source>> open_face_folders(face_options options) {
  std::error_code trouble;
  fs::create_directories(options.work, trouble);
  if (trouble) return failure(error_code::write_failed, options.work.string(), trouble.message());
  return std::make_unique<faces>(std::move(options));
}

// -- the lease -----------------------------------------------------------------------------------------------------

importer_lease::importer_lease(fs::path file, std::string holder, std::uint32_t lease_ms)
    : file_(std::move(file)), holder_(std::move(holder)), lease_ms_(lease_ms) {}

bool importer_lease::write() {
  ++beat_;
  return write_file(file_, holder_ + '\n' + std::to_string(beat_) + '\n').has_value();
}

bool importer_lease::is_ours() const {
  const auto text = read_file(file_, 4096);
  return text && text->substr(0, text->find('\n')) == holder_;
}

bool importer_lease::hold(std::uint64_t now_ms) {
  if (file_.empty()) return false;
  if (held_) {
    // somebody who thought us dead holds it now: we are the second, and stop
    if (now_ms - renewed_at_ms_ < lease_ms_ / 4) return true;
    held_ = is_ours() && write();
    renewed_at_ms_ = now_ms;
    if (held_) return true;
  }
  const auto text = read_file(file_, 4096).value_or("");
  seen_holder_ = text.substr(0, text.find('\n'));
  if (!ever_looked_ || text != seen_) {
    ever_looked_ = true;
    seen_ = text;
    seen_at_ms_ = now_ms;
    if (!text.empty() && seen_holder_ != holder_) return false; // it lives: somebody renewed it
  }
  if (!text.empty() && seen_holder_ != holder_ && now_ms - seen_at_ms_ < lease_ms_) return false;
  if (text.empty()) { // nobody's: the file system lets one of us create it
    const int made = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (made >= 0) ::close(made);
    std::error_code ignored;
    if (made < 0 && fs::file_size(file_, ignored) > 0) return false;
  }
  if (!write()) return false;
  held_ = is_ours();
  renewed_at_ms_ = now_ms;
  if (held_) seen_holder_ = holder_;
  return held_;
}

void importer_lease::give_up() {
  std::error_code ignored;
  if (held_ && is_ours()) fs::remove(file_, ignored);
  held_ = false;
}

} // namespace drivers::line
