// The line through the folders Req and Res of 連携アプリ.
#include "drivers/line/folder_line.hpp"

#include "drivers/line/folder_watch.hpp"
#include "drivers/line/text.hpp"
#include "drivers/line/zip_file.hpp"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

namespace drivers::line {
namespace {

namespace fs = std::filesystem;
using messages::error_code;
using messages::failure;
using messages::result;

/// A request in UTF-8 as this site writes it.
std::string encoded(std::string body, const facts& names) {
  constexpr std::string_view utf8 = R"(encoding="UTF-8")";
  const auto at = body.substr(0, 100).find(utf8);
  if (!names.requests_in_shift_jis || at == std::string::npos) return body;
  auto said = body;
  const auto octets = to_shift_jis(said.replace(at, utf8.size(), R"(encoding="Shift_JIS")"));
  return octets ? *octets : body; // what CP932 cannot say is said in UTF-8, which is accepted, too (§1.3)
}

/// A request on its way.
struct pending {
  outgoing request;
  std::string tail;
  std::uint64_t deadline_ms = 0;
  completion<incoming> done;
};

class folders final : public folder_line {
public:
  explicit folders(folder_line_options options)
      : folder_line(options.who), options_(std::move(options)), watch_({options_.results}), thread_([this] { run(); }) {
  }
  ~folders() override { stop(); }

