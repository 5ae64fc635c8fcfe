// What scenario tests share: a clinic in a temporary folder, and programs run with their output caught.
#pragma once

#include "messages/envelope.hpp"
#include "tools/simulate/clinic.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace scenarios {

/// A folder of its own, gone with it. UKETSUKE_KEEP=1 keeps it and says where.
class temporary_folder {
public:
  temporary_folder();
  ~temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

std::filesystem::path program(); ///< the uketsuke that was built with these tests
std::filesystem::path source();  ///< the tree

struct finished {
  int status = -1; ///< exit code; 128 + signal when it was killed
  std::string out, err;
};
/// Runs @p words (the first: a program) to its end, at most @p seconds.
finished run(const std::vector<std::string>& words, int seconds = 30);
/// The same in the background; join() collects it.
class background {
public:
  explicit background(std::vector<std::string> words, const std::filesystem::path& out);
  ~background();
  int join(int seconds);
  pid_t pid() const { return pid_; }

private:
  pid_t pid_ = -1;
};

/// Can desks have the emulated USB reader here? Otherwise tests say so and use the virtual reader in process.
bool usb_rig_possible();

/// Options of a small clinic in @p data, on free ports.
tools::clinic_options small_clinic(const std::filesystem::path& data);

/// Every entry of a stopped node's journal.
std::vector<messages::event_envelope> journal_of(const std::filesystem::path& folder);

std::string text_of(const std::filesystem::path& file);

} // namespace scenarios
