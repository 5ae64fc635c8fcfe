// The shell of batch_scheduler: connects its decisions to the clerk, the line and the journal's views.
#include "actors/batch_scheduler/actor_clerk.hpp"
#include "actors/roster.hpp"
#include "actors/runtime/ports.hpp"
#include "actors/runtime/shell.hpp"
#include "storage/load.hpp"
#include "storage/views/batches.hpp"
#include "storage/views/patients.hpp"
#include "storage/views/visitors.hpp"

#include <caf/actor_system.hpp>

namespace batch_scheduler {
namespace {

using namespace messages;

/// Visitors as the journal's views keep them. Any thread.
class journal_book final : public visit_book {
public:
  explicit journal_book(const storage::journal& from) : from_(from) {}
  std::optional<known_visitor> of(const id& patient) const override {
    const auto stored = from_.get("visitors", storage::visitor_key(patient));
    const auto row = stored && *stored ? storage::decode_row<storage::visitor_row>(**stored) : std::nullopt;
    if (!row) return std::nullopt;
    return known_visitor{row->who.reveal(), row->last.reveal()};
  }
  std::optional<id> with_number(const std::string& number) const override {
    const auto found = from_.rows_of("patients", storage::reference_prefix(number), 2);
    if (!found || found->size() != 1) return std::nullopt;
    const auto stored = from_.get("patients", found->front().second);
    const auto row = stored && *stored ? storage::decode_row<storage::patient_row>(**stored) : std::nullopt;
    return row ? std::optional{row->patient} : std::nullopt;
  }

private:
  const storage::journal& from_;
};

class actor final : public actors::runtime::shell {
public:
  actor(caf::actor_config& config, actors::runtime::place where, const actors::runtime::node_ports& ports)
      : shell(config, where), line_(ports.batch_line ? ports.batch_line : ports.line), book_(*where.journal),
        scheduler_(ports.batches ? *ports.batches : options{}, where.make_id, &book_) {
    how_.line = line_;
    how_.institution = ports.institution;
    how_.by_hand = ports.by_hand;
    how_.zip_password = ports.by_hand_password;
    how_.rests = !ports.batches_unresting;
    how_.desk_steps = [journal = where.journal] { return journal->head(); };
  }

private:
  void on_start() override {
    clerk_hears hears;
    hears.built_it = in_this_actor<messages::id, result<built>>(
        [this](const auto& batch, const auto& came) { act_on(scheduler_.on_built(batch, came, now_ms())); });
    hears.uploaded = in_this_actor<messages::id, result<std::string>>(
        [this](const auto& batch, const auto& came) { act_on(scheduler_.on_uploaded(batch, came, now_ms())); });
    hears.found = in_this_actor<messages::id, result<std::string>>(
        [this](const auto& batch, const auto& came) { act_on(scheduler_.on_found(batch, came, now_ms())); });
    hears.collected = in_this_actor<messages::id, result<std::optional<std::uint64_t>>>(
        [this](const auto& batch, const auto& came) { act_on(scheduler_.on_collected(batch, came, now_ms())); });
    hears.units = in_this_actor<messages::id, std::vector<answered_unit>>(
        [this](const auto& batch, const auto& units) { act_on(scheduler_.on_units(batch, units, now_ms())); });
    hears.read = in_this_actor<messages::id, result<void>>(
        [this](const auto& batch, const auto& came) { act_on(scheduler_.on_read(batch, came, now_ms())); });
    clerk_ = std::make_shared<clerk>(how_, book_, std::move(hears));
    auto left = left_over_now();
    if (!left) return here().fail(left.error());
    act_on(scheduler_.resume(std::move(*left), now_ms()));
  }
  void on_command(const command_envelope& command) override {
    if (command.topic == obtain_url::topic) return obtain(command);
    act_on(scheduler_.on_command(command, now_ms()));
  }
  void on_reply(const actors::tag&, const result<std::string>&, std::uint64_t) override {}
  void on_tick() override { act_on(scheduler_.on_tick(now_ms())); }
  std::optional<std::uint64_t> next_tick_ms() const override { return scheduler_.next_tick_ms(); }

