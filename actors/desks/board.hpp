// 業務開始・終了, 無人運転・目視確認, and which desk's reader can be worked with. Pure.
#pragma once

#include "actors/pure/effects.hpp"

#include <map>
#include <set>

namespace desks {

class board {
public:
  /// @p known: the desks as the journal's view holds them.
  explicit board(std::vector<messages::desk_status> known = {}, std::string hub = "hub");

  actors::effects on_command(const messages::command_envelope& command);
  const std::map<std::string, messages::desk_status>& all() const { return desks_; }

  /// Of the journal, for list_desks: what is durable at @p index is in this board.
  void stands_at(std::uint64_t index, std::uint64_t epoch) {
    index_ = index;
    epoch_ = epoch;
  }

  static constexpr std::size_t desks_max = 200;

private:
  void handle(const messages::report_reader&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::open_desk&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::close_desk&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::switch_mode&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::note_mode&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::describe_desk&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::note_update&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::call_staff&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::attend_desk&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::show_again&, const messages::command_envelope&, actors::effects&);
  void handle(const messages::list_desks&, const messages::command_envelope&, actors::effects&);
  messages::desk_status* desk_named(const std::string& name, const messages::command_envelope&, actors::effects&);

  void show(const messages::desk_status& desk, actors::effects& out) const;

  std::string hub_;
  std::uint64_t index_ = 0, epoch_ = 0;
  std::map<std::string, messages::desk_status> desks_;
  std::set<std::string> called_; ///< desks whose patient called and to whom nobody went yet
};

} // namespace desks
