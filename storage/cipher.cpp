// OpenSSL for sealing and chaining; named here and nowhere else in this room.
#include "storage/cipher.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace storage {

namespace {

constexpr int nonce_bytes = 12, gcm_tag_bytes = 16;

/// OpenSSL may refuse only where nothing sensible can follow.
void demand(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "uketsuke: OpenSSL refused %s\n", what);
  std::abort();
}

const std::uint8_t* octets(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }
std::uint8_t* octets(std::string& text) { return reinterpret_cast<std::uint8_t*>(text.data()); }
int count(std::string_view text) { return static_cast<int>(text.size()); }

struct context_deleter {
  void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
  void operator()(EVP_MD_CTX* c) const { EVP_MD_CTX_free(c); }
  void operator()(EVP_PKEY* k) const { EVP_PKEY_free(k); }
};
template <class T> using owned = std::unique_ptr<T, context_deleter>;

/// Fetched once: an implicit fetch costs more than sealing a name.
const EVP_CIPHER* gcm() {
  static const EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  demand(fetched, "AES-256-GCM");
  return fetched;
}
const EVP_MD* sha() {
  static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  demand(fetched, "SHA-256");
  return fetched;
}

/// One for each direction on each thread, set up once: only keys and nonces change. Setting the cipher again would make
/// OpenSSL build its context anew, and so would the key it has: the values of one event are sealed under one key.
class thread_cipher {
public:
  explicit thread_cipher(bool encrypts) : context_(EVP_CIPHER_CTX_new()) {
    demand(context_ && EVP_CipherInit_ex2(context_.get(), gcm(), nullptr, nullptr, encrypts, nullptr) == 1,
           "a context");
  }
  EVP_CIPHER_CTX* under(const key_bytes& key, const std::uint8_t* nonce) {
    const bool same = set_ && key_.view() == key.view();
    demand(EVP_CipherInit_ex2(context_.get(), nullptr, same ? nullptr : key.data(), nonce, -1, nullptr) == 1, "a key");
    if (!same) key_ = key;
    set_ = true;
    return context_.get();
  }

private:
  owned<EVP_CIPHER_CTX> context_;
  key_bytes key_;
  bool set_ = false;
};

thread_cipher& cipher_of_this_thread(bool sealing) {
  thread_local thread_cipher encrypting{true}, decrypting{false};
  return sealing ? encrypting : decrypting;
}

/// How often this process is a fork of the one that began: asking the kernel who we are would cost a system call.
std::uint64_t forks() {
  static std::atomic<std::uint64_t> counted{0};
  static const bool told = ::pthread_atfork(nullptr, nullptr, [] { counted.fetch_add(1); }) == 0;
  demand(told, "to be told of forks");
  return counted.load(std::memory_order_relaxed);
}

/// Nonces are no secret: drawn by the page, since one draw costs what sealing a name does. Never one page in two
/// processes: the same nonce twice would break the seal.
void draw_nonce(std::uint8_t* into) {
  struct page {
    std::array<std::uint8_t, 64 * nonce_bytes> octets{};
    std::size_t used = sizeof octets;
    std::uint64_t process = 0;
  };
  thread_local page drawn;
  if (drawn.used == sizeof drawn.octets || drawn.process != forks()) {
    demand(RAND_bytes(drawn.octets.data(), static_cast<int>(sizeof drawn.octets)) == 1, "random bytes");
    drawn.used = 0;
    drawn.process = forks();
  }
  std::copy_n(drawn.octets.data() + drawn.used, nonce_bytes, into);
  drawn.used += nonce_bytes;
}

} // namespace

key_bytes::~key_bytes() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

std::optional<key_bytes> key_bytes::from(std::string_view bytes) {
  if (bytes.size() != size) return std::nullopt;
  key_bytes key;
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(key.bytes_.data()));
  return key;
}

key_bytes key_bytes::fresh() {
  key_bytes key;
  demand(RAND_priv_bytes(key.bytes_.data(), size) == 1, "random bytes");
  return key;
}

std::string random_octets(std::size_t size) {
  std::string bytes(size, '\0');
  demand(RAND_bytes(octets(bytes), count(bytes)) == 1, "random bytes");
  return bytes;
}

std::string seal(const key_bytes& key, std::string_view place, std::string_view clear, std::string_view before) {
  std::string sealed(before.size() + nonce_bytes + clear.size() + gcm_tag_bytes, '\0');
  std::ranges::copy(before, sealed.begin());
  auto* out = octets(sealed) + before.size();
  draw_nonce(out);
  auto* c = cipher_of_this_thread(true).under(key, out);
  int n = 0;
  demand(EVP_EncryptUpdate(c, nullptr, &n, octets(place), count(place)) == 1, "a place");
  demand(EVP_EncryptUpdate(c, out + nonce_bytes, &n, octets(clear), count(clear)) == 1, "to seal");
  demand(EVP_EncryptFinal_ex(c, out + nonce_bytes + n, &n) == 1, "to seal");
  demand(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, gcm_tag_bytes, out + nonce_bytes + clear.size()) == 1, "a tag");
  return sealed;
}

