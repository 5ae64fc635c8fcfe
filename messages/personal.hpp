// Personal data as a type: it cannot be logged, streamed or published in clear by accident (design rule 5).
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

namespace messages {

/// Why a personal value can, or cannot, be read.
enum class visibility : std::uint8_t {
  clear,    ///< the value is here
  redacted, ///< the reader's role may not see it (msgpack ext 1)
  forgotten ///< its key was destroyed at the patient's or the law's request (msgpack ext 2)
};

/// A T that belongs to a patient. There is no operator<<, no conversion and no formatter: whoever wants the value says
/// so with reveal(). Equality is there for tests and for comparing an old answer with a new one.
template <class T> class personal {
public:
  using value_type = T;

  personal() = default;
  explicit personal(T value) : value_(std::move(value)) {}
  static personal hidden(visibility why) {
    personal p;
    p.visibility_ = why;
    return p;
  }

  /// The value; a default-constructed T when it is redacted or forgotten.
  const T& reveal() const { return value_; }
  visibility seen() const { return visibility_; }
  friend bool operator==(const personal&, const personal&) = default;

private:
  T value_{};
  visibility visibility_ = visibility::clear;
};

template <class T> struct is_personal : std::false_type {};
template <class T> struct is_personal<personal<T>> : std::true_type {};
template <class T> inline constexpr bool is_personal_v = is_personal<T>::value;

} // namespace messages
