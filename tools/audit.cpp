// `uketsuke audit`: is the journal what was written, do the views follow from it, and who saw or did what.
#include "storage/audit.hpp"

#include "messages/json.hpp"
#include "messages/registry.hpp"
#include "storage/views/all.hpp"
#include "tools/commands.hpp"
#include "tools/stopped_journal.hpp"
#include "tools/time_text.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <ctime>
#include <iostream>
#include <map>

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

/// "2026-11-22" or "2026-11-22T08:42" in Japan as UTC; the end of that day or minute when @p end.
result<std::uint64_t> time_of(const char* option, const std::string& text, bool end) {
  std::tm t{};
  const bool minute = text.find('T') != std::string::npos;
  const char* rest = ::strptime(text.c_str(), minute ? "%Y-%m-%dT%H:%M" : "%Y-%m-%d", &t);
  if (!rest || *rest != '\0')
    return failure(error_code::wrong_value, option, text + " (wanted: 2026-11-22 or 2026-11-22T08:42)");
  const auto ms = (static_cast<std::uint64_t>(::timegm(&t)) - 9 * 3600) * 1000;
  return end ? ms + (minute ? 60'000 : 86'400'000) - 1 : ms;
}

/// One line of the answer.
struct deed {
  const event_envelope& event;
  id patient;
};

/// Names in the journal hold no quotes or commas, but what an account may be called is not up to this command.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos && !text.starts_with('=')) return text;
  std::string quoted = "\"";
  for (const char c : text)
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

void print(const who_options& o, const deed& d) {
  const auto& e = d.event;
  const auto who = e.account.empty() ? std::string{"-"} : e.account;
  const auto where = e.desk.empty() ? e.node : e.desk;
  const auto patient = d.patient.empty() ? std::string{} : d.patient.text();
  const auto checkin = e.checkin.empty() ? std::string{} : e.checkin.text();
  if (o.json) {
    value::map line{{"index", value{e.index}},  {"time_ms", value{e.time_ms}}, {"topic", value{e.topic}},
                    {"desk", value{where}},     {"account", value{e.account}}, {"patient", value{patient}},
                    {"checkin", value{checkin}}};
    std::cout << to_json(value{std::move(line)}) << '\n';
  } else if (o.csv) {
    std::cout << e.index << ',' << time_text(e.time_ms) << ',' << csv_field(e.topic) << ',' << csv_field(where) << ','
              << csv_field(e.account) << ',' << patient << ',' << checkin << '\n';
  } else {
    char line[256];
    std::snprintf(line, sizeof line, "%-19s  %8llu  %-12s  %-12s  %-32s  %s", time_text(e.time_ms).c_str(),
                  static_cast<unsigned long long>(e.index), where.c_str(), who.c_str(), patient.c_str(),
                  e.topic.c_str());
    std::cout << line << '\n';
  }
}

/// Whose an event is: the patient its body names, else the one its check-in is of.
id patient_of(const event_envelope& e, std::map<id, id>& of_checkin) {
  const auto body = unpack(e.body);
  const auto* named = body ? body->find("patient") : nullptr;
  id patient;
  if (named) detail::read_id(*named, patient);
  if (e.checkin.empty()) return patient;
  auto& known = of_checkin[e.checkin];
  if (!patient.empty()) known = patient;
  patient = known;
  if (e.topic == checkin_ended::topic && of_checkin.size() > 10'000) of_checkin.erase(e.checkin); // stays flat
  return patient;
}

outcome who(const stopped_journal& at, const who_options& o) {
  const auto from = o.from.empty() ? std::uint64_t{0} : time_of("--from", o.from, false);
  if (!from) return failure(from.error());
  const auto to = o.to.empty() ? std::uint64_t(INT64_MAX) : time_of("--to", o.to, true);
  if (!to) return failure(to.error());
  const auto patient = id::from_text(o.patient);
  if (!o.patient.empty() && !patient) return failure(error_code::wrong_value, "--patient", o.patient);
  auto options = at.options();
  options.keys.reset(); // who did what names nobody's data: no key is needed
  const auto opened = storage::journal::open(std::move(options), {});
  if (!opened) return failure(opened.error());
  if (o.csv) std::cout << "index,time_jst,topic,desk,account,patient,checkin\n";
  std::map<id, id> of_checkin;
  for (std::uint64_t next = 1;;) {
    const auto page = (*opened)->read(next, 1000);
    if (!page) return failure(page.error());
    for (const auto& entry : page->events) {
      const auto e = decode_event(entry.envelope);
      if (!e) return failure(e.error());
      const auto whose = patient_of(*e, of_checkin);
      const bool wanted = (!patient || whose == *patient) && (o.account.empty() || e->account == o.account) &&
                          (o.desk.empty() || e->desk == o.desk) && e->time_ms >= *from && e->time_ms <= *to;
      if (wanted) print(o, {*e, whose});
    }
    if (page->next > page->head) break;
    next = page->next;
  }
  std::cout.flush();
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
  asking->add_option("--account", o->account, "only what this account did");
  asking->add_option("--desk", o->desk, "only at this desk");
  asking->add_option("--from", o->from, "from this day or minute on (JST: 2026-11-22 or 2026-11-22T08:42)");
  asking->add_option("--to", o->to, "to the end of this day or minute");
  auto* as_json = asking->add_flag("--json", o->json, "one object a line");
  asking->add_flag("--csv", o->csv, "comma-separated values with a heading")->excludes(as_json);
  asking->callback([&run, at, o] { run = [at, o] { return who(*at, *o); }; });
}

} // namespace tools
