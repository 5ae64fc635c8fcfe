// Any history of consents, withdrawals, expiries and views: every view names a consent that was in force when it was
// told, by what the journal itself says and nothing else.
#include "tests/test.hpp"

#include "actors/eligibility_gateway/questions.hpp"
#include "messages/japanese_time.hpp"
#include "storage/views/consents.hpp"

#include <random>

using namespace messages;
using eligibility_gateway::questions;
using eligibility_gateway::viewing_consent;

namespace {

constexpr std::uint64_t start_ms = 1'700'000'000'000, hour_ms = 3'600'000;

id numbered(std::uint64_t n) {
  id made;
  for (std::size_t i = 0; i < 8; ++i)
    made.bytes[15 - i] = static_cast<std::uint8_t>(n >> 8 * i);
  for (std::size_t i = 0; i < 6; ++i)
    made.bytes[5 - i] = static_cast<std::uint8_t>(start_ms >> 8 * i);
  return made;
}

const consent_flag& flag_of(const eligibility_answer& a, information_kind kind) {
  return kind == information_kind::drugs       ? a.drugs
         : kind == information_kind::treatment ? a.treatment
         : kind == information_kind::surgery   ? a.surgery
                                               : a.checkup;
}
choice choice_of(const consent_choices& c, information_kind kind) {
  return kind == information_kind::drugs       ? c.drugs
         : kind == information_kind::treatment ? c.treatment
         : kind == information_kind::surgery   ? c.surgery
                                               : c.checkup;
}

/// The view `consents`, as storage folds it.
struct folded_book final : eligibility_gateway::patient_book {
  storage::memory_rows rows;

  std::vector<patient_record> of_handle(const id&) const override { return {}; }
  std::vector<patient_record> of_reference(const std::string&) const override { return {}; }
  std::vector<patient_record> of_kana(const std::string&, const std::string&) const override { return {}; }
  std::optional<undecided_answer> undecided(const id&) const override { return {}; }
  std::optional<viewing_consent> consent(const id& patient, information_kind kind) const override {
    auto& all = const_cast<storage::memory_rows&>(rows);
    if (!all.get(storage::key_of(patient))) return std::nullopt;
    const auto row = storage::row_or_new<storage::consent_row>(all, storage::key_of(patient));
    const auto& kept = kind == information_kind::drugs       ? row.drugs
                       : kind == information_kind::treatment ? row.treatment
                       : kind == information_kind::surgery   ? row.surgery
                                                             : row.checkup;
    return viewing_consent{kept.index,
                           {kept.flag, kept.consented, kept.available_until},
                           {kept.how, kept.appointment, false},
                           row.person};
  }
};

/// Why the view at the end of @p journal may not be there; empty: it may. Told from the events alone.
std::string fault_of(const std::vector<event_envelope>& journal, const event_envelope& at, const records_viewed& view) {
  if (at.account.empty()) return "no account";
  if (view.consent == 0 || view.consent >= at.index) return "no consent";
  const auto given = body_as<eligibility_answered>(journal[view.consent - 1]);
  if (!given || given->patient != view.patient) return "its consent is somebody else's, or none";
  const auto& flag = flag_of(given->answer, view.kind);
  if (flag.flag != 1) return "its consent was not given";
  const auto now = japanese_time(at.time_ms);
  const bool at_desk = given->how == care::outpatient;
  if (at_desk && given->kind == question_kind::typed) return "a document opens no viewing";
  if (at_desk && !(now < flag.available_until)) return "expired";
  if (given->how == care::online && given->appointment < now.substr(0, 8)) return "the appointment is over";
  for (std::size_t n = view.consent; n + 1 < at.index; ++n) {
    const auto withdrawn = body_as<consent_withdrawn>(journal[n]);
    if (withdrawn && withdrawn->patient == view.patient && given->how == care::home_visit) return "withdrawn";
    const auto again = body_as<consents_recorded>(journal[n]);
    if (again && again->patient == view.patient && choice_of(again->choices, view.kind) == choice::refused)
      return "refused when the card was read again";
  }
  return {};
}

struct history {
  explicit history(unsigned seed) : chance(seed) {}

  std::uint64_t dice(std::uint64_t sides) { return chance() % sides; }
  id patient() { return numbered(600 + dice(3)); }
  information_kind kind() { return static_cast<information_kind>(dice(4)); }

