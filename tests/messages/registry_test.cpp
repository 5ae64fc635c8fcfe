// The registry: each topic stands in one list, each command's reply in another, and redaction needs no type.
#include "tests/test.hpp"

#include "tests/messages/filler.hpp"

using namespace messages;

namespace {

template <class R> constexpr bool is_reply() {
  bool found = false;
  for_each_message(all_replies{}, [&]<class M>() { found = found || std::is_same_v<M, R>; });
  return found;
}

constexpr bool replies_are_registered() {
  bool all = true;
  for_each_message(all_commands{}, [&]<class M>() { all = all && is_reply<typename M::reply>(); });
  return all;
}
static_assert(replies_are_registered(), "a command is answered with something that no list has");

struct signs_in {
  static constexpr std::string_view topic = "test.signs_in";
  static constexpr std::uint64_t version = 1;
  std::vector<credential> passwords;
  UKETSUKE_FIELDS(signs_in, passwords)
};
static_assert(detail::holds_credential<signs_in>(), "the compiler would not see a credential in an event");
static_assert(detail::holds_personal<eligibility_answered>());
static_assert(!detail::holds_personal<desk_opened>());

} // namespace

BOOST_AUTO_TEST_CASE(topics_are_words_between_dots_and_versions_begin_at_one) {
  filler::for_every_message([]<class M>() {
    BOOST_TEST(M::version >= 1U);
    BOOST_TEST(M::topic.size() <= 80U);
    BOOST_TEST(M::topic.find_first_not_of("abcdefghijklmnopqrstuvwxyz_.") == std::string_view::npos, M::topic);
  });
}

BOOST_AUTO_TEST_CASE(the_lists_are_known_by_topic) {
  for_each_message(all_events{}, []<class M>() {
    BOOST_TEST((is_event(M::topic) && !is_command(M::topic) && version_of(M::topic) == M::version), M::topic);
  });
  for_each_message(all_commands{}, []<class M>() {
    BOOST_TEST((is_command(M::topic) && !is_event(M::topic) && version_of(M::topic) == M::version), M::topic);
  });
  BOOST_TEST(!is_event("nobody.knows"));
  BOOST_TEST(!is_command("nobody.knows"));
  BOOST_TEST(version_of("nobody.knows") == 0U);
}

BOOST_AUTO_TEST_CASE(a_draft_carries_the_topic_version_and_body_of_its_event) {
  const card_placed m{make_id(1, 2, 3), card_kind::my_number_card, 3, {}, {}, {}};
  const auto draft = make_draft(m, "desk-2", make_id(4, 5, 6), make_id(7, 8, 9), "staff");
  BOOST_TEST(draft.topic == card_placed::topic);
  BOOST_TEST(draft.desk == "desk-2");
  BOOST_TEST((draft.checkin == make_id(4, 5, 6) && draft.cause == make_id(7, 8, 9)));
  BOOST_TEST((body_as<card_placed>(draft) == m));
  BOOST_TEST(!body_as<card_lifted>(draft));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_judged_is_not_shown) {
  filler::source from{1, "SENTINEL"};
  auto event = filler::event_of(from.make<walk_in_kept>(), from);
  const auto shows = [&] { return encode(redacted(event)).find("SENTINEL") != std::string::npos; };
  BOOST_TEST(encode(event).find("SENTINEL") != std::string::npos);
  BOOST_TEST(!shows());
  event.v = walk_in_kept::version + 1; // a field may have come that this build does not know to be personal
  BOOST_TEST(!shows());
  event.v = 1;
  event.topic = "checkin.from_the_future";
  BOOST_TEST(!shows());
  event.topic = register_reference_number::topic; // a command's topic is no event's
  BOOST_TEST(!shows());
}

BOOST_AUTO_TEST_CASE(a_field_nobody_knows_is_not_shown_in_a_redacted_event) {
  auto event = filler::event_of(card_lifted{}, *std::make_unique<filler::source>(1));
  event.body = pack(value{value::map{{"unheard_of", value{std::string{"SENTINEL"}}}}});
  BOOST_TEST(encode(redacted(event)).find("SENTINEL") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_event_is_sealed_alike_whether_its_struct_was_kept_or_has_to_be_decoded) {
  std::size_t asked = 0;
  const sealer_of reversing = [&](const id&) -> result<writer::sealer> {
    ++asked;
    return [](std::string& text, std::size_t from) {
      std::ranges::reverse(text.begin() + static_cast<std::ptrdiff_t>(from), text.end());
    };
  };
  for_each_message(all_events{}, [&]<class M>() {
    const auto m = filler::source{7, "SENTINEL"}.make<M>();
    auto draft = make_draft(m);
    const auto kept = sealed(draft, reversing);
    draft.from = {};
    const auto decoded = sealed(draft, reversing);
    BOOST_REQUIRE(kept && decoded);
    BOOST_TEST(kept->has_value() == detail::holds_personal<M>(), M::topic);
    BOOST_REQUIRE(kept->has_value() == decoded->has_value());
    if (!*kept) return;
    BOOST_TEST((*kept)->body == (*decoded)->body);
    BOOST_TEST((*kept)->body.find("SENTINEL") == std::string::npos);
    for (const auto* typed : {(*kept)->typed.get(), (*decoded)->typed.get()})
      BOOST_TEST((*static_cast<const M*>(typed) == m));
  });
  BOOST_TEST(asked > 20u);
  eligibility_answered crowded; // more than a reader takes: refused although its struct is at hand
  crowded.answer.insurances = personal{std::vector<insurance>(unpack_limits{}.items_max + 1)};
  BOOST_TEST(!sealed(make_draft(crowded), reversing));
}
