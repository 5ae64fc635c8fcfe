// 薬剤・診療・手術・特定健診情報 as they are viewed: one kind of information out of what the national system sent.
#pragma once

#include "drivers/line/facts.hpp"
#include "drivers/line/port.hpp"
#include "messages/records.hpp"

namespace drivers::line {

/// How @p kind is asked for. Treatment and surgery have no category of their own: it comes together with the drugs
/// (oqs-interface.md §2.10), and viewed_records() leaves those out.
records_question question_for(messages::information_kind kind);

/// What @p found says of @p kind, and nothing of any other. Drugs from claims and from e-prescriptions stand one beside
/// the other.
messages::medical_records viewed_records(const records& found, messages::information_kind kind, const facts& names);

} // namespace drivers::line
