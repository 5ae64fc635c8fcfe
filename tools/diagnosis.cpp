// The words of each link, and which one to look at.
#include "tools/diagnosis.hpp"

#include <algorithm>

namespace tools {

namespace {

constexpr std::array<link_words, chain_links> table{{
    {"時計", "clock", "パソコンの日付と時刻を合わせてください。", "Set this computer's date and time.",
     "Check NTP (timedatectl); more than a minute apart breaks proofs and deadlines."},
    {"ディスク", "disk", "空き容量を増やしてください。古いファイルを消すか、システム担当に連絡してください。",
     "Free some space, or call the system's keeper.", "See the data folder's file system; backups and logs grow."},
    {"鍵", "keys", "この端末の鍵が使えません。システム担当に連絡してください。",
     "This node's keys cannot be used: call the system's keeper.",
     "keys_dir or [bus] key; `uketsuke keys node list` at the hub; enrol again if it was revoked."},
    {"カードリーダー", "card reader", "カードリーダーのUSBケーブルを差し直してください。",
     "Unplug the card reader and plug it in again.", "`uketsuke reader list` says what the driver sees; stop pcscd."},
    {"院内ネットワーク", "local network", "LANケーブルとルーターの電源を確認してください。",
     "Check the network cable and that the router has power.", "No TCP to the hub: cable, switch, address, firewall."},
    {"ハブ（受付サーバー）", "hub", "受付サーバーの電源を確認し、再起動してください。",
     "Check that the reception server has power; start it again.",
     "The host answers and the node does not: see its log and `systemctl status`."},
    {"ソフトウェアの版", "versions", "端末のソフトウェアを更新してください。", "Update this node's software.",
     "Node and hub run different versions; the older one is updated first."},
    {"オンライン資格確認の回線", "line", "回線（光回線・ルーター）を確認してください。資格確認書等で受け付けられます。",
     "Check the line's router; go on with the eligibility certificates on paper.",
     "No TCP from the hub to the national system: IP-VPN or IPsec, DNS, firewall."},
    {"電子証明書", "certificate", "端末の電子証明書の更新をシステム担当に依頼してください。",
     "Ask the system's keeper to renew the client certificate.",
     "[line] certificate, key, ca: `openssl x509 -enddate`."},
    {"オンライン資格確認等システム", "national system",
     "国のシステムが応答していません。資格確認書等で受け付け、復旧を待ってください。",
     "The national system does not answer: go on with certificates on paper, and wait.",
     "The line stands and the centre refuses or is silent; see its announcements."},
    {"事前照会の予定", "planned inquiries",
     "予定していた事前照会が実行されていません。「uketsuke batch run」で照会してください。来院時の確認はいつもどおりできます。",
     "A planned inquiry was not made: ask now with `uketsuke batch run`. Checking in works as ever.",
     "The hub was off or without batch_scheduler from its planned time until noon; see [batch] and its log."},
    {"手作業のアップロード", "uploads by hand",
     "アップロード待ちの要求ファイルがあります。資格確認端末で登録し、結果をフォルダーに保存してください。",
     "A request file waits: upload it at the terminal, and put the downloaded result into the folder.",
     "[batch] by_hand; then `uketsuke batch collect BATCH --file NAME`. It is given up after seven days."},
    {"成否不明のアップロード", "doubtful uploads",
     "国のシステムの画面で受付番号を確認し、「uketsuke batch settle」で入力してください。再送はしないでください。",
     "Look at the national system for its reception number, and tell it with `uketsuke batch settle`. Do not send it "
     "again.",
     "A late answer is found by itself with the folders; else it is given up after eighteen hours."},
}};

} // namespace

const link_words& words_of(chain_link of) { return table[static_cast<std::size_t>(of)]; }

std::string_view name_of(standing is) {
  constexpr std::array<std::string_view, 4> names{"fine", "soon", "broken", "unknown"};
  return names[static_cast<std::size_t>(is)];
}

const finding* first_broken(std::span<const finding> chain) {
  const finding* first = nullptr;
  for (const auto& f : chain)
    if (f.is == standing::broken && (!first || f.of < first->of)) first = &f;
  return first;
}

std::string note_for_call_centre(const examined& of, std::span<const finding> chain) {
  std::string note = of.time + "\n端末 " + of.node + "、版 " + of.program_version +
                     (of.hub_version.empty() ? "" : "（ハブ " + of.hub_version + "）") + "\n";
  const auto* first = first_broken(chain);
  if (!first) return note + "異常は見つかりませんでした。\n";
  note += "異常箇所：" + std::string{words_of(first->of).ja} + "（" + first->detail + "）\n正常：";
  std::string fine;
  for (const auto& f : chain)
    if (f.is == standing::fine) fine += (fine.empty() ? "" : "、") + std::string{words_of(f.of).ja};
  return note + (fine.empty() ? "なし" : fine) + "\n";
}

} // namespace tools
