// Field lists as JSON schemas, topics as channels.
#include "tools/asyncapi.hpp"

#include "actors/roster.hpp"
#include "messages/registry.hpp"

namespace tools {

using namespace messages;

namespace {

value text(std::string_view t) { return {std::string{t}}; }
value object(std::initializer_list<value::entry> entries) { return value{value::map(entries)}; }
value ref(std::string_view topic) { return object({{"$ref", text("#/components/schemas/" + std::string{topic})}}); }

template <class M> value schema_of_fields();

/// How a value of this type looks in JSON (`watch --json`); msgpack's forms are in messages/README.md.
template <class T> value schema_of() {
  if constexpr (is_personal_v<T>)
    return object({{"x-personal", value{true}},
                   {"oneOf", value{value::array{schema_of<typename T::value_type>(), ref("hidden")}}}});
  else if constexpr (std::is_same_v<T, id>)
    return ref("id");
  else if constexpr (std::is_same_v<T, bytes>)
    return object({{"type", text("string")}, {"contentEncoding", text("base64")}});
  else if constexpr (std::is_same_v<T, std::string>)
    return object({{"type", text("string")}});
  else if constexpr (std::is_same_v<T, credential>)
    return object({{"type", text("string")}, {"x-credential", value{true}}});
  else if constexpr (std::is_same_v<T, bool>)
    return object({{"type", text("boolean")}});
  else if constexpr (named_enumeration<T>) {
    value::array names;
    for (const auto n : enumeration<T>::names)
      names.push_back(text(n));
    return object({{"type", text("string")}, {"enum", value{std::move(names)}}});
  } else if constexpr (std::is_integral_v<T>) {
    auto number = object({{"type", text("integer")}});
    if constexpr (std::is_unsigned_v<T>)
      std::get<value::map>(number.is).emplace_back("minimum", value{std::uint64_t{0}});
    return number;
  } else if constexpr (detail::is_vector<T>::value)
    return object({{"type", text("array")}, {"items", schema_of<typename T::value_type>()}});
  else
    return schema_of_fields<T>();
}

template <class M> value schema_of_fields() {
  value::map properties;
  M m{};
  for_each_field(m, [&]<class T>(std::string_view name, T&) {
    properties.emplace_back(name, schema_of<std::remove_cvref_t<T>>());
  });
  return object({{"type", text("object")}, {"properties", value{std::move(properties)}}});
}

value message_of(std::string_view topic) {
  return object({{"name", text(topic)}, {"contentType", text("application/msgpack")}, {"payload", ref(topic)}});
}

/// Which actors take it.
value answered_by(std::string_view topic) {
  value::array who;
  for (const auto& row : actors::runtime::roster)
    if (actors::runtime::contains(row.answers, topic)) who.push_back(text(row.name));
  return value{std::move(who)};
}

value channels() {
  value::map all;
  for_each_message(all_events{}, [&]<class M>() {
    all.emplace_back(M::topic, object({{"subscribe", object({{"message", message_of(M::topic)}})}}));
  });
  for_each_message(all_commands{}, [&]<class M>() {
    all.emplace_back(M::topic, object({{"publish", object({{"message", message_of(M::topic)},
                                                           {"x-reply", message_of(M::reply::topic)},
                                                           {"x-answered-by", answered_by(M::topic)}})}}));
  });
  return value{std::move(all)};
}

value schemas() {
  value::map all;
  all.emplace_back("id", object({{"oneOf", value{value::array{
                                               object({{"type", text("string")}, {"pattern", text("^[0-9a-f]{32}$")}}),
                                               object({{"type", text("null")}})}}}}));
  all.emplace_back("hidden",
                   object({{"type", text("object")},
                           {"description", text("a personal value the reader may not see, or that was forgotten")},
                           {"properties", object({{"redacted", object({{"type", text("boolean")}})},
                                                  {"forgotten", object({{"type", text("boolean")}})}})}}));
  const auto add = [&]<class M>() {
    auto schema = schema_of_fields<M>();
    std::get<value::map>(schema.is).emplace_back("x-version", value{std::uint64_t{M::version}});
    all.emplace_back(M::topic, std::move(schema));
  };
  for_each_message(all_events{}, add);
  for_each_message(all_commands{}, add);
  for_each_message(all_replies{}, add);
  return value{std::move(all)};
}

} // namespace

value asyncapi() {
  const auto server = [](std::string_view port, std::string_view what) {
    return object({{"url", text("tcp://{hub}:" + std::string{port})},
                   {"protocol", text("zeromq")},
                   {"description", text(what)},
                   {"variables", object({{"hub", object({{"default", text("127.0.0.1")}})}})}});
  };
  return object(
      {{"asyncapi", text("2.6.0")},
       {"info", object({{"title", text("Uketsuke")},
                        {"version", text("0.1")},
                        {"description", text("Events and commands of a reception. Frames, envelopes, replay and keys: "
                                             "messages/README.md.")}})},
       {"servers", object({{"commands", server("5570", "ROUTER: one command, one answer")},
                           {"events", server("5571", "XPUB: events, redacted")},
                           {"replay", server("5572", "ROUTER: the journal on request")},
                           {"personal", server("5573", "XPUB: events in clear, for roles that may")}})},
       {"channels", channels()},
       {"components", object({{"schemas", schemas()}})}});
}

} // namespace tools
