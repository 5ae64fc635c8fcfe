// The page of the 被保険者資格申立書.
#include "actors/eligibility_gateway/declaration.hpp"

#include "actors/eligibility_gateway/file_names.hpp"

namespace eligibility_gateway {

using namespace messages;

namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (static_cast<unsigned char>(c) >= 0x20)
      out += c;
  }
  return out;
}

std::string day(const std::string& yyyymmdd) {
  if (yyyymmdd.size() < 8) return "　　　　年　　月　　日";
  return yyyymmdd.substr(0, 4) + "年" + yyyymmdd.substr(4, 2) + "月" + yyyymmdd.substr(6, 2) + "日";
}

std::string row(const char* label, const std::string& content) {
  return std::string{"<tr><th>"} + label + "</th><td>" + content + "</td></tr>\n";
}

std::string box(bool checked, const char* label) { return std::string{checked ? "☑" : "☐"} + " " + label + "　"; }

std::string ratio_boxes(const std::string& ratio) {
  return box(ratio == "030", "3割") + box(ratio == "020", "2割") + box(ratio == "010", "1割") +
         box(ratio.empty(), "わからない");
}

constexpr auto head = R"(<!DOCTYPE html>
<html lang="ja"><head><meta charset="utf-8"><title>被保険者資格申立書</title>
<style>
@page { size: A4; margin: 20mm }
body { font-family: serif; font-size: 12pt; line-height: 1.6 }
h1 { font-size: 18pt; text-align: center; letter-spacing: .3em }
table { width: 100%; border-collapse: collapse } th, td { border: 1px solid #000; padding: 2mm 3mm; text-align: left }
th { width: 32%; font-weight: normal } .sign { margin-top: 12mm }
</style></head><body>
<h1>被保険者資格申立書</h1>
<p>オンライン資格確認ができなかったため、健康保険の資格について次のとおり申し立てます。</p>
)";

} // namespace

std::string declaration_page(const declared_insurance& d, const insured_number& person, std::uint64_t visit_ms) {
  const auto& birth = d.birth_date.empty() ? person.birth_date : d.birth_date;
  std::string page = head;
  page += "<table>\n";
  page += row("受診日", day(japanese_time(visit_ms)));
  page += row("フリガナ", escaped(d.kana));
  page += row("氏名", escaped(d.name));
  page += row("生年月日", day(birth));
  page += row("性別", box(d.sex == "1", "男") + box(d.sex == "2", "女"));
  page += row("住所", escaped(d.address));
  page += row("連絡先（電話番号）", escaped(d.phone));
  page += row("保険種別", box(d.type == insurance_type::employees, "被用者保険") +
                              box(d.type == insurance_type::national, "国民健康保険") +
                              box(d.type == insurance_type::elderly, "後期高齢者医療") +
                              box(d.type == insurance_type::other, "その他") +
                              box(d.type == insurance_type::not_known, "わからない"));
  page += row("保険者等名称", escaped(d.insurer_name));
  page += row("事業所名", escaped(d.workplace));
  page += row("保険者番号", escaped(person.insurer));
  page +=
      row("記号・番号（枝番）", escaped(person.symbol) + (person.symbol.empty() ? "" : "・") + escaped(person.number) +
                                    (person.branch.empty() ? "" : "（" + escaped(person.branch) + "）"));
  page += row("証の交付を受けた時期", box(d.issued == issued_when::within_a_month, "1か月以内") +
                                          box(d.issued == issued_when::earlier, "1か月より前") +
                                          box(d.issued == issued_when::not_known, "わからない"));
  page += row("一部負担金の割合", ratio_boxes(d.burden_ratio));
  page += "</table>\n<p class=\"sign\">署名（患者本人、または代わりの方と続柄）：" + escaped(d.signed_by) +
          "　＿＿＿＿＿＿＿＿＿＿＿＿＿＿</p>\n</body></html>\n";
  return page;
}

} // namespace eligibility_gateway
