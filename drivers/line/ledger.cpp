// The simulated centre's memory.
#include "drivers/line/ledger.hpp"

#include "drivers/line/text.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace drivers::line {
namespace {

using json = nlohmann::json;
using messages::error_code;
using messages::failure;
using messages::result;
using key = std::pair<std::string, std::string>;

json to_json(const ledger_question& q) {
  return {{"line", "question"},         {"institution", q.institution},
          {"identifier", q.identifier}, {"kind", q.kind},
          {"person", q.person},         {"content", q.content},
          {"challenge", q.challenge},   {"reference_number", q.reference_number},
          {"time_ms", q.first_seen_ms}, {"reply", q.reply}};
}

ledger_question question_from(const json& j) {
  ledger_question q;
  q.institution = j.at("institution").get<std::string>();
  q.identifier = j.at("identifier").get<std::string>();
  q.kind = j.at("kind").get<std::string>();
  q.person = j.at("person").get<std::string>();
  q.content = j.at("content").get<std::string>();
  q.challenge = j.at("challenge").get<std::string>();
  q.reference_number = j.at("reference_number").get<std::string>();
  q.first_seen_ms = j.at("time_ms").get<std::uint64_t>();
  q.reply = j.at("reply").get<std::string>();
  q.times_seen = 1;
  return q;
}

} // namespace

struct ledger::contents {
  std::vector<ledger_question> questions;
  std::map<key, std::size_t> by_identifier;
  std::map<std::string, ledger_challenge> challenges;
  std::map<key, std::string> numbers; // institution, person → number
  std::map<key, std::string> owners;  // institution, number → person

  void remember_number(const std::string& institution, const std::string& person, const std::string& number) {
    auto& now = numbers[{institution, person}];
    if (!now.empty()) owners.erase({institution, now});
    now = number;
    owners[{institution, number}] = person;
  }
  void add(ledger_question q) {
    if (const auto used = challenges.find(q.challenge); used != challenges.end()) used->second.used_by = q.identifier;
    if (!q.reference_number.empty()) remember_number(q.institution, q.person, q.reference_number);
    by_identifier.emplace(key{q.institution, q.identifier}, questions.size());
    questions.push_back(std::move(q));
  }
  bool repeat(const std::string& institution, const std::string& identifier) {
    const auto at = by_identifier.find({institution, identifier});
    if (at == by_identifier.end()) return false;
    ++questions[at->second].times_seen;
    return true;
  }
  /// One line of the file; throws when it is none.
  void replay(const std::string& line) {
    const auto j = json::parse(line);
    const auto kind = j.at("line").get<std::string>();
    if (kind == "question") return add(question_from(j));
    if (kind == "repeat") {
      repeat(j.at("institution").get<std::string>(), j.at("identifier").get<std::string>());
    } else if (kind == "challenge") {
      const auto value = from_base64(j.at("value").get<std::string>());
      challenges[j.at("id").get<std::string>()] = {j.at("institution").get<std::string>(),
                                                   value.value_or(messages::bytes{}),
                                                   j.at("time_ms").get<std::uint64_t>(), ""};
    }
  }
  /// All whole lines of @p file; the number of bytes they take.
  result<std::uint64_t> replay_file(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    std::uint64_t taken = 0, number = 0;
    for (std::string line; std::getline(stream, line) && !stream.eof();) { // eof: no newline, a torn line
      ++number;
      try {
        replay(line);
      } catch (const std::exception&) {
        return failure(error_code::journal_damaged, file.string(), "line " + std::to_string(number));
      }
      taken += line.size() + 1;
    }
    return taken;
  }
};

ledger::ledger() : contents_(std::make_unique<contents>()) {}
ledger::~ledger() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

