// What the line's tests share.
#include "tests/drivers/line/support.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <random>

namespace line_test {
namespace {

template <auto Free> struct freer {
  template <class T> void operator()(T* p) const { Free(p); }
};
using x509_ptr = std::unique_ptr<X509, freer<X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freer<EVP_PKEY_free>>;

x509_ptr make_certificate(const std::string& name, EVP_PKEY* subject_key, X509* issuer, EVP_PKEY* issuer_key,
                          std::int64_t days_left) {
  x509_ptr c{X509_new()};
  X509_set_version(c.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(c.get()), 1 + std::rand() % 100000);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(c.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(c.get(), X509_get_subject_name(issuer ? issuer : c.get()));
  const auto now = static_cast<std::int64_t>(morning_ms / 1000);
  ASN1_TIME_set(X509_getm_notBefore(c.get()), now - 365 * 86400);
  ASN1_TIME_set(X509_getm_notAfter(c.get()), now + days_left * 86400);
  X509_set_pubkey(c.get(), subject_key);
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer ? issuer : c.get(), c.get(), nullptr, nullptr, 0);
  X509_EXTENSION* e =
      X509V3_EXT_conf_nid(nullptr, &context, NID_basic_constraints, issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
  X509_add_ext(c.get(), e, -1);
  X509_EXTENSION_free(e);
  X509_sign(c.get(), issuer_key, EVP_sha256());
  return c;
}

messages::bytes to_der(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  messages::bytes octets(der, der + size);
  OPENSSL_free(der);
  return octets;
}

} // namespace

std::filesystem::path quick_place() {
  const std::filesystem::path memory = "/dev/shm";
  std::error_code absent;
  const auto room = std::filesystem::space(memory, absent);
  constexpr std::uintmax_t enough = 200'000'000;
  return absent || room.available < enough ? std::filesystem::temp_directory_path() : memory;
}

temporary_folder::temporary_folder(const std::filesystem::path& in) {
  auto pattern = (in / "uketsuke-line-XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
  path_ = pattern;
}
temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

struct card_maker::inside {
  key_ptr authority_key{EVP_EC_gen("P-256")};
  key_ptr foreign_key{EVP_EC_gen("P-256")};
  key_ptr card_key{EVP_RSA_gen(2048)};
  x509_ptr authority = make_certificate("SIMULATED card CA", authority_key.get(), nullptr, authority_key.get(), 3000);
  x509_ptr foreign = make_certificate("SIMULATED card CA", foreign_key.get(), nullptr, foreign_key.get(), 3000);
};

card_maker::card_maker() : inside_(std::make_unique<inside>()) {}
card_maker::~card_maker() = default;

void card_maker::write_ca(const std::filesystem::path& file) const {
  FILE* out = std::fopen(file.c_str(), "we");
  PEM_write_X509(out, inside_->authority.get());
  std::fclose(out);
}
messages::bytes card_maker::certificate(const std::string& name, int days_left) const {
  return to_der(
      make_certificate(name, inside_->card_key.get(), inside_->authority.get(), inside_->authority_key.get(), days_left)
          .get());
}
messages::bytes card_maker::foreign_certificate(const std::string& name) const {
  return to_der(
      make_certificate(name, inside_->card_key.get(), inside_->foreign.get(), inside_->foreign_key.get(), 1000).get());
}
messages::bytes card_maker::sign(const messages::bytes& value) const {
  const std::unique_ptr<EVP_MD_CTX, freer<EVP_MD_CTX_free>> context{EVP_MD_CTX_new()};
  EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, inside_->card_key.get());
  std::size_t size = 0;
  EVP_DigestSign(context.get(), nullptr, &size, value.data(), value.size());
  messages::bytes signature(size);
  EVP_DigestSign(context.get(), signature.data(), &size, value.data(), value.size());
  return signature;
}

const card_maker& cards() {
  static const card_maker maker;
  return maker;
}

centre_world::centre_world(const temporary_folder& folder)
    : now_ms(std::make_shared<std::atomic<std::uint64_t>>(morning_ms)) {
  cards().write_ca(folder / "cards.pem");
  options.persons_file = std::filesystem::path(UKETSUKE_SOURCE_DIR) / "tools/simulated/insured_persons.json";
  options.card_ca_file = folder / "cards.pem";
  options.data_folder = folder / "centre";
  options.now_ms = [now = now_ms] { return now->load(); };
  // a centre opened later must not repeat the challenges of the one before
  static std::atomic<unsigned> seed{0};
  options.random_octets = [chance = std::make_shared<std::mt19937>(++seed)](std::size_t n) {
    messages::bytes octets(n);
    for (auto& o : octets)
      o = static_cast<std::uint8_t>((*chance)());
    return octets;
  };
}

std::unique_ptr<centre> centre_world::open() const {
  auto opened = centre::open(options);
  if (!opened) throw std::runtime_error(messages::to_sentence(opened.error()));
  return std::move(*opened);
}

std::uint64_t real_now_ms() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
}

messages::id new_id() {
  static std::atomic<std::uint64_t> last{0};
  return messages::make_id(morning_ms, ++last, 1);
}

messages::result<challenge> obtain(line& on, std::uint32_t wait_ms_max) {
  return await<challenge>([&](auto done) { on.obtain_challenge(wait_ms_max, done); });
}
messages::result<answer> ask(line& on, const card_question& question, std::uint32_t wait_ms_max) {
  return await<answer>([&](auto done) { on.ask(question, wait_ms_max, done); });
}
messages::result<answer> ask(line& on, const typed_question& question, std::uint32_t wait_ms_max) {
  return await<answer>([&](auto done) { on.ask(question, wait_ms_max, done); });
}
messages::result<void> register_number(line& on, const reference_registration& registration,
                                       std::uint32_t wait_ms_max) {
  return await<void>([&](auto done) { on.register_reference_number(registration, wait_ms_max, done); });
}

messages::consent_choices all(messages::choice c) { return {c, c, c, c, c, c}; }

std::string person(int number) {
  char name[16];
  std::snprintf(name, sizeof name, "SIM%012d", number % 1000000);
  return name;
}

card_question question_of(const std::string& name, const challenge& given, messages::consent_choices choices,
                          messages::care kind) {
  card_question q;
  q.question = new_id();
  q.challenge_id = given.id;
  q.certificate = messages::personal{cards().certificate(name)};
  q.signature = cards().sign(given.value);
  q.choices = choices;
  q.kind = kind;
  return q;
}

typed_question typed(messages::insured_number who, messages::choice limit) {
  typed_question q;
  q.question = new_id();
  q.person = messages::personal{std::move(who)};
  q.limit = limit;
  q.kind = messages::care::outpatient;
  q.confirmed_on = "20261122";
  return q;
}

} // namespace line_test
