// Reads a story and plays it, line by line.
#include "tools/simulate/story.hpp"

#include "messages/face_commands.hpp"

#include <algorithm>
#include <fstream>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <thread>

namespace tools {

using namespace messages;

result<std::vector<story_line>> read_story(const std::filesystem::path& file) {
  std::ifstream in{file};
  if (!in) return failure(error_code::file_unreadable, file.string(), "no such story");
  std::vector<story_line> lines;
  std::string text;
  for (int number = 1; std::getline(in, text); ++number) {
    if (const auto comment = text.find('#'); comment != std::string::npos) text.erase(comment);
    if (text.find_first_not_of(" \t") == std::string::npos) continue;
    const auto colon = text.find(':');
    if (colon == std::string::npos)
      return failure(error_code::story_failed, file.filename().string(), std::to_string(number), "WHO: WHAT is needed");
    story_line line{number, text.substr(0, colon), {}};
    std::istringstream words{text.substr(colon + 1)};
    for (std::string word; words >> word;)
      line.words.push_back(word);
    if (line.words.empty())
      return failure(error_code::story_failed, file.filename().string(), std::to_string(number), "it says nothing");
    lines.push_back(std::move(line));
  }
  return lines;
}

bool shows_faces(const std::vector<story_line>& story) {
  return std::ranges::any_of(story, [](const auto& line) { return line.words.front() == "show"; });
}

value body_with(std::initializer_list<std::pair<std::string, std::string>> texts) {
  value::map entries;
  for (const auto& [key, text] : texts)
    entries.emplace_back(key, value{text});
  return value{std::move(entries)};
}

// -- the hands -----------------------------------------------------------------------------------------------------

clinic_hands::clinic_hands(clinic& where) : where_(where) {
  screens_["hub"] = std::make_unique<page>(where.screen_socket("hub"), where.accounts().general);
  for (const auto& d : where.desks()) {
    screens_[d] = std::make_unique<page>(where.screen_socket(d));
    rigs_[d] = std::make_unique<page>(where.rig_socket(d));
  }
}

page& clinic_hands::screen(const std::string& node) { return *screens_.at(node); }
page& clinic_hands::rig(const std::string& desk) { return *rigs_.at(desk); }

std::optional<show_at_reception> clinic_hands::on_board(const std::string& desk, checkin_state state) {
  std::optional<show_at_reception> newest;
  for (auto& [checkin, row] : screen("hub").board())
    if (row.desk == desk && row.state == state) newest = row; // ids are ordered by time
  return newest;
}

// -- playing -------------------------------------------------------------------------------------------------------

namespace {

constexpr wait_ms see_ms_max{15'000}, people_ms_max{600'000};

class player {
public:
  player(clinic& where, std::string story, std::ostream& told, bool drill)
      : hands_(where), story_(std::move(story)), told_(told), drill_(drill), begun_(std::chrono::steady_clock::now()) {}

  result<void> play(const story_line& line) {
    const auto before = std::chrono::steady_clock::now();
    auto done = line.who == "story"       ? of_the_story(line)
                : line.who == "reception" ? of_reception(line)
                                          : of_a_desk(line);
    if (!done) return failure(error_code::story_failed, story_, std::to_string(line.number), to_sentence(done.error()));
    tell(line, std::chrono::steady_clock::now() - before);
    return {};
  }

private:
  using seconds = std::chrono::duration<double>;

  void tell(const story_line& line, std::chrono::steady_clock::duration took) {
    std::string words;
    for (const auto& w : line.words)
      words += w + ' ';
    const seconds at = std::chrono::steady_clock::now() - begun_;
    told_ << std::fixed << std::setprecision(3) << std::setw(8) << at.count() << " s  ";
    if (line.who == "story")
      told_ << "— " << words << '\n';
    else
      told_ << std::left << std::setw(10) << line.who << ' ' << std::setw(64) << words << std::right << std::setw(7)
            << std::setprecision(1) << std::chrono::duration<double, std::milli>(took).count() << " ms\n";
    told_.flush();
  }

  static std::string sentence_of(const std::vector<std::string>& words) {
    std::string sentence;
    for (const auto& w : words)
      sentence += (sentence.empty() ? "" : " ") + w;
    return sentence;
  }

  static tl::unexpected<error> no_such(const story_line& line) {
    return failure(error_code::wrong_value, line.who, line.words.front() + " is no word of a story");
  }

