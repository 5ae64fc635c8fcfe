// The shell of eligibility_gateway: connects its questions to the line.
#include "actors/eligibility_gateway/questions.hpp"
#include "actors/roster.hpp"
#include "actors/runtime/ports.hpp"
#include "actors/runtime/shell.hpp"
#include "drivers/line/port.hpp"
#include "storage/load.hpp"
#include "storage/views/questions.hpp"

#include <caf/actor_system.hpp>

#include <ctime>

namespace eligibility_gateway {
namespace {

using namespace messages;

/// The day in Japan, yyyyMMdd.
std::string japanese_day(std::uint64_t utc_ms) {
  const auto jst = static_cast<std::time_t>(utc_ms / 1000 + 9 * 3600);
  std::tm day{};
  ::gmtime_r(&jst, &day);
  char text[16];
  std::strftime(text, sizeof text, "%Y%m%d", &day);
  return text;
}

/// A settled question as the view remembers it.
question from_row(const storage::question_row& row) {
  question q;
  q.key = row.question;
  q.checkin = row.checkin;
  q.patient = row.patient;
  q.desk = row.desk;
  q.kind = row.kind;
  q.now = row.outcome == question_outcome::refused ? state::refused : state::answered;
  if (row.outcome == question_outcome::unknown || row.outcome == question_outcome::not_asked) {
    q.now = state::doubtful;
    q.was_unknown = true;
  }
  q.person = row.person;
  q.report = {row.outcome, row.judged, row.has_reference_number, row.name, row.reference_number, row.error};
  return q;
}

class actor final : public actors::runtime::shell {
public:
  actor(caf::actor_config& config, actors::runtime::place where, std::shared_ptr<drivers::line::line> line,
        std::uint32_t answer_wait_ms_max)
      : shell(config, where), line_(std::move(line)),
        questions_({.hub = where.hub, .answer_wait_ms_max = answer_wait_ms_max}, where.make_id) {}

private:
  void on_start() override {
    auto rows =
        storage::load_rows<storage::question_row>(*here().journal, "questions", storage::question_prefix, 20'000);
    auto open = here().journal->open_effects("eligibility_gateway");
    if (!rows) return here().fail(rows.error());
    if (!open) return here().fail(open.error());
    std::vector<question> known;
    for (const auto& row : *rows)
      if (row.outcome != question_outcome::open) known.push_back(from_row(row));
    act_on(questions_.resume(std::move(known), std::move(*open), now_ms()));
  }
  void on_command(const command_envelope& command) override { act_on(questions_.on_command(command, now_ms())); }
  void on_reply(const actors::tag& who, const result<std::string>& body, std::uint64_t version) override {
    act_on(questions_.on_reply(who, body, version, now_ms()));
  }
  void on_tick() override { act_on(questions_.on_tick(now_ms())); }
  std::optional<std::uint64_t> next_tick_ms() const override { return questions_.next_tick_ms(); }

  void act_on(decision d) {
    for (const auto& r : d.line_at_once)
      obtain(r);
    std::vector<std::function<void()>> asks;
    for (auto& r : d.line)
      asks.push_back(asking(r));
    std::function<void()> act;
    if (!asks.empty())
      act = [asks = std::move(asks)] {
        for (const auto& ask : asks)
          ask();
      };
    carry_out(std::move(d), std::move(act));
  }

  void obtain(const line_request& r) {
    line_->obtain_challenge(r.wait_ms_max,
                            in_this_actor<result<drivers::line::challenge>>(
                                [this, key = r.key](const result<drivers::line::challenge>& came) {
                                  if (came)
                                    act_on(questions_.on_challenge(key, challenge{came->id, came->value}, now_ms()));
                                  else
                                    act_on(questions_.on_challenge(key, failure(came.error()), now_ms()));
                                }));
  }

  /// What goes to the line once the question is durable.
  std::function<void()> asking(const line_request& r) {
    auto told =
        in_this_actor<result<drivers::line::answer>>([this, key = r.key](const result<drivers::line::answer>& came) {
          if (came)
            act_on(questions_.on_line(key, line_answer{came->typed, came->original}, now_ms()));
          else
            act_on(questions_.on_line(key, failure(came.error()), now_ms()));
        });
    const auto wait_ms = r.wait_ms_max;
    switch (r.what) {
    case line_request::kind::card: {
      const auto m = decode_body<ask_eligibility>(r.body, ask_eligibility::version);
      if (!m) break;
      drivers::line::card_question q{r.key,      m->challenge_id, m->certificate, m->signature.reveal(),
                                     m->choices, care::outpatient};
      return [line = line_, q, wait_ms, told] { line->ask(q, wait_ms, told); };
    }
    case line_request::kind::typed: {
      const auto m = decode_body<ask_typed>(r.body, ask_typed::version);
      if (!m) break;
      drivers::line::typed_question q{r.key, m->person, m->limit, m->kind, japanese_day(r.key.time_ms())};
      return [line = line_, q, wait_ms, told] { line->ask(q, wait_ms, told); };
    }
    case line_request::kind::registration: {
      const auto m = decode_body<register_number>(r.body, register_number::version);
      if (!m) break;
      drivers::line::reference_registration q{r.key, r.person, m->number};
      auto kept = [told](const result<void>& came) {
        if (came)
          told(drivers::line::answer{});
        else
          told(failure(came.error()));
      };
      return [line = line_, q, wait_ms, kept] { line->register_reference_number(q, wait_ms, kept); };
    }
    case line_request::kind::challenge:
      break;
    }
    return [told] { told(failure(error_code::malformed, "outbox", "a question that cannot be read")); };
  }

  std::shared_ptr<drivers::line::line> line_;
  questions questions_;
};

} // namespace

caf::actor spawn(caf::actor_system& system, const actors::runtime::place& where,
                 const actors::runtime::node_ports& ports) {
  return caf::actor_cast<caf::actor>(system.spawn<actor>(where, ports.line, ports.answer_wait_ms_max));
}

} // namespace eligibility_gateway
