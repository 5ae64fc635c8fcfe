// One list of words for each enumeration, in its order.
#include "tools/batch_words.hpp"

#include <array>

namespace tools {

using namespace messages;

namespace {

template <class E, std::size_t N> std::string nth(const std::array<const char*, N>& words, E value) {
  static_assert(N == enumeration<E>::names.size(), "a value without a word");
  return words[static_cast<std::size_t>(value)];
}

} // namespace

std::string words_of(asking_reason why) {
  return nth<asking_reason>(std::array{"予約", "定期訪問", "月末請求前", "医療扶助", "同意の確認", "手作業"}, why);
}
std::string words_of(batch_kind kind) {
  return nth<batch_kind>(std::array{"資格確認", "訪問診療等", "オンライン診療等", "訪問診療等の同意者",
                                    "オンライン診療等の同意者", "医療扶助の医療券"},
                         kind);
}
std::string words_of(batch_state state) {
  return nth<batch_state>(std::array{"計画済", "作成済", "手作業のアップロード待ち", "アップロード中",
                                     "アップロードの成否不明", "受付済", "結果確認中", "取込中", "一覧済", "失敗", "個別に照会中"},
                          state);
}
std::string words_of(change_kind what) {
  return nth<change_kind>(std::array{"保険者・記号番号", "資格有効性", "負担割合", "限度額区分", "証の期限", "医療券",
                                     "同意登録", "同意の期限切れ", "同意の取消"},
                          what);
}
std::string words_of(consent_end why) {
  return nth<consent_end>(
      std::array{"", "診療形態ごとの期限", "医療機関による取消", "患者による取消", "用途変更による取消"}, why);
}
std::string words_of(change_decision how) { return nth<change_decision>(std::array{"未対応", "反映", "あとで"}, how); }
std::string words_of(care how) { return nth<care>(std::array{"外来", "訪問診療等", "オンライン診療等", "救急"}, how); }
std::string words_of(visitor_standing stands) {
  return nth<visitor_standing>(
      std::array{"未照会", "照会中", "変更なし", "変更あり・未対応", "変更あり・あとで", "変更を反映済", "回答なし"},
      stands);
}

} // namespace tools