  result<void> of_the_story(const story_line& line) {
    const auto& w = line.words;
    if (w[0] == "say") return {};
    if (w.size() == 2 && w[0] == "pause") {
      std::this_thread::sleep_for(std::chrono::seconds{std::clamp(std::atoi(w[1].c_str()), 0, 60)});
      return {};
    }
    if (w.size() == 2 && w[0] == "stop")
      hands_.where().stop(w[1]);
    else if (w.size() == 2 && w[0] == "kill")
      hands_.where().kill(w[1]);
    else if (w.size() == 2 && w[0] == "start")
      hands_.where().start(w[1]);
    else if (w.size() == 2 && w[0] == "freeze")
      hands_.where().freeze(w[1]);
    else
      return no_such(line);
    return {};
  }

  // -- a patient ---------------------------------------------------------------------------------------------------

  result<void> of_a_desk(const story_line& line) {
    const auto desks = hands_.where().desks();
    if (std::ranges::find(desks, line.who) == desks.end())
      return failure(error_code::wrong_value, "desk", line.who + "; start more with --desks");
    const auto& w = line.words;
    if ((w[0] == "place" || w[0] == "show") && w.size() >= 2) return hands_.rig(line.who).rig(sentence_of(w));
    if (w[0] == "lift" || w[0] == "unplug" || w[0] == "plug") return hands_.rig(line.who).rig(w[0]);
    if (w[0] == "see") return see(line);
    if (w[0] == "choose" && w.size() == 2) return press(line.who, choose_method::topic, {{"method", w[1]}});
    if (w[0] == "stop") return press(line.who, stop_checkin::topic, {});
    if (w[0] == "pin" && w.size() == 2) return enter_pin(line);
    if (w[0] == "confirm") return confirm(line);
    if (w[0] == "consent" || w[0] == "provide") return choose(line);
    return no_such(line);
  }

  std::string checkin_of(const std::string& desk) {
    const auto shown = hands_.screen(desk).prompt();
    return shown ? shown->checkin.text() : std::string{};
  }

  result<void> press(const std::string& desk, std::string_view topic,
                     std::vector<std::pair<std::string, std::string>> texts) {
    value::map body{{"checkin", value{checkin_of(desk)}}};
    for (auto& [key, text] : texts)
      body.emplace_back(key, value{std::move(text)});
    return hands_.screen(desk).say(topic, value{std::move(body)});
  }

  result<void> enter_pin(const story_line& line) {
    const auto& pin = hands_.where().options().pin;
    const auto wrong = pin == "0000" ? "1111" : "0000";
    hands_.screen(line.who).press_pin(line.words[1] == "right" ? pin : wrong);
    auto done = press(line.who, messages::enter_pin::topic, {});
    // The last try: the page asks once more, and `confirm` answers.
    if (!done && done.error().code == error_code::last_try_unconfirmed) return {};
    return done;
  }

  result<void> confirm(const story_line& line) {
    const auto shown = hands_.screen(line.who).prompt();
    if (!shown || shown->shown != prompt::last_try) return failure(error_code::not_now, "confirm", "no last try");
    value::map body{{"checkin", value{shown->checkin.text()}}, {"confirms", value{shown->sequence}}};
    return hands_.screen(line.who).say(messages::enter_pin::topic, value{std::move(body)});
  }

  /// `consent surgery yes treatment yes …`, `provide limit yes specified_disease no`.
  result<void> choose(const story_line& line) {
    std::vector<std::pair<std::string, std::string>> texts;
    for (std::size_t i = 1; i + 1 < line.words.size(); i += 2)
      texts.emplace_back(line.words[i], line.words[i + 1] == "yes" ? "given" : "refused");
    return press(line.who, line.words[0] == "consent" ? answer_consents::topic : provide_information::topic, texts);
  }

  /// `see PROMPT [tries N | alone]`; alone: no check-in's, since no card lies there.
  result<void> see(const story_line& line) {
    const auto& w = line.words;
    const auto wanted = w.size() > 1 ? from_name<prompt>(w[1]) : std::nullopt;
    if (!wanted) return failure(error_code::wrong_value, "prompt", w.size() > 1 ? w[1] : "");
    const bool alone = w.size() == 3 && w[2] == "alone";
    const auto tries = w.size() == 4 && w[2] == "tries" ? std::atoi(w[3].c_str()) : -2;
    auto& screen = hands_.screen(line.who);
    const bool seen = screen.wait(
        [&](page& p) {
          const auto shown = p.prompt();
          return shown && shown->shown == *wanted && (tries == -2 || shown->tries_left == tries) &&
                 (!alone || shown->checkin.empty());
        },
        patience());
    if (seen) return {};
    const auto shown = screen.prompt();
    return failure(error_code::not_now, w[1],
                   shown ? std::string{name(shown->shown)} + ", tries left " + std::to_string(shown->tries_left)
                         : "nothing");
  }

  // -- reception ---------------------------------------------------------------------------------------------------

