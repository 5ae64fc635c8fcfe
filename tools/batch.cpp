// `uketsuke batch`: who is expected, who is asked about before they come, how the requests stand, and what changed.
#include "messages/json.hpp"
#include "tools/batch_words.hpp"
#include "tools/commands.hpp"
#include "tools/signing_in.hpp"
#include "tools/visit_mapping.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <thread>

namespace tools {

using namespace messages;

namespace {

constexpr auto scheduler = "batch_scheduler";

struct batch_options {
  signing_in who;
  std::string file, mapping, day, batch, desk, reception, accept, defer;
  std::vector<std::string> why;
  bool by_hand = false, singly = false, json = false, csv = false, open_only = false, not_there = false;
  std::uint32_t wait_s = 600;
};

template <class M> void print_json(const M& m) { std::cout << to_json(*unpack(encode_body(m))) << '\n'; }

/// On the asker's own terminal, and nowhere else.
void show(std::string_view before, const personal<std::string>& value, std::string_view after) {
  for (const auto part : {before, std::string_view{value.reveal()}, after})
    std::cout.write(part.data(), static_cast<std::streamsize>(part.size()));
}

result<std::vector<asking_reason>> reasons_of(const batch_options& o) {
  std::vector<asking_reason> why;
  for (const auto& text : o.why) {
    const auto one = from_name<asking_reason>(text);
    if (!one) return failure(error_code::wrong_value, "--why", text);
    why.push_back(*one);
  }
  return why;
}

result<id> batch_of(const batch_options& o) {
  const auto one = id::from_text(o.batch);
  if (!one) return failure(error_code::wrong_value, "batch", "32 hexadecimal digits, as `batch status` shows them");
  return *one;
}

// -- import --------------------------------------------------------------------------------------------------------

/// Rows on their way to the hub, some hundred at a time.
class importer {
public:
  importer(const hub_access& hub, bool progress) : hub_(hub), progress_(progress) {}

