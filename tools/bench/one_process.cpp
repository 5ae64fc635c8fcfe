// The pieces of a clinic in one process: timed ports, instant people, and the node between them.
#include "tools/bench/one_process.hpp"

#include "drivers/card/card_authority.hpp"
#include "drivers/card/port.hpp"
#include "drivers/card/virtual_slot.hpp"
#include "drivers/clock/port.hpp"
#include "drivers/line/centre.hpp"
#include "actors/batch_scheduler/scheduler.hpp"
#include "drivers/line/simulated_line.hpp"
#include "drivers/screen/port.hpp"
#include "drivers/secrets/port.hpp"
#include "messages/commands.hpp"
#include "messages/json.hpp"
#include "storage/key_folder.hpp"

#include <condition_variable>
#include <mutex>

namespace tools {

namespace fs = std::filesystem;
using namespace messages;
using steady = std::chrono::steady_clock;

namespace {

/// Time during which somebody else was busy: the card or the centre. Their intervals do not overlap in one check-in.
class stopwatch {
public:
  void add(steady::duration d) {
    const std::lock_guard lock{mutex_};
    sum_ += d;
  }
  steady::duration take() {
    const std::lock_guard lock{mutex_};
    return std::exchange(sum_, {});
  }

private:
  std::mutex mutex_;
  steady::duration sum_{};
};

/// The card port, timed.
class timed_reader final : public drivers::card::reader {
public:
  timed_reader(std::unique_ptr<drivers::card::reader> port, stopwatch& others)
      : port_(std::move(port)), others_(others) {}
  void watch(drivers::card::reader_watcher& w) override { port_->watch(w); }
  void identify(std::function<void(result<drivers::card::card_found>)> done) override {
    port_->identify(timed(std::move(done)));
  }
  void verify_pin(secret pin, std::function<void(drivers::card::pin_attempt)> done) override {
    port_->verify_pin(std::move(pin), timed(std::move(done)));
  }
  void sign(bytes challenge, std::function<void(result<bytes>)> done) override {
    port_->sign(std::move(challenge), timed(std::move(done)));
  }
  void inspect(std::function<void(result<drivers::card::card_details>)> done) override {
    port_->inspect(timed(std::move(done)));
  }
  void read_surface(secret check_number, std::int64_t tries_told,
                    std::function<void(drivers::card::surface_read)> done) override {
    port_->read_surface(std::move(check_number), tries_told, timed(std::move(done)));
  }
  void stop() override { port_->stop(); }

private:
  template <class T> std::function<void(T)> timed(std::function<void(T)> done) {
    return [this, done = std::move(done), from = steady::now()](T came) {
      others_.add(steady::now() - from);
      done(std::move(came));
    };
  }
  std::unique_ptr<drivers::card::reader> port_;
  stopwatch& others_;
};

/// The line port, timed; the simulated centre answers inside the call.
class timed_line final : public drivers::line::line {
public:
  timed_line(drivers::line::line& port, stopwatch& others) : port_(port), others_(others) {}
  void obtain_challenge(std::uint32_t wait, drivers::line::completion<drivers::line::challenge> done) override {
    port_.obtain_challenge(wait, timed(std::move(done)));
  }
  void ask(drivers::line::card_question q, std::uint32_t wait,
           drivers::line::completion<drivers::line::answer> done) override {
    port_.ask(std::move(q), wait, timed(std::move(done)));
  }
  void ask(drivers::line::typed_question q, std::uint32_t wait,
           drivers::line::completion<drivers::line::answer> done) override {
    port_.ask(std::move(q), wait, timed(std::move(done)));
  }
  void register_reference_number(drivers::line::reference_registration r, std::uint32_t wait,
                                 drivers::line::completion<void> done) override {
    port_.register_reference_number(std::move(r), wait, timed(std::move(done)));
  }
  void withdraw(drivers::line::withdrawal w, std::uint32_t wait,
                drivers::line::completion<drivers::line::answer> done) override {
    port_.withdraw(std::move(w), wait, timed(std::move(done)));
  }
  void request_bulk(drivers::line::bulk_request r, std::uint32_t wait,
                    drivers::line::completion<drivers::line::bulk_acceptance> done) override {
    port_.request_bulk(std::move(r), wait, timed(std::move(done)));
  }
  void collect_bulk(drivers::line::bulk_collection c, std::uint32_t wait,
                    drivers::line::completion<drivers::line::bulk_answer> done) override {
    port_.collect_bulk(std::move(c), wait, timed(std::move(done)));
  }
  void find_bulk(drivers::line::bulk_kind kind, id question, std::uint32_t wait,
                 drivers::line::completion<drivers::line::bulk_acceptance> done) override {
    port_.find_bulk(kind, question, wait, timed(std::move(done)));
  }
  void ask(drivers::line::records_question q, std::uint32_t wait,
           drivers::line::completion<drivers::line::records_answer> done) override {
    port_.ask(std::move(q), wait, timed(std::move(done)));
  }
  void obtain_url(drivers::line::url_question q, std::uint32_t wait,
                  drivers::line::completion<drivers::line::access_url> done) override {
    port_.obtain_url(std::move(q), wait, timed(std::move(done)));
  }
  personal<bytes> refused_original(const id& question) const override { return port_.refused_original(question); }
  void kept(const id& question) override { port_.kept(question); }
  void stop() override { port_.stop(); }

private:
  template <class T> drivers::line::completion<T> timed(drivers::line::completion<T> done) {
    return [this, done = std::move(done), from = steady::now()](result<T> came) {
      others_.add(steady::now() - from);
      done(std::move(came));
    };
  }
  drivers::line::line& port_;
  stopwatch& others_;
};

/// People who react at once: what the page shows is answered inside the call that shows it.
class instant_people final : public drivers::screen::pages {
public:
  instant_people(std::shared_ptr<drivers::card::virtual_slot> slot, std::shared_ptr<secret_slot> pin,
                 std::string digits, std::shared_ptr<drivers::clock::clock> clock)
      : slot_(std::move(slot)), pin_(std::move(pin)), digits_(std::move(digits)), clock_(std::move(clock)) {}

