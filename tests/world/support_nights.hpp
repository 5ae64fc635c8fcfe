// Nights of a hub in a seed: the scheduler and its clerk, views folded as the journal does, the simulated centre behind
// a line that fails by chance, people to whom things happen by day, and crashes at any moment.
#pragma once

#include "tests/test.hpp"

#include "actors/batch_scheduler/actor_clerk.hpp"
#include "drivers/line/centre.hpp"
#include "drivers/line/simulated_line.hpp"
#include "storage/view.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <set>

namespace world_test {

/// What the morning list of one person is about.
struct truth {
  std::string insurance, ratio, limit, valid_to;
  messages::validity judged = messages::validity::valid;
  std::int64_t consent = 0; ///< of home visits: 0, 1, 2
  messages::consent_end ended{};
  bool ending_told = false;
};

/// The line that is asked at night: it fails as lines do, and notes who was asked about.
class night_line final : public drivers::line::line {
public:
  night_line(drivers::line::centre& to, std::uint64_t seed);
  void obtain_challenge(std::uint32_t, drivers::line::completion<drivers::line::challenge>) override;
  void ask(drivers::line::card_question, std::uint32_t, drivers::line::completion<drivers::line::answer>) override;
  void ask(drivers::line::typed_question, std::uint32_t, drivers::line::completion<drivers::line::answer>) override;
  void register_reference_number(drivers::line::reference_registration, std::uint32_t,
                                 drivers::line::completion<void>) override;
  void withdraw(drivers::line::withdrawal, std::uint32_t, drivers::line::completion<drivers::line::answer>) override;
  void request_bulk(drivers::line::bulk_request, std::uint32_t,
                    drivers::line::completion<drivers::line::bulk_acceptance>) override;
  void collect_bulk(drivers::line::bulk_collection, std::uint32_t,
                    drivers::line::completion<drivers::line::bulk_answer>) override;
  void find_bulk(drivers::line::bulk_kind, messages::id, std::uint32_t,
                 drivers::line::completion<drivers::line::bulk_acceptance>) override;
  void ask(drivers::line::records_question, std::uint32_t,
           drivers::line::completion<drivers::line::records_answer>) override;
  void obtain_url(drivers::line::url_question, std::uint32_t,
                  drivers::line::completion<drivers::line::access_url>) override;
  messages::personal<messages::bytes> refused_original(const messages::id&) const override { return {}; }
  void kept(const messages::id&) override {}
  void stop() override {}

  void night_begins();
  std::atomic<bool> down = false;
  std::size_t uploads = 0, twice = 0, silences = 0, singly = 0, found = 0; ///< read while no clerk works
  std::map<messages::id, std::string> arrived;      ///< batch → reception number, as the centre knows it

private:
  drivers::line::simulated_line through_;
  std::mt19937_64 chance_;
  /// Of one person only the same question @p may_repeat; in a file nobody comes twice.
  void note_asked(const messages::insured_number& person, const messages::id& under, bool may_repeat);
  std::map<std::string, messages::id> asked_tonight_; ///< person → identifier of the question
};

/// The views, as the journal would hold them.
class night_views final : public batch_scheduler::visit_book {
public:
  std::optional<batch_scheduler::known_visitor> of(const messages::id& patient) const override;
  std::optional<messages::id> with_number(const std::string&) const override { return std::nullopt; }
  void fold(const messages::event_draft& event, std::uint64_t now_ms);
  batch_scheduler::left_over left() const;
  std::vector<batch_scheduler::remembered_visitor> visitors() const;

private:
  mutable std::mutex mutex_; ///< the clerk reads, too
  mutable storage::memory_rows visitors_, batches_;
  std::uint64_t index_ = 0;
};

class night_world {
public:
  /// @p singly_max: so few home visits are asked about one by one.
  night_world(std::uint64_t seed, std::size_t people, std::size_t home_patients, bool crashes, std::size_t singly_max);
  ~night_world();

  void day();     ///< things happen to people, appointments are made
  void evening(); ///< the planned times come; until the morning
  void morning(); ///< the list is compared with what happened, and accepted

  std::size_t crashes = 0, changes_listed = 0, answers = 0, wrong = 0, settled = 0;
  std::string first_wrong;
  std::unique_ptr<night_line> line;

private:
  struct heard {
    std::function<batch_scheduler::decision(std::uint64_t)> what;
  };
  void start();
  void crash();
  void act(batch_scheduler::decision d);
  void pump();
  void note_answer(const messages::batch_row_answered& came);
  void happen(std::size_t n);
  void change(std::size_t n, const std::function<void(drivers::line::simulated_person&)>& how);
  template <class M> messages::result<typename M::reply> say(const M& m);
  void complain(const std::string& what);

  std::mt19937_64 chance_;
  std::size_t people_, home_patients_;
  bool crashing_;
  std::atomic<std::uint64_t> now_ms_;
  std::filesystem::path folder_;
  std::unique_ptr<drivers::line::centre> centre_; ///< outlives the clerk, which asks it
  night_views views_;
  batch_scheduler::options options_;
  std::uint64_t ids_ = 0;
  std::unique_ptr<batch_scheduler::scheduler> scheduler_;
  std::unique_ptr<batch_scheduler::clerk> clerk_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<std::function<batch_scheduler::decision()>> heard_;
  std::size_t at_clerk_ = 0; ///< things it was given and has not told of
  std::vector<truth> now_;
  std::map<messages::id, std::pair<std::size_t, truth>> answered_; ///< patient → whose, as last answered
  std::map<std::string, std::size_t> by_number_;                   ///< 診察券番号 → person
  std::multiset<std::pair<messages::id, messages::change_kind>> expected_;
};

} // namespace world_test
