// The people of the clinic: patients who hesitate, mistype, pull their card or forget it, and the staff at reception.
#include "tests/world/support_clinic.hpp"

#include "messages/json.hpp"

namespace world_test {

namespace {

std::string text_in(const value& v, std::string_view key) {
  const auto* found = v.find(key);
  const auto* text = found ? found->as<std::string>() : nullptr;
  return text ? *text : "";
}

std::string said(std::string_view topic, const std::string& checkin, const std::string& fields) {
  return R"({"n":1,"topic":")" + std::string{topic} + R"(","body":{"checkin":")" + checkin + '"' + fields + "}}";
}

} // namespace

// -- a patient -----------------------------------------------------------------------------------------------------

void seat::read(const std::string& line) {
  const auto v = *from_json(line);
  const auto* all = v.find("snapshot");
  const auto* p = (all ? all : &v)->find("prompt");
  if (!p) return;
  const auto what = *from_name<prompt>(text_in(*p, "shown"));
  sequence_ = *p->find("sequence")->as_unsigned();
  if (what == prompt::last_try) all_.warnings.insert(sequence_);
  const auto* tries = p->find("tries_left");
  tries_left_ = 3;
  if (tries->as_unsigned())
    tries_left_ = static_cast<std::int64_t>(*tries->as_unsigned());
  else if (tries->as<std::int64_t>())
    tries_left_ = *tries->as<std::int64_t>();
  if (what != shown) shown_since_ms_ = all_.time.now_ms();
  shown = what;
  checkin_ = text_in(*p, "checkin");
  all_.time.after(300 + all_.time.draw(4'000), [this] { react(); });
}

/// Looks up every now and then, even when nothing changes: people do.
void seat::look() {
  if (all_.open && !here_ && !on_reader && all_.time.in_100(60)) {
    here_ = true;
    mine_ = a_card();
  }
  react();
  all_.time.after(10'000 + all_.time.draw(10'000), [this] { look(); });
}

/// Mostly a card of one's own; now and then a copy of the one that another patient holds.
std::shared_ptr<card> seat::a_card() {
  auto& t = all_.time;
  if (all_.how.twins_percent > 0 && t.in_100(all_.how.twins_percent)) {
    const auto& other = all_.seats[t.draw(all_.seats.size())];
    if (&other != this && other.held()) {
      ++all_.twins;
      return other.held();
    }
  }
  const auto tries = static_cast<std::int64_t>(t.in_100(80) ? 3 : t.draw(3));
  auto standing = certificate_standing::valid;
  if (t.in_100(6)) standing = static_cast<certificate_standing>(2 + t.draw(4)); // expires soon … not yet valid
  return std::make_shared<card>(card{all_.how.pin, tries, t.fresh_id(), standing});
}

void seat::place() {
  on_reader = mine_;
  ++placing;
  if (auto& d = all_.desk[number_]) d->placed();
}

void seat::lift() {
  if (!on_reader) return;
  on_reader.reset();
  if (auto& d = all_.desk[number_]) d->lifted();
  if (all_.time.in_100(85)) here_ = false; // the others try again
}

void seat::leave() {
  lift();
  here_ = false;
}

void seat::say(std::string_view topic, const std::string& fields) {
  if (auto& d = all_.desk[number_]) d->say(said(topic, checkin_, fields));
}

std::string seat::any_choice() const { return all_.time.in_100(70) ? "\"given\"" : "\"refused\""; }

void seat::enter_pin(bool wrong) {
  auto& d = all_.desk[number_];
  if (!d) return;
  if (!all_.time.in_100(3)) d->press(wrong ? "000000" : on_reader->pin); // or presses OK without a digit
  confirm(all_.time.in_100(15) ? sequence_ - all_.time.draw(3) : 0); // now and then a page that lies
}

void seat::confirm(std::uint64_t sequence) {
  say(messages::enter_pin::topic, R"(,"confirms":)" + std::to_string(sequence));
}

void seat::react() {
  if (!here_) return;
  auto& t = all_.time;
  if (!on_reader) {
    if (shown == prompt::place_card && t.in_100(60))
      place();
    else if (t.in_100(10))
      here_ = false;
    return;
  }
  const bool weary = t.now_ms() > shown_since_ms_ + 400'000;
  if (weary || t.in_100(2)) return lift();
  if (t.in_100(6)) return; // hesitates
  switch (shown) {
  case prompt::choose_method:
    if (t.in_100(5)) return say(stop_checkin::topic, "");
    return say(choose_method::topic, R"(,"method":"pin")");
  case prompt::enter_pin:
  case prompt::wrong_pin:
    if (t.in_100(4)) return say(stop_checkin::topic, "");
    return enter_pin(t.in_100(25));
  case prompt::last_try:
    if (t.in_100(10)) return say(stop_checkin::topic, "");
    if (t.in_100(15)) return enter_pin(t.in_100(25)); // the digits once more
    return confirm(sequence_);
  case prompt::give_consents:
    return say(answer_consents::topic, R"(,"surgery":)" + any_choice() + R"(,"treatment":)" + any_choice() +
                                           R"(,"drugs":)" + any_choice() + R"(,"checkup":)" + any_choice());
  case prompt::provide_information:
    if (t.in_100(3)) return say(stop_checkin::topic, "");
    return say(messages::provide_information::topic,
               R"(,"limit":)" + any_choice() + R"(,"specified_disease":)" + any_choice());
  case prompt::asking:
  case prompt::please_wait:
  case prompt::come_to_window:
    if (t.in_100(7)) lift();
    return;
  case prompt::take_card:
  case prompt::card_forgotten:
  case prompt::turn_card:
  case prompt::other_card:
  case prompt::not_same_card:
  case prompt::show_card:
  case prompt::go_to_desk:
  case prompt::show_face: // no desk of this world has a camera
  case prompt::enter_check_number:
  case prompt::wait_for_staff:
    if (t.in_100(85)) lift();
    return;
  case prompt::place_card: // although it lies there
  case prompt::see_reception:
  case prompt::closed: return lift();
  }
}

// -- reception -----------------------------------------------------------------------------------------------------

void staff::read(const std::string& line) {
  const auto v = *from_json(line);
  const auto* all = v.find("snapshot");
  if (const auto* rows = all ? all->find("checkins") : nullptr)
    for (const auto& row : *rows->as<value::array>())
      read_row(row);
  if (const auto* row = v.find("checkin")) read_row(*row);
}

void staff::read_row(const value& row) {
  const auto checkin = text_in(row, "checkin"), state = text_in(row, "state"), outcome = text_in(row, "outcome");
  if (state != "registration" && state != "at_window") return;
  all_.time.after(1'000 + all_.time.draw(8'000), [this, checkin, state, outcome] { react(checkin, state, outcome); });
}

void staff::react(const std::string& checkin, const std::string& state, const std::string& outcome) {
  if (!all_.hub || !all_.open) return;
  auto& t = all_.time;
  const auto say = [&](std::string_view topic, const std::string& fields) {
    all_.hub->act_on(all_.hub->pages.on_said(1, said(topic, checkin, fields)));
  };
  if (state == "registration") {
    if (t.in_100(60))
      say(register_reference_number::topic, R"(,"number":"K-)" + std::to_string(t.draw(1'000)) + '"');
    else if (t.in_100(50))
      say(skip_reference_number::topic, "");
    return;
  }
  if (outcome == "not_asked" && t.in_100(80))
    say(keep_walk_in::topic,
        R"(,"person":{"insurer":"01130012","number":"3456","birth_date":"19400102"},"limit":"given")");
  if (t.in_100(70)) say(finish_at_window::topic, "");
}

} // namespace world_test
