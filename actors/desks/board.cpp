// What each command to desks changes and writes.
#include "actors/desks/board.hpp"

#include "actors/desks/checklist.hpp"

namespace desks {

using namespace messages;

board::board(std::vector<desk_status> known, std::string hub) : hub_(std::move(hub)) {
  for (auto& d : known) {
    d.reader = health::unknown; // what was attached before the restart will say so again
    desks_[d.desk] = std::move(d);
  }
}

actors::effects board::on_command(const command_envelope& command) {
  actors::effects out;
  using handled = message_list<report_reader, open_desk, close_desk, switch_mode, note_mode, describe_desk, note_update,
                               call_staff, attend_desk, list_desks, show_again>;
  actors::dispatch(handled{}, command, out, [&](const auto& body) { handle(body, command, out); });
  return out;
}

desk_status* board::desk_named(const std::string& name, const command_envelope& command, actors::effects& out) {
  if (!is_name(name)) {
    out.refuse(command, {error_code::wrong_value, {"desk", name}});
    return nullptr;
  }
  if (!desks_.contains(name) && desks_.size() >= desks_max) {
    out.refuse(command, {error_code::busy, {"desks"}});
    return nullptr;
  }
  auto& d = desks_[name];
  d.desk = name;
  return &d;
}

void board::handle(const report_reader& m, const command_envelope& command, actors::effects& out) {
  const auto from = address::from_text(command.from);
  auto* d = desk_named(from ? from->node : "", command, out);
  if (!d) return;
  const bool changed = d->reader != m.state || d->reader_model != m.model;
  d->reader = m.state;
  d->reader_model = m.model;
  if (changed) show(*d, out);
  if (changed && m.state == health::working) out.write(reader_attached{m.model}, d->desk, {}, command.id);
  if (changed && m.state != health::working) out.write(reader_detached{m.error}, d->desk, {}, command.id);
  out.reply(command, done{});
}

void board::handle(const open_desk& m, const command_envelope& command, actors::effects& out) {
  auto* d = desk_named(m.desk, command, out);
  if (!d) return;
  if (!d->open) out.write(desk_opened{}, m.desk, {}, command.id);
  d->open = true;
  show(*d, out);
  out.reply(command, done{});
}

void board::handle(const close_desk& m, const command_envelope& command, actors::effects& out) {
  auto* d = desk_named(m.desk, command, out);
  if (!d) return;
  if (d->open && d->update_pending) return out.refuse(command, {error_code::update_pending, {m.desk}});
  if (d->open) out.write(desk_closed{}, m.desk, {}, command.id);
  d->open = false;
  show(*d, out);
  out.reply(command, done{});
}

void board::handle(const switch_mode& m, const command_envelope& command, actors::effects& out) {
  auto* d = desk_named(m.desk, command, out);
  if (!d) return;
  // With a reader of ours one press does it for one patient (checkin.begin_visual_check), and it goes back by itself.
  if (d->kind != desk_kind::certified)
    return out.refuse(command, {error_code::wrong_value, {"desk kind", std::string{name(d->kind)}}});
  if (d->mode != m.mode) out.write(desk_mode_switched{m.mode, {}}, m.desk, {}, command.id);
  d->mode = m.mode;
  show(*d, out);
  out.reply(command, done{});
}

/// It stands in the journal already.
void board::handle(const note_mode& m, const command_envelope& command, actors::effects& out) {
  auto* d = desk_named(m.desk, command, out);
  if (!d) return;
  d->mode = m.mode;
  show(*d, out);
  out.reply(command, done{});
}

void board::handle(const describe_desk& m, const command_envelope& command, actors::effects& out) {
  auto* d = desk_named(m.desk, command, out);
  if (!d) return;
  if (d->mode == desk_mode::visual_check && d->kind != m.kind) // somebody is being helped there
    return out.refuse(command, {error_code::not_now, {command.topic, std::string{name(d->mode)}}});
  if (d->kind != m.kind || d->has_display != m.has_display)
    out.write(desk_described{m.kind, m.has_display}, m.desk, {}, command.id);
  d->kind = m.kind;
  d->has_display = m.has_display;
  show(*d, out);
  out.reply(command, done{});
}

void board::handle(const note_update& m, const command_envelope& command, actors::effects& out) {
  auto* d = desk_named(m.desk, command, out);
  if (!d) return;
  if (d->update_pending != m.pending) out.write(update_noted{m.pending}, m.desk, {}, command.id);
  d->update_pending = m.pending;
  show(*d, out);
  out.reply(command, done{});
}

void board::handle(const call_staff&, const command_envelope& command, actors::effects& out) {
  const auto from = address::from_text(command.from);
  auto* d = desk_named(from ? from->node : "", command, out);
  if (!d) return;
  if (called_.insert(d->desk).second) out.write(staff_called{}, d->desk, {}, command.id);
  show(*d, out);
  out.reply(command, done{});
}

void board::handle(const attend_desk& m, const command_envelope& command, actors::effects& out) {
  auto* d = desk_named(m.desk, command, out);
  if (!d) return;
  if (called_.erase(m.desk) > 0) out.write(staff_attended{}, m.desk, {}, command.id);
  show(*d, out);
  out.reply(command, done{});
}

void board::show(const desk_status& desk, actors::effects& out) const {
  out.show({"screen", hub_}, show_desk{desk, called_.contains(desk.desk), opening_steps(desk), closing_steps(desk)});
}

void board::handle(const show_again&, const command_envelope& command, actors::effects& out) {
  for (const auto& [name, d] : desks_)
    show(d, out);
  out.reply(command, done{});
}

void board::handle(const list_desks&, const command_envelope& command, actors::effects& out) {
  desk_list list;
  for (const auto& [name, d] : desks_)
    list.desks.push_back(d);
  list.index = index_;
  list.epoch = epoch_;
  out.reply(command, list);
}

} // namespace desks