  void watch(drivers::screen::watcher& who) override {
    watcher_ = &who;
    who.page_joined(1, {});
    const std::lock_guard lock{mutex_};
    joined_ = true;
    changed_.notify_all();
  }
  void send(drivers::screen::page, std::string line) override { react(line); }
  void stop() override {}

  result<void> sign_in(const clinic_account& who) {
    std::unique_lock lock{mutex_}; // the screen's actor begins in its own time
    if (changed_.wait_for(lock, std::chrono::seconds{10}, [this] { return joined_; })) {
      lock.unlock();
      watcher_->page_said(1, R"({"n":2,"topic":"account.sign_in","body":{"account":")" + who.account +
                                 R"(","password":")" + who.password + R"("}})");
      lock.lock();
      changed_.wait_for(lock, std::chrono::seconds{10}, [this] { return entry_.has_value() || closed_; });
    }
    if (entry_ == "") return {};
    return failure(error_code::story_failed, "one process", "0",
                   who.account + " could not sign in: " + entry_.value_or("no answer"));
  }

  /// The clinic cannot go on: nobody waits any more.
  void go_home() {
    const std::lock_guard lock{mutex_};
    closed_ = true;
    changed_.notify_all();
  }

  /// One check-in; when it is over, how long it took.
  std::optional<steady::duration> check_in(std::shared_ptr<drivers::card::virtual_card> card) {
    std::unique_lock lock{mutex_};
    const auto ready = [this] { return shown_ == prompt::place_card || closed_; };
    if (!changed_.wait_for(lock, std::chrono::seconds{10}, ready) || closed_) return {};
    over_ = seen_ours_ = false;
    placed_at_ms_ = clock_->utc_ms();
    const auto from = steady::now();
    lock.unlock();
    slot_->place(std::move(card));
    lock.lock();
    // Whoever sees nothing happen presses once more: an actor may have died over the first time.
    for (int looks = 0; looks < 50; ++looks) {
      const auto before = latest_.sequence;
      if (changed_.wait_for(lock, std::chrono::milliseconds{200}, [this] { return over_ || closed_; })) {
        if (closed_) return {};
        return ended_at_ - from;
      }
      if (latest_.sequence != before) continue;
      const auto again = latest_;
      lock.unlock();
      press(again);
      lock.lock();
    }
    return {};
  }

