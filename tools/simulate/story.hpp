// A story: what patients and staff do, line by line, in a text file (README: tools/simulated/stories). Played on a
// simulated clinic through the same ports as the pages.
#pragma once

#include "tools/simulate/clinic.hpp"
#include "tools/simulate/page.hpp"

#include <iosfwd>

namespace tools {

/// One line of a story, in words: `desk-1: pin wrong`.
struct story_line {
  int number = 0;
  std::string who; ///< a desk, `reception`, or `story` for what nobody in the clinic says
  std::vector<std::string> words;
};

/// Errors: file_unreadable, story_failed (a line that is no line).
messages::result<std::vector<story_line>> read_story(const std::filesystem::path& file);

/// Does it say who stands before a camera (`show`)? Then its clinic needs scripted faces.
bool shows_faces(const std::vector<story_line>& story);

/// Plays it and tells it to @p told, each step with the milliseconds the clinic took to react. The first line that does
/// not come true ends it: story_failed, naming the line and what was seen instead.
/// @p drill: what reception does is left to people at reception's page, told what is theirs to do, and waited for.
messages::result<void> play_story(clinic& where, const std::filesystem::path& file, std::ostream& told,
                                  bool drill = false);

/// What a story's hands need of a clinic, for hands that react instead of following a script (the crash loop).
class clinic_hands {
public:
  explicit clinic_hands(clinic& where);
  page& screen(const std::string& node);
  page& rig(const std::string& desk);
  clinic& where() { return where_; }
  /// The check-in that desk's page shows, or that reception's board has in @p state.
  std::optional<messages::show_at_reception> on_board(const std::string& desk, messages::checkin_state state);

private:
  clinic& where_;
  std::map<std::string, std::unique_ptr<page>> screens_, rigs_;
};

/// Bodies of what a page says.
messages::value body_with(std::initializer_list<std::pair<std::string, std::string>> texts);

} // namespace tools
