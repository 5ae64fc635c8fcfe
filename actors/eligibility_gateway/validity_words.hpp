// 資格有効性 in words: what each code means and what reception does next (oqs-interface.md §3, §7, 2).
#pragma once

#include "messages/values.hpp"

#include <array>
#include <string_view>

namespace eligibility_gateway {

struct validity_words {
  messages::validity of;
  std::string_view ja, next_ja, en, next_en;
};

inline constexpr std::array validity_table{
    validity_words{messages::validity::none, "資格の有効性は示されていません。", "回答の文言を確認してください。",
                   "The answer states no validity.", "Read the answer's own message."},
    validity_words{messages::validity::valid, "有効な資格です。", "次の手順はありません。", "The insurance is valid.",
                   "Nothing more is to be done."},
    validity_words{messages::validity::invalid, "資格は無効です（喪失しています）。",
                   "新しい保険への加入を患者さんに確認し、資格確認書等で照会し直してください。",
                   "The insurance is no longer valid.",
                   "Ask the patient about a new insurance, and ask again from the new document."},
    validity_words{messages::validity::newer_exists, "より新しい資格があります。",
                   "マイナンバーカードで照会し直すか、新しい記号・番号を確認してください。",
                   "A newer insurance exists.",
                   "Ask again with the My Number card, or ask the patient for the new symbol and number."},
    validity_words{messages::validity::no_match, "該当する資格がありません。",
                   "保険者番号・記号・番号・枝番・生年月日の入力を確認し、照会し直してください。",
                   "No such insurance was found.",
                   "Check insurer, symbol, number, branch and birth date as they were typed, and ask again."},
    validity_words{messages::validity::several, "該当する資格が複数あります。",
                   "枝番を入れて照会し直してください。自動では選ばれません。", "Several persons or insurances fit.",
                   "Ask again with the branch number; none is picked automatically."},
    validity_words{messages::validity::valid_unregistered,
                   "有効ですが、医療券・調剤券などが未登録です（エラーではありません）。",
                   "福祉事務所に確認し、月の後半に照会し直してください。",
                   "Valid, but the ticket is not registered yet; this is no error.",
                   "Ask the welfare office, and ask again later in the month."},
};

constexpr const validity_words& words_of(messages::validity v) {
  for (const auto& row : validity_table)
    if (row.of == v) return row;
  return validity_table.front();
}

static_assert(validity_table.size() == messages::enumeration<messages::validity>::names.size());

} // namespace eligibility_gateway
