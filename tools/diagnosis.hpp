// The chain reader → computer → network → hub → line → centre, which link of it is broken, and what to do, in two
// voices. Pure: what was found comes in, words come out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tools {

/// From the patient's side to the national system's: where several are broken, the first is looked at first. What the
/// others need (clock, disk, keys) comes before what needs it; what waits for staff without anybody at the desk, last.
enum class chain_link : std::uint8_t {
  clock,
  disk,
  keys,         ///< of this node, or the hub's folder
  reader,
  network,      ///< from this computer to the hub's
  hub,
  versions,
  line_network, ///< from the hub to the national system
  certificate,
  centre,
  plans,   ///< planned times of batches
  uploads, ///< files that wait to be uploaded by hand
  doubts   ///< uploads of which nobody knows whether they arrived
};
inline constexpr std::size_t chain_links = 13;

enum class standing : std::uint8_t {
  fine,
  soon,   ///< works still
  broken,
  unknown ///< cannot be seen from here, or something before it is broken
};

struct finding {
  chain_link of{};
  standing is{};
  std::string detail; ///< for the vendor: what exactly was seen; no personal data
};

struct link_words {
  std::string_view ja, en;             ///< its name
  std::string_view staff_ja, staff_en; ///< what staff do
  std::string_view vendor;             ///< what the vendor looks at
};
const link_words& words_of(chain_link of);
std::string_view name_of(standing is);

/// The first that is broken; nullptr: none is.
const finding* first_broken(std::span<const finding> chain);

/// What is read to the call centre: which node, when, the versions, the broken link and what was seen. Names nobody.
struct examined {
  std::string node, program_version, hub_version;
  std::string time; ///< as people write it
};
std::string note_for_call_centre(const examined& of, std::span<const finding> chain);

} // namespace tools
