// `uketsuke audit`: is the journal what was written, do the views follow from it, and who saw or did what.
#include "storage/audit.hpp"

#include "messages/json.hpp"
#include "storage/views/all.hpp"
#include "tools/commands.hpp"
#include "tools/stopped_journal.hpp"
#include "tools/time_text.hpp"
#include "tools/who.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <iostream>

namespace tools {

using namespace messages;

namespace {

struct who_options {
  std::string patient, account, desk, from, to;
  bool json = false, csv = false;
};

std::function<void(std::uint64_t, std::uint64_t)> shown_progress(const char* what) {
  if (::isatty(STDERR_FILENO) == 0) return {};
  return [what](std::uint64_t n, std::uint64_t of) {
    std::cerr << '\r' << what << ' ' << n << " of " << of << (n == of ? "\n" : "") << std::flush;
  };
}

outcome verify(const stopped_journal& at, bool json) {
  auto options = at.options();
  options.keys = at.access();
  const auto report = storage::audit(std::move(options), storage::all_views(), shown_progress("entry"));
  if (!report) return failure(report.error());
  if (json)
    std::cout << "{\"entries\":" << report->entries << ",\"sealed\":" << report->sealed
              << ",\"forgotten\":" << report->forgotten << ",\"signed_heads\":" << report->signed_heads
              << ",\"rows\":" << report->rows << ",\"faults\":" << report->faults << ",\"head_tag\":\""
              << report->head_tag << "\"}\n";
  else
    std::cout << report->entries << " entries, " << report->sealed << " with sealed values that open, "
              << report->forgotten << " forgotten; " << report->signed_heads << " signed heads hold; " << report->rows
              << " rows read\nchain tag of the last entry: " << report->head_tag << "\n";
  if (report->journal_reached > report->entries)
    std::cerr << "this is an older copy: its journal went on to entry " << report->journal_reached << "\n";
  for (const auto& fault : report->first_faults)
    std::cerr << (fault.index > 0 ? "entry " + std::to_string(fault.index) + ": " : std::string{}) << fault.what
              << "\n";
  if (report->faults == 0) return 0;
  const auto& first = report->first_faults.front();
  return failure(error_code::audit_failed, first.index > 0 ? "entry " + std::to_string(first.index) : at.data,
                 first.what + (report->faults > 1 ? " (and " + std::to_string(report->faults - 1) + " more)" : ""));
}

outcome rebuild(const stopped_journal& at, bool json) {
  auto options = at.options();
  options.keys = at.access();
  const auto opened = storage::journal::open(std::move(options), storage::all_views());
  if (!opened) return failure(opened.error());
  const auto compared = (*opened)->rebuild_and_compare(shown_progress("entry"));
  if (!compared) return failure(compared.error());
  if (json)
    std::cout << "{\"entries\":" << compared->entries << ",\"rows\":" << compared->rows
              << ",\"equal\":" << (compared->first_difference ? "false" : "true") << "}\n";
  else
    std::cout << compared->entries << " entries folded into " << compared->rows << " rows\n";
  if (!compared->first_difference) return 0;
  return failure(error_code::audit_failed, at.data, *compared->first_difference);
}

// -- who -----------------------------------------------------------------------------------------------------------

/// Quoted where it has to be. What a spreadsheet would take for a formula gets a quote in front.
std::string csv_field(std::string text) {
  if (!text.empty() && std::string_view{"=+-@"}.find(text.front()) != std::string_view::npos) text.insert(0, "'");
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text)
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string text_or(const id& named, const char* none) { return named.empty() ? none : named.text(); }

void print_json(const deed& d) {
  value::array seen;
  for (const auto& name : d.could_see)
    seen.push_back(value{name});
  value::map line{{"index", value{d.index}},
                  {"time_ms", value{d.time_ms}},
                  {"time_jst", value{time_text(d.time_ms)}},
                  {"topic", value{d.topic}},
                  {"desk", value{d.where}},
                  {"account", value{d.account}},
                  {"on_behalf_of", value{d.behalf}},
                  {"could_see", value{std::move(seen)}},
                  {"concerned", value{d.concerned}},
                  {"patient", value{text_or(d.patient, "")}},
                  {"checkin", value{text_or(d.checkin, "")}},
                  {"said", value{d.said}}};
  std::cout << to_json(value{std::move(line)}) << '\n';
}

void print_csv(const deed& d) {
  std::cout << d.index << ',' << time_text(d.time_ms) << ',' << csv_field(d.topic) << ',' << csv_field(d.where) << ','
            << csv_field(d.account) << ',' << text_or(d.patient, "") << ',' << text_or(d.checkin, "") << ','
            << csv_field(words_of(d)) << '\n';
}

void print_row(const std::string& time, const std::string& index, const std::string& where, const std::string& who,
               const std::string& patient, const std::string& what, const std::string& details) {
  char line[256];
  std::snprintf(line, sizeof line, "%-19s  %8s  %-12s  %-12s  %-32s  %-34s  ", time.c_str(), index.c_str(),
                where.c_str(), who.c_str(), patient.c_str(), what.c_str());
  std::cout << line << details << '\n';
}

/// A heading comes with the first line: nothing found prints nothing.
void print(const who_options& o, const deed& d, bool first) {
  if (o.json) return print_json(d);
  if (o.csv) return print_csv(d);
  if (first) print_row("time (JST)", "entry", "desk", "account", "patient", "what", "details");
  print_row(time_text(d.time_ms), std::to_string(d.index), d.where, d.account.empty() ? "-" : d.account,
            text_or(d.patient, "-"), d.topic, words_of(d));
}

result<deed_filter> filter_of(const who_options& o) {
  deed_filter filter;
  const auto time = [](const char* option, const std::string& text, bool end, std::uint64_t& into) -> result<void> {
    if (text.empty()) return {};
    const auto ms = time_asked(text, end);
    if (!ms) return failure(error_code::wrong_value, option, text + " (wanted: 2026-11-22 or 2026-11-22T08:42)");
    into = *ms;
    return {};
  };
  if (auto done = time("--from", o.from, false, filter.from_ms); !done) return failure(done.error());
  if (auto done = time("--to", o.to, true, filter.to_ms); !done) return failure(done.error());
  if (filter.from_ms > filter.to_ms) return failure(error_code::wrong_value, "--to", o.to + " (before --from)");
  if (!o.patient.empty()) {
    auto digits = o.patient;
    std::ranges::transform(digits, digits.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto patient = id::from_text(digits);
    if (!patient || patient->empty())
      return failure(error_code::wrong_value, "--patient", o.patient + " (wanted: a handle of 32 hexadecimal digits)");
    filter.patient = *patient;
  }
  if (!o.account.empty() && !is_account_id(o.account)) return failure(error_code::wrong_value, "--account", o.account);
  filter.account = o.account;
  filter.desk = o.desk;
  return filter;
}

outcome who(const stopped_journal& at, const who_options& o) {
  const auto filter = filter_of(o);
  if (!filter) return failure(filter.error());
  auto options = at.options();
  options.keys.reset(); // who did what names nobody's data: no key is needed
  const auto opened = storage::journal::open(std::move(options), {});
  if (!opened) return failure(opened.error());
  if (o.csv) std::cout << "index,time_jst,topic,desk,account,patient,checkin,details\n";
  deeds all;
  std::uint64_t found = 0;
  for (std::uint64_t next = 1;;) {
    const auto page = (*opened)->read(next, 1000);
    if (!page) return failure(page.error());
    for (const auto& entry : page->events) {
      const auto e = decode_event(entry.envelope);
      if (!e) return failure(e.error());
      const auto told = all.take(*e);
      if (filter->wants(told)) print(o, told, found++ == 0);
    }
    if (page->next > page->head) break;
    next = page->next;
  }
  std::cout.flush();
  if (found == 0) std::cerr << "no entry of " << (*opened)->head() << " is about that\n";
  return 0;
}

} // namespace

void add_audit(CLI::App& app, chosen& run) {
  auto* command = app.add_subcommand("audit", "a stopped node's journal, or a copy: unchanged? and who did what");
  command->require_subcommand(1);
  auto at = std::make_shared<stopped_journal>();
  auto json = std::make_shared<bool>(false);
  auto* verifying = command->add_subcommand("verify", "check every entry, signature, row and file");
  at->add_options(*verifying);
  verifying->add_flag("--json", *json, "the counts as JSON");
  verifying->callback([&run, at, json] { run = [at, json] { return verify(*at, *json); }; });
  auto* rebuilding = command->add_subcommand("rebuild", "fold the views anew from the entries and compare");
  at->add_options(*rebuilding);
  rebuilding->add_flag("--json", *json, "the counts as JSON");
  rebuilding->callback([&run, at, json] { run = [at, json] { return rebuild(*at, *json); }; });
  auto* asking = command->add_subcommand("who", "who saw or did what, for the day a patient asks");
  at->add_options(*asking);
  auto o = std::make_shared<who_options>();
  asking->add_option("--patient", o->patient, "only this patient's (handle, 32 hexadecimal digits)");
  asking->add_option("--account", o->account, "only what this account did, asked for, could see, or met with");
  asking->add_option("--desk", o->desk, "only at this desk");
  asking->add_option("--from", o->from, "from this day or minute on (JST: 2026-11-22 or 2026-11-22T08:42)");
  asking->add_option("--to", o->to, "to the end of this day or minute");
  auto* as_json = asking->add_flag("--json", o->json, "one object a line");
  asking->add_flag("--csv", o->csv, "comma-separated values with a heading")->excludes(as_json);
  asking->callback([&run, at, o] { run = [at, o] { return who(*at, *o); }; });
}

} // namespace tools