  void stop() override {
    {
      const std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    watch_.wake();
    const std::lock_guard joining{joining_};
    if (thread_.joinable()) thread_.join();
  }

  void kept(const messages::id& question) override {
    carried_line::kept(question);
    std::error_code ignored;
    for (const auto& [name, path] : files_in(options_.work / "answers").files)
      if (name.find(question.text()) != std::string::npos) fs::remove(path, ignored);
  }

  folder_report report() const override {
    folder_report r;
    {
      const std::lock_guard lock{mutex_};
      r.waiting = waiting_.size();
    }
    for (const auto& [name, path] : files_in(options_.results).files) {
      const bool notice = name.starts_with("del") && name.ends_with(".txt");
      ++(notice ? r.notices : r.foreign);
    }
    return r;
  }

private:
  const facts& names() const { return *who().names; }
  fs::path mark_of(const pending& p) const {
    return options_.work / "asked" / (names().request_prefix(p.request.what) + p.tail);
  }
  fs::path answer_of(const pending& p) const {
    return options_.work / "answers" / (names().result_prefix(p.request.what) + p.tail);
  }
  fs::path request_of(const pending& p) const {
    const bool zipped = names()[p.request.what.what].zipped;
    return options_.requests / (names().request_prefix(p.request.what) + p.tail + (zipped ? ".zip" : ".xml"));
  }

  bool keeps_late_replies() const override { return true; }

  bool is_simulated() const {
    std::error_code ignored;
    return fs::exists(options_.results / simulated_mark, ignored);
  }

  void carry(outgoing request, std::uint32_t wait_ms_max, arrival done) override {
    pending p;
    p.request = std::move(request);
    p.tail = p.request.question.empty() ? fresh_tail() : p.request.question.text();
    p.deadline_ms = steady_ms() + wait_ms_max;
    p.done = std::move(done);
    if (names().request_prefix(p.request.what).empty())
      return p.done(failure(error_code::not_offered, std::string(name_of(p.request.what.what))));
    if (is_simulated() && !who().simulated_allowed) return p.done(failure(error_code::simulated_centre));
    bool stopped = false;
    {
      const std::lock_guard lock{mutex_};
      stopped = stopping_;
      if (!stopped && waiting_.size() + fresh_.size() < options_.in_flight_max) {
        fresh_.push_back(std::move(p));
        p.done = nullptr;
      }
    }
    if (!p.done) return watch_.wake();
    p.done(stopped ? failure(error_code::line_down, "stopped") : failure(error_code::busy, "line"));
  }

  /// Unlike any other of this host, this process and this moment.
  std::string fresh_tail() {
    static std::atomic<std::uint64_t> count{0};
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto text = std::to_string(now.count()) + '-' + std::to_string(::getpid()) + '-' + std::to_string(++count);
    return digest_of(text).substr(0, 32);
  }

  // -- writing, on the line's thread -------------------------------------------------------------------------------

  /// Nothing when the request lies, or may lie, in Req; else why it surely does not.
  std::optional<messages::error> submit(const pending& p) {
    const auto mark = mark_of(p), file = request_of(p);
    std::error_code ignored;
    const auto content = digest_of(p.request.body);
    if (p.request.only_look)
      return fs::exists(mark, ignored) && !fs::exists(temporary_of(file), ignored)
                 ? std::nullopt
                 : std::optional{failure(error_code::line_down, "never sent").value()};
    if (const auto known = read_file(mark, 1024)) {
      if (*known != content)
        return failure(error_code::line_refused, "UKT0001", "同じ識別子で内容の異なる要求です。").value();
      // The mark is made after the temporary file was complete and before its name was changed: while that file is
      // there, nobody can have seen the request.
      if (fs::exists(temporary_of(file), ignored)) return rename_request(p);
      return std::nullopt;
    }
    if (!fs::is_directory(options_.requests, ignored) || !fs::is_directory(options_.results, ignored))
      return failure(error_code::line_down, "folder not there").value();
    auto body = encoded(p.request.body, names());
    if (names()[p.request.what.what].zipped) {
      auto packed = zip(file.stem().string() + ".xml", body, options_.zip_password);
      if (!packed) return failure(error_code::line_down, "zip").value();
      body = std::move(*packed);
    }
    if (auto written = write_temporary(file, body); !written) return failure(error_code::line_down, "write").value();
    if (auto marked = write_file(mark, content); !marked) {
      fs::remove(temporary_of(file), ignored);
      return failure(error_code::line_down, "work folder").value();
    }
    return rename_request(p);
  }

  std::optional<messages::error> rename_request(const pending& p) {
    const auto file = request_of(p);
    if (::rename(temporary_of(file).c_str(), file.c_str()) == 0) return std::nullopt;
    std::error_code trouble;
    const bool still_ours = fs::exists(temporary_of(file), trouble) && !trouble;
    if (!still_ours) return std::nullopt; // it may have arrived: only its result can tell
    fs::remove(temporary_of(file), trouble);
    fs::remove(mark_of(p), trouble);
    return failure(error_code::line_down, "rename").value();
  }

  // -- reading -----------------------------------------------------------------------------------------------------

  void run() {
    for (;;) {
      std::vector<pending> fresh;
      bool stopping = false;
      {
        const std::lock_guard lock{mutex_};
        fresh.swap(fresh_);
        stopping = stopping_;
      }
      for (auto& p : fresh) {
        if (auto why = stopping ? failure(error_code::line_down, "stopped").value() : submit(p))
          p.done(failure(*why));
        else
          keep(std::move(p));
      }
      if (stopping) break;
      collect();
      watch_.wait(next_look_ms());
    }
    std::map<std::string, pending> waiting;
    {
      const std::lock_guard lock{mutex_};
      waiting.swap(waiting_);
    }
    for (auto& [name, p] : waiting)
      p.done(failure(error_code::line_silent, "stopped"));
  }

  void keep(pending p) {
    const std::lock_guard lock{mutex_};
    auto name = names().result_prefix(p.request.what) + p.tail;
    waiting_.insert_or_assign(std::move(name), std::move(p));
  }

  std::uint32_t next_look_ms() const {
    const std::lock_guard lock{mutex_};
    if (!fresh_.empty()) return 0;
    return waiting_.empty() ? names().scan_ms : std::min(names().scan_ms, names().equal_reads_ms);
  }

  void collect() {
    std::vector<std::string> asked;
    {
      const std::lock_guard lock{mutex_};
      for (const auto& [name, p] : waiting_)
        asked.push_back(name);
    }
    if (asked.empty()) return;
    const auto files = files_in(options_.results).files; // what is not there yet is looked for again
    for (const auto& name : asked) {
      auto came = look_for(name, files);
      if (came) settle(name, std::move(*came));
    }
  }

  void settle(const std::string& name, result<incoming> came) {
    pending p;
    {
      const std::lock_guard lock{mutex_};
      const auto at = waiting_.find(name);
      if (at == waiting_.end()) return;
      p = std::move(at->second);
      waiting_.erase(at);
    }
    p.done(std::move(came));
  }

  /// What there is to say about a request now: its result, its error, that time is over; nothing yet.
  std::optional<result<incoming>> look_for(const std::string& name, const std::map<std::string, fs::path>& files) {
    const auto& p = waiting_.at(name); // only this thread takes out
    if (auto known = stored(p)) return known;
    for (const auto* kind : {".xml", ".zip", ".pdf"}) {
      if (const auto at = files.find(name + kind); at != files.end())
        if (auto came = take(p, at->second, std::string_view{kind} == ".zip")) return came;
    }
    if (const auto at = files.find(names().request_prefix(p.request.what) + p.tail + ".err"); at != files.end())
      if (auto came = take_error(p, at->second, files)) return came;
    if (steady_ms() >= p.deadline_ms) return failure(error_code::line_silent, "no result in time");
    return std::nullopt;
  }

  /// The answer that was taken earlier and is not yet kept elsewhere.
  std::optional<result<incoming>> stored(const pending& p) {
    std::error_code ignored;
    const auto file = answer_of(p);
    if (!fs::exists(file, ignored)) return std::nullopt;
    return deliver(p, file);
  }

  result<incoming> deliver(const pending& p, const fs::path& file) {
    incoming reply{200, is_simulated(), {}, nullptr};
    if (is_bulk(p.request.what.what) && p.request.what.step == 2) {
      auto octets = octets_in_file(file);
      if (!octets) return failure(error_code::line_silent, "work folder");
      reply.document = *octets;
      return reply;
    }
    auto octets = read_file(file, names().message_bytes_max);
    if (!octets)
      return failure(error_code::line_unreadable, "larger than " + std::to_string(names().message_bytes_max));
    reply.body = std::move(*octets);
    if (is_passing(p, reply.body)) forget(p);
    return reply;
  }

  /// A refusal binds nothing, and a question about how things stand is asked anew: nothing of them stays.
  bool is_passing(const pending& p, const std::string& body) const {
    if (p.request.question.empty() || (is_bulk(p.request.what.what) && p.request.what.step == 2)) return true;
    const auto head = read_message<wire::collection>(body, names());
    return head && (head->header.segment.is(segment::abnormal) || head->header.segment.is(segment::in_progress));
  }

  void forget(const pending& p) {
    std::error_code ignored;
    fs::remove(mark_of(p), ignored);
    fs::remove(answer_of(p), ignored);
  }

  std::optional<result<incoming>> take(const pending& p, const fs::path& file, bool zipped) {
    const auto limit = is_bulk(p.request.what.what) ? names().bulk_bytes_max : names().message_bytes_max;
    auto octets = read_file(file, limit);
    if (!octets && octets.error().code == error_code::too_large)
      return failure(error_code::line_unreadable, "larger than " + std::to_string(limit) + " bytes");
    if (!octets) return std::nullopt; // moved or locked at this moment
    const auto name = file.filename().string();
    if (!settling_.seen(name, digest_of(*octets), steady_ms(), names().equal_reads_ms)) return std::nullopt;
    const bool pdf = octets->starts_with("%PDF");
    if (!zipped && !pdf && !ends_whole(*octets) && settling_.same_for_ms(name, steady_ms()) < half_written_ms())
      return std::nullopt; // its writer pauses
    if (zipped) {
      auto document = unzip(*octets, options_.zip_password, limit);
      if (!document && settling_.same_for_ms(name, steady_ms()) < half_written_ms()) return std::nullopt;
      if (!document) return failure(document.error());
      octets = std::move(*document);
    }
    if (!write_file(answer_of(p), *octets)) return failure(error_code::line_silent, "work folder");
    settling_.forget(name);
    std::error_code ignored;
    fs::remove(file, ignored); // ours: it answers our request under our name, and its copy is durable
    octets->clear();
    return deliver(p, answer_of(p));
  }

  /// Long after two equal reads, a file without an end is damaged and no longer being written.
  std::uint64_t half_written_ms() const { return 10ull * names().equal_reads_ms; }
  static bool ends_whole(const std::string& octets) {
    const auto end = octets.find_last_not_of(" \t\r\n");
    return end != std::string::npos && octets[end] == '>' && octets.rfind("</") != std::string::npos &&
           octets.find("XmlMsg", octets.rfind("</")) != std::string::npos;
  }

  std::optional<result<incoming>> take_error(const pending& p, const fs::path& file,
                                             const std::map<std::string, fs::path>& files) {
    const auto said = read_file(file, names().error_bytes_max);
    if (!said && said.error().code != error_code::too_large) return std::nullopt;
    const auto name = file.filename().string();
    const auto words = said.value_or("");
    if (!settling_.seen(name, digest_of(words), steady_ms(), names().equal_reads_ms)) return std::nullopt;
    settling_.forget(name);
    std::error_code ignored;
    fs::remove(file, ignored);
    // the request itself comes back beside it (§1.2)
    if (const auto back = files.find(request_of(p).filename().string()); back != files.end())
      fs::remove(back->second, ignored);
    forget(p);
    note_refused(p.request.question, words);
    // its format is not known: shown as it is, never parsed
    auto text = to_utf8(words).value_or("?");
    for (auto& c : text)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return failure(error_code::line_unprocessed, text);
  }

  const folder_line_options options_;
  folder_watch watch_;
  mutable std::mutex mutex_; // fresh_, waiting_, stopping_
  std::mutex joining_;
  std::vector<pending> fresh_;
  std::map<std::string, pending> waiting_; // by the result's name without its kind
  bool stopping_ = false;
  settling settling_;
  std::thread thread_; // last: it uses all of the above
};

} // namespace

result<std::unique_ptr<folder_line>> open_folder_line(folder_line_options options) {
  for (const auto* part : {"asked", "answers"}) {
    std::error_code trouble;
    fs::create_directories(options.work / part, trouble);
    if (trouble) return failure(error_code::write_failed, (options.work / part).string(), trouble.message());
  }
  return std::make_unique<folders>(std::move(options));
}

} // namespace drivers::line
