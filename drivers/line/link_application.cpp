// 連携アプリ, simulated: requests out of Req, results into Res, check-ins into Face.
#include "drivers/line/link_application.hpp"

#include "drivers/line/folder_line.hpp"
#include "drivers/line/folder_watch.hpp"
#include "drivers/line/text.hpp"
#include "drivers/line/xml_messages.hpp"
#include "drivers/line/zip_file.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>

namespace drivers::line {
namespace {

namespace fs = std::filesystem;

std::string replaced(std::string in, const std::string& what, const std::string& by) {
  const auto at = in.find(what);
  return at == std::string::npos ? in : in.replace(at, what.size(), by);
}

/// A document of ours in UTF-8, said in CP932.
std::string in_shift_jis(const std::string& xml) {
  auto said = replaced(xml, R"(encoding="UTF-8")", R"(encoding="Shift_JIS")");
  said = replaced(said, "<CharacterCodeIdentifier>0<", "<CharacterCodeIdentifier>1<");
  return to_shift_jis(said).value_or(xml);
}

} // namespace

link_application::link_application(link_options options, centre& to) : options_(std::move(options)), centre_(to) {
  for (const auto& folder : {options_.requests, options_.results, options_.faces, options_.work / "taken"}) {
    std::error_code ignored;
    if (!folder.empty()) fs::create_directories(folder, ignored);
  }
  for (const auto& folder : {options_.requests, options_.results, options_.faces})
    if (!folder.empty()) std::ofstream{folder / simulated_mark} << "Uketsuke: a simulated national system.\n";
  thread_ = std::thread{[this] { run(); }};
}

link_application::~link_application() { stop(); }

void link_application::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void link_application::behave(link_behaviour behaviour) {
  const std::lock_guard lock{mutex_};
  behaviour_ = std::move(behaviour);
}

void link_application::run() {
  for (;;) {
    link_behaviour how;
    {
      const std::lock_guard lock{mutex_};
      if (stopping_) return;
      how = behaviour_;
    }
    if (!how.down) take_requests(how);
    put_due(how);
    std::this_thread::sleep_for(std::chrono::milliseconds(options_.look_ms));
  }
}

void link_application::take_requests(const link_behaviour& how) {
  for (const auto& [name, path] : files_in(options_.requests).files) {
    if (name.starts_with('.') || !options_.names->call_of_request_file(name)) continue;
    std::error_code ignored;
    fs::rename(path, options_.work / "taken" / name, ignored); // it is gone from Req once it was seen
  }
  if (how.silent) return;
  std::vector<fs::path> taken;
  for (const auto& [name, path] : files_in(options_.work / "taken").files)
    taken.push_back(path);
  if (how.out_of_order) std::reverse(taken.begin(), taken.end());
  for (const auto& path : taken)
    answer(path, how);
}

void link_application::answer(const fs::path& taken, const link_behaviour& how) {
  const auto name = taken.filename().string();
  const auto asked = options_.names->call_of_request_file(name);
  auto body = read_file(taken, options_.names->bulk_bytes_max);
  if (!asked || !body) return;
  if (is_zip(*body)) body = unzip(*body, options_.zip_password, options_.names->bulk_bytes_max);
  const auto& [what, tail] = *asked;
  const auto due_ms = steady_ms() + how.answer_delay_ms;
  if (how.errors || !body) {
    waiting_.push_back(
        {options_.names->request_prefix(what) + tail + ".err", "（模擬）処理できませんでした。", due_ms});
    waiting_.push_back({name, body.value_or(""), due_ms});
  } else {
    auto reply = centre_.handle(options_.names->path_of(what), options_.institution, *body);
    if (reply.xml.empty()) return; // it could not be written down: the request stays, as after a crash
    const auto result = options_.names->result_prefix(what) + tail;
    const bool pdf = reply.xml.starts_with("%PDF");
    auto document = pdf ? reply.xml : spoiled(std::move(reply.xml), how);
    const auto kind = std::string(pdf ? ".pdf" : ".xml");
    if (how.zipped || (*options_.names)[what.what].zipped) {
      const auto packed = zip(result + kind, document, options_.zip_password);
      waiting_.push_back({result + ".zip", packed.value_or(""), due_ms});
    } else {
      waiting_.push_back({result + kind, std::move(document), due_ms});
    }
  }
  std::error_code ignored;
  fs::remove(taken, ignored);
}

std::string link_application::spoiled(std::string xml, const link_behaviour& how) const {
  if (how.other_institution) xml = replaced(xml, ">" + options_.institution + "<", ">1310000000<");
  if (how.other_identifier) xml = replaced(xml, "<ArbitraryFileIdentifier>", "<ArbitraryFileIdentifier>another");
  return how.shift_jis ? in_shift_jis(xml) : xml;
}

void link_application::put_due(const link_behaviour& how) {
  std::vector<result_file> later;
  for (auto& one : waiting_) {
    if (one.due_ms <= steady_ms())
      put(one, how);
    else
      later.push_back(std::move(one));
  }
  waiting_ = std::move(later);
}

void link_application::put(const result_file& one, const link_behaviour& how) {
  const auto folder = how.sub_folder.empty() ? options_.results : options_.results / how.sub_folder;
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  if (how.half_written_ms == 0) {
    (void)write_file(folder / one.name, one.octets);
    return;
  }
  std::ofstream to{folder / one.name, std::ios::binary};
  const auto half = static_cast<std::streamsize>(one.octets.size() / 2);
  to.write(one.octets.data(), half);
  to.flush();
  std::this_thread::sleep_for(std::chrono::milliseconds(how.half_written_ms));
  to.write(one.octets.data() + half, static_cast<std::streamsize>(one.octets.size()) - half);
}

std::string link_application::check_in(const std::string& card_name, const messages::consent_choices& choices,
                                       const fs::path& face_folder) {
  const auto xml = centre_.check_in(card_name, options_.institution, choices);
  if (!xml) return "";
  link_behaviour how;
  std::uint64_t number = 0;
  {
    const std::lock_guard lock{mutex_};
    how = behaviour_;
    number = ++faces_written_;
  }
  const auto document = spoiled(*xml, how);
  const auto now = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
  const auto middle = options_.institution + digest_of(card_name + std::to_string(number)).substr(0, 20);
  const auto stem = options_.names->face_prefix + middle + '_' + japanese_time(now);
  const auto& folder = face_folder.empty() ? options_.faces : face_folder;
  if (how.zipped) {
    const auto packed = zip(stem + ".xml", document, options_.zip_password);
    return packed && write_file(folder / (stem + ".zip"), *packed) ? stem + ".zip" : "";
  }
  return write_file(folder / (stem + ".xml"), document) ? stem + ".xml" : "";
}

} // namespace drivers::line
