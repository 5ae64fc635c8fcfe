// A patient's story, and a search through raw files.
#include "tests/storage/support_sealing.hpp"

#include <fstream>
#include <iterator>

namespace storage_test {

namespace fs = std::filesystem;

namespace {

messages::id beside(messages::id patient, std::uint8_t what) {
  patient.bytes[15] = static_cast<std::uint8_t>(patient.bytes[15] + what);
  patient.bytes[13] = static_cast<std::uint8_t>(patient.bytes[13] + 1);
  return patient;
}

messages::draft story_of(const messages::id& patient, const std::string& mark) {
  const auto octets = messages::bytes(mark.begin(), mark.end());
  messages::draft draft;
  draft.events.push_back(messages::make_draft(messages::identity_proven{
      patient, messages::identity_method::pin, "c-1", messages::personal{octets}, messages::personal{octets}}));
  messages::eligibility_answered answered{beside(patient, 1), patient, false, {}, messages::personal{octets}};
  messages::insurance first;
  first.name = mark;
  first.reference_number = mark;
  answered.answer.judged = messages::validity::valid;
  answered.answer.insurances = messages::personal{std::vector{first}};
  draft.events.push_back(messages::make_draft(answered));
  draft.replies.push_back({numbered(800 + patient.bytes[14] * 256 + patient.bytes[15]), "name: " + mark});
  return draft;
}

} // namespace

void tell_of(storage::journal& journal, const messages::id& patient, const std::string& mark) {
  auto draft = story_of(patient, mark);
  messages::ask_eligibility ask;
  ask.question = beside(patient, 2);
  ask.patient = patient;
  ask.certificate = messages::personal{messages::bytes(mark.begin(), mark.end())};
  draft.outbox.push_back({ask.question,
                          "gateway",
                          std::string{messages::ask_eligibility::topic},
                          messages::encode_body(ask),
                          {},
                          "desk-1"});
  append(journal, std::move(draft)).value();
}

void tell_settled(storage::journal& journal, const messages::id& patient, const std::string& mark) {
  append(journal, story_of(patient, mark)).value();
}

std::string name_read_by(const storage::journal& journal, const messages::id& patient) {
  const auto page = journal.read(1, 1000, {"eligibility.answered"}).value();
  for (const auto& entry : page.events) {
    const auto answered = messages::body_as<messages::eligibility_answered>(*messages::decode_event(entry.envelope));
    if (!answered || answered->patient != patient) continue;
    const auto& insurances = answered->answer.insurances;
    if (insurances.seen() == messages::visibility::forgotten) return "(forgotten)";
    if (insurances.seen() == messages::visibility::redacted) return "(redacted)";
    return insurances.reveal().at(0).name;
  }
  return "(none)";
}

void append_many(storage::journal& journal, std::size_t events) {
  for (std::size_t n = 0; n < events; n += 1000)
    append(journal, events_of("desk.opened", 1000)).value();
}

std::vector<std::string> files_that_hold(const fs::path& folder, const std::string& text) {
  std::vector<std::string> found;
  for (const auto& file : fs::recursive_directory_iterator(folder)) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    if (bytes.find(text) != std::string::npos) found.push_back(file.path().filename().string());
  }
  return found;
}

void copy_folder(const fs::path& from, const fs::path& to) { fs::copy(from, to, fs::copy_options::recursive); }

} // namespace storage_test