private:
  void react(const std::string& line) {
    const auto v = from_json(line);
    if (!v) return;
    if (const auto* n = v->find("n"); n && n->as_unsigned() && *n->as_unsigned() == 2) on_entry(*v);
    const auto* all = v->find("snapshot");
    if (const auto* p = (all ? all : &*v)->find("prompt")) {
      if (const auto m = message_from_json<show_prompt>(*p)) on_prompt(*m);
    }
    if (const auto* d = v->find("checkin")) on_row(*d);
    const auto* rows = all ? all->find("checkins") : nullptr; // who has just signed in is shown everything at once
    if (const auto* list = rows ? rows->as<value::array>() : nullptr)
      for (const auto& row : *list)
        on_row(row);
  }

  void on_entry(const value& answer) {
    const auto* why = answer.find("error");
    const auto* name = why ? why->find("name") : nullptr;
    const auto* text = name ? name->as<std::string>() : nullptr;
    const std::lock_guard lock{mutex_};
    entry_ = text ? *text : why ? "refused" : "";
    changed_.notify_all();
  }

  void on_row(const value& row) {
    const auto m = message_from_json<show_at_reception>(row);
    if (m && m->state == checkin_state::registration)
      say(register_reference_number::topic, m->checkin, R"(,"number":"0001234")");
  }

  void on_prompt(const show_prompt& m) {
    {
      const std::lock_guard lock{mutex_};
      // After a crash the page may still be told how an older check-in ends: that is not the end of this one.
      seen_ours_ = seen_ours_ || m.checkin.time_ms() >= placed_at_ms_;
      if (m.shown == prompt::place_card && shown_ != prompt::place_card && seen_ours_) {
        over_ = true;
        ended_at_ = steady::now();
      }
      shown_ = m.shown;
      latest_ = m;
    }
    if (m.shown == prompt::place_card) changed_.notify_all(); // else nobody waits: waking them would be counted
    press(m);
  }

  void press(const show_prompt& m) {
    switch (m.shown) {
    case prompt::choose_method: say(choose_method::topic, m.checkin, R"(,"method":"pin")"); break;
    case prompt::enter_pin:
      pin_->put(std::move(*secret::from(digits_)));
      say(enter_pin::topic, m.checkin, "");
      break;
    case prompt::give_consents:
      say(answer_consents::topic, m.checkin,
          R"(,"surgery":"given","treatment":"given","drugs":"given","checkup":"refused")");
      break;
    case prompt::provide_information:
      say(provide_information::topic, m.checkin, R"(,"limit":"given","specified_disease":"refused")");
      break;
    case prompt::come_to_window:
    case prompt::take_card: slot_->remove(); break;
    default: break;
    }
  }

  void say(std::string_view topic, const id& checkin, const std::string& rest) {
    watcher_->page_said(1, R"({"n":1,"topic":")" + std::string{topic} + R"(","body":{"checkin":")" + checkin.text() +
                               "\"" + rest + "}}");
  }

  std::shared_ptr<drivers::card::virtual_slot> slot_;
  std::shared_ptr<secret_slot> pin_;
  std::string digits_;
  std::shared_ptr<drivers::clock::clock> clock_; ///< the hub's: check-ins' ids are made by it
  drivers::screen::watcher* watcher_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  prompt shown_ = prompt::closed;
  show_prompt latest_;
  bool over_ = false, closed_ = false, seen_ours_ = false, joined_ = false;
  std::optional<std::string> entry_; ///< how signing in ended: empty when it went well
  std::uint64_t placed_at_ms_ = 0;
  steady::time_point ended_at_;
};

class whole_clinic final : public one_process_clinic {
public:
  explicit whole_clinic(one_process_options options) : options_(std::move(options)) {}
  ~whole_clinic() override {
    if (node_) node_->stop();
    if (hasher_) hasher_->stop();
    if (reader_) reader_->stop();
  }

  result<void> begin() {
    fs::create_directories(options_.data);
    const auto clock = drivers::clock::system_clock();
    const auto chance = drivers::clock::system_chance();
    auto cards =
        drivers::card::card_authority::open(options_.data / "cards", static_cast<std::int64_t>(clock->utc_ms() / 1000));
    if (!cards) return failure(cards.error());
    drivers::card::virtual_card_options card;
    card.pin = options_.pin;
    auto made = drivers::card::make_card(*cards, options_.person, std::move(card));
    if (!made) return failure(made.error());
    card_ = std::move(*made);
    auto centre = drivers::line::centre::open({.persons_file = options_.persons,
                                               .card_ca_file = options_.data / "cards" / "card-authority.pem",
                                               .data_folder = options_.data / "centre",
                                               .now_ms = [clock] { return clock->utc_ms(); },
                                               .random_octets =
                                                   [chance](std::size_t n) {
                                                     bytes octets(n);
                                                     for (auto& o : octets)
                                                       o = static_cast<std::uint8_t>(chance->draw());
                                                     return octets;
                                                   }});
    if (!centre) return failure(centre.error());
    centre_ = std::move(*centre);
    line_ = std::make_unique<drivers::line::simulated_line>(
        drivers::line::simulated_line_options{.who = {.institution = "1319999999", .simulated_allowed = true},
                                              .after = {}},
        centre_.get());

    auto slot = std::make_shared<drivers::card::virtual_slot>();
    actors::runtime::node_ports ports;
    ports.simulated = true;
    ports.pin = std::make_shared<secret_slot>();
    ports.line = std::make_shared<timed_line>(*line_, others_);
    ports.reader = reader_ = std::make_shared<timed_reader>(drivers::card::make_virtual_reader(slot), others_);
    ports.pages = people_ = std::make_shared<instant_people>(slot, ports.pin, options_.pin, clock);
    actors::runtime::node_options n;
    n.name = n.hub = "hub";
    n.actors = {"eligibility_gateway", "consent_session", "desks", "monitor", "reader", "screen"};
    n.data = options_.data / "journal";
    n.keys = storage::default_key_folder(n.data); // throw-away, like everything here
    if (!storage::holds_keys(n.keys))
      if (auto keys = storage::make_key_folder(n.keys); !keys) return failure(keys.error());
    if (options_.batch_people > 0)
      if (auto with = add_batches(n, ports, clock); !with) return with;
    if (options_.with_accounts)
      if (auto with = make_accounts(n, ports, clock); !with) return with;
    n.run = options_.data / "run";
    n.tcp = options_.tcp;
    n.port_base = 0;
    auto node = actors::runtime::node::start(n, ports, clock, chance, [this](const error& why) {
      const std::lock_guard lock{mutex_};
      failed_ = why;
      people_->go_home();
    });
    if (!node) return failure(node.error());
    node_ = std::move(*node);
    return accounts_ ? people_->sign_in(accounts_->general) : result<void>{};
  }