result<std::unique_ptr<ledger>> ledger::open(const std::filesystem::path& folder) {
  std::error_code trouble;
  std::filesystem::create_directories(folder, trouble);
  if (trouble) return failure(error_code::write_failed, folder.string(), trouble.message());
  std::unique_ptr<ledger> made{new ledger};
  made->file_ = folder / file_name;
  made->descriptor_ = ::open(made->file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (made->descriptor_ < 0) return failure(error_code::write_failed, made->file_.string(), std::strerror(errno));
  if (::flock(made->descriptor_, LOCK_EX | LOCK_NB) != 0)
    return failure(error_code::database_locked, folder.string(), "flock");
  const auto taken = made->contents_->replay_file(made->file_);
  if (!taken) return failure(taken.error());
  if (::ftruncate(made->descriptor_, static_cast<off_t>(*taken)) != 0)
    return failure(error_code::write_failed, made->file_.string(), std::strerror(errno));
  return made;
}

const ledger_question* ledger::find_question(const std::string& institution, const std::string& identifier) const {
  const auto at = contents_->by_identifier.find({institution, identifier});
  return at == contents_->by_identifier.end() ? nullptr : &contents_->questions[at->second];
}

const ledger_challenge* ledger::find_challenge(const std::string& id) const {
  const auto at = contents_->challenges.find(id);
  return at == contents_->challenges.end() ? nullptr : &at->second;
}

std::string ledger::number_of(const std::string& institution, const std::string& person) const {
  const auto at = contents_->numbers.find({institution, person});
  return at == contents_->numbers.end() ? std::string{} : at->second;
}

std::string ledger::owner_of(const std::string& institution, const std::string& number) const {
  const auto at = contents_->owners.find({institution, number});
  return at == contents_->owners.end() ? std::string{} : at->second;
}

bool ledger::full() const { return contents_->questions.size() >= questions_max; }

result<void> ledger::write(const std::string& line) {
  const auto written = ::write(descriptor_, line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) return {};
  const std::string why = written < 0 ? std::strerror(errno) : "short write";
  // half a line in the middle would be taken for damage at the next start
  if (written > 0) {
    const auto end = ::lseek(descriptor_, 0, SEEK_END);
    if (end >= written && ::ftruncate(descriptor_, end - written) != 0)
      return failure(error_code::write_failed, file_.string(), std::strerror(errno));
  }
  return failure(error_code::write_failed, file_.string(), why);
}

result<void> ledger::add_challenge(const std::string& id, ledger_challenge issued, std::uint64_t forget_before_ms) {
  if (contents_->challenges.size() >= challenges_max)
    std::erase_if(contents_->challenges, [&](const auto& c) { return c.second.issued_ms < forget_before_ms; });
  if (contents_->challenges.size() >= challenges_max) return failure(error_code::busy, "ledger");
  const json j{{"line", "challenge"},
               {"institution", issued.institution},
               {"id", id},
               {"value", to_base64(issued.value)},
               {"time_ms", issued.issued_ms}};
  if (auto ok = write(j.dump() + '\n'); !ok) return ok;
  contents_->challenges[id] = std::move(issued);
  return {};
}

result<void> ledger::add_question(ledger_question asked) {
  if (full()) return failure(error_code::busy, "ledger");
  if (auto ok = write(to_json(asked).dump() + '\n'); !ok) return ok;
  asked.times_seen = 1;
  contents_->add(std::move(asked));
  return {};
}

result<void> ledger::add_repeat(const std::string& institution, const std::string& identifier, std::uint64_t time_ms) {
  const json j{{"line", "repeat"}, {"institution", institution}, {"identifier", identifier}, {"time_ms", time_ms}};
  if (auto ok = write(j.dump() + '\n'); !ok) return ok;
  contents_->repeat(institution, identifier);
  return {};
}

void ledger::remember_number(const std::string& institution, const std::string& person, const std::string& number) {
  contents_->remember_number(institution, person, number);
}

result<std::vector<ledger_question>> read_ledger(const std::filesystem::path& folder) {
  const auto file = folder / ledger::file_name;
  if (!std::filesystem::exists(file)) return failure(error_code::no_such_data, folder.string());
  ledger::contents read;
  const auto taken = read.replay_file(file);
  if (!taken) return failure(taken.error());
  return std::move(read.questions);
}

} // namespace drivers::line
