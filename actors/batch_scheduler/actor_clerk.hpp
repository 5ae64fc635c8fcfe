// The clerk of batches: gathers rows, builds and saves request files, uploads, collects, reads results. All of it on a
// thread of its own, niced, one thing at a time, resting as long as it worked: who stands at a desk comes first.
//
// Belongs to the shell: the pure part says what is to be done (`work`), and is told what came.
#pragma once

#include "actors/batch_scheduler/scheduler.hpp"
#include "drivers/line/bulk.hpp"
#include "drivers/line/port.hpp"

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
  std::size_t units_at_once = 16;      ///< persons told in one piece
  bool rests = true;                   ///< false: as fast as it can (a measurement without anybody at the desks)
};

/// How the clerk's findings come back; each from the clerk's or the line's thread.
struct clerk_hears {
  std::function<void(messages::id, messages::result<built>)> built_it;
  std::function<void(messages::id, messages::result<std::string>)> uploaded;
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
  void carry_out(const work& what);
  void build(const work& what);
  void upload(const work& what);
  void collect(const work& what);
  void take(const work& what);
  void read(const work& what);
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
  std::thread thread_; // last: it uses all the others
};

/// A unit of a result as the pure part reads it. @p confirmed_on: of the result's header.
answered_unit unit_of(drivers::line::wire::confirmed_unit&& unit, const drivers::line::wire::header& header);

} // namespace batch_scheduler
