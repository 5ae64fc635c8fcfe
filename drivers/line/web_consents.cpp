// SIMULATED: addresses and consents of マイナ在宅受付Web.
#include "drivers/line/web_consents.hpp"

#include "drivers/line/text.hpp"

namespace drivers::line {
namespace {

constexpr std::size_t token_size = 17;
constexpr char home_visit_mark = 'h', online_mark = 'o'; ///< a token says itself what it is for

} // namespace

std::string web_consents::address_of(const web_place& place, const std::string& renewal) {
  auto& token = tokens_[{place.institution, place.online}];
  if (!token.empty() && renewal.empty()) return token;
  places_.erase(token);
  token = (place.online ? online_mark : home_visit_mark) +
          digest_of("address|" + place.institution + '|' + renewal).substr(0, token_size - 1);
  places_[token] = place;
  return token;
}

void web_consents::remember_address(const std::string& institution, std::string_view token) {
  if (token.size() != token_size || (token.front() != home_visit_mark && token.front() != online_mark)) return;
  const web_place place{institution, token.front() == online_mark};
  auto& current = tokens_[{place.institution, place.online}];
  places_.erase(current);
  current = token;
  places_[current] = place;
}

std::optional<web_place> web_consents::place_of(std::string_view token) const {
  const auto found = places_.find(token);
  return found == places_.end() ? std::nullopt : std::optional{found->second};
}

void web_consents::take(const web_place& place, const std::string& person, web_consent consent) {
  consents_[{place.institution, place.online, person}] = std::move(consent);
}

const web_consent* web_consents::of(const web_place& place, const std::string& person) const {
  const auto found = consents_.find({place.institution, place.online, person});
  return found == consents_.end() ? nullptr : &found->second;
}

std::string to_line(const web_consent& c) {
  std::string line = c.registered;
  for (const bool yes : {c.chosen.surgery, c.chosen.medicine, c.chosen.checkup, c.chosen.limit, c.ended})
    line += yes ? '1' : '0';
  return line + c.examined_on;
}

std::optional<web_consent> web_consent_from(std::string_view line) {
  constexpr std::size_t time = 14, flags = 5, day = 8;
  if ((line.size() != time + flags && line.size() != time + flags + day) || !is_digits(line, line.size()))
    return std::nullopt;
  web_consent c;
  c.registered = line.substr(0, time);
  const auto given = [&](std::size_t n) { return line[time + n] == '1'; };
  c.chosen = {given(0), given(1), given(2), given(3)};
  c.ended = given(4);
  c.examined_on = line.substr(time + flags);
  return c;
}

} // namespace drivers::line
