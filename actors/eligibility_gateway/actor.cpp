// The shell of eligibility_gateway: connects its questions to the line.
#include "actors/eligibility_gateway/file_names.hpp"
#include "actors/eligibility_gateway/actor_lists.hpp"
#include "actors/eligibility_gateway/questions.hpp"
#include "actors/roster.hpp"
#include "actors/runtime/ports.hpp"
#include "actors/runtime/shell.hpp"
#include "drivers/line/bulk.hpp"
#include "drivers/line/handover.hpp"
#include "drivers/line/port.hpp"
#include "drivers/line/viewed_records.hpp"
#include "storage/load.hpp"
#include "storage/views/face_files.hpp"
#include "storage/views/handovers.hpp"
#include "storage/views/outage_ledger.hpp"
#include "storage/views/questions.hpp"

#include <caf/actor_system.hpp>

namespace eligibility_gateway {
namespace {

using namespace messages;

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
  actor(caf::actor_config& config, actors::runtime::place where, const actors::runtime::node_ports& ports)
      : shell(config, where), line_(ports.line), faces_(ports.faces), receipts_(ports.receipts), book_(*where.journal),
        questions_(options_of(where, ports), where.make_id, &book_) {}

private:
  void on_start() override {
    auto rows =
        storage::load_rows<storage::question_row>(*here().journal, "questions", storage::question_prefix, 20'000);
    auto open = here().journal->open_effects("eligibility_gateway");
    auto left = left_over_now();
    if (!rows) return here().fail(rows.error());
    if (!open) return here().fail(open.error());
    if (!left) return here().fail(left.error());
    std::vector<question> known;
    for (const auto& row : *rows)
      if (row.outcome != question_outcome::open) known.push_back(from_row(row));
    questions_.remember(std::move(*left), now_ms());
    act_on(questions_.resume(std::move(known), std::move(*open), now_ms()));
    if (faces_) faces_->start(in_this_actor<drivers::line::face_arrival>([this](const auto& came) { take(came); }));
  }
  void on_command(const command_envelope& command) override {
    if (auto listed = read_list(command, *here().journal, questions_.line_up(), questions_.weigh())) {
      actors::effects said;
      said.replies.push_back({command, std::move(*listed), false});
      return carry_out(std::move(said));
    }
    act_on(questions_.on_command(with_known_insurance(command, *here().journal), now_ms()));
  }
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
    for (auto& b : d.batches)
      asks.push_back(sending(b));
    for (auto& h : d.handovers)
      asks.push_back(handing(h));
    if (!d.kept.empty())
      asks.push_back([line = line_, faces = faces_, kept = d.kept] {
        for (const auto& question : kept) {
          line->kept(question);
          if (faces) faces->taken(question);
        }
      });
    for (const auto& h : d.looks)
      look(h);
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
            act_on(questions_.on_line(key, failure(came.error()), now_ms(), line_->refused_original(key)));
        });
    const auto wait_ms = r.wait_ms_max;
    switch (r.what) {
    case line_request::kind::card: {
      const auto m = decode_body<ask_eligibility>(r.body, ask_eligibility::version);
      if (!m) break;
      drivers::line::card_question q{r.key,      m->challenge_id,  m->certificate, m->signature.reveal(),
                                     m->choices, care::outpatient, m->method};
      return [line = line_, q, wait_ms, told] { line->ask(q, wait_ms, told); };
    }
    case line_request::kind::typed: {
      const auto m = decode_body<ask_typed>(r.body, ask_typed::version);
      if (!m) break;
      drivers::line::typed_question q{r.key, m->person, m->limit, m->kind, japanese_time(r.key.time_ms()).substr(0, 8)};
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
    case line_request::kind::withdrawal: {
      drivers::line::withdrawal w{r.key, r.person};
      return [line = line_, w, wait_ms, told] { line->withdraw(w, wait_ms, told); };
    }
    case line_request::kind::records: return fetching(r);
    case line_request::kind::challenge: break;
    }
    return [told] { told(failure(error_code::malformed, "outbox", "a question that cannot be read")); };
  }

  /// Drug, treatment or check-up information: only the kind that was asked for comes back here.
  std::function<void()> fetching(const line_request& r) {
    const auto wanted = r.records.value_or(records_wanted{});
    auto told = in_this_actor<result<fetched_records>>([this, key = r.key](const result<fetched_records>& came) {
      act_on(questions_.on_records(key, came, now_ms()));
    });
    auto q = drivers::line::question_for(wanted.kind);
    q.question = r.key;
    q.person = r.person;
    q.from_month = wanted.from_month;
    q.to_month = wanted.to_month;
    q.how = wanted.how;
    auto seen = [told, kind = wanted.kind](const result<drivers::line::records_answer>& came) {
      if (!came) return told(failure(came.error()));
      const auto& names = *drivers::line::facts::usual();
      told(fetched_records{personal{viewed_records(came->found.reveal(), kind, names)}, came->original});
    };
    return [line = line_, q, wait_ms = r.wait_ms_max, seen] { line->ask(q, wait_ms, seen); };
  }

