// SIMULATED: pages of マイナ在宅受付Web and the cards that are held to the phones they are open on.
//
// A page says JSON lines, {"n":1,"topic":"home.open","body":{"at":TOKEN}} and `home.register`, and is answered under
// its n. The PIN is no message: its digits lie here, under the page's number, until the card has them, the page leaves,
// or two minutes have passed.
#include "tools/home_reception.hpp"

#include "drivers/card/card_authority.hpp"
#include "drivers/card/port.hpp"
#include "drivers/card/virtual_slot.hpp"
#include "drivers/screen/page_server.hpp"
#include "messages/json.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <thread>

namespace tools {

using namespace messages;

namespace {

namespace card = drivers::card;
namespace line = drivers::line;
using drivers::screen::page;
using web_outcome = line::centre::web_outcome;
using steady = std::chrono::steady_clock;

constexpr std::size_t waiting_max = 32; ///< registrations
constexpr auto pin_kept = std::chrono::seconds{120};
constexpr auto card_wait_max = std::chrono::seconds{10};

/// What a page wants to know first.
struct wanted_opening {
  std::string at; ///< the token of the address
  UKETSUKE_FIELDS(wanted_opening, at)
};
/// 同意登録, or 同意取消 by the patient.
struct wanted_registration {
  std::string at;
  std::string card; ///< SIMULATED: which card is held to this phone
  std::string day;  ///< 診療予約日, yyyyMMdd
  bool surgery = false, medicine = false, checkup = false, limit = false;
  bool withdraw = false;
  bool confirms = false; ///< the patient knows that it is the last try
  UKETSUKE_FIELDS(wanted_registration, at, card, day, surgery, medicine, checkup, limit, withdraw, confirms)
};

/// Why a registration did not come about; the page has the words for each name.
struct trouble {
  std::string_view name;
  std::int64_t tries_left = -1; ///< of the PIN; -1: not what it is about
};

std::string answer_of(std::uint64_t n, value body) {
  return to_json(value{value::map{{"n", {n}}, {"ok", value{true}}, {"body", std::move(body)}}});
}
std::string answer_of(std::uint64_t n, const trouble& why) {
  value::map said{{"name", {std::string{why.name}}}};
  if (why.tries_left >= 0) said.emplace_back("tries_left", value{static_cast<std::uint64_t>(why.tries_left)});
  return to_json(value{value::map{{"n", {n}}, {"error", value{std::move(said)}}}});
}

std::string_view name_of(web_outcome why) {
  switch (why) {
  case web_outcome::registered: break;
  case web_outcome::unknown_address: return "unknown_address";
  case web_outcome::wrong_day: return "wrong_day";
  case web_outcome::stale: return "card_failed";
  case web_outcome::wrong_card: return "wrong_card";
  case web_outcome::nobody: return "nobody";
  case web_outcome::nothing_to_end: return "nothing_to_end";
  case web_outcome::busy: return "busy";
  }
  return "busy";
}

/// What @p ask is answered with; nullopt when nothing comes.
template <class T, class Ask> std::optional<T> awaited(Ask ask) {
  const auto promised = std::make_shared<std::promise<T>>();
  auto answer = promised->get_future();
  ask([promised](T came) { promised->set_value(std::move(came)); });
  if (answer.wait_for(card_wait_max) != std::future_status::ready) return std::nullopt;
  return answer.get();
}

/// A phone that one card is held to, for as long as it lives.
class phone final : public card::reader_watcher {
public:
  phone(std::shared_ptr<card::virtual_card> held, const bytes& authority)
      : reader_(card::make_virtual_reader(slot_, {}, std::make_shared<const std::vector<bytes>>(1, authority))) {
    slot_->place(std::move(held));
    reader_->watch(*this);
  }
  ~phone() override { reader_->stop(); }

