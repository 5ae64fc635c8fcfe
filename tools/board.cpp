// One question for the last values, then the topics that change them.
#include "tools/board.hpp"

#include "messages/json.hpp"

#include <iostream>
#include <map>

namespace tools {

using namespace messages;

namespace {

constexpr std::uint32_t answer_wait_ms = 5'000;

void print(const desk_status& d, bool json) {
  if (json)
    std::cout << to_json(*unpack(encode_body(d))) << '\n';
  else
    std::cout << d.desk << "  " << (d.open ? "open" : "closed") << "  " << name(d.mode) << "  reader " << name(d.reader)
              << (d.reader_model.empty() ? "" : " (" + d.reader_model + ")") << '\n';
}

/// What is on the board, printed where it differs from what was printed before.
class board_on_paper {
public:
  explicit board_on_paper(bool json) : json_(json) {}
  void show(const desk_list& list) {
    for (const auto& d : list.desks) {
      const auto known = rows_.find(d.desk);
      if (known != rows_.end() && known->second == d) continue;
      rows_[d.desk] = d;
      print(d, json_);
    }
    std::cout.flush();
  }

private:
  std::map<std::string, desk_status> rows_;
  bool json_;
};

} // namespace

outcome watch_board(const hub_at& hub, bus::subscriber_options how, bool json, bool once) {
  board_on_paper board{json};
  const auto first = ask_hub(hub, "desks", list_desks{}, answer_wait_ms);
  if (!first) return failure(first.error());
  board.show(*first);
  if (first->desks.empty()) std::cerr << "no desk has reported yet\n";
  if (once) return 0;
  how.order.from = first->index + 1;
  how.order.topics = {"desk."};
  auto opened = bus::subscriber::open(std::make_shared<bus::context>(), std::move(how));
  if (!opened) return failure(opened.error());
  auto& reader = **opened;
  while (std::cout) {
    if (!reader.next(200)) continue;
    while (reader.next(0)) { // several at once are one look
    }
    if (const auto now = ask_hub(hub, "desks", list_desks{}, answer_wait_ms))
      board.show(*now);
    else
      std::cerr << to_sentence(now.error()) << '\n'; // the hub is away: the next event comes when it is back
  }
  return 0;
}

} // namespace tools