  wait_ms patience() const { return drill_ ? people_ms_max : see_ms_max; }

  result<void> of_reception(const story_line& line) {
    const auto& w = line.words;
    auto& screen = hands_.screen("hub");
    if (w[0] == "see" && w.size() >= 3) return see_at_reception(line);
    if (drill_) { // the story waits at the next line that needs what people do now
      told_ << "            → 受付の画面で、職員がすること / yours to do at reception's page:\n";
      return {};
    }
    if (w.size() == 2 && (w[0] == "visual" || w[0] == "vouch"))
      return screen.say(w[0] == "vouch" ? messages::vouch::topic : begin_visual_check::topic,
                        body_with({{"desk", w[1]}}));
    if (w[0] == "move" && w.size() == 3) {
      const auto shown = hands_.screen(w[1]).prompt();
      const auto checkin = shown ? shown->checkin.text() : std::string{};
      return screen.say(move_patient::topic, body_with({{"checkin", checkin}, {"desk", w[2]}}));
    }
    if (w[0] == "register" && w.size() == 3) {
      const auto row = hands_.on_board(w[1], checkin_state::registration);
      if (!row) return failure(error_code::not_now, "register", "no registration at " + w[1]);
      return screen.say(register_reference_number::topic,
                        body_with({{"checkin", row->checkin.text()}, {"number", w[2]}}));
    }
    if (w[0] == "decide" && w.size() == 3 && (w[2] == "same" || w[2] == "other")) {
      const auto row = hands_.on_board(w[1], checkin_state::deciding);
      if (!row) return failure(error_code::not_now, "decide", "nobody of " + w[1] + " waits for staff's eyes");
      const value::map body{{"checkin", value{row->checkin.text()}}, {"same_person", value{w[2] == "same"}}};
      return screen.say(decide_face::topic, value{body});
    }
    if (w[0] == "finish" && w.size() == 2) {
      const auto row = hands_.on_board(w[1], checkin_state::at_window);
      if (!row) return failure(error_code::not_now, "finish", "nobody of " + w[1] + " is at the window");
      return screen.say(finish_at_window::topic, body_with({{"checkin", row->checkin.text()}}));
    }
    if (w[0] == "keep-walk-in" && w.size() == 6) {
      const auto row = hands_.on_board(w[1], checkin_state::at_window);
      if (!row) return failure(error_code::not_now, "keep-walk-in", "nobody of " + w[1] + " is at the window");
      value body{value::map{
          {"checkin", value{row->checkin.text()}},
          {"person", body_with({{"insurer", w[2]}, {"symbol", w[3]}, {"number", w[4]}, {"birth_date", w[5]}})},
          {"limit", value{std::string{"given"}}}}};
      return screen.say(keep_walk_in::topic, std::move(body));
    }
    return no_such(line);
  }

  /// `see DESK STATE [judged VALIDITY] [number N] [outcome O]`: a row of that desk on the board.
  result<void> see_at_reception(const story_line& line) {
    const auto& w = line.words;
    const auto state = from_name<checkin_state>(w[2]);
    if (!state) return failure(error_code::wrong_value, "state", w[2]);
    const auto fits = [&](const show_at_reception& row) {
      for (std::size_t i = 3; i + 1 < w.size(); i += 2) {
        if (w[i] == "judged" && name(row.judged) != w[i + 1]) return false;
        if (w[i] == "number" && row.reference_number.reveal() != w[i + 1]) return false;
        if (w[i] == "outcome" && name(row.outcome) != w[i + 1]) return false;
      }
      return row.desk == w[1] && row.state == *state;
    };
    const bool seen = hands_.screen("hub").wait(
        [&](page& p) { return std::ranges::any_of(p.board(), [&](const auto& entry) { return fits(entry.second); }); },
        patience());
    if (seen) return {};
    std::string instead;
    for (const auto& [checkin, row] : hands_.screen("hub").board())
      instead += row.desk + " " + std::string{name(row.state)} + " " + std::string{name(row.outcome)} + " " +
                 std::string{name(row.judged)} + "; ";
    return failure(error_code::not_now, w[2], instead.empty() ? "an empty board" : instead);
  }

  clinic_hands hands_;
  std::string story_;
  std::ostream& told_;
  bool drill_ = false;
  std::chrono::steady_clock::time_point begun_;
};

} // namespace

result<void> play_story(clinic& where, const std::filesystem::path& file, std::ostream& told, bool drill) {
  const auto lines = read_story(file);
  if (!lines) return failure(lines.error());
  player p{where, file.filename().string(), told, drill};
  for (const auto& line : *lines)
    if (auto played = p.play(line); !played) return played;
  return {};
}

} // namespace tools