  /// Batches have a line of their own, as in a real hub, and here a centre of their own: only the hub is measured.
  result<void> add_batches(actors::runtime::node_options& n, actors::runtime::node_ports& ports,
                           const std::shared_ptr<drivers::clock::clock>& clock) {
    drivers::line::centre_options o;
    o.persons_file = options_.persons;
    o.card_ca_file = options_.data / "cards" / "card-authority.pem";
    o.data_folder = options_.data / "batch-centre";
    o.now_ms = [clock] { return clock->utc_ms(); };
    o.random_octets = [](std::size_t count) { return bytes(count); };
    o.population = options_.batch_people;
    fs::create_directories(o.data_folder);
    auto centre = drivers::line::centre::open(std::move(o));
    if (!centre) return failure(centre.error());
    batch_centre_ = std::move(*centre);
    ports.batch_line = std::make_shared<drivers::line::simulated_line>(
        drivers::line::simulated_line_options{.who = {.institution = "1319999999", .simulated_allowed = true},
                                              .after = {}},
        batch_centre_.get());
    ports.institution = "1319999999";
    auto how = std::make_shared<batch_scheduler::options>();
    how->rows_per_file = options_.rows_per_file;
    how->again_ms_first = 100;
    ports.batches = std::move(how);
    n.actors.emplace_back("batch_scheduler");
    return {};
  }

  result<void> make_accounts(actors::runtime::node_options& n, actors::runtime::node_ports& ports,
                             const std::shared_ptr<drivers::clock::clock>& clock) {
    n.actors.emplace_back("account_admin");
    const auto key = n.keys / "accounts.key";
    storage::journal_options o;
    o.folder = n.data;
    o.node = n.name;
    o.now_ms = [clock] { return clock->utc_ms(); };
    o.keys = storage::key_access{n.keys, {}};
    auto made = first_accounts(std::move(o), key, options_.data / "accounts");
    if (!made) return failure(made.error());
    accounts_ = std::move(*made);
    auto hasher = drivers::secrets::open_hasher(key);
    if (!hasher) return failure(hasher.error());
    ports.hasher = hasher_ = std::move(*hasher);
    return {};
  }

  std::optional<took> check_in() override {
    others_.take();
    const auto whole = people_->check_in(card_);
    if (!whole) return {};
    return took{*whole, others_.take()};
  }
  actors::runtime::node& node() override { return *node_; }
  fs::path run_folder() const override { return options_.data / "run"; }
  const std::optional<clinic_accounts>& accounts() const override { return accounts_; }
  std::optional<error> failed() const override {
    const std::lock_guard lock{mutex_};
    return failed_;
  }

private:
  one_process_options options_;
  stopwatch others_;
  std::shared_ptr<drivers::card::virtual_card> card_;
  std::unique_ptr<drivers::line::centre> centre_, batch_centre_;
  std::unique_ptr<drivers::line::simulated_line> line_;
  std::shared_ptr<drivers::card::reader> reader_;
  std::shared_ptr<instant_people> people_;
  std::shared_ptr<drivers::secrets::hasher> hasher_;
  std::optional<clinic_accounts> accounts_;
  mutable std::mutex mutex_;
  std::optional<error> failed_;
  std::unique_ptr<actors::runtime::node> node_;
};

} // namespace

result<std::unique_ptr<one_process_clinic>> one_process_clinic::open(one_process_options options) {
  auto made = std::make_unique<whole_clinic>(std::move(options));
  if (auto begun = made->begin(); !begun) return failure(begun.error());
  return made;
}

} // namespace tools