  void write(event_envelope e) {
    e.index = journal.size() + 1;
    e.time_ms = now_ms;
    storage::fold_consents(e, book.rows);
    journal.push_back(e);
    const auto view = body_as<records_viewed>(e);
    if (!view) return;
    ++views;
    const auto fault = fault_of(journal, e, *view);
    BOOST_TEST(fault.empty(), "view at index " << e.index << ": " << fault);
  }
  template <class M> void write(const M& body) {
    event_envelope e;
    e.v = M::version;
    e.topic = M::topic;
    e.body = encode_body(body);
    write(std::move(e));
  }
  void take(const eligibility_gateway::decision& d) {
    for (const auto& draft : d.journal.events) {
      event_envelope e;
      e.v = draft.v, e.topic = draft.topic, e.body = draft.body, e.account = draft.account, e.desk = draft.desk;
      write(std::move(e));
    }
    for (const auto& r : d.line)
      under_way.push_back(r);
  }
  template <class M> void say(const M& m) {
    command_envelope c;
    c.v = M::version;
    c.id = numbered(10'000 + ++last);
    c.topic = M::topic;
    c.from = "screen@hub";
    c.account = dice(10) == 0 ? "" : "tanaka01";
    c.deadline_ms = 5000;
    c.body = encode_body(m);
    take(gateway.on_command(c, now_ms));
  }

  consent_flag some_flag(care how) {
    consent_flag flag{static_cast<std::int64_t>(dice(4)), japanese_time(now_ms - dice(2) * hour_ms), ""};
    if (how == care::outpatient && flag.flag == 1) flag.available_until = japanese_time(now_ms + dice(25) * hour_ms);
    return flag;
  }
  void give() {
    eligibility_answered answered;
    answered.question = numbered(20'000 + ++last);
    answered.patient = patient();
    answered.how = static_cast<care>(dice(3));
    answered.kind = answered.how != care::outpatient || dice(4) == 0 ? question_kind::typed : question_kind::card;
    if (answered.how == care::online) answered.appointment = japanese_time(now_ms + dice(72) * hour_ms).substr(0, 8);
    for (auto* flag : {&answered.answer.drugs, &answered.answer.treatment, &answered.answer.surgery,
                       &answered.answer.checkup})
      *flag = some_flag(answered.how);
    insurance known;
    known.number = "12";
    answered.answer.insurances = personal<std::vector<insurance>>{{known}};
    write(answered);
  }
  void read_again() {
    consents_recorded recorded;
    recorded.patient = patient();
    recorded.question = numbered(30'000 + ++last);
    const auto chosen = [&] { return static_cast<choice>(dice(3)); };
    recorded.choices.drugs = chosen(), recorded.choices.treatment = chosen();
    recorded.choices.surgery = chosen(), recorded.choices.checkup = chosen();
    write(recorded);
  }
  void arrive() {
    if (under_way.empty()) return;
    const auto n = static_cast<std::ptrdiff_t>(dice(under_way.size()));
    const auto r = under_way[static_cast<std::size_t>(n)];
    under_way.erase(under_way.begin() + n);
    if (r.records)
      take(gateway.on_records(r.key, eligibility_gateway::fetched_records{}, now_ms));
    else
      take(gateway.on_line(r.key, eligibility_gateway::line_answer{}, now_ms));
  }
  void step() {
    now_ms += dice(3) == 0 ? dice(6 * hour_ms) : dice(60'000);
    switch (dice(8)) {
    case 0: return give();
    case 1: return read_again();
    case 2: {
      const insured_number person{"06123456", "", "12", "", "19660912"};
      return say(withdraw_consent{numbered(40'000 + ++last), patient(), "desk-1", personal{person}});
    }
    case 3:
    case 4: return arrive();
    default: return say(obtain_records{numbered(50'000 + ++last), patient(), kind(), 0, "desk-1", "", ""});
    }
  }

  std::mt19937_64 chance;
  std::uint64_t now_ms = start_ms, last = 0;
  std::size_t views = 0;
  folded_book book;
  std::vector<event_envelope> journal;
  std::vector<eligibility_gateway::line_request> under_way;
  questions gateway{{}, [this] { return numbered(60'000 + ++last); }, &book};
};

} // namespace

BOOST_AUTO_TEST_CASE(after_any_history_no_view_follows_a_withdrawal_or_expiry_and_each_names_its_consent) {
  std::size_t views = 0;
  for (unsigned seed = 1; seed <= 300; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      history h{seed};
      for (int n = 0; n < 150; ++n)
        h.step();
      views += h.views;
    }
  }
  BOOST_TEST_MESSAGE(views << " views in 300 histories");
  BOOST_TEST(views > 1000u); // otherwise nothing was tried
}