  void act_on(decision d) {
    std::function<void()> act;
    if (!d.clerk.empty())
      act = [clerk = std::weak_ptr{clerk_}, all = std::move(d.clerk)] {
        if (const auto there = clerk.lock())
          for (const auto& what : all)
            there->post(what);
      };
    carry_out(std::move(d), std::move(act));
  }

  /// 医療機関等アクセスURL: nothing rests on it, and whoever asks again gets the same.
  void obtain(const command_envelope& command) {
    actors::effects refused;
    const auto m = decode_body<obtain_url>(command.body, command.v);
    const bool fits = m && (m->how == care::home_visit || m->how == care::online);
    if (!fits) {
      refused.refuse(command,
                     m ? error{error_code::wrong_value, {"how", std::string{messages::name(m->how)}}} : m.error());
      return carry_out(std::move(refused));
    }
    using drivers::line::url_purpose;
    const drivers::line::url_question q{here().make_id(),
                                        m->how == care::online ? url_purpose::online : url_purpose::home_visit,
                                        drivers::line::url_format::png, m->renew};
    auto told = in_this_actor<result<drivers::line::access_url>>([this, command](const auto& came) {
      actors::effects out;
      if (came)
        out.reply(command, access_url{came->url});
      else
        out.refuse(command, came.error());
      carry_out(std::move(out));
    });
    line_->obtain_url(q, std::min(command.deadline_ms, 20'000u), told);
  }

  result<left_over> left_over_now() {
    left_over left;
    const auto& journal = *here().journal;
    constexpr std::size_t all = 2'000'000;
    auto batches = storage::load_rows<batch_status>(journal, "batches", storage::batch_prefix, all);
    auto planned = storage::load_rows<storage::planned_rows>(journal, "batches", storage::planned_prefix, all);
    auto changes = storage::load_rows<storage::change_kept>(journal, "batches", storage::change_prefix, all);
    auto runs = storage::load_rows<storage::run_kept>(journal, "batches", storage::run_prefix, all);
    auto visits = storage::load_rows<storage::visit_kept>(journal, "visitors", storage::visit_prefix, all);
    if (!batches) return failure(batches.error());
    if (!planned) return failure(planned.error());
    if (!changes) return failure(changes.error());
    if (!runs) return failure(runs.error());
    if (!visits) return failure(visits.error());
    left.batches = std::move(*batches);
    for (auto& part : *planned)
      left.rows.emplace_back(part.batch, std::move(part.rows));
    for (auto& c : *changes)
      left.changes.push_back({c.change,
                              c.patient,
                              c.batch,
                              c.what,
                              c.ended,
                              c.how,
                              {},
                              {},
                              {},
                              c.noticed_ms,
                              c.decided_ms,
                              c.decided_by,
                              {},
                              {},
                              c.kept,
                              c.came});
    for (const auto& run : *runs)
      left.runs[run.schedule] = run.night;
    for (auto& v : *visits)
      left.visits.push_back({v.visit, v.patient, v.how, v.day, v.until, v.repeats, v.desk});
    return remember_visitors(all) ? result<left_over>{std::move(left)}
                                  : failure(error_code::journal_damaged, "visitors", "a row cannot be read");
  }
  bool remember_visitors(std::size_t most) {
    const auto rows =
        storage::load_rows<storage::visitor_row>(*here().journal, "visitors", storage::visitor_prefix, most);
    if (!rows) return false;
    for (const auto& row : *rows)
      scheduler_.remember({row.patient, row.who});
    return true;
  }

  std::shared_ptr<drivers::line::line> line_;
  clerk_options how_;
  journal_book book_;
  scheduler scheduler_;
  std::shared_ptr<clerk> clerk_; ///< last: it reads the book
};

} // namespace

caf::actor spawn(caf::actor_system& system, const actors::runtime::place& where,
                 const actors::runtime::node_ports& ports) {
  return caf::actor_cast<caf::actor>(system.spawn<actor>(where, ports));
}

} // namespace batch_scheduler
