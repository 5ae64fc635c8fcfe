// Claims about what lies on the disk: nothing personal in clear, each patient under a key of their own.
#include "tests/test.hpp"

#include "tests/storage/support.hpp"
#include "tests/storage/support_sealing.hpp"

#include "storage/audit.hpp"
#include "storage/cipher.hpp"
#include "storage/load.hpp"
#include "storage/sealing.hpp"
#include "storage/views/questions.hpp"

using namespace storage_test;
using messages::error_code;

namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(sealing)

BOOST_AUTO_TEST_CASE(a_sealed_value_opens_only_with_its_key_at_its_place_and_unchanged) {
  const auto key = storage::key_bytes::fresh(), other = storage::key_bytes::fresh();
  const auto sealed = storage::seal(key, "here", "架空　花子");
  BOOST_TEST(storage::unseal(key, "here", sealed).value() == "架空　花子");
  BOOST_TEST(!storage::unseal(other, "here", sealed));
  BOOST_TEST(!storage::unseal(key, "there", sealed));
  for (std::size_t n = 0; n < sealed.size(); ++n) {
    auto changed = sealed;
    changed[n] = static_cast<char>(changed[n] ^ 1);
    BOOST_TEST(!storage::unseal(key, "here", changed));
    BOOST_TEST(!storage::unseal(key, "here", sealed.substr(0, n)));
  }
  BOOST_TEST(storage::seal(key, "here", "x") != storage::seal(key, "here", "x")); // another nonce each time
}

BOOST_AUTO_TEST_CASE(a_tag_is_the_hmac_of_rfc_4231) {
  auto key = storage::key_bytes::from(std::string(20, '\x0b') + std::string(12, '\0')).value(); // zero-padded: the same
  storage::tagger tags{key};
  const auto tag = tags.tag({"Hi ", "There"});
  BOOST_TEST(tag.substr(0, 8) == std::string_view("\xb0\x34\x4c\x61\xd8\xdb\x38\x53"));
  BOOST_TEST(tags.tag({"Hi There"}) == tag);
}

