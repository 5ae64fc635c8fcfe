// What must never be written down: a PIN. It has no codec, cannot be copied, printed or compared, and is wiped.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace messages {

/// A PIN on its way from the key press to the card, inside one desk process. Lives in this object only, and is
/// overwritten when it is used, moved from or destroyed. Not thread-safe: one owner at a time.
class secret {
public:
  /// Longer than any PIN of the My Number card (16); a longer text is no PIN.
  static constexpr std::size_t size_max = 32;

  secret() = default;
  /// Takes the characters of @p text; the caller wipes its own copy. Empty or too long a text gives no secret.
  static std::optional<secret> from(std::string_view text) {
    if (text.empty() || text.size() > size_max) return std::nullopt;
    std::optional<secret> s{std::in_place};
    std::memcpy(s->text_.data(), text.data(), text.size());
    s->size_ = text.size();
    return s;
  }
  secret(const secret&) = delete;
  secret& operator=(const secret&) = delete;
  secret(secret&& other) noexcept { take(other); }
  secret& operator=(secret&& other) noexcept {
    if (this != &other) {
      wipe();
      take(other);
    }
    return *this;
  }
  ~secret() { wipe(); }

  bool empty() const { return size_ == 0; }

  /// Gives the characters to @p use once and wipes them, whatever happens inside.
  template <class F> auto use_once(F&& use) {
    struct wiper {
      secret& s;
      ~wiper() { s.wipe(); }
    } guard{*this};
    return use(std::string_view{text_.data(), size_});
  }

  void wipe() noexcept {
    // volatile: the compiler may not drop a store to memory that is about to die
    volatile char* p = text_.data();
    for (std::size_t i = 0; i < text_.size(); ++i)
      p[i] = 0;
    size_ = 0;
  }

private:
  void take(secret& other) noexcept {
    text_ = other.text_;
    size_ = other.size_;
    other.wipe();
  }

  std::array<char, size_max> text_{};
  std::size_t size_ = 0;
};

/// A password on its way to account administration. It can be encoded only in commands, and only over ipc or CURVE;
/// the registry refuses an event that has one. Wiped like a secret.
class credential {
public:
  credential() = default;
  explicit credential(std::string_view text) : text_(text) {}
  credential(const credential&) = default;
  credential& operator=(const credential& other) {
    if (this != &other) {
      wipe(); // the string may move to other memory and leave the old one as it is
      text_ = other.text_;
    }
    return *this;
  }
  ~credential() { wipe(); }

  const std::string& reveal() const { return text_; }
  friend bool operator==(const credential&, const credential&) = default;

private:
  void wipe() noexcept {
    volatile char* p = text_.data();
    for (std::size_t i = 0; i < text_.size(); ++i)
      p[i] = 0;
  }
  std::string text_;
};

} // namespace messages
