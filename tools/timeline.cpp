// Steps, gaps and causes as text.
#include "tools/timeline.hpp"

#include "messages/json.hpp"
#include "tools/time_text.hpp"

#include <algorithm>
#include <cstring>

namespace tools {

using namespace messages;

namespace {

constexpr std::size_t ids_max = 10'000; ///< of one check-in; more are not told apart

/// Calls @p found with every id in @p v: sixteen octets.
template <class F> void for_each_id(const value& v, const F& found) {
  if (const auto* octets = v.as<bytes>(); octets && octets->size() == id::size) {
    id i;
    std::memcpy(i.bytes.data(), octets->data(), id::size);
    if (!i.empty()) found(i);
  } else if (const auto* list = v.as<value::array>()) {
    for (const auto& item : *list)
      for_each_id(item, found);
  } else if (const auto* map = v.as<value::map>()) {
    for (const auto& entry : *map)
      for_each_id(entry.second, found);
  }
}

std::string padded(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

} // namespace

std::string timeline::because_of(const event_envelope& event) const {
  if (event.cause.empty()) return {};
  const auto told = [](const step& s) { return "#" + std::to_string(s.index) + " " + s.topic; };
  if (const auto named = named_by_.find(event.cause); named != named_by_.end())
    return "because of " + told(named->second);
  if (const auto together = caused_by_.find(event.cause); together != caused_by_.end())
    return "with " + told(together->second);
  const auto made_ms = event.cause.time_ms();
  if (made_ms > event.time_ms) return "because of a command"; // clocks differ
  return "because of a command made " + std::to_string(event.time_ms - made_ms) + " ms before";
}

std::string timeline::tell(const event_envelope& event) {
  const auto since_ms = steps_ == 0 || event.time_ms < last_ms_ ? 0 : event.time_ms - last_ms_;
  const auto body = unpack(event.body);
  auto text = time_text(event.time_ms) + padded("+" + std::to_string(since_ms) + " ms", 12) +
              padded("#" + std::to_string(event.index), 8) + "  " + (event.desk.empty() ? event.node : event.desk) +
              "  " + event.topic + '\n';
  const std::string margin(8, ' ');
  if (body) text += margin + to_json(*body) + '\n';
  if (const auto why = because_of(event); !why.empty()) text += margin + why + '\n';

  if (steps_ == 0) first_ms_ = event.time_ms;
  last_ms_ = event.time_ms;
  ++steps_;
  const step here{event.index, event.topic};
  if (!event.cause.empty() && caused_by_.size() < ids_max) caused_by_.emplace(event.cause, here);
  if (body)
    for_each_id(*body, [&](const id& i) {
      if (named_by_.size() < ids_max) named_by_.emplace(i, here);
    });
  return text;
}

std::string timeline::end() const {
  if (steps_ == 0) return {};
  return std::to_string(steps_) + (steps_ == 1 ? " step" : " steps") + " in " +
         std::to_string(last_ms_ - std::min(first_ms_, last_ms_)) + " ms\n";
}

} // namespace tools
