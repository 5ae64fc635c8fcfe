// The line that is asked at night: it fails as lines do, keeps late answers, and notes who was asked about.
#include "tests/world/support_nights.hpp"

namespace world_test {

using namespace messages;
namespace line_ = drivers::line;

namespace {

constexpr auto institution = "1319999999";

template <class T> void none(const line_::completion<T>& done) { done(failure(error_code::not_offered, "test")); }

} // namespace

night_line::night_line(line_::centre& to, std::uint64_t seed)
    : through_({.who = {institution, true}, .after = {}}, &to), chance_(seed) {}
void night_line::obtain_challenge(std::uint32_t, line_::completion<line_::challenge> done) { none(done); }
void night_line::ask(line_::card_question, std::uint32_t, line_::completion<line_::answer> done) { none(done); }
void night_line::ask(line_::typed_question q, std::uint32_t wait, line_::completion<line_::answer> done) {
  const auto fate = chance_() % 40;
  if (down || fate == 0) return done(failure(error_code::line_down, "test"));
  note_asked(q.person.reveal(), q.question, true);
  ++singly;
  if (fate == 1) return ++silences, done(failure(error_code::line_silent, "on its way there"));
  through_.ask(std::move(q), wait, [&](result<line_::answer> came) {
    if (fate == 2) return ++silences, done(failure(error_code::line_silent, "on its way back"));
    done(std::move(came));
  });
}
void night_line::find_bulk(line_::bulk_kind, id question, std::uint32_t,
                           line_::completion<line_::bulk_acceptance> done) {
  const auto there = arrived.find(question);
  if (down || chance_() % 3 != 0 || there == arrived.end()) return done(failure(error_code::line_silent, "test"));
  ++found;
  done(line_::bulk_acceptance{there->second, {}, {}});
}
void night_line::register_reference_number(line_::reference_registration, std::uint32_t, line_::completion<void> done) {
  none(done);
}
void night_line::withdraw(line_::withdrawal, std::uint32_t, line_::completion<line_::answer> done) { none(done); }
void night_line::ask(line_::records_question, std::uint32_t, line_::completion<line_::records_answer> done) {
  none(done);
}
void night_line::obtain_url(line_::url_question, std::uint32_t, line_::completion<line_::access_url> done) {
  none(done);
}

void night_line::night_begins() { asked_tonight_.clear(); }

void night_line::note_asked(const insured_number& person, const id& under, bool may_repeat) {
  const auto [before, first] = asked_tonight_.emplace(person.insurer + person.number + person.birth_date, under);
  twice += !first && !(may_repeat && before->second == under);
}

void night_line::request_bulk(line_::bulk_request r, std::uint32_t wait,
                              line_::completion<line_::bulk_acceptance> done) {
  ++uploads;
  const auto fate = chance_() % 20;
  if (down || fate == 0) return done(failure(error_code::line_down, "test"));
  if (fate == 1) return ++silences, done(failure(error_code::line_silent, "on its way there"));
  if (const auto* persons = std::get_if<std::vector<line_::listed_person>>(&r.rows.reveal()))
    for (const auto& one : *persons)
      note_asked(one.person, r.question, false);
  const auto batch = r.question;
  through_.request_bulk(std::move(r), wait, [&](result<line_::bulk_acceptance> came) {
    if (came) arrived[batch] = came->reception_number;
    if (fate == 2) return ++silences, done(failure(error_code::line_silent, "on its way back"));
    done(std::move(came));
  });
}

void night_line::collect_bulk(line_::bulk_collection c, std::uint32_t wait,
                              line_::completion<line_::bulk_answer> done) {
  const auto fate = chance_() % 10;
  if (down || fate == 0) return done(failure(error_code::line_down, "test"));
  if (fate == 1) return done(failure(error_code::line_silent, "test"));
  through_.collect_bulk(std::move(c), wait, std::move(done));
}

} // namespace world_test
