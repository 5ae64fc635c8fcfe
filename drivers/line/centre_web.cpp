// The simulated centre: what comes of マイナ在宅受付Web, and consents that were given elsewhere as answers state them.
#include "drivers/line/centre.hpp"
#include "drivers/line/text.hpp"
#include "drivers/line/xml_messages.hpp"

#include <array>
#include <chrono>

namespace drivers::line {
namespace {

struct stated_kind {
  wire::consent wire::insurance::*consent;
  bool web_choices::*chosen;
};
constexpr std::array viewed_kinds{stated_kind{&wire::insurance::checkup, &web_choices::checkup},
                                  stated_kind{&wire::insurance::drugs, &web_choices::medicine},
                                  stated_kind{&wire::insurance::treatment, &web_choices::medicine},
                                  stated_kind{&wire::insurance::surgery, &web_choices::surgery}};

constexpr std::size_t holders_max = 200;      ///< persons made by a seed beyond it have cards, too, but are not listed
constexpr const char* web_kind = "web_consent"; ///< of a ledger's line

/// yyyyMMdd that the calendar has.
bool is_day(const std::string& text) {
  if (!is_digits(text, 8)) return false;
  const auto part = [&](std::size_t at, std::size_t count) { return std::stoi(text.substr(at, count)); };
  return std::chrono::year_month_day{std::chrono::year{part(0, 4)}, std::chrono::month{unsigned(part(4, 2))},
                                     std::chrono::day{unsigned(part(6, 2))}}
      .ok();
}

} // namespace

bool centre::has_withdrawn(const std::string& institution, const simulated_person& person) const {
  return withdrawn_.contains({institution, person.card_name});
}

centre::given_consent centre::consent_of(const std::string& institution, const simulated_person& person,
                                         bool online) const {
  given_consent given;
  if (const auto* here = web_.of({institution, online}, person.card_name)) {
    given.when = here->registered;
    given.chosen = here->chosen;
    given.examined_on = here->examined_on;
    given.on_web = true;
    if (here->ended) given.ended = expiry_reason::cancelled_by_patient;
  } else {
    given.when = online ? person.online_consent : person.home_visit_consent;
    given.examined_on = person.examined_on;
    given.ended.text = person.expired_reason;
  }
  if (!online && has_withdrawn(institution, person)) given.ended = expiry_reason::cancelled_by_institution;
  return given;
}

void centre::state_consents_of(const given_consent& given, wire::insurance& insurance) {
  if (given.when.empty()) return;
  const auto state = [&](wire::consent& consent, bool chosen) {
    consent = {};
    consent.flag = !chosen ? consent_state::none : given.ended.stated() ? consent_state::expired : consent_state::given;
    if (consent.flag.is(consent_state::given)) consent.consented = given.when;
    if (consent.flag.is(consent_state::expired)) consent.reason = given.ended;
  };
  for (const auto& kind : viewed_kinds)
    state(insurance.*kind.consent, given.chosen.*kind.chosen);
  if (!given.on_web) return; // the data file says what is told of the limit
  state(insurance.limit_told, given.chosen.limit);
  if (!insurance.limit_told.flag.is(consent_state::given)) insurance.limit.reset();
}

std::optional<web_place> centre::web_place_of(std::string_view token) {
  const std::lock_guard lock{mutex_};
  return web_.place_of(token);
}

std::vector<std::pair<std::string, std::string>> centre::card_holders() {
  const std::lock_guard lock{mutex_};
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& person : persons_.all())
    if (all.size() < holders_max && !person.insurances.empty())
      all.emplace_back(person.card_name, person.insurances.front().seen.name);
  return all;
}

std::optional<centre::web_challenge> centre::challenge_card_at_home(const web_place& place) {
  const std::lock_guard lock{mutex_};
  const auto now = options_.now_ms();
  web_challenge issued{digest_of(to_base64(options_.random_octets(16))).substr(0, 32), options_.random_octets(32)};
  const auto forget_before = now > options_.challenge_valid_ms ? now - options_.challenge_valid_ms : 0;
  const auto kept = ledger_->add_challenge(issued.id, {place.institution, issued.value, now, ""}, forget_before);
  return kept ? std::optional{std::move(issued)} : std::nullopt;
}

centre::web_registration centre::register_at_home(std::string_view token, const web_proof& proof,
                                                  const std::optional<web_choices>& choices,
                                                  const std::string& examined_on) {
  const std::lock_guard lock{mutex_};
  const auto now = options_.now_ms();
  const auto place = web_.place_of(token);
  if (!place) return {web_outcome::unknown_address, {}};
  const bool needs_day = place->online && choices;
  if (needs_day ? !is_day(examined_on) || examined_on < japanese_time(now).substr(0, 8) : !examined_on.empty())
    return {web_outcome::wrong_day, {}};
  const auto* given = ledger_->find_challenge(proof.challenge);
  if (!given || !given->used_by.empty() || given->institution != place->institution ||
      now > given->issued_ms + options_.challenge_valid_ms)
    return {web_outcome::stale, {}};
  const auto checked = cards_->check(proof.certificate, given->value, proof.signature, now);
  if (checked.is != card_proof::outcome::proven || checked.ended_lately) return {web_outcome::wrong_card, {}};
  const auto* person = persons_.find_card(checked.card_name);
  if (!person || person->insurances.empty()) return {web_outcome::nobody, {}};
  const auto before = consent_of(place->institution, *person, place->online);
  if (!choices && (before.when.empty() || before.ended.stated())) return {web_outcome::nothing_to_end, {}};

  web_consent consent{japanese_time(now), choices.value_or(before.chosen), choices ? examined_on : before.examined_on,
                      !choices};
  ledger_question entry;
  entry.institution = place->institution;
  entry.identifier = proof.challenge;
  entry.kind = web_kind;
  entry.person = person->card_name;
  entry.content = digest_of(std::string{web_kind} + '|' + proof.challenge);
  entry.challenge = proof.challenge;
  entry.first_seen_ms = now;
  entry.reply = (place->online ? 'o' : 'h') + to_line(consent);
  if (ledger_->full() || !ledger_->add_question(entry)) return {web_outcome::busy, {}};
  remember_what_happened({entry});
  return {web_outcome::registered, std::move(consent)};
}

/// In the order in which it happened: a consent after a withdrawal is in force again.
void centre::remember_what_happened(const std::vector<ledger_question>& asked) {
  for (const auto& q : asked) {
    if (q.kind == "withdrawal") withdrawn_.emplace(q.institution, q.person);
    if (q.kind == "card") viewable_.emplace(q.institution, q.person);
    if (q.kind == "url")
      if (const auto said = read_message<wire::url_result>(q.reply, *names_))
        if (const auto at = said->url.rfind('='); at != std::string::npos)
          web_.remember_address(q.institution, std::string_view{said->url}.substr(at + 1));
    if (q.kind != web_kind || q.reply.empty()) continue;
    auto consent = web_consent_from(std::string_view{q.reply}.substr(1));
    if (!consent) continue;
    const bool online = q.reply.front() == 'o';
    if (!online && !consent->ended) withdrawn_.erase({q.institution, q.person});
    viewable_.emplace(q.institution, q.person);
    web_.take({q.institution, online}, q.person, std::move(*consent));
  }
}

} // namespace drivers::line