  void take(visit_wanted&& row, std::uint64_t line) {
    rows_.rows.push_back(std::move(row));
    lines_.push_back(line);
    if (rows_.rows.size() == at_once) send();
  }
  void send() {
    if (rows_.rows.empty() || trouble) return;
    const auto taken = ask_hub(hub_, scheduler, rows_, 60'000);
    if (!taken) {
      trouble = taken.error();
      return;
    }
    total.fresh += taken->fresh;
    total.known += taken->known;
    total.cancelled += taken->cancelled;
    for (const auto& why : taken->refused) { // "row 3: day"
      const auto colon = why.find(':');
      const auto n = std::strtoull(why.c_str() + 4, nullptr, 10);
      const auto line = n > 0 && n <= lines_.size() ? lines_[n - 1] : 0;
      std::cerr << "line " << line << why.substr(std::min(colon, why.size())) << '\n';
      ++refused;
    }
    sent_ += rows_.rows.size();
    if (progress_) std::cerr << '\r' << sent_ << " rows " << std::flush;
    rows_.rows.clear();
    lines_.clear();
  }

  visits_taken total;
  std::uint64_t refused = 0;
  std::optional<error> trouble;

private:
  static constexpr std::size_t at_once = 250; // stays under the limit of a frame
  const hub_access& hub_;
  bool progress_;
  take_visits rows_;
  std::vector<std::uint64_t> lines_;
  std::uint64_t sent_ = 0;
};

outcome import_file(const batch_options& o, const hub_access& hub) {
  auto layout = read_visit_mapping(o.mapping);
  if (!layout) return failure(layout.error());
  std::ifstream in{o.file, std::ios::binary};
  if (!in) return failure(error_code::file_unreadable, o.file, "cannot be opened");
  importer to{hub, ::isatty(STDERR_FILENO) == 1};
  const auto reject = [&](const batch_scheduler::rejected_row& row) {
    const auto [ja, en] = words_of(row.why);
    const error with{error_code::wrong_value, {row.what}};
    std::cerr << row.line << " 行目: " << fill_in(ja, with) << " (line " << row.line << ": " << fill_in(en, with)
              << ")\n";
  };
  batch_scheduler::visit_reader reader{
      std::move(*layout), [&](visit_wanted&& row, std::uint64_t line) { to.take(std::move(row), line); }, reject};
  std::string piece(256 * 1024, '\0');
  while (in && !reader.useless() && !to.trouble) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    reader.feed(std::string_view{piece}.substr(0, static_cast<std::size_t>(in.gcount())));
  }
  reader.finish();
  to.send();
  if (to.trouble) return failure(*to.trouble);
  if (reader.useless()) return failure(error_code::wrong_value, o.file, "it does not fit the mapping");
  const auto rejected = reader.rejected() + to.refused;
  std::cout << "新規 " << to.total.fresh << " 件、既知 " << to.total.known << " 件、取消 " << to.total.cancelled
            << " 件、取り込めない行 " << rejected << " 件 (new, known, cancelled, rejected)\n";
  return rejected == 0 ? 0 : 3;
}

// -- plan, send, status --------------------------------------------------------------------------------------------

std::string time_words(const std::string& t) { // yyyyMMddHHmm
  return t.size() < 12 ? t
                       : t.substr(0, 4) + "-" + t.substr(4, 2) + "-" + t.substr(6, 2) + " " + t.substr(8, 2) + ":" +
                             t.substr(10, 2);
}

outcome show_plan(const batch_options& o, const hub_access& hub) {
  auto why = reasons_of(o);
  if (!why) return failure(why.error());
  plan_batches wanted{*why, 0};
  std::uint64_t shown = 0;
  for (;;) {
    const auto plan = ask_hub(hub, scheduler, wanted, 30'000);
    if (!plan) return failure(plan.error());
    if (o.json)
      print_json(*plan);
    else {
      for (const auto& t : plan->times)
        if (wanted.first == 0) std::cout << time_words(t.when) << "  " << t.schedule << "  (" << t.text << ")\n";
      for (const auto& row : plan->rows) {
        show("", row.number, "  ");
        show("", row.name, "  ");
        std::cout << words_of(row.why) << "  " << words_of(row.kind) << "  " << row.day << '\n';
      }
    }
    shown += plan->rows.size();
    wanted.first += plan->rows.size();
    if (plan->rows.empty() || shown >= plan->total) {
      if (!o.json)
        std::cout << plan->total << " 件を照会する予定、今夜照会済み " << plan->asked_already
                  << " 件 (to be asked about; asked this night already)\n";
      return 0;
    }
  }
}

void say(const batch_status& b) {
  std::cout << b.batch.text() << "  " << words_of(b.kind) << "  " << words_of(b.now) << "  " << b.rows << " 件";
  if (b.answered > 0 || b.now == batch_state::listed) std::cout << "・回答 " << b.answered << "・変更 " << b.changes;
  if (b.refused > 0) std::cout << "・送れない人 " << b.refused;
  if (b.missing > 0) std::cout << "・回答なし " << b.missing;
  if (!b.reception_number.empty()) std::cout << "  受付番号 " << b.reception_number;
  if (!b.file.empty()) std::cout << "  " << b.file;
  if (!b.error.empty()) std::cout << "  " << b.error;
  std::cout << '\n';
}

outcome send(const batch_options& o, const hub_access& hub) {
  auto why = reasons_of(o);
  if (!why) return failure(why.error());
  const auto begun = ask_hub(hub, scheduler, send_batches{*why, o.by_hand, o.singly}, 30'000);
  if (!begun) return failure(begun.error());
  if (o.json)
    print_json(*begun);
  else {
    std::cout << begun->rows << " 件の照会を " << begun->batches.size() << " 個の要求で始めました。今夜照会済み "
              << begun->asked_already << " 件 (begun; asked already)\n";
    for (const auto& one : begun->batches)
      std::cout << one.text() << '\n';
  }
  return 0;
}

outcome show_status(const batch_options& o, const hub_access& hub) {
  const auto list = ask_hub(hub, scheduler, list_batches{});
  if (!list) return failure(list.error());
  if (o.json) {
    print_json(*list);
    return 0;
  }
  for (const auto& t : list->times)
    std::cout << time_words(t.when) << "  " << t.schedule << "  (" << t.text << ")\n";
  for (const auto& b : list->rows)
    say(b);
  return 0;
}

outcome collect(const batch_options& o, const hub_access& hub) {
  const auto batch = batch_of(o);
  if (!batch) return failure(batch.error());
  const auto now = ask_hub(hub, scheduler, collect_batch{*batch, o.file}, 120'000);
  if (!now) return failure(now.error());
  if (o.json)
    print_json(*now);
  else
    say(*now);
  return now->now == batch_state::listed ? 0 : 3;
}

outcome settle(const batch_options& o, const hub_access& hub) {
  const auto batch = batch_of(o);
  if (!batch) return failure(batch.error());
  if (o.reception.empty() == !o.not_there)
    return failure(error_code::missing_value, "--reception NUMBER, or --not-there");
  const auto now = ask_hub(hub, scheduler, settle_batch{*batch, o.reception});
  if (!now) return failure(now.error());
  say(*now);
  return 0;
}

/// Sends what is due this evening and waits until each batch is over; then what changed is `batch changes`.
outcome run_night(const batch_options& o, const hub_access& hub) {
  if (const auto sent = send(o, hub); !sent) return sent;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{o.wait_s};
  const bool progress = ::isatty(STDERR_FILENO) == 1;
  for (;;) {
    const auto list = ask_hub(hub, scheduler, list_batches{});
    if (!list) return failure(list.error());
    std::uint64_t open = 0, answered = 0, rows = 0, failed = 0;
    const auto tonight = list->rows.empty() ? std::string{} : list->rows.front().night;
    for (const auto& b : list->rows) {
      if (b.night != tonight) continue;
      open += b.now != batch_state::listed && b.now != batch_state::failed;
      failed += b.now == batch_state::failed;
      answered += b.answered;
      rows += b.rows;
    }
    if (progress) std::cerr << '\r' << answered << " / " << rows << " 件 " << std::flush;
    const bool late = std::chrono::steady_clock::now() >= until;
    if (open == 0 || late) {
      std::cout << rows << " 件中 " << answered << " 件の回答、失敗した要求 " << failed << " 個"
                << (open > 0 ? "、まだ終わっていない要求があります (batch status)" : "") << '\n';
      return open == 0 && failed == 0 ? 0 : 3;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{500});
  }
}

// -- what changed --------------------------------------------------------------------------------------------------

/// RFC 4180, and no formula for a spreadsheet to run.
std::string csv_field(std::string text) {
  if (!text.empty() && std::string_view{"=+-@\t\r"}.find(text.front()) != std::string_view::npos) text.insert(0, "'");
  for (std::size_t n = 0; (n = text.find('"', n)) != std::string::npos; n += 2)
    text.insert(n, "\"");
  return '"' + text + '"';
}

void print_change(const batch_options& o, const change_row& row) {
  const auto what = words_of(row.what) + (row.ended == consent_end::none ? "" : "（" + words_of(row.ended) + "）");
  if (o.csv) {
    std::string text;
    for (const auto& field : {row.desk, row.day, row.number.reveal(), row.name.reveal(), what, row.kept.reveal(),
                              row.came.reveal(), words_of(row.how), row.decided_by, row.change.text()})
      text += (text.empty() ? "" : ",") + csv_field(field);
    show("", personal{std::move(text)}, "\r\n");
    return;
  }
  std::cout << row.change.text() << "  " << (row.desk.empty() ? "—" : row.desk) << "  " << row.day;
  show("  ", row.number, " ");
  show("", row.name, "  ");
  std::cout << what;
  show("  ", row.kept, " → ");
  show("", row.came, "  ");
  std::cout << words_of(row.how) << '\n';
}

outcome decide(const batch_options& o, const hub_access& hub) {
  const auto& text = o.accept.empty() ? o.defer : o.accept;
  const auto change = id::from_text(text);
  if (!change)
    return failure(error_code::wrong_value, "change", "32 hexadecimal digits, as `batch changes` shows them");
  const auto how = o.accept.empty() ? change_decision::deferred : change_decision::accepted;
  const auto done = ask_hub(hub, scheduler, decide_change{*change, how});
  if (!done) return failure(done.error());
  std::cout << text << "  " << words_of(how) << '\n';
  return 0;
}

outcome show_changes(const batch_options& o, const hub_access& hub) {
  if (!o.accept.empty() || !o.defer.empty()) return decide(o, hub);
  list_changes wanted{o.open_only, o.desk, 0};
  if (o.csv)
    std::cout
        << "\"窓口\",\"予定日\",\"診察券番号\",\"氏名\",\"変更\",\"前回\",\"今回\",\"対応\",\"対応者\",\"ID\"\r\n";
  for (;;) {
    const auto list = ask_hub(hub, scheduler, wanted, 30'000);
    if (!list) return failure(list.error());
    if (o.json)
      print_json(*list);
    else
      for (const auto& row : list->rows)
        print_change(o, row);
    wanted.first += list->rows.size();
    if (list->rows.empty() || wanted.first >= list->total) {
      if (!o.json && !o.csv)
        std::cout << "変更 " << list->total << " 件、未対応 " << list->open << " 件、回答のない人 " << list->unanswered
                  << " 人 (changes, undecided, unanswered)\n";
      return 0;
    }
  }
}

outcome show_visits(const batch_options& o, const hub_access& hub) {
  list_visits wanted{o.day, 0};
  for (;;) {
    const auto list = ask_hub(hub, scheduler, wanted, 30'000);
    if (!list) return failure(list.error());
    if (o.json)
      print_json(*list);
    else
      for (const auto& row : list->rows) {
        std::cout << list->day << "  " << (row.desk.empty() ? "—" : row.desk);
        show("  ", row.number, "  ");
        show("", row.name, "  ");
        std::cout << words_of(row.how) << (row.standing ? "・定期" : "") << "  " << words_of(row.stands) << '\n';
      }
    wanted.first += list->rows.size();
    if (list->rows.empty() || wanted.first >= list->total) return 0;
  }
}

using step = outcome (*)(const batch_options&, const hub_access&);

CLI::App* add_step(CLI::App& batch, const char* name, const char* help, chosen& run, std::shared_ptr<batch_options> o,
                   step what) {
  auto* command = batch.add_subcommand(name, help);
  o->who.add_options(*command);
  command->add_flag("--json", o->json, "JSON objects, one a line");
  command->callback([&run, o, what] {
    run = [o, what] { return with_hub(o->who, [&](const hub_access& hub) { return what(*o, hub); }); };
  });
  return command;
}

} // namespace

void add_batch(CLI::App& app, chosen& run) {
  auto* batch = app.add_subcommand("batch", "事前の資格確認: ask about people before they come");
  batch->require_subcommand(1);
  const auto o = std::make_shared<batch_options>();
  const auto reasons = "appointment, standing_visit, before_claims, medical_assistance, web_consent "
                       "(default: what is due this evening)";
  auto* import = add_step(*batch, "import", "take appointments and standing visits from a CSV file (UTF-8 or CP932)",
                          run, o, &import_file);
  import->add_option("file", o->file, "the CSV file")->required();
  import->add_option("--mapping", o->mapping,
                     "TOML: which column is what; without it the headings are number, name, kana, insurer, symbol, "
                     "card_number, branch, birth_date, medical_assistance, care, day, until, repeats, desk, cancelled");
  auto* plan = add_step(*batch, "plan", "who would be asked about now, when and why; does nothing", run, o, &show_plan);
  plan->add_option("--why", o->why, reasons);
  for (auto* command : {add_step(*batch, "send", "ask about them now, nobody twice in a night", run, o, &send),
                        add_step(*batch, "run", "send, and wait until the answers are taken in", run, o, &run_night)}) {
    command->add_option("--why", o->why, reasons);
    command->add_flag("--by-hand", o->by_hand, "save the files for upload in the browser ([batch] by_hand)");
    command->add_flag("--singly", o->singly, "ask about one person after another, with the 診療区分 of their visit");
    command->add_option("--wait-s", o->wait_s, "how long `run` waits");
  }
  add_step(*batch, "status", "planned times, and the batches of the last days", run, o, &show_status);
  auto* fetch = add_step(*batch, "collect", "ask for a result now, or take a downloaded one", run, o, &collect);
  fetch->add_option("batch", o->batch, "as `batch status` shows it")->required();
  fetch->add_option("--file", o->file, "name of the downloaded file in the folder [batch] by_hand");
  auto* doubt = add_step(*batch, "settle",
                         "say what the national system shows of a batch in doubt, or of one that was "
                         "uploaded by hand",
                         run, o, &settle);
  doubt->add_option("batch", o->batch, "as `batch status` shows it")->required();
  doubt->add_option("--reception", o->reception, "受付番号: it is there");
  doubt->add_flag("--not-there", o->not_there, "it is not there");
  auto* changes = add_step(*batch, "changes", "the morning list; accept or defer a change", run, o, &show_changes);
  changes->add_flag("--open", o->open_only, "only what nobody has decided");
  changes->add_option("--desk", o->desk, "of one desk");
  changes->add_flag("--csv", o->csv, "as CSV (UTF-8)");
  changes->add_option("--accept", o->accept, "accept this change");
  changes->add_option("--defer", o->defer, "look at this change later");
  auto* visits = add_step(*batch, "visits", "who is expected on a day, and how they stand", run, o, &show_visits);
  visits->add_option("--day", o->day, "yyyyMMdd (default: today)");
}

} // namespace tools
