// The Face folders: what certified readers put down, each file a check-in of its own (oqs-interface.md §1.2, §2.4).
//
// Several readers and several programs share such folders. A file is taken in after two equal reads; one that another
// program moves away after it was complete is taken in all the same. Nothing is ever deleted or renamed here. One
// importer at a time: a lease file in the folder, visible to everybody, renewed while its holder lives, also in the
// middle of a long scan; one that finds the lease taken over stops there, and delivers nothing more.
#pragma once

#include "drivers/line/facts.hpp"
#include "drivers/line/folder_watch.hpp"
#include "drivers/line/port.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace drivers::line {

struct face_folder {
  std::filesystem::path folder;
  std::string desk; ///< "" when several desks share it
};

struct face_options {
  std::vector<face_folder> folders;
  std::filesystem::path work; ///< ours: what was taken
  std::string institution;    ///< a file of another one is refused, and said so
  std::string holder;         ///< who we are, for the lease: "hub@host 4711"
  std::string zip_password;
  std::shared_ptr<const facts> names = facts::usual();
  folder_sight sight; ///< called on the source's own thread
};

/// `write_failed` when `work` cannot be used.
messages::result<std::unique_ptr<face_source>> open_face_folders(face_options options);

/// Whether only one of several programs takes in, by a file all of them see. One thread.
///
/// The lease's age is measured by its watchers' own clocks: clocks of different hosts differ.
class importer_lease {
public:
  importer_lease(std::filesystem::path file, std::string holder, std::uint32_t lease_ms);
  /// Takes, keeps or watches the lease; true while it is ours. To be called several times within `lease_ms`; as often
  /// as one likes: within a quarter of it nothing is read or written.
  bool hold(std::uint64_t now_ms);
  const std::string& holder() const { return seen_holder_; } ///< whoever holds it, as last seen
  void give_up();

private:
  bool is_ours() const;
  bool write();
  std::filesystem::path file_;
  std::string holder_, seen_, seen_holder_;
  std::uint32_t lease_ms_;
  std::uint64_t seen_at_ms_ = 0, renewed_at_ms_ = 0, beat_ = 0;
  bool held_ = false, ever_looked_ = false;
};

} // namespace drivers::line