BOOST_AUTO_TEST_CASE(nothing_personal_is_in_any_file_of_the_data_folder) {
  temporary_folder folder;
  {
    const auto journal = open_journal(folder.data());
    tell_of(*journal, numbered(1), "ＭＡＲＫ１");
    BOOST_TEST(files_that_hold(folder.data(), "ＭＡＲＫ１").empty()); // the log
    append_many(*journal, 40'000);                                    // flushes tables
  }
  BOOST_TEST(files_that_hold(folder.data(), "ＭＡＲＫ１").empty());
  BOOST_TEST(!files_that_hold(folder.data(), "desk.opened").empty()); // the search finds what is there in clear
}

BOOST_AUTO_TEST_CASE(whoever_has_the_keys_reads_everything_as_it_was_written) {
  temporary_folder folder;
  {
    const auto journal = open_journal(folder.data());
    tell_of(*journal, numbered(1), "花子");
  }
  const auto journal = open_journal(folder.data());
  BOOST_TEST(name_read_by(*journal, numbered(1)) == "花子");
  const auto rows = storage::load_rows<storage::question_row>(*journal, "questions", storage::question_prefix, 10);
  BOOST_REQUIRE_EQUAL(rows->size(), 1u);
  BOOST_TEST(rows->at(0).name.reveal() == "花子");
  BOOST_TEST(journal->open_effects("gateway")->at(0).body.find("花子") != std::string::npos);
  BOOST_TEST(journal->remembered(numbered(801))->value().frame.find("花子") != std::string::npos);
  BOOST_TEST(journal->rebuild_and_compare()->first_difference.value_or("") == "");
}

BOOST_AUTO_TEST_CASE(without_keys_a_reader_sees_personal_values_redacted_and_a_writer_is_refused) {
  temporary_folder folder;
  {
    const auto journal = open_journal(folder.data());
    tell_of(*journal, numbered(1), "花子");
  }
  auto options = quiet_options(folder.data());
  options.keys.reset();
  BOOST_TEST((refusal(options).code == error_code::missing_value));
  options.read_only = true;
  const auto journal = open_journal(options);
  BOOST_TEST(name_read_by(*journal, numbered(1)) == "(redacted)");
}

BOOST_AUTO_TEST_CASE(keys_that_are_missing_of_another_journal_exposed_or_inside_the_data_are_refused_with_a_remedy) {
  temporary_folder folder, other;
  {
    const auto journal = open_journal(folder.data());
    tell_of(*journal, numbered(1), "花子");
  }
  auto options = quiet_options(folder.data());
  options.keys->folder = folder.path / "none";
  BOOST_TEST((refusal(options).code == error_code::no_keys));
  options.keys = keys_of(other.data());
  BOOST_TEST((refusal(options).code == error_code::wrong_keys));
  options.keys->folder = folder.data() / "keys";
  BOOST_TEST((refusal(options).code == error_code::wrong_value));
  options.keys = keys_of(folder.data());
  fs::permissions(options.keys->folder / "kek-1", fs::perms::group_read, fs::perm_options::add);
  BOOST_TEST((refusal(options).code == error_code::keys_exposed));
}

BOOST_AUTO_TEST_CASE(a_key_locked_by_a_passphrase_opens_with_it_only) {
  temporary_folder folder;
  const auto keys = folder.path / "locked";
  BOOST_REQUIRE(storage::make_key_folder(keys, "correct horse battery").has_value());
  BOOST_TEST(files_that_hold(keys, "\nkey ").empty());
  auto options = quiet_options(folder.data());
  options.keys = {keys, [] { return messages::result<std::string>{"correct horse battery"}; }};
  tell_of(*open_journal(options), numbered(1), "花子");
  BOOST_TEST(name_read_by(*open_journal(options), numbered(1)) == "花子");
  options.keys->passphrase = [] { return messages::result<std::string>{"another"}; };
  BOOST_TEST((refusal(options).code == error_code::wrong_keys));
  options.keys->passphrase = {};
  BOOST_TEST((refusal(options).code == error_code::wrong_keys));
}

BOOST_AUTO_TEST_CASE(what_is_shown_redacted_is_what_redacting_would_give_live_and_read_back_without_any_key) {
  temporary_folder folder;
  std::vector<std::string> live, expected;
  std::size_t hidden = 0;
  const auto journal = open_journal(folder.data());
  journal->on_committed([&](const std::shared_ptr<const storage::committed>& c) {
    BOOST_REQUIRE_EQUAL(c->redacted.size(), c->events.size());
    for (std::size_t n = 0; n < c->events.size(); ++n) {
      const auto& clear = c->events[n].envelope;
      expected.push_back(encode(redacted(messages::decode_event(clear).value())));
      live.push_back(c->redacted[n].empty() ? clear : c->redacted[n]);
      hidden += c->redacted[n].empty() ? 0 : 1;
    }
  });
  for (std::uint64_t n = 0; n < 300; ++n)
    BOOST_REQUIRE(append(*journal, story_draft(20261126, n)).has_value());
  tell_of(*journal, numbered(1), std::string(70'000, 'x')); // its sealed value has the longest of heads
  tell_of(*journal, numbered(1), std::string(300, 'x'));
  tell_of(*journal, numbered(1), "花子");
  BOOST_REQUIRE(append(*journal, {}).has_value()); // behind the listener of what came before
  BOOST_TEST(hidden > 20u);
  BOOST_TEST((live == expected));
  const auto page = journal->read_redacted(1, 1000).value();
  BOOST_REQUIRE_EQUAL(page.events.size(), expected.size());
  for (std::size_t n = 0; n < expected.size(); ++n)
    BOOST_REQUIRE(page.events[n].envelope == expected[n]);
  BOOST_TEST(static_cast<std::size_t>(std::ranges::count(page.redacted, true)) == hidden);
}

BOOST_AUTO_TEST_CASE(a_body_that_does_not_fit_its_topic_is_not_written_at_all) {
  temporary_folder folder;
  const auto journal = open_journal(folder.data());
  auto draft = events_of("eligibility.answered");
  draft.events[0].body = "\x81\xa8question\x01"; // a number where an id belongs
  BOOST_TEST((append(*journal, draft).error().code == error_code::malformed));
  BOOST_TEST(journal->head() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
