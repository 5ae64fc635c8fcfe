// Stories, folders and children for the storage tests.
#include "tests/storage/support.hpp"

#include <algorithm>
#include <future>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

namespace storage_test {

temporary_folder::temporary_folder() {
  auto name = (std::filesystem::temp_directory_path() / "uketsuke-storage-XXXXXX").string();
  BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
  path = name;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

storage::key_access keys_of(const std::filesystem::path& folder) {
  auto keys = folder;
  keys += "-keys";
  if (!storage::holds_keys(keys)) BOOST_REQUIRE(storage::make_key_folder(keys).has_value());
  return {keys, {}};
}

storage::journal_options quiet_options(const std::filesystem::path& folder) {
  storage::journal_options options;
  options.folder = folder;
  options.keys = keys_of(folder);
  options.node = "hub";
  options.now_ms = [] { return std::uint64_t{1'700'000'000'000}; };
  options.limits.lazy_sync_ms_max = 3'600'000;
  options.limits.head_mark_interval_ms = 3'600'000;
  options.limits.rows_unwritten_ms_max = 3'600'000;
  return options;
}

std::unique_ptr<storage::journal> open_journal(const std::filesystem::path& folder) {
  return open_journal(quiet_options(folder));
}

std::unique_ptr<storage::journal> open_journal(storage::journal_options options) {
  auto opened = storage::journal::open(std::move(options), all_views());
  if (!opened) BOOST_FAIL(messages::to_sentence(opened.error()));
  return std::move(*opened);
}

messages::error refusal(storage::journal_options options) {
  const auto opened = storage::journal::open(std::move(options), all_views());
  BOOST_REQUIRE_MESSAGE(!opened, "the journal opened");
  return opened.error();
}

messages::error refusal(const std::filesystem::path& folder) { return refusal(quiet_options(folder)); }

messages::result<storage::appended> append(storage::journal& to, messages::draft what) {
  std::promise<messages::result<storage::appended>> answer;
  to.append(std::move(what), [&](const messages::result<storage::appended>& landed) { answer.set_value(landed); });
  return answer.get_future().get();
}

messages::draft events_of(std::string_view topic, std::size_t events) {
  messages::draft draft;
  for (std::size_t n = 0; n < events; ++n) {
    messages::event_draft event;
    event.topic = topic;
    draft.events.push_back(std::move(event));
  }
  return draft;
}

messages::id numbered(std::uint64_t n, std::uint64_t time_ms) { return messages::make_id(time_ms, n, 7); }

namespace {

messages::event_draft story_event(std::mt19937_64& chance) {
  const auto desk = "desk-" + std::to_string(1 + chance() % 3);
  const auto question = numbered(1000 + chance() % 40), patient = numbered(1 + chance() % 12);
  const auto checkin = numbered(2000 + chance() % 9);
  const auto made = [&](const auto& body) { return messages::make_draft(body, desk, checkin); };
  switch (chance() % 20) {
  case 0: return made(messages::desk_opened{});
  case 1: return made(messages::desk_mode_switched{messages::desk_mode(chance() % 2), {}});
  case 2: return made(messages::reader_attached{"SCR3310"});
  case 3: return made(messages::reader_detached{chance() % 2 ? "reader_lost" : "reader_failed"});
  case 4: return made(messages::question_asked{question, patient, messages::question_kind::card});
  case 5: return made(messages::outcome_unknown{question, patient, "line_silent"});
  case 6: {
    messages::eligibility_answered answered{question, patient, false, {}, {}};
    messages::insurance first;
    first.name = "架空　花子";
    if (chance() % 2) first.reference_number = std::to_string(chance() % 10000);
    answered.answer.judged = messages::validity(chance() % 7);
    answered.answer.insurances = messages::personal{std::vector{first}};
    answered.answer.drugs = {std::int64_t(chance() % 3), "", "20261231000000"};
    return made(answered);
  }
  case 7: {
    messages::consents_recorded recorded{patient, question, {}, {}, {}};
    recorded.choices.drugs = messages::choice(chance() % 3);
    recorded.choices.surgery = messages::choice(chance() % 3);
    return made(recorded);
  }
  case 8: return made(messages::card_placed{});
  case 9: return made(messages::checkin_ended{});
  case 10: {
    messages::handover_begun begun;
    begun.handover = question;
    return made(begun);
  }
  case 11: {
    messages::registration_begun begun;
    begun.registration = question;
    begun.patient = patient;
    return made(begun);
  }
  case 12: {
    messages::face_file_taken taken;
    taken.question = question;
    taken.patient = patient;
    return made(taken);
  }
  case 13: {
    messages::account_registered registered;
    registered.account = "staff-" + std::to_string(chance() % 5);
    return made(registered);
  }
  case 14: return made(messages::face_attempt_ended{patient, messages::face_outcome(chance() % 7), "model"});
  case 15: {
    messages::visitor who;
    who.name = "架空　太郎";
    return made(messages::visitor_recorded{patient, messages::personal{who}});
  }
  case 16: return made(messages::visit_expected{question, patient, messages::care::home_visit, "20261127", "", ""});
  case 17: return made(messages::visit_cancelled{question});
  case 18: {
    messages::batch_planned planned;
    planned.batch = question;
    planned.night = "20261126";
    return made(planned);
  }
  default:
    return made(messages::reference_number_registered{question, patient, messages::personal{std::string{"A-1"}}});
  }
}

} // namespace

messages::draft story_draft(std::uint64_t seed, std::uint64_t n) {
  std::mt19937_64 chance(seed * 1'000'003 + n);
  messages::draft draft;
  for (auto events = chance() % 4; events > 0; --events)
    draft.events.push_back(story_event(chance));
  if (!draft.events.empty() && chance() % 3 == 0)
    draft.outbox.push_back(
        {numbered(seed * 100'000 + n), chance() % 2 ? "gateway" : "reader", "line.ask", "", {}, "desk-1"});
  if (chance() % 3 == 0 && n > 4) draft.settled.push_back(numbered(seed * 100'000 + n - chance() % 4 - 1));
  if (draft.events.empty() || chance() % 4 == 0) draft.replies.push_back({numbered(n), "reply " + std::to_string(n)});
  return draft;
}

std::set<std::vector<messages::id>> open_after(std::uint64_t seed, std::uint64_t head) {
  std::set<std::vector<messages::id>> possible;
  std::set<messages::id> open;
  std::uint64_t made = 0;
  for (std::uint64_t n = 0; made <= head; ++n) {
    if (made == head) possible.insert({open.begin(), open.end()});
    const auto draft = story_draft(seed, n);
    made += draft.events.size();
    for (const auto& effect : draft.settled)
      open.erase(effect);
    for (const auto& row : draft.outbox)
      open.insert(row.effect);
  }
  BOOST_REQUIRE(!possible.empty()); // else an append is there in part
  return possible;
}

int run_child(const std::string& name, const std::map<std::string, std::string>& variables) {
  const auto test = "--run_test=" + name;
  const auto self = std::filesystem::read_symlink("/proc/self/exe").string();
  const pid_t child = ::fork();
  if (child == 0) { // only this thread lives on, and only until exec
    for (const auto& [key, text] : variables)
      ::setenv(key.c_str(), text.c_str(), 1);
    ::execl(self.c_str(), self.c_str(), test.c_str(), "--log_level=nothing", "--report_level=no", nullptr);
    ::_exit(126);
  }
  BOOST_REQUIRE(child > 0);
  int status = 0;
  BOOST_REQUIRE_EQUAL(::waitpid(child, &status, 0), child);
  return status;
}

std::string environment(const char* name) {
  const char* text = std::getenv(name);
  return text ? text : "";
}

std::filesystem::path newest_log(const std::filesystem::path& folder) {
  std::filesystem::path newest;
  for (const auto& file : std::filesystem::directory_iterator(folder))
    if (file.path().extension() == ".log" && file.file_size() > 0 && file.path() > newest) newest = file.path();
  BOOST_REQUIRE(!newest.empty());
  return newest;
}

void gate::pass() {
  std::unique_lock lock(mutex_);
  arrived_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return open_; });
}

void gate::await_arrival() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return arrived_; });
}

void gate::open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

} // namespace storage_test
