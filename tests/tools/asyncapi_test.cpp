// The AsyncAPI document against the registry, and against what is really written.
#include "tests/test.hpp"

#include "messages/json.hpp"
#include "tests/messages/filler.hpp"
#include "tools/asyncapi.hpp"

#include <set>

using namespace messages;

namespace {

const value& document() {
  static const auto d = tools::asyncapi();
  return d;
}

const value& at(const value& from, std::string_view key) {
  const auto* found = from.find(key);
  BOOST_REQUIRE_MESSAGE(found, key << " is missing");
  return *found;
}

const value& resolved(const value& schema) {
  const auto* ref = schema.find("$ref");
  if (!ref) return schema;
  const auto name = ref->as<std::string>()->substr(std::string_view{"#/components/schemas/"}.size());
  return at(at(at(document(), "components"), "schemas"), name);
}

/// Is @p v, as JSON, what @p schema says? The few words of JSON schema that the document uses.
std::string mismatch(const value& v, const value& said, const std::string& where) {
  const auto& schema = resolved(said);
  if (const auto* any = schema.find("oneOf")) {
    for (const auto& one : *any->as<value::array>())
      if (mismatch(v, one, where).empty()) return {};
    return where + " fits none";
  }
  const auto& type = *at(schema, "type").as<std::string>();
  const bool fits = (type == "string" && v.as<std::string>()) || (type == "boolean" && v.as<bool>()) ||
                    (type == "integer" && (v.as<std::uint64_t>() || v.as<std::int64_t>())) ||
                    (type == "array" && v.as<value::array>()) || (type == "object" && v.as<value::map>()) ||
                    (type == "null" && std::holds_alternative<std::monostate>(v.is));
  if (!fits) return where + " is no " + type;
  if (const auto* names = schema.find("enum"))
    if (std::ranges::find(*names->as<value::array>(), v) == names->as<value::array>()->end())
      return where + " is none of its names";
  if (type == "array")
    for (const auto& item : *v.as<value::array>())
      if (auto bad = mismatch(item, at(schema, "items"), where + "[]"); !bad.empty()) return bad;
  if (type == "object") {
    for (const auto& entry : *v.as<value::map>()) {
      const auto* property = at(schema, "properties").find(entry.first);
      if (!property) return where + "." + entry.first + " is not in the document";
      if (auto bad = mismatch(entry.second, *property, where + "." + entry.first); !bad.empty()) return bad;
    }
  }
  return {};
}

/// What is written of a message full of values, as JSON.
template <class M> value written(std::uint64_t seed) {
  filler::source values{seed};
  return *from_json(to_json(*unpack(encode_body(values.make<M>()))));
}

} // namespace

BOOST_AUTO_TEST_CASE(every_topic_of_the_registry_is_a_channel_and_no_other) {
  std::set<std::string> wanted, found;
  for_each_message(all_events{}, [&]<class M>() { wanted.emplace(M::topic); });
  for_each_message(all_commands{}, [&]<class M>() { wanted.emplace(M::topic); });
  for (const auto& entry : *at(document(), "channels").as<value::map>())
    found.insert(entry.first);
  BOOST_TEST(found == wanted, boost::test_tools::per_element());
  BOOST_TEST(*at(document(), "asyncapi").as<std::string>() == "2.6.0");
}

BOOST_AUTO_TEST_CASE(what_is_written_is_what_the_document_says) {
  const auto check = []<class M>() {
    const auto& schema = at(at(at(document(), "components"), "schemas"), M::topic);
    BOOST_TEST(*at(schema, "x-version").as_unsigned() == std::uint64_t{M::version});
    for (const std::uint64_t seed : {1, 2, 3}) {
      const auto v = written<M>(seed);
      BOOST_TEST(mismatch(v, schema, std::string{M::topic}) == "");
      BOOST_TEST(v.template as<value::map>()->size() ==
                 at(schema, "properties").template as<value::map>()->size());
    }
  };
  for_each_message(all_events{}, check);
  for_each_message(all_commands{}, check);
  for_each_message(all_replies{}, check);
}

BOOST_AUTO_TEST_CASE(personal_values_are_marked_and_a_command_names_who_answers) {
  const auto& properties = at(at(at(at(document(), "components"), "schemas"), "eligibility.question_refused"),
                              "properties");
  BOOST_TEST(properties.as<value::map>()->size() > 1u);
  const auto& ask = at(at(at(at(document(), "channels"), "desks.list"), "publish"), "x-answered-by");
  BOOST_TEST((*ask.as<value::array>()->front().as<std::string>() == "desks"));
  const auto& proof = at(at(at(at(document(), "components"), "schemas"), "checkin.identity_proven"), "properties");
  BOOST_TEST(at(proof, "certificate").find("x-personal") != nullptr);
}
