// Octets that must not stay in memory (PINs, faces): overwritten before their memory is given back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace messages {

/// Overwrites @p size bytes at @p at; the compiler may not drop it.
inline void wipe(void* at, std::size_t size) noexcept {
  volatile auto* p = static_cast<volatile unsigned char*>(at);
  for (std::size_t i = 0; i < size; ++i)
    p[i] = 0;
}

/// Wipes what it gives back, so that growing, shrinking and moving a vector leave no copy behind.
template <class T> struct wiping_allocator {
  using value_type = T;

  wiping_allocator() = default;
  template <class U> wiping_allocator(const wiping_allocator<U>&) noexcept {}
  T* allocate(std::size_t n) { return std::allocator<T>{}.allocate(n); }
  void deallocate(T* p, std::size_t n) noexcept {
    wipe(p, n * sizeof(T));
    std::allocator<T>{}.deallocate(p, n);
  }
  friend bool operator==(wiping_allocator, wiping_allocator) { return true; }
};

using wiped_bytes = std::vector<std::uint8_t, wiping_allocator<std::uint8_t>>;

} // namespace messages
