// `uketsuke consent`: the address of マイナ在宅受付Web for patients at home, and the end of a home visit's consent.
#include "drivers/screen/qr_code.hpp"
#include "messages/json.hpp"
#include "tools/batch_words.hpp"
#include "tools/commands.hpp"
#include "tools/signing_in.hpp"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>

namespace tools {

using namespace messages;

namespace {

struct consent_options {
  signing_in who;
  insured_number person;
  std::string care = "home_visit", day, out, patient;
  bool renew = false, json = false, yes = false;
};

template <class M> void print_json(const M& m) { std::cout << to_json(*unpack(encode_body(m))) << '\n'; }

void show(std::string_view before, const personal<std::string>& value, std::string_view after) {
  for (const auto part : {before, std::string_view{value.reveal()}, after})
    std::cout.write(part.data(), static_cast<std::streamsize>(part.size()));
}

/// yyyyMMdd and yyyyMMddHHmmss as people write them.
std::string written(const std::string& t) {
  if (t.size() < 8) return t;
  const auto day = t.substr(0, 4) + "-" + t.substr(4, 2) + "-" + t.substr(6, 2);
  return t.size() < 12 ? day : day + " " + t.substr(8, 2) + ":" + t.substr(10, 2);
}

/// yyyyMMdd that the calendar has, as an address says it.
result<std::string> booked_day(const std::string& text) {
  int year = 0, month = 0, day = 0;
  const bool read = text.size() == 8 && text.find_first_not_of("0123456789") == std::string::npos &&
                    std::sscanf(text.c_str(), "%4d%2d%2d", &year, &month, &day) == 3;
  const std::chrono::year_month_day on{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                       std::chrono::day{static_cast<unsigned>(day)}};
  if (!read || !on.ok()) return failure(error_code::wrong_value, "--day", text + ": a day as yyyyMMdd is needed");
  return written(text);
}

outcome show_url(const consent_options& o, const hub_access& hub) {
  const auto how = from_name<care>(o.care);
  if (!how || (*how != care::home_visit && *how != care::online))
    return failure(error_code::wrong_value, "--care", o.care + ": home_visit or online is needed");
  if (!o.day.empty() && *how != care::online)
    return failure(error_code::wrong_value, "--day", "only an online consultation (--care online) has one");
  const auto day = o.day.empty() ? result<std::string>{} : booked_day(o.day);
  if (!day) return failure(day.error());
  auto url = ask_hub(hub, "batch_scheduler", obtain_url{*how, o.renew}, 25'000);
  if (!url) return failure(url.error());
  if (!day->empty()) url->url += "&day=" + *day;
  if (o.json) {
    print_json(*url);
    return 0;
  }
  const auto code = drivers::screen::qr_code::of(url->url);
  if (!code) return failure(code.error());
  if (o.out.empty())
    std::cout << code->for_terminal();
  else {
    std::ofstream to{o.out, std::ios::binary | std::ios::trunc};
    to << code->as_svg(words_of(*how) + "の受付");
    to.close();
    if (!to) return failure(error_code::write_failed, o.out, std::strerror(errno));
  }
  std::cout << url->url << '\n';
  return 0;
}

void say(const consented_row& row) {
  const auto& p = row.person.reveal();
  show("氏名 ", row.name.reveal().empty() ? personal<std::string>{"—"} : row.name, "  ");
  show("照会番号 ", row.number.reveal().empty() ? personal<std::string>{"—"} : row.number, "  ");
  show("保険者番号 ", personal{p.insurer}, "  ");
  show("記号・番号・枝番 ", personal{p.symbol + " " + p.number + " " + p.branch}, "  ");
  show("生年月日 ", personal{written(p.birth_date)}, "  ");
  std::cout << words_of(row.how) << "  同意 " << written(row.consented) << "  (--patient " << row.patient.text() << ")\n";
}

result<consented_list> find(const consent_options& o, const hub_access& hub) {
  if (o.person.number.empty() && o.person.insurer.empty() && o.person.birth_date.empty() && o.person.branch.empty())
    return failure(error_code::missing_value, "--insurer, --number, --branch or --birth");
  return ask_hub(hub, "eligibility_gateway", find_consented{personal{o.person}});
}

void say_nobody() {
  std::cerr << "同意している患者さんは見つかりません。番号と生年月日を確かめてください "
               "(nobody with a consent was found)\n";
}

outcome find_them(const consent_options& o, const hub_access& hub) {
  const auto found = find(o, hub);
  if (!found) return failure(found.error());
  if (o.json)
    print_json(*found);
  else
    for (const auto& row : found->rows)
      say(row);
  if (found->rows.empty()) say_nobody();
  return found->rows.empty() ? 3 : 0;
}

bool says_yes() {
  std::cerr << "この患者さんの閲覧同意を取り消しますか。「はい」と入力してください (type yes to withdraw): "
            << std::flush;
  std::string said;
  std::getline(std::cin, said);
  return said == "はい" || said == "yes";
}

int say(const question_report& report) {
  switch (report.outcome) {
  case question_outcome::answered:
    std::cout << "同意を取り消しました。閲覧は終了しています (withdrawn; viewing is closed)\n";
    return 0;
  case question_outcome::refused:
    std::cout << "全国のシステムは取消を受け付けませんでした。こちらの閲覧は終了しています "
                 "(refused there; viewing is closed here): "
              << report.error << '\n';
    return 1;
  default:
    std::cout << "閲覧は終了しました。取消の結果は確認中です "
                 "(viewing is closed; the outcome is being settled)\n";
    return 0;
  }
}

/// 同意取消: the one who was found, shown, and confirmed.
outcome withdraw(const consent_options& o, const hub_access& hub) {
  auto found = find(o, hub);
  if (!found) return failure(found.error());
  for (const auto& row : found->rows)
    say(row);
  if (found->rows.empty()) {
    say_nobody();
    return 3;
  }
  std::erase_if(found->rows, [&](const auto& row) { return !o.patient.empty() && row.patient.text() != o.patient; });
  if (found->rows.size() != 1) {
    std::cerr << "対象の患者さんを1人に絞れません。--patient で選んでください (choose one with --patient)\n";
    return 3;
  }
  const auto& who = found->rows.front();
  if (!o.yes && !says_yes()) {
    std::cerr << "取り消していません (nothing was withdrawn)\n";
    return 3;
  }
  const withdraw_consent wanted{fresh_id(), who.patient, {}, who.person};
  const auto report = ask_hub(hub, "eligibility_gateway", wanted, 20'000);
  if (!report) return failure(report.error());
  return say(*report);
}

void add_person(CLI::App& command, consent_options& o) {
  command.add_option("--insurer", o.person.insurer, "保険者番号");
  command.add_option("--number", o.person.number, "番号");
  command.add_option("--branch", o.person.branch, "枝番");
  command.add_option("--birth", o.person.birth_date, "生年月日, yyyyMMdd");
  command.add_flag("--json", o.json, "one JSON object");
}

using step = outcome (*)(const consent_options&, const hub_access&);

CLI::App* add_step(CLI::App& consent, const char* name, const char* help, chosen& run,
                   std::shared_ptr<consent_options> o, step what) {
  auto* command = consent.add_subcommand(name, help);
  o->who.add_options(*command);
  command->callback([&run, o, what] {
    run = [o, what] { return with_hub(o->who, [&](const hub_access& hub) { return what(*o, hub); }); };
  });
  return command;
}

} // namespace

void add_consent(CLI::App& app, chosen& run) {
  auto* consent = app.add_subcommand("consent", "consents that are given at home, and their end");
  consent->require_subcommand(1);
  const auto o = std::make_shared<consent_options>();
  auto* url = add_step(*consent, "url", "the address of マイナ在宅受付Web as text and QR code", run, o, &show_url);
  url->add_option("--care", o->care, "home_visit or online");
  url->add_option("--day", o->day, "診療予約日, yyyyMMdd, of an online consultation: whoever opens it need not choose");
  url->add_flag("--renew", o->renew, "ask for a new address: the old one stops working");
  url->add_option("--out", o->out, "write the QR code as SVG, to be printed");
  url->add_flag("--json", o->json, "one JSON object");
  add_person(*add_step(*consent, "find", "同意取消照会: whose consent is in force", run, o, &find_them), *o);
  auto* end =
      add_step(*consent, "withdraw", "同意取消 of home visits: shows the person, asks, withdraws", run, o, &withdraw);
  add_person(*end, *o);
  end->add_option("--patient", o->patient, "of several who were found");
  end->add_flag("--yes", o->yes, "withdraw without asking: the person was confirmed");
}

} // namespace tools
