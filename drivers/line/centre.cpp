// The simulated national system.
#include "drivers/line/centre.hpp"

#include "drivers/line/centre_settle.hpp"
#include "drivers/line/text.hpp"
#include "drivers/line/xml_names.hpp"

namespace drivers::line {
namespace {

using messages::choice;
using messages::failure;
using messages::result;
using messages::validity;

constexpr std::uint64_t day_ms = 24ull * 60 * 60 * 1000;
constexpr std::int64_t warning_days = 92; // 有効期限のお知らせ: from three months before (oqs-interface.md §4)

/// For a request of which nothing else is known.
message_header header_of(const std::string& institution) {
  message_header h;
  h.institution = institution;
  return h;
}

/// What was asked, apart from how it was written: equal contents are the same question.
std::string content_of(const card_question& q) {
  std::string text = "card|" + q.challenge_id + '|' + to_base64(q.certificate.reveal()) + '|' + to_base64(q.signature) +
                     '|' + std::string(messages::name(q.kind));
  if (q.method != messages::identity_method::pin) text += '|' + std::string(messages::name(q.method));
  for (const auto& triple : names::consents)
    text += q.choices.*triple.choice == choice::given ? "|1" : "|0";
  return digest_of(text);
}

std::string person_text(const messages::insured_number& n) {
  return normalised(n.insurer) + '|' + normalised(n.symbol) + '|' + normalised(n.number) + '|' + normalised(n.branch) +
         '|' + n.birth_date;
}

std::string content_of(const typed_question& q) {
  return digest_of("typed|" + person_text(q.person.reveal()) + '|' + (q.limit == choice::given ? '1' : '0') + '|' +
                   std::string(messages::name(q.kind)) + '|' + q.confirmed_on);
}

std::string content_of(const reference_registration& r) {
  return digest_of("reference|" + person_text(r.person.reveal()) + '|' + r.number.reveal());
}

void state_nothing(messages::eligibility_answer& answered) {
  for (const auto& triple : names::consents)
    (answered.*triple.flag).flag = -1;
}

/// Whether the consent opens a viewing, which ends; 限度額 and 特定疾病 are told in the answer itself.
bool opens_viewing(const names::consent& triple) {
  return triple.choice != &messages::consent_choices::limit &&
         triple.choice != &messages::consent_choices::specified_disease;
}

/// @p nothing_medical: whatever the question says, no viewing opens.
void state_consents(messages::eligibility_answer& answered, const card_question& question, std::uint64_t now_ms,
                    bool nothing_medical) {
  const bool insured = answered.judged == validity::valid || answered.judged == validity::valid_unregistered;
  for (const auto& triple : names::consents) {
    auto& flag = answered.*triple.flag;
    flag = {};
    if (!insured || question.choices.*triple.choice != choice::given) continue;
    if (nothing_medical && opens_viewing(triple)) continue;
    flag.flag = 1;
    flag.consented = japanese_time(now_ms);
    // 訪問 and オンライン have ends of other kinds (design.md §5): no AvailableTime
    if (opens_viewing(triple) && question.kind == messages::care::outpatient)
      flag.available_until = japanese_time(now_ms + day_ms);
  }
}

/// What is told only to whom the patient allowed it.
void withhold(messages::insurance& one, insurance_details& more, bool limit, bool disease) {
  if (!limit) {
    one.limit_class.clear();
    one.limit_flag.clear();
    more.limit_from.clear();
    more.limit_to.clear();
  }
  if (!disease) more.disease.clear();
}

bool says_nothing(validity judged) { return judged == validity::no_match || judged == validity::several; }

void remark(messages::eligibility_answer& answered, std::string_view code, std::string_view message) {
  answered.code = code;
  answered.message = messages::personal{std::string(message)};
}

} // namespace

centre::centre(centre_options options, insured_persons persons, std::unique_ptr<card_authority> cards,
               std::unique_ptr<ledger> book)
    : options_(std::move(options)), persons_(std::move(persons)), cards_(std::move(cards)), ledger_(std::move(book)) {
  // numbers of the data file, unless the ledger has a later one for the person or has given the number to another
  for (const auto& person : persons_.all())
    if (!person.reference_number.empty() && ledger_->number_of(persons_.institution(), person.card_name).empty() &&
        ledger_->owner_of(persons_.institution(), person.reference_number).empty())
      ledger_->remember_number(persons_.institution(), person.card_name, person.reference_number);
  if (const auto asked = read_ledger(options_.data_folder)) remember_what_happened(*asked);
}

result<std::unique_ptr<centre>> centre::open(centre_options options) {
  auto persons = insured_persons::load(options.persons_file);
  if (!persons) return failure(persons.error());
  persons->populate(options.population, options.population_seed);
  auto cards = card_authority::open(options.card_ca_file);
  if (!cards) return failure(cards.error());
  auto book = ledger::open(options.data_folder);
  if (!book) return failure(book.error());
  return std::unique_ptr<centre>{
      new centre{std::move(options), std::move(*persons), std::move(*cards), std::move(*book)}};
}

bool centre::change_person(const std::string& card_name, const std::function<void(simulated_person&)>& how) {
  const std::lock_guard lock{mutex_};
  return persons_.change(card_name, how);
}

message_header centre::answer_header(const message_header& asked, std::string confirmed_on,
                                     const char* reference_class) const {
  message_header h;
  h.institution = asked.institution;
  h.identifier = asked.identifier;
  h.confirmed_on = std::move(confirmed_on);
  h.executed_at = japanese_time(options_.now_ms());
  h.reference_class = reference_class;
  h.segment = 1;
  return h;
}

centre::reply centre::refuse(const message_header& asked, const profile::refusal& why,
                             const std::string& detail) const {
  auto h = answer_header(asked, "", "");
  h.segment = 9;
  h.error_code = why.code;
  h.error_message = std::string(why.message) + detail;
  return {why.http_status, build_refusal(h)};
}

centre::reply centre::handle(std::string_view path, std::string_view client_subject, std::string_view body) {
  const std::lock_guard lock{mutex_};
  const std::string institution{client_subject};
  const auto asked = names_->call_of_path(path);
  return asked ? dispatch(*asked, institution, body) : refuse(header_of(institution), profile::unknown_path);
}

centre::reply centre::dispatch(call asked, const std::string& institution, std::string_view body) {
  switch (asked.what) {
  case function::challenge: return give_challenge(institution, body);
  case function::card_question: return take_card_question(institution, body);
  case function::eligibility: return take_typed_question(institution, body);
  case function::registration: return take_registration(institution, body);
  case function::home_visit:
  case function::online: return take_visit_question(institution, body, asked.what);
  case function::withdrawal: return take_withdrawal(institution, body);
  case function::access_url: return give_url(institution, body);
  case function::drugs:
  case function::checkup: return give_records(institution, body, asked.what == function::checkup);
  default: return asked.step == 1 ? take_bulk(institution, body, asked.what) : give_bulk(institution, body, asked.what);
  }
}

centre::reply centre::give_challenge(const std::string& institution, std::string_view body) {
  const auto asked = parse_challenge_request(body);
  if (!asked) return refuse(header_of(institution), profile::unreadable_request, asked.error().args.front());
  if (asked->institution != institution) return refuse(*asked, profile::other_institution);
  const auto now = options_.now_ms();
  challenge issued;
  issued.id = digest_of(to_base64(options_.random_octets(16))).substr(0, 32);
  issued.value = options_.random_octets(32);
  issued.valid_ms = options_.challenge_valid_ms;
  const auto forget_before = now > options_.challenge_valid_ms ? now - options_.challenge_valid_ms : 0;
  const auto kept = ledger_->add_challenge(issued.id, {institution, issued.value, now, ""}, forget_before);
  if (!kept) return refuse(*asked, profile::too_busy);
  return {200, build_challenge(answer_header(*asked, "", ""), issued)};
}

centre::reply centre::take_card_question(const std::string& institution, std::string_view body) {
  const auto m = parse_card_question(body);
  if (!m) return refuse(header_of(institution), profile::unreadable_request, m.error().args.front());
  if (m->header.institution != institution) return refuse(m->header, profile::other_institution);
  return settle(m->header, "card", content_of(m->body), [&] { return judge_card(m->header, m->body); });
}

centre::reply centre::take_typed_question(const std::string& institution, std::string_view body) {
  const auto m = parse_typed_question(body);
  if (!m) return refuse(header_of(institution), profile::unreadable_request, m.error().args.front());
  if (m->header.institution != institution) return refuse(m->header, profile::other_institution);
  return settle(m->header, "typed", content_of(m->body), [&] { return judge_typed(m->header, m->body); });
}

centre::reply centre::take_registration(const std::string& institution, std::string_view body) {
  const auto m = parse_registration(body);
  if (!m) return refuse(header_of(institution), profile::unreadable_request, m.error().args.front());
  if (m->header.institution != institution) return refuse(m->header, profile::other_institution);
  return settle(m->header, "reference", content_of(m->body), [&] { return judge_registration(m->header, m->body); });
}

centre::outcome centre::judge_card(const message_header& asked, const card_question& question) {
  const auto now = options_.now_ms();
  const auto* given = ledger_->find_challenge(question.challenge_id);
  if (!given || given->institution != asked.institution || now > given->issued_ms + options_.challenge_valid_ms)
    return outcome::refusal(profile::expired_challenge);
  if (!given->used_by.empty()) return outcome::refusal(profile::used_challenge);
  const auto& certificate = question.certificate.reveal();
  const auto proof = question.method == messages::identity_method::pin || !question.signature.empty()
                         ? cards_->check(certificate, given->value, question.signature, now)
                         : cards_->check(certificate, now);
  if (proof.is == card_proof::outcome::wrong_certificate) return outcome::refusal(profile::wrong_certificate);
  if (proof.is == card_proof::outcome::wrong_signature) return outcome::refusal(profile::wrong_signature);

  messages::eligibility_answer answered;
  std::vector<insurance_details> details;
  std::vector<messages::insurance> insurances;
  const auto* person = persons_.find_card(proof.card_name);
  answered.judged = person ? person->judged : validity::no_match;
  answered.status = says_nothing(answered.judged) ? 2 : 1;
  const auto& about_certificate = proof.ended_lately ? profile::certificate_ended : profile::certificate_ends_soon;
  if (proof.days_left < warning_days) remark(answered, about_certificate.code, about_certificate.message);
  if (answered.judged == validity::no_match)
    remark(answered, profile::nobody_found.code, profile::nobody_found.message);
  if (answered.judged == validity::several)
    remark(answered, profile::several_found.code, profile::several_found.message);
  if (person && !person->code.empty()) remark(answered, person->code, person->message);
  if (person && !says_nothing(answered.judged)) {
    for (const auto& insurance : person->insurances) {
      if (insurance.superseded) continue;
      insurances.push_back(insurance.seen);
      details.push_back(insurance.details);
      withhold(insurances.back(), details.back(), question.choices.limit == choice::given,
               question.choices.specified_disease == choice::given);
    }
    if (!insurances.empty())
      insurances.front().reference_number = ledger_->number_of(asked.institution, person->card_name);
  }
  state_consents(answered, question, now, proof.ended_lately);
  answered.insurances = messages::personal{std::move(insurances)};
  const auto today = japanese_time(now).substr(0, 8);
  outcome o;
  o.person = person ? person->card_name : "";
  if (person) viewable_.emplace(asked.institution, o.person);
  o.challenge = question.challenge_id;
  o.xml = build_answer(answer_header(asked, today, "1"), answered, details);
  return o;
}

centre::outcome centre::judge_typed(const message_header& asked, const typed_question& question) {
  const auto matches = persons_.find_number(question.person.reveal());
  messages::eligibility_answer answered;
  std::vector<messages::insurance> insurances;
  std::vector<insurance_details> details;
  answered.judged = matches.empty()                         ? validity::no_match
                    : matches.size() > 1                    ? validity::several
                    : matches.front().insurance->superseded ? validity::newer_exists
                                                            : matches.front().person->judged;
  answered.status = says_nothing(answered.judged) ? 2 : 1;
  state_nothing(answered);
  if (answered.judged == validity::no_match)
    remark(answered, profile::nobody_found.code, profile::nobody_found.message);
  if (answered.judged == validity::several)
    remark(answered, profile::several_found.code, profile::several_found.message);
  outcome o;
  if (matches.size() == 1) o.person = matches.front().person->card_name;
  if (matches.size() == 1 && !says_nothing(answered.judged)) {
    const auto& [person, insurance] = matches.front();
    if (!person->code.empty()) remark(answered, person->code, person->message);
    insurances.push_back(insurance->seen);
    details.push_back(insurance->details);
    withhold(insurances.back(), details.back(), question.limit == choice::given, false);
    insurances.back().reference_number = ledger_->number_of(asked.institution, person->card_name);
    answered.limit = {question.limit == choice::given ? 1 : 0, "", ""};
    if (question.limit == choice::given) answered.limit.consented = japanese_time(options_.now_ms());
  }
  answered.insurances = messages::personal{std::move(insurances)};
  o.xml = build_answer(answer_header(asked, question.confirmed_on, "2"), answered, details);
  return o;
}

centre::outcome centre::judge_registration(const message_header& asked, const reference_registration& registration) {
  const auto matches = persons_.find_number(registration.person.reveal());
  registration_answer answered{1, "", ""};
  outcome o;
  if (matches.size() != 1) {
    const auto& why = matches.empty() ? profile::nobody_found : profile::several_found;
    answered = {2, std::string(why.code), std::string(why.message)};
  } else {
    o.person = matches.front().person->card_name;
    const auto owner = ledger_->owner_of(asked.institution, registration.number.reveal());
    if (owner.empty() || owner == o.person)
      o.reference_number = registration.number.reveal();
    else
      answered = {2, std::string(profile::number_taken.code), std::string(profile::number_taken.message)};
  }
  o.xml = build_registration_answer(answer_header(asked, "", ""), registration, answered);
  return o;
}

} // namespace drivers::line
