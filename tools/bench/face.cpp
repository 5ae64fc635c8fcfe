// Every photo against every other, through the engine's own pipeline.
#include "tools/bench/face.hpp"

#include "drivers/face/port.hpp"
#include "tools/measured_models.hpp"

#ifdef UKETSUKE_WITH_FACE_ENGINE
#include "drivers/face/pipeline.hpp"
#endif

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iomanip>
#include <iterator>
#include <map>
#include <ostream>

namespace tools {

using messages::error_code;
using messages::failure;
using messages::result;

#ifdef UKETSUKE_WITH_FACE_ENGINE

namespace {

namespace fs = std::filesystem;
using drivers::face::embedding;
using drivers::face::pipeline;
using drivers::face::score_of;

/// One picture with a face: whose, from which set, and what a comparison with it takes.
struct sample {
  std::string person, file;
  embedding face;
  double ms = 0; ///< to decode it, find its face and embed it
};

messages::wiped_bytes octets_of(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

double since_ms(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
}

/// The person is the file's name up to the first underscore.
result<std::vector<sample>> read_samples(pipeline& by, const fs::path& folder, std::string_view ending, bool card) {
  std::vector<fs::path> files;
  std::error_code wrong;
  for (const auto& entry : fs::directory_iterator(folder, wrong))
    if (entry.path().filename().string().ends_with(ending)) files.push_back(entry.path());
  if (wrong) return failure(error_code::file_unreadable, folder.string(), wrong.message());
  std::ranges::sort(files);
  std::vector<sample> samples;
  for (const auto& file : files) {
    const auto octets = octets_of(file);
    const auto begun = std::chrono::steady_clock::now();
    auto picture = card ? drivers::face::decode_jpeg2000(octets) : drivers::face::decode_jpeg(octets);
    if (!picture) return failure(error_code::file_unreadable, file.string(), to_sentence(picture.error()));
    // A camera's gates would leave out what is small; here every photo counts.
    const auto seen = card ? by.learn(std::move(*picture)) : by.learn(*picture);
    if (!seen) return failure(error_code::file_unreadable, file.string(), to_sentence(seen.error()));
    const auto name = file.filename().string();
    samples.push_back({name.substr(0, name.find('_')), name, *seen, since_ms(begun)});
  }
  if (samples.empty()) return failure(error_code::file_unreadable, folder.string(), "no pictures are there");
  return samples;
}

struct scores {
  std::vector<double> same, different;
};

scores all_scores(const std::vector<sample>& known, const std::vector<sample>& shown) {
  scores s;
  for (const auto& k : known)
    for (const auto& f : shown)
      (k.person == f.person ? s.same : s.different).push_back(score_of(k.face, f.face));
  return s;
}

double share(const std::vector<double>& of, auto&& which) {
  return of.empty() ? 0 : static_cast<double>(std::ranges::count_if(of, which)) / static_cast<double>(of.size());
}

double median(std::vector<double> of) {
  if (of.empty()) return 0;
  std::ranges::sort(of);
  return of[of.size() / 2];
}

constexpr double steps[] = {0.30, 0.40, 0.45, 0.50, 0.55, 0.60, 0.65, 0.70};

void print_table(const char* title, const scores& s, bool json, std::ostream& out) {
  const auto row = [&](double at) {
    return std::pair{share(s.different, [&](double x) { return x >= at; }),
                     share(s.same, [&](double x) { return x < at; })};
  };
  if (json) {
    out << "{\"set\":\"" << title << "\",\"same\":" << s.same.size() << ",\"different\":" << s.different.size()
        << ",\"rows\":[";
    for (const double at : steps)
      out << (at == steps[0] ? "" : ",") << "{\"threshold\":" << at << ",\"fmr\":" << row(at).first
          << ",\"fnmr\":" << row(at).second << '}';
    out << "]}\n";
    return;
  }
  out << title << ": " << s.same.size() << " pairs of one person, " << s.different.size() << " of two\n"
      << "  threshold   false match   false refusal\n"
      << std::fixed;
  for (const double at : steps)
    out << "       " << std::setprecision(2) << at << std::setw(13) << std::setprecision(2) << 100 * row(at).first
        << " %" << std::setw(13) << 100 * row(at).second << " %\n";
  // Rule of three: what nothing was seen of in n independent pairs happens, at 95 %, in fewer than 3 / n.
  out << "  highest of two persons " << std::setprecision(3)
      << (s.different.empty() ? 0 : std::ranges::max(s.different)) << ", lowest of one "
      << (s.same.empty() ? 0 : std::ranges::min(s.same)) << "; no false match in " << s.different.size()
      << " pairs would still allow " << std::setprecision(2)
      << 300.0 / static_cast<double>(std::max<std::size_t>(1, s.different.size())) << " %\n\n";
}

} // namespace

result<void> bench_face(const face_bench_options& options, std::ostream& out) {
  const auto file = [&](std::string_view name) { return (options.folder / name).string(); };
  const auto facts = drivers::face::check_models({file(measured_detector), std::string{measured_detector_sha256},
                                                  file(measured_embedding), std::string{measured_embedding_sha256},
                                                  {}});
  if (!facts) return failure(facts.error());
  const auto begun = std::chrono::steady_clock::now();
  const auto loaded = pipeline::load(file(measured_detector), file(measured_embedding));
  if (!loaded) return failure(loaded.error());
  const auto load_ms = since_ms(begun);
  auto& by = **loaded;
  const auto old = read_samples(by, options.folder / "photos", "a2015.jpg", false);
  const auto now = read_samples(by, options.folder / "photos", "b2024.jpg", false);
  const auto cards = read_samples(by, options.folder / "cards", "_3000.j2k", true);
  for (const auto* read : {&old, &now, &cards})
    if (!*read) return failure(read->error());
  print_table("photo against a later photo", all_scores(*old, *now), options.json, out);
  print_table("card (JPEG 2000, 3 kB) against a later photo", all_scores(*cards, *now), options.json, out);

  std::vector<double> card_ms, photo_ms;
  for (const auto& s : *cards)
    card_ms.push_back(s.ms);
  for (const auto& s : *now)
    photo_ms.push_back(s.ms);
  const double card = median(card_ms), photo = median(photo_ms);
  if (options.json)
    out << "{\"load_ms\":" << load_ms << ",\"card_ms\":" << card << ",\"frame_ms\":" << photo
        << ",\"comparison_ms\":" << card + photo << ",\"accept_at\":" << facts->means.accept_at
        << ",\"unsure_from\":" << facts->means.unsure_from << "}\n";
  else
    out << std::setprecision(1) << "one comparison " << card + photo << " ms (card " << card << ", photo " << photo
        << "), one core; loading both networks " << load_ms << " ms\naccepted from " << std::setprecision(2)
        << facts->means.accept_at << ", staff decide from " << facts->means.unsure_from << "; model " << facts->id
        << '\n';
  return {};
}

#else

result<void> bench_face(const face_bench_options&, std::ostream&) {
  return failure(error_code::wrong_value, "bench", "face: this build has no OpenCV");
}

#endif

} // namespace tools
