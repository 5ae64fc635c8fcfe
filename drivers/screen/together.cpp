// Several screen ports as one: the number of a page says whose it is.
#include "drivers/screen/port.hpp"

#include <algorithm>
#include <cstddef>

namespace drivers::screen {
namespace {

constexpr page ports_max = 8;

/// Hears one port and tells it on, its pages renumbered.
class renamed final : public watcher {
public:
  explicit renamed(page which) : which_(which) {}
  void tell(watcher& who) { who_ = &who; }
  void page_joined(page p, const visitor& who) override { who_->page_joined(p * ports_max + which_, who); }
  void page_said(page p, std::string line) override { who_->page_said(p * ports_max + which_, std::move(line)); }
  void page_left(page p) override { who_->page_left(p * ports_max + which_); }
  void entry_asked(std::uint64_t n, entry e) override { who_->entry_asked(n * ports_max + which_, std::move(e)); }
  void session_left(const std::string& account, const messages::id& s) override { who_->session_left(account, s); }

private:
  page which_;
  watcher* who_ = nullptr;
};

class several final : public pages {
public:
  explicit several(std::vector<std::unique_ptr<pages>> ports) : ports_(std::move(ports)) {
    for (std::size_t n = 0; n < ports_.size(); ++n)
      watchers_.push_back(std::make_unique<renamed>(n));
  }
  ~several() override { stop(); }

  void watch(watcher& who) override {
    for (std::size_t n = 0; n < ports_.size(); ++n) {
      watchers_[n]->tell(who);
      ports_[n]->watch(*watchers_[n]);
    }
  }
  void send(page to, std::string line) override {
    if (to % ports_max < ports_.size()) ports_[to % ports_max]->send(to / ports_max, std::move(line));
  }
  void let_in(std::uint64_t n, const std::string& account, const messages::id& session) override {
    if (n % ports_max < ports_.size()) ports_[n % ports_max]->let_in(n / ports_max, account, session);
  }
  void answer_entry(std::uint64_t n, int status, std::string json) override {
    if (n % ports_max < ports_.size()) ports_[n % ports_max]->answer_entry(n / ports_max, status, std::move(json));
  }
  void end_session(const messages::id& session) override {
    for (auto& p : ports_)
      p->end_session(session);
  }
  void stop() override {
    for (auto& p : ports_)
      p->stop();
  }

private:
  std::vector<std::unique_ptr<renamed>> watchers_;
  std::vector<std::unique_ptr<pages>> ports_;
};

} // namespace

std::unique_ptr<pages> together(std::vector<std::unique_ptr<pages>> ports) {
  ports.resize(std::min<std::size_t>(ports.size(), ports_max));
  if (ports.size() == 1) return std::move(ports.front());
  return std::make_unique<several>(std::move(ports));
}

} // namespace drivers::screen
