// `uketsuke ask` and `uketsuke reference`: single questions of reception, the outage's list, Face files, and 照会番号.
#include "actors/eligibility_gateway/validity_words.hpp"
#include "messages/json.hpp"
#include "tools/commands.hpp"
#include "tools/signing_in.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <fstream>
#include <iostream>

namespace tools {

using namespace messages;

namespace {

constexpr auto gateway = "eligibility_gateway";

struct ask_options {
  signing_in who;
  insured_number person;
  std::string declaration, claim, desk, appointment, care = "outpatient";
  bool limit = false, waiting = false, open_only = false, faces = false, json = false;
  std::uint32_t wait_ms = 20'000;
};

template <class M> void print_json(const M& m) { std::cout << to_json(*unpack(encode_body(m))) << '\n'; }

/// On the asker's own terminal, and nowhere else: what was asked for is shown to whoever asked.
void show(std::string_view before, const personal<std::string>& value, std::string_view after) {
  for (const auto part : {before, std::string_view{value.reveal()}, after})
    std::cout.write(part.data(), static_cast<std::streamsize>(part.size()));
}

void show(const difference& d) {
  show("    ", personal{std::string{name(d.field)}}, ": ");
  show("", personal{d.kept}, " → ");
  show("", personal{d.came}, "\n");
}

int say(const question_report& r, const id& question) {
  std::cout << "question " << question.text() << ": " << name(r.outcome);
  if (!r.error.empty()) std::cout << " (" << r.error << ")";
  std::cout << '\n';
  if (r.outcome != question_outcome::answered) return r.outcome == question_outcome::refused ? 1 : 3;
  const auto& words = eligibility_gateway::words_of(r.judged);
  std::cout << words.ja << words.next_ja << '\n' << words.en << ' ' << words.next_en << '\n';
  if (!r.name.reveal().empty()) show("氏名 ", r.name, "\n");
  if (r.has_reference_number) show("照会番号 ", r.reference_number, "\n");
  return 0;
}

outcome ask_one(const ask_options& o, const hub_access& run) {
  if (o.person.insurer.empty()) return failure(error_code::missing_value, "--insurer");
  if (o.person.number.empty()) return failure(error_code::missing_value, "--number");
  const auto& birth = o.person.birth_date;
  if (birth.size() != 8 || birth.find_first_not_of("0123456789") != std::string::npos)
    return failure(error_code::wrong_value, "--birth", "yyyyMMdd is needed");
  const auto kind = from_name<care>(o.care);
  if (!kind) return failure(error_code::wrong_value, "--care", o.care);
  ask_typed question{fresh_id(), {}, fresh_id(), {}, personal{o.person}, {}, *kind, false};
  question.limit = o.limit ? choice::given : choice::refused;
  question.desk = o.desk;
  question.appointment = o.appointment;
  const auto report = ask_hub(run, gateway, question, o.wait_ms);
  if (!report) return failure(report.error());
  if (!o.json) return say(*report, question.question);
  print_json(*report);
  return report->outcome == question_outcome::answered ? 0 : 3;
}

std::string still(waiting_for what) {
  switch (what) {
  case waiting_for::details: return "番号の記入待ち (details are missing)";
  case waiting_for::line: return "回線の復旧待ち (asked when the line is back)";
  case waiting_for::answer: return "回答待ち (asked, no answer yet)";
  case waiting_for::nothing: return "確認済み (settled)";
  }
  return {};
}

outcome list_outage(const ask_options& o, const hub_access& run) {
  const auto list = ask_hub(run, gateway, list_waiting{o.open_only});
  if (!list) return failure(list.error());
  if (o.json) {
    print_json(*list);
    return 0;
  }
  std::cout << (list->line_up ? "回線は正常です (the line is up)\n" : "回線が切れています (the line is lost)\n");
  for (const auto& row : list->rows) {
    std::cout << (row.checkin.empty() ? row.question : row.checkin).text() << "  " << row.desk;
    show("  ", row.name, "  ");
    std::cout << still(row.still) << '\n';
    for (const auto& d : row.changed.reveal())
      show(d);
  }
  return 0;
}

outcome print_form(const ask_options& o, const hub_access& run) {
  const auto checkin = id::from_text(o.declaration);
  if (!checkin)
    return failure(error_code::wrong_value, "--declaration", "32 hexadecimal digits of a check-in are needed");
  const auto form = ask_hub(run, gateway, print_declaration{*checkin});
  if (!form) return failure(form.error());
  show("", form->html, "");
  return 0;
}

/// Check-ins at certified readers, those that no desk has claimed first.
outcome list_faces(const ask_options& o, const hub_access& hub) {
  auto list = ask_hub(hub, gateway, list_face_files{});
  if (!list) return failure(list.error());
  std::ranges::stable_partition(list->rows, [](const auto& row) { return row.desk.empty(); });
  if (o.json) {
    print_json(*list);
    return 0;
  }
  for (const auto& row : list->rows) {
    std::cout << row.question.text() << "  " << (row.desk.empty() ? "窓口未定 (no desk: --claim it)" : row.desk);
    show("  ", row.name, "  ");
    std::cout << name(row.outcome) << ' ' << name(row.judged) << "  " << row.file << '\n';
  }
  return 0;
}

outcome claim_face(const ask_options& o, const hub_access& hub) {
  const auto question = id::from_text(o.claim);
  if (!question) return failure(error_code::wrong_value, "--claim", "32 hexadecimal digits, as --faces shows them");
  if (o.desk.empty()) return failure(error_code::missing_value, "--desk");
  const auto done = ask_hub(hub, gateway, claim_face_file{*question, o.desk});
  if (!done) return failure(done.error());
  std::cout << o.claim << " は " << o.desk << " の受付です (is that desk's check-in now)\n";
  return 0;
}

outcome run_ask(const ask_options& o) {
  return with_hub(o.who, [&](const hub_access& hub) {
    if (o.waiting || o.open_only) return list_outage(o, hub);
    if (!o.declaration.empty()) return print_form(o, hub);
    if (o.faces) return list_faces(o, hub);
    if (!o.claim.empty()) return claim_face(o, hub);
    return ask_one(o, hub);
  });
}

struct reference_options {
  signing_in who;
  std::string file;
  bool json = false;
};

/// number, insurer, symbol, number, branch and birth date, divided by tabs; empty lines and what follows # are skipped.
result<register_numbers> read_rows(const std::string& file) {
  std::ifstream in{file};
  if (!in) return failure(error_code::file_unreadable, file, "cannot be opened");
  register_numbers all;
  std::size_t at = 0;
  for (std::string line; std::getline(in, line);) {
    ++at;
    if (line.empty() || line.front() == '#') continue;
    std::vector<std::string> parts(1);
    for (const char c : line)
      if (c == '\t')
        parts.emplace_back();
      else if (c != '\r')
        parts.back() += c;
    if (parts.size() != 6)
      return failure(error_code::wrong_value, file + ":" + std::to_string(at),
                     "six columns divided by tabs are needed");
    all.rows.push_back({fresh_id(), fresh_id(), personal{parts[0]},
                        personal{insured_number{parts[1], parts[2], parts[3], parts[4], parts[5]}}});
  }
  return all;
}

outcome register_file(const reference_options& o, const hub_access& hub) {
  const auto rows = read_rows(o.file);
  if (!rows) return failure(rows.error());
  constexpr std::size_t at_once = 500; // one command stays under the limit of a frame
  std::uint64_t begun = 0;
  int status = 0;
  for (std::size_t from = 0; from < rows->rows.size(); from += at_once) {
    register_numbers part;
    part.rows.assign(rows->rows.begin() + static_cast<std::ptrdiff_t>(from),
                     rows->rows.begin() + static_cast<std::ptrdiff_t>(std::min(from + at_once, rows->rows.size())));
    const auto taken = ask_hub(hub, gateway, part);
    if (!taken) return failure(taken.error());
    begun += taken->begun;
    for (const auto& why : taken->refused)
      std::cerr << "from row " << from + 1 << " on, " << why << " cannot be sent\n";
    if (!taken->refused.empty()) status = 1;
  }
  std::cout << begun << " 件の登録を始めました (begun; uketsuke reference list shows how they end)\n";
  return status;
}

outcome list_numbers(const reference_options& o, const hub_access& hub) {
  const auto list = ask_hub(hub, gateway, list_registrations{});
  if (!list) return failure(list.error());
  if (o.json) {
    print_json(*list);
    return 0;
  }
  for (const auto& row : list->rows) {
    const char* now = row.outcome == question_outcome::answered  ? "登録済 (registered)"
                      : row.outcome == question_outcome::refused ? "エラー (refused)"
                                                                 : "未登録 (waiting)";
    show("", row.number, "  ");
    std::cout << now << (row.error.empty() ? "" : "  " + row.error) << '\n';
  }
  return 0;
}

} // namespace

void add_ask(CLI::App& app, chosen& run) {
  auto* command = app.add_subcommand("ask", "ask the national system about one person, from a document; "
                                            "or list whom an outage held up, and Face files");
  auto o = std::make_shared<ask_options>();
  o->who.add_options(*command);
  command->add_option("--insurer", o->person.insurer, "保険者番号");
  command->add_option("--symbol", o->person.symbol, "記号");
  command->add_option("--number", o->person.number, "番号");
  command->add_option("--branch", o->person.branch, "枝番");
  command->add_option("--birth", o->person.birth_date, "生年月日, yyyyMMdd");
  command->add_option("--care", o->care, "診療区分: outpatient, home_visit or online");
  command->add_flag("--limit", o->limit, "限度額情報 consented");
  command->add_option("--wait-ms", o->wait_ms, "how long to wait for the answer")->check(CLI::Range(100, 120'000));
  command->add_flag("--waiting", o->waiting, "list whom the outage held up, and what the answers changed");
  command->add_flag("--open", o->open_only, "list only who is still open: the closing list");
  command->add_option("--appointment", o->appointment, "診療予約日, yyyyMMdd, of an online consultation (default: today)");
  command->add_flag("--faces", o->faces, "list the check-ins of certified readers (Face files)");
  command->add_option("--claim", o->claim, "say whose check-in a Face file of a shared folder is; with --desk");
  command->add_option("--desk", o->desk, "the desk that asks, or claims");
  command->add_option("--declaration", o->declaration, "print the 被保険者資格申立書 of this check-in as HTML");
  command->add_flag("--json", o->json, "one JSON object");
  command->callback([&run, o] { run = [o] { return run_ask(*o); }; });
}

void add_reference(CLI::App& app, chosen& run) {
  auto* command = app.add_subcommand("reference", "照会番号: register many in the background, list how they stand");
  command->require_subcommand(1);
  auto o = std::make_shared<reference_options>();
  auto* many = command->add_subcommand("register", "照会番号・保険者番号・記号・番号・枝番・生年月日, a row a person");
  o->who.add_options(*many);
  many->add_option("file", o->file, "six columns divided by tabs")->required();
  many->callback([&run, o] {
    run = [o] { return with_hub(o->who, [&](const hub_access& hub) { return register_file(*o, hub); }); };
   });
  auto* list = command->add_subcommand("list", "registered, waiting and refused");
  o->who.add_options(*list);
  list->add_flag("--json", o->json, "one JSON object");
  list->callback([&run, o] {
    run = [o] { return with_hub(o->who, [&](const hub_access& hub) { return list_numbers(*o, hub); }); };
   });
}

} // namespace tools
