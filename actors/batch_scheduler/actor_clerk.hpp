// The clerk of batches: gathers rows, builds and saves request files, uploads, collects, reads results. All of it on a
// thread of its own, niced, one thing at a time, resting as long as it worked: who stands at a desk comes first.
//
// Belongs to the shell: the pure part says what is to be done (`work`), and is told what came.
#pragma once

#include "actors/batch_scheduler/scheduler.hpp"
#include "drivers/line/bulk.hpp"
#include "drivers/line/port.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace batch_scheduler {

struct clerk_options {
  std::shared_ptr<drivers::line::line> line;
  std::string institution;
  std::filesystem::path by_hand; ///< where request files are saved and downloaded results lie; empty: nowhere
  std::string zip_password;
  std::uint32_t wait_ms_max = 120'000; ///< of an upload, or of a result on its way
  std::uint32_t one_person_ms_max = 20'000; ///< of a question about one person
  std::uint32_t look_ms_max = 2'000;        ///< for an answer that came late
  std::size_t units_at_once = 16;           ///< persons told in one piece
  bool rests = true;                        ///< false: as fast as it can (a measurement without anybody at the desks)
  /// Grows with every step of whoever is at a desk: the journal's head. Nothing: nobody is looked out for. Any thread.
  std::function<std::uint64_t()> desk_steps{};
  std::uint32_t quiet_us = 400;    ///< without such a step, and nobody is in the middle of something,
  std::uint32_t yield_ms_max = 4;  ///< which is waited for so long: a busy day does not stop the work
};

/// How the clerk's findings come back; each from the clerk's or the line's thread.
struct clerk_hears {
  std::function<void(messages::id, messages::result<built>)> built_it;
  std::function<void(messages::id, messages::result<std::string>)> uploaded;
  std::function<void(messages::id, messages::result<std::string>)> found; ///< late: the reception number
  std::function<void(messages::id, messages::result<std::optional<std::uint64_t>>)> collected;
  std::function<void(messages::id, std::vector<answered_unit>)> units;
  std::function<void(messages::id, messages::result<void>)> read;
};

class clerk {
public:
  /// @p book: read from this thread, too; outlives the clerk.
  clerk(clerk_options how, const visit_book& book, clerk_hears hears);
  ~clerk();
  clerk(const clerk&) = delete;
  clerk& operator=(const clerk&) = delete;

  void post(work what);

private:
  void run();
  void yield_to_desks() const;
  void carry_out(const work& what);
  void build(const work& what);
  void upload(const work& what);
  void collect(const work& what);
  void take(const work& what);
  void read(const work& what);
  void find(const work& what);
  void ask(const work& what);
  std::optional<messages::result<std::optional<answered_unit>>> ask_about(const work& what, std::size_t n);
  template <class T>
  std::optional<messages::result<T>> await(const std::function<void(drivers::line::completion<T>)>& begin);
  void begin_telling(const messages::id& batch);
  void end_telling(const messages::id& batch, const messages::result<void>& how);
  void opened(const messages::id& batch, messages::result<drivers::line::bulk_answer> came);
  bool tell_units(const messages::id& batch, std::vector<answered_unit>& units);
  messages::result<drivers::line::bulk_request> gather(const work& what, built& made) const;

  clerk_options how_;
  const visit_book& book_;
  clerk_hears hears_;
  std::mutex mutex_; ///< guards what follows
  std::condition_variable changed_;
  std::deque<work> waiting_;
  messages::id reading_; ///< whose result is being read
  bool go_on_ = false;   ///< what was told of it is durable
  bool stopped_ = false;
  std::map<messages::id, drivers::line::bulk_request> built_; ///< waits to be uploaded
  std::map<messages::id, std::shared_ptr<const drivers::line::bulk_document>> results_;
  std::chrono::steady_clock::time_point working_since_; ///< the thread's: the end of its last rest
  std::thread thread_; // last: it uses all the others
};

/// Lets a step of a check-in that is under way end first: returns when @p steps stood still for @p quiet, and after
/// @p at_most in any case.
void wait_for_gap(const std::function<std::uint64_t()>& steps, std::chrono::microseconds quiet,
                  std::chrono::milliseconds at_most);

/// A unit of a result as the pure part reads it. @p confirmed_on: of the result's header.
answered_unit unit_of(drivers::line::wire::confirmed_unit&& unit, const drivers::line::wire::header& header);

} // namespace batch_scheduler