  /// Nothing when the card cannot be read.
  std::optional<card::card_found> identify() {
    if (placed_.get_future().wait_for(card_wait_max) != std::future_status::ready) return std::nullopt;
    auto found = awaited<result<card::card_found>>([&](auto done) { reader_->identify(done); });
    return found && *found ? std::optional{std::move(**found)} : std::nullopt;
  }
  card::pin_attempt verify(secret pin) {
    const auto made =
        awaited<card::pin_attempt>([&](auto done) { reader_->verify_pin(std::move(pin), std::move(done)); });
    return made.value_or(card::pin_attempt{pin_outcome::in_doubt, -1});
  }
  std::optional<bytes> sign(const bytes& challenge) {
    auto made = awaited<result<bytes>>([&](auto done) { reader_->sign(challenge, done); });
    return made && *made ? std::optional{std::move(**made)} : std::nullopt;
  }

private:
  void reader_attached(const std::string&) override {}
  void reader_detached(const error&) override {}
  void card_placed() override { placed_.set_value(); } // once: nobody takes it away
  void card_removed() override {}

  std::shared_ptr<card::virtual_slot> slot_ = std::make_shared<card::virtual_slot>("simulated phone");
  std::promise<void> placed_;
  std::unique_ptr<card::reader> reader_;
};

class played final : public home_reception, public drivers::screen::watcher {
public:
  played(home_reception_config config, card::card_authority authority)
      : config_(std::move(config)), authority_(std::move(authority)) {}
  ~played() override { stop(); }

  result<void> bind() {
    drivers::screen::page_server_options o;
    o.port = config_.port;
    o.folder = std::string{UKETSUKE_SOURCE_DIR} + "/drivers/screen/pages";
    o.of.node = "centre";
    o.of.simulated = true;
    o.of.offers = {drivers::screen::page_kind::home_reception};
    o.pin_at_home = [this](page p, secret digits) {
      const std::lock_guard lock{mutex_};
      pins_[p] = {std::move(digits), steady::now()};
    };
    auto server = drivers::screen::open_page_server(std::move(o));
    if (!server) return failure(server.error());
    server_ = std::move(*server);
    return {};
  }

  std::string address() const override { return "http://127.0.0.1:" + std::to_string(port()); }
  std::uint16_t port() const override { return server_->port(); }

  void serve(line::centre& centre) override {
    centre_ = &centre;
    for (const auto& [id, name] : centre.card_holders())
      holders_.emplace(id, name);
    reading_ = std::thread{[this] { read_cards(); }};
    server_->watch(*this);
  }

  void stop() override {
    if (server_) server_->stop();
    {
      const std::lock_guard lock{mutex_};
      stopping_ = true;
    }
    changed_.notify_all();
    if (reading_.joinable()) reading_.join();
  }

private:
  struct kept_pin {
    secret digits;
    steady::time_point since;
  };
  struct asked_registration {
    page from = 0;
    std::uint64_t n = 0;
    wanted_registration wanted;
  };

  // -- the server's thread -------------------------------------------------------------------------------------------

  void page_joined(page p, const drivers::screen::visitor&) override {
    server_->send(p, R"({"seq":1,"snapshot":{"hub":true}})");
  }
  void page_left(page p) override {
    const std::lock_guard lock{mutex_};
    pins_.erase(p);
    std::erase_if(waiting_, [&](const auto& one) { return one.from == p; });
  }

  void page_said(page p, std::string text) override {
    const auto said = from_json(text);
    const auto* n = said ? said->find("n") : nullptr;
    const auto* topic = said ? said->find("topic") : nullptr;
    const auto* body = said ? said->find("body") : nullptr;
    if (!n || !n->as_unsigned() || !topic || !topic->as<std::string>() || !body) return;
    const auto number = *n->as_unsigned();
    if (*topic->as<std::string>() == "home.open") return open_for(p, number, *body);
    if (*topic->as<std::string>() == "home.register") return take(p, number, *body);
    server_->send(p, answer_of(number, trouble{"unknown_topic"}));
  }

  void open_for(page p, std::uint64_t n, const value& body) {
    const auto wanted = message_from_json<wanted_opening>(body);
    const auto place = wanted ? centre_->web_place_of(wanted->at) : std::nullopt;
    if (!place) return server_->send(p, answer_of(n, trouble{"unknown_address"}));
    value::array cards;
    for (const auto& [id, name] : holders_)
      cards.push_back(value{value::map{{"id", {id}}, {"name", {name}}}});
    server_->send(p, answer_of(n, value{value::map{{"institution", {place->institution}},
                                                   {"online", value{place->online}},
                                                   {"cards", value{std::move(cards)}}}}));
  }

