// Hand-over: answers as files in the folders of receipt computers (レセコン), each file once, whatever dies meanwhile.
//
// A file is made whole beside its place, in the sub-folder `.uketsuke`, and moved to it in one step; a mark beside it
// says that it is about to be moved. After a crash a mark without its file means that it was moved: the receipt
// computer may have taken it already, and never gets it again.
#pragma once

#include "messages/bytes.hpp"
#include "messages/personal.hpp"
#include "messages/result.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace drivers::line {

struct receipt_computer_options {
  std::string name;             ///< as the configuration calls it; not empty
  std::filesystem::path folder; ///< local or mounted; it must exist when a file is written
};

/// One thread for each receipt computer: one that is slow or gone delays no other. Every member may be called from any
/// thread; completions come on the computer's own thread, or inside the call when they are known at once.
class receipt_computers {
public:
  static constexpr std::size_t waiting_max = 1000; ///< at one computer; beyond: `busy`

  /// `wrong_value` for a name that is empty or stands twice.
  static messages::result<std::unique_ptr<receipt_computers>> open(std::vector<receipt_computer_options> which);
  virtual ~receipt_computers() = default;

  virtual std::vector<std::string> names() const = 0;
  /// Writes @p file if it was not written before. `write_failed`, `disk_full`, `wrong_value` (a name that leaves the
  /// folder, an unknown computer), `busy`; after any of them the same may be asked again.
  virtual void hand_over(const std::string& computer, const std::string& file,
                         messages::personal<messages::bytes> octets,
                         std::function<void(messages::result<void>)> done) = 0;
  /// That it was written is durable elsewhere: the mark may go.
  virtual void forget(const std::string& computer, const std::string& file) = 0;
  /// Whether the file still lies there; true as well when that cannot be seen.
  virtual void look(const std::string& computer, const std::string& file,
                    std::function<void(bool still_there)> done) = 0;
  /// Ends after the file under way; what still waits is `busy`.
  virtual void stop() = 0;
};

/// What hand_over() does, on the calling thread. @p step is called before each step ("made", "marked", "moved"): a test
/// that throws there has died there.
messages::result<void> put_file_once(const std::filesystem::path& folder, const std::string& file,
                                     const messages::bytes& octets,
                                     const std::function<void(const char* step)>& step = {});
void forget_put_file(const std::filesystem::path& folder, const std::string& file);

} // namespace drivers::line