std::optional<std::string> unseal(const key_bytes& key, std::string_view place, std::string_view sealed) {
  if (sealed.size() < sealing_bytes) return std::nullopt;
  auto* c = cipher_of_this_thread(false).under(key, octets(sealed));
  const auto body = sealed.substr(nonce_bytes, sealed.size() - sealing_bytes);
  std::string tag{sealed.substr(sealed.size() - gcm_tag_bytes)};
  std::string clear(body.size() + gcm_tag_bytes, '\0');
  int n = 0, rest = 0;
  demand(EVP_DecryptUpdate(c, nullptr, &n, octets(place), count(place)) == 1, "a place");
  demand(EVP_DecryptUpdate(c, octets(clear), &n, octets(body), count(body)) == 1, "to unseal");
  demand(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, gcm_tag_bytes, tag.data()) == 1, "a tag");
  if (EVP_DecryptFinal_ex(c, octets(clear) + n, &rest) != 1) return std::nullopt;
  clear.resize(body.size());
  return clear;
}

// -- the chain's tags ----------------------------------------------------------------------------------------------

/// HMAC by its definition over two prepared states: EVP_MAC sets its key up anew for each tag.
struct tagger::state {
  owned<EVP_MD_CTX> inner{EVP_MD_CTX_new()}, outer{EVP_MD_CTX_new()}, work{EVP_MD_CTX_new()};
};

tagger::tagger(const key_bytes& key) : state_(std::make_unique<state>()) {
  std::array<std::uint8_t, 64> pad{};
  for (auto [context, octet] : {std::pair{state_->inner.get(), 0x36}, std::pair{state_->outer.get(), 0x5c}}) {
    for (std::size_t n = 0; n < pad.size(); ++n)
      pad[n] = static_cast<std::uint8_t>((n < key_bytes::size ? key.data()[n] : 0) ^ octet);
    demand(EVP_DigestInit_ex2(context, sha(), nullptr) == 1, "SHA-256");
    demand(EVP_DigestUpdate(context, pad.data(), pad.size()) == 1, "SHA-256");
  }
  OPENSSL_cleanse(pad.data(), pad.size());
}
tagger::~tagger() = default;
tagger::tagger(tagger&&) noexcept = default;
tagger& tagger::operator=(tagger&&) noexcept = default;

std::string tagger::tag(std::initializer_list<std::string_view> pieces) {
  std::string digest(tag_bytes, '\0');
  auto* work = state_->work.get();
  demand(EVP_MD_CTX_copy_ex(work, state_->inner.get()) == 1, "SHA-256");
  for (const auto piece : pieces)
    demand(EVP_DigestUpdate(work, piece.data(), piece.size()) == 1, "SHA-256");
  demand(EVP_DigestFinal_ex(work, octets(digest), nullptr) == 1, "SHA-256");
  demand(EVP_MD_CTX_copy_ex(work, state_->outer.get()) == 1, "SHA-256");
  demand(EVP_DigestUpdate(work, digest.data(), digest.size()) == 1, "SHA-256");
  demand(EVP_DigestFinal_ex(work, octets(digest), nullptr) == 1, "SHA-256");
  return digest;
}

std::string sha256(std::string_view bytes) {
  std::string digest(32, '\0');
  demand(EVP_Digest(bytes.data(), bytes.size(), octets(digest), nullptr, sha(), nullptr) == 1, "SHA-256");
  return digest;
}

// -- signed heads --------------------------------------------------------------------------------------------------

std::string public_key_of(const key_bytes& seed) {
  const owned<EVP_PKEY> key{EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), key_bytes::size)};
  std::string bytes(32, '\0');
  auto size = bytes.size();
  demand(key && EVP_PKEY_get_raw_public_key(key.get(), octets(bytes), &size) == 1, "a key to sign with");
  return bytes;
}

std::string sign(const key_bytes& seed, std::string_view text) {
  const owned<EVP_PKEY> key{EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), key_bytes::size)};
  const owned<EVP_MD_CTX> context{EVP_MD_CTX_new()};
  std::string signature(64, '\0');
  auto size = signature.size();
  demand(key && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
             EVP_DigestSign(context.get(), octets(signature), &size, octets(text), text.size()) == 1,
         "to sign");
  return signature;
}

bool is_signed(std::string_view public_key, std::string_view text, std::string_view signature) {
  if (public_key.size() != 32 || signature.size() != 64) return false;
  const owned<EVP_PKEY> key{EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(public_key), 32)};
  const owned<EVP_MD_CTX> context{EVP_MD_CTX_new()};
  return key && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(text), text.size()) == 1;
}

key_bytes stretched(std::string_view passphrase, std::string_view salt) {
  key_bytes key;
  constexpr std::uint64_t memory_max = 64u << 20;
  demand(EVP_PBE_scrypt(passphrase.data(), passphrase.size(), octets(salt), salt.size(), 1u << 15, 8, 1, memory_max,
                        key.data(), key_bytes::size) == 1,
         "scrypt");
  return key;
}

} // namespace storage
