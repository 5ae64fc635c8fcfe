// Fills any message by walking its field list: the same seed gives the same message on every machine and compiler.
#pragma once

#include "messages/registry.hpp"

#include <array>

namespace filler {

/// Values from a seed (splitmix64). With a mark, every personal text and every personal octet string contains it.
class source {
public:
  explicit source(std::uint64_t seed, std::string personal_mark = {}) : state_(seed), mark_(std::move(personal_mark)) {}

  template <messages::has_fields M> M make() {
    M m;
    fill(m);
    return m;
  }

  template <class T> void fill(T& v) {
    using namespace messages;
    if constexpr (is_personal_v<T>) {
      typename T::value_type clear{};
      ++personal_;
      fill(clear);
      --personal_;
      v = T{std::move(clear)};
    } else if constexpr (std::is_same_v<T, id>) {
      for (auto& byte : v.bytes)
        byte = static_cast<std::uint8_t>(next());
    } else if constexpr (std::is_same_v<T, bytes>)
      v = octets();
    else if constexpr (std::is_same_v<T, std::string>)
      v = text();
    else if constexpr (std::is_same_v<T, credential>)
      v = credential{text()};
    else if constexpr (std::is_same_v<T, bool>)
      v = next() % 2 == 1;
    else if constexpr (named_enumeration<T>)
      v = static_cast<T>(next() % enumeration<T>::names.size());
    else if constexpr (std::is_integral_v<T>)
      v = static_cast<T>(next() >> next() % 64); // of every length
    else if constexpr (detail::is_vector<T>::value) {
      v.resize(1 + next() % 3);
      for (auto& item : v)
        fill(item);
    } else
      for_each_field(v, [&](std::string_view, auto& member) { fill(member); });
  }

  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
  }

private:
  std::string text() {
    static constexpr std::array<std::string_view, 10> words{
        "", "a", "受付", "eligibility", "  12345678", "\"quoted\"\n", "照会番号", "20250401", "ﾔﾏﾀﾞ ﾀﾛｳ", "-"};
    std::string made;
    for (auto count = next() % 5; count > 0; --count)
      made += words[next() % words.size()];
    return personal_ > 0 ? made + mark_ : made;
  }
  messages::bytes octets() {
    messages::bytes made(next() % 40);
    for (auto& byte : made)
      byte = static_cast<std::uint8_t>(next());
    if (personal_ > 0) made.insert(made.end(), mark_.begin(), mark_.end());
    return made;
  }

  std::uint64_t state_;
  std::string mark_;
  int personal_ = 0;
};

/// An envelope around @p m: what the journal would publish.
template <class M> messages::event_envelope event_of(const M& m, source& from) {
  auto made = from.make<messages::event_envelope>();
  made.v = M::version;
  made.topic = M::topic;
  made.body = messages::encode_body(m);
  return made;
}

/// An envelope around @p m: what a node would send.
template <class M> messages::command_envelope command_of(const M& m, source& from) {
  auto made = from.make<messages::command_envelope>();
  made.v = M::version;
  made.kind = messages::command_kind::command;
  made.topic = M::topic;
  made.from = "consent_session@hub";
  made.to = "reader@desk-2";
  made.body = messages::encode_body(m);
  return made;
}

/// The reply that says @p m, under the topic of a command that is answered with it.
template <class M> messages::command_envelope reply_of(const M& m, source& from) {
  auto command = from.make<messages::command_envelope>();
  command.from = "screen@desk-2";
  command.to = "monitor@hub";
  messages::for_each_message(messages::all_commands{}, [&]<class C>() {
    if constexpr (std::is_same_v<typename C::reply, M>) command.topic = C::topic;
  });
  return messages::reply_ok(command, messages::encode_body(m), M::version);
}

/// Every message of the vocabulary, once as events, commands and replies: `f.template operator()<M>()`.
template <class F> void for_every_message(F&& f) {
  messages::for_each_message(messages::all_events{}, f);
  messages::for_each_message(messages::all_commands{}, f);
  messages::for_each_message(messages::all_replies{}, f);
}

} // namespace filler