  /// 照会番号一括登録: its rows, or the result of a request that was taken in.
  std::function<void()> sending(const batch_request& b) {
    using drivers::line::bulk_kind;
    if (!b.reception_number.empty()) {
      const drivers::line::bulk_collection c{b.collection, bulk_kind::reference_numbers, b.reception_number};
      auto told = in_this_actor<result<std::optional<std::vector<registered_row>>>>(
          [this, key = b.batch](const auto& came) { act_on(questions_.on_batch_collected(key, came, now_ms())); });
      auto read = [told](const result<drivers::line::bulk_answer>& came) { told(rows_of(came)); };
      return [line = line_, c, wait_ms = b.wait_ms_max, read] { line->collect_bulk(c, wait_ms, read); };
    }
    auto told = in_this_actor<result<std::string>>([this, key = b.batch](const result<std::string>& came) {
      act_on(questions_.on_batch_sent(key, came, now_ms()));
    });
    auto taken_in = [told](const result<drivers::line::bulk_acceptance>& came) {
      if (came)
        told(came->reception_number);
      else
        told(failure(came.error()));
    };
    std::vector<drivers::line::listed_registration> rows;
    for (const auto& row : b.rows)
      rows.push_back({row.person.reveal(), row.number.reveal()});
    drivers::line::bulk_request r{b.batch, bulk_kind::reference_numbers, {}, {}};
    r.rows = decltype(r.rows){std::move(rows)};
    return [line = line_, r, wait_ms = b.wait_ms_max, taken_in] { line->request_bulk(r, wait_ms, taken_in); };
  }

  /// Nothing while the centre still works on it. Reads on the line's thread: a thousand rows in some milliseconds.
  static result<std::optional<std::vector<registered_row>>>
  rows_of(const result<drivers::line::bulk_answer>& came) {
    if (!came) return failure(came.error());
    if (!came->units) return std::optional<std::vector<registered_row>>{};
    std::vector<registered_row> rows;
    const auto read = came->units->each_registered([&](drivers::line::wire::registered_unit&& unit) {
      if (!unit.registered) return true;
      const auto& r = *unit.registered;
      rows.push_back({r.reference_number,
                      {r.insurer, r.symbol, r.number, r.branch, {}},
                      unit.status.is(drivers::line::person_status::normal),
                      unit.result_code,
                      unit.message});
      return true;
    });
    if (!read) return failure(read.error());
    return std::optional{std::move(rows)};
  }

  static options options_of(const actors::runtime::place& where, const actors::runtime::node_ports& ports) {
    options o;
    o.hub = where.hub;
    o.answer_wait_ms_max = ports.answer_wait_ms_max;
    o.institution = ports.institution;
    for (const auto& [field, weight] : ports.weights)
      o.weigh.of[static_cast<std::size_t>(field)] = weight;
    o.viewing.online_days_after = ports.online_days_after;
    if (ports.receipts) o.receipt_computers = ports.receipts->names();
    return o;
  }

  result<left_over> left_over_now() const {
    left_over left;
    const auto& journal = *here().journal;
    const auto line = journal.get("outage_ledger", storage::line_key);
    const auto files = storage::load_rows<handover_status>(journal, "handovers", "", 100'000);
    const auto faces =
        storage::load_rows<storage::face_file_row>(journal, "face_files", storage::face_file_prefix, 100'000);
    if (!line) return failure(line.error());
    if (!files) return failure(files.error());
    if (!faces) return failure(faces.error());
    if (*line) left.line_lost_ms = storage::decode_row<storage::line_row>(**line).value_or(storage::line_row{}).lost_ms;
    for (const auto& f : *files)
      if (f.now == handover_state::written) left.written.push_back({f.handover, f.receipt_computer, f.file, {}});
    for (const auto& f : *faces)
      left.face_files[f.question] = {f.checkin, f.patient, f.desk};
    return left;
  }

  void take(const drivers::line::face_arrival& came) {
    face_file file{came.arrival, came.file, came.desk, failure(error_code::line_unreadable, came.file)};
    if (came.read)
      file.read = line_answer{came.read->typed, came.original};
    else {
      file.read = failure(came.read.error());
      file.original = came.original;
    }
    act_on(questions_.on_face_file(file, now_ms()));
  }

  /// The file for a receipt computer, once its row is durable.
  std::function<void()> handing(const hand_over_request& h) {
    auto went = in_this_actor<result<void>>([this, h](const result<void>& how) {
      auto d = questions_.on_handed_over(h.handover, how, now_ms());
      const bool written = !d.journal.settled.empty();
      std::function<void()> forget;
      if (written) forget = [all = receipts_, h] { all->forget(h.receipt_computer, h.file); };
      carry_out(std::move(d), std::move(forget));
    });
    if (!receipts_) return [went] { went(failure(error_code::missing_value, "receipt computers")); };
    return [all = receipts_, h, went] { all->hand_over(h.receipt_computer, h.file, h.octets, went); };
  }

  void look(const hand_over_request& h) {
    if (!receipts_) return;
    receipts_->look(h.receipt_computer, h.file, in_this_actor<bool>([this, h](bool there) {
                      if (!there) receipts_->forget(h.receipt_computer, h.file); // its mark, if a crash left it
                      act_on(questions_.on_looked(h.handover, there, now_ms()));
                    }));
  }

  std::shared_ptr<drivers::line::line> line_;
  std::shared_ptr<drivers::line::face_source> faces_;
  std::shared_ptr<drivers::line::receipt_computers> receipts_;
  journal_book book_;
  questions questions_;
};

} // namespace

caf::actor spawn(caf::actor_system& system, const actors::runtime::place& where,
                 const actors::runtime::node_ports& ports) {
  return caf::actor_cast<caf::actor>(system.spawn<actor>(where, ports));
}

} // namespace eligibility_gateway
