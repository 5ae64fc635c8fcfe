// Which models may judge: files by their SHA-256, and the thresholds that belong to one embedding.
#include "drivers/face/port.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>

namespace drivers::face {

using messages::error_code;
using messages::failure;
using messages::result;

namespace {

constexpr std::uintmax_t model_bytes_max = 128u << 20;

/// Lower-case hexadecimal digits; nothing when the file cannot be read or is longer than a model.
std::optional<std::string> sha256_of_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  struct digest_free {
    void operator()(EVP_MD_CTX* c) const { EVP_MD_CTX_free(c); }
  };
  const std::unique_ptr<EVP_MD_CTX, digest_free> digest{EVP_MD_CTX_new()};
  if (!in || !digest || EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) != 1) return std::nullopt;
  std::vector<char> piece(1u << 16);
  std::uintmax_t total = 0;
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    total += static_cast<std::uintmax_t>(in.gcount());
    if (total > model_bytes_max) return std::nullopt;
    EVP_DigestUpdate(digest.get(), piece.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad() || total == 0) return std::nullopt;
  std::array<unsigned char, EVP_MAX_MD_SIZE> octets{};
  unsigned size = 0;
  EVP_DigestFinal_ex(digest.get(), octets.data(), &size);
  std::string text;
  for (unsigned n = 0; n < size; ++n) {
    text += "0123456789abcdef"[octets[n] >> 4];
    text += "0123456789abcdef"[octets[n] & 15];
  }
  return text;
}

bool is_sha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

result<void> check_file(const char* key, const std::string& path, const std::string& wanted) {
  if (path.empty()) return failure(error_code::face_models_unfit, key, "is missing");
  if (!is_sha256(wanted))
    return failure(error_code::face_models_unfit, std::string{key} + "_sha256", "64 hexadecimal digits are needed");
  const auto found = sha256_of_file(path);
  if (!found) return failure(error_code::face_models_unfit, path, "cannot be read");
  if (*found != wanted) return failure(error_code::face_models_unfit, path, "its SHA-256 is " + *found);
  return {};
}

} // namespace

const thresholds* measured_for(const std::string& embedding_sha256) {
  // Intel face-reidentification-retail-0095 as ONNX. On 473,523 pairs of different US portraits 0.60 let nobody pass
  // and refused 12.7 % of the right persons; between East-Asian persons of one sex scores are far higher, so 0.45 …
  // 0.60 is left to staff. README.md tells what these numbers do not say.
  static const std::map<std::string, thresholds> measured{
      {"686a5b45a7dc96f97bda55a0707cdbb56dd80572010911bedd5d698ef03b3914", {0.60, 0.45}}};
  const auto found = measured.find(embedding_sha256);
  return found == measured.end() ? nullptr : &found->second;
}

result<model_facts> check_models(const models& which) {
  auto means = which.means;
  if (means.accept_at >= 1 && means.unsure_from >= 1) {
    const auto* known = measured_for(which.embedding_sha256);
    if (!known)
      return failure(error_code::face_models_unfit, "accept_at, unsure_from",
                     "this embedding was never measured here: its own thresholds are needed");
    means = *known;
  }
  if (!(means.unsure_from > 0 && means.unsure_from <= means.accept_at && means.accept_at < 1))
    return failure(error_code::face_models_unfit, "accept_at, unsure_from",
                   "0 < unsure_from ≤ accept_at < 1 is needed");
  if (auto fits = check_file("detector", which.detector, which.detector_sha256); !fits) return failure(fits.error());
  if (auto fits = check_file("embedding", which.embedding, which.embedding_sha256); !fits) return failure(fits.error());
  return model_facts{which.embedding_sha256.substr(0, 16), means};
}

} // namespace drivers::face