  void take(page p, std::uint64_t n, const value& body) {
    const auto wanted = message_from_json<wanted_registration>(body);
    trouble why{};
    if (!wanted)
      why.name = "unreadable";
    else if (!holders_.contains(wanted->card))
      why.name = "wrong_card";
    const std::lock_guard lock{mutex_};
    if (why.name.empty() && waiting_.size() >= waiting_max) why.name = "busy";
    if (!why.name.empty()) return server_->send(p, answer_of(n, why));
    waiting_.push_back({p, n, *wanted});
    changed_.notify_all();
  }

  // -- the thread that reads cards -----------------------------------------------------------------------------------

  void read_cards() {
    std::unique_lock lock{mutex_};
    while (!stopping_) {
      std::erase_if(pins_, [](const auto& one) { return steady::now() > one.second.since + pin_kept; });
      if (waiting_.empty()) {
        changed_.wait_for(lock, std::chrono::seconds{1});
        continue;
      }
      const auto next = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      const auto said = read_card(next);
      server_->send(next.from, said);
      lock.lock();
    }
  }

  secret pin_of(page p) {
    const std::lock_guard lock{mutex_};
    auto found = pins_.extract(p);
    return found.empty() ? secret{} : std::move(found.mapped().digits);
  }

  std::string read_card(const asked_registration& asked) {
    const auto& w = asked.wanted;
    const auto no = [&](std::string_view name, std::int64_t tries_left = -1) {
      return answer_of(asked.n, trouble{name, tries_left});
    };
    const auto place = centre_->web_place_of(w.at);
    if (!place) return no("unknown_address");
    card::virtual_card_options options;
    options.pin = config_.pin;
    options.state_file = config_.cards / (w.card + ".state");
    auto held = card::make_card(authority_, w.card, std::move(options));
    if (!held) return no("card_failed");
    phone reads{std::move(*held), authority_.certificate()};
    const auto found = reads.identify();
    if (!found) return no("card_failed");
    if (found->tries_left == 1 && !w.confirms) return no("last_try", 1); // its PIN stays where it is
    auto pin = pin_of(asked.from);
    if (found->tries_left == 0) return no("pin_blocked", 0);
    if (pin.empty()) return no("pin_missing");
    const auto attempt = reads.verify(std::move(pin));
    if (attempt.outcome == pin_outcome::wrong) return no("wrong_pin", attempt.tries_left);
    if (attempt.outcome == pin_outcome::blocked) return no("pin_blocked", 0);
    if (attempt.outcome != pin_outcome::right) return no("card_failed");
    const auto challenge = centre_->challenge_card_at_home(*place);
    if (!challenge) return no("busy");
    const auto signature = reads.sign(challenge->value);
    if (!signature) return no("card_failed");
    return register_it(asked, {challenge->id, found->certificate.reveal(), *signature});
  }

  std::string register_it(const asked_registration& asked, const line::centre::web_proof& proof) {
    const auto& w = asked.wanted;
    const auto choices = w.withdraw
                             ? std::nullopt
                             : std::optional{line::web_choices{w.surgery, w.medicine, w.checkup, w.limit}};
    const auto done = centre_->register_at_home(w.at, proof, choices, w.day);
    if (done.is != web_outcome::registered) return answer_of(asked.n, trouble{name_of(done.is)});
    spdlog::info("a consent was {} on the simulated web", w.withdraw ? "ended" : "registered");
    return answer_of(asked.n, value{value::map{{"registered", {done.consent.registered}},
                                               {"day", {done.consent.examined_on}},
                                               {"name", {holders_.at(w.card)}}}});
  }

  const home_reception_config config_;
  const card::card_authority authority_;
  std::unique_ptr<drivers::screen::page_server> server_;
  line::centre* centre_ = nullptr;
  std::map<std::string, std::string> holders_; ///< read only while it serves
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<page, kept_pin> pins_;
  std::deque<asked_registration> waiting_;
  bool stopping_ = false;
  std::thread reading_;
};

} // namespace

result<std::unique_ptr<home_reception>> home_reception::open(const home_reception_config& config,
                                                             std::uint64_t now_ms) {
  auto authority = card::card_authority::open(config.cards, static_cast<std::int64_t>(now_ms / 1000));
  if (!authority) return failure(authority.error());
  auto made = std::make_unique<played>(config, std::move(*authority));
  if (auto bound = made->bind(); !bound) return failure(bound.error());
  return made;
}

} // namespace tools
