// How the simulated centre settles a question: once per identifier, written down before it is answered.
#pragma once

#include "drivers/line/centre.hpp"

#include <string>
#include <utility>

namespace drivers::line {

/// What came of judging a question: a refusal, or something to remember and to answer.
struct centre::outcome {
  const profile::refusal* refused = nullptr;
  std::string person, challenge, reference_number;
  std::string xml;

  static outcome refusal(const profile::refusal& why) {
    outcome o;
    o.refused = &why;
    return o;
  }
};

template <class Judge>
centre::reply centre::settle(const message_header& asked, const char* kind, const std::string& content, Judge judge) {
  if (const auto* known = ledger_->find_question(asked.institution, asked.identifier)) {
    if (known->kind != kind || known->content != content) return refuse(asked, profile::other_content);
    const auto xml = known->reply;
    if (!ledger_->add_repeat(asked.institution, asked.identifier, options_.now_ms())) return {};
    return {200, xml};
  }
  if (ledger_->full()) return refuse(asked, profile::too_busy);
  auto judged = judge();
  if (judged.refused) return refuse(asked, *judged.refused);
  ledger_question entry;
  entry.institution = asked.institution;
  entry.identifier = asked.identifier;
  entry.kind = kind;
  entry.person = std::move(judged.person);
  entry.content = content;
  entry.challenge = std::move(judged.challenge);
  entry.reference_number = std::move(judged.reference_number);
  entry.first_seen_ms = options_.now_ms();
  entry.reply = judged.xml;
  // what could not be written down must not be answered: a 500 without a word leaves the outcome unknown to the asker
  if (!ledger_->add_question(std::move(entry))) return {};
  return {200, std::move(judged.xml)};
}

} // namespace drivers::line
