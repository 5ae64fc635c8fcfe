// What the line's tests share: a folder of their own, a card authority with cards, a centre with a clock of its own.
#pragma once

#include "drivers/line/centre.hpp"
#include "drivers/line/facts.hpp"
#include "drivers/line/port.hpp"
#include "drivers/line/throwaway_pki.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace line_test {

using namespace drivers::line;

inline const std::string institution = "1319999999";

/// Where ten thousand files are made in a second: in memory if there is room, else where temporary files lie. On ext4 a
/// new file costs a look at every inode deleted within the last seconds, by whomever: a busy host's tests took minutes.
std::filesystem::path quick_place();

/// A folder that is gone when the test is.
class temporary_folder {
public:
  explicit temporary_folder(const std::filesystem::path& in = std::filesystem::temp_directory_path());
  ~temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

/// 2026-11-22 09:15:00 in Japan: what the centre's clock says at first.
inline constexpr std::uint64_t morning_ms = 1795306500000;

/// The test's own card authority. One RSA key serves every card: making keys is slow, and no test looks at the key.
class card_maker {
public:
  card_maker();
  ~card_maker();
  void write_ca(const std::filesystem::path& file) const;
  /// DER for @p name, valid from a year before morning_ms to @p days_left days after it.
  messages::bytes certificate(const std::string& name, int days_left = 1000) const;
  messages::bytes foreign_certificate(const std::string& name) const; ///< of another authority of the same name
  messages::bytes sign(const messages::bytes& value) const;

private:
  struct inside;
  std::unique_ptr<inside> inside_;
};
const card_maker& cards();

/// A centre's options over @p folder, with a clock that the test moves and chance by seed.
struct centre_world {
  explicit centre_world(const temporary_folder& folder);
  std::unique_ptr<centre> open() const;

  std::shared_ptr<std::atomic<std::uint64_t>> now_ms;
  centre_options options;
};

/// Today in earnest: TLS looks at the host's clock.
std::uint64_t real_now_ms();

/// A new identifier; they differ within a program.
messages::id new_id();

/// Calls and waits: @p call gets the completion. A completion that never comes fails the test.
template <class T> messages::result<T> await(const std::function<void(completion<T>)>& call) {
  auto promise = std::make_shared<std::promise<messages::result<T>>>();
  auto future = promise->get_future();
  call([promise](messages::result<T> r) { promise->set_value(std::move(r)); });
  if (future.wait_for(std::chrono::seconds(30)) != std::future_status::ready)
    throw std::runtime_error("the completion was never called");
  return future.get();
}

inline constexpr std::uint32_t wait_ms = 10000;

messages::result<challenge> obtain(line& on, std::uint32_t wait_ms_max = wait_ms);
messages::result<answer> ask(line& on, const card_question& question, std::uint32_t wait_ms_max = wait_ms);
messages::result<answer> ask(line& on, const typed_question& question, std::uint32_t wait_ms_max = wait_ms);
messages::result<void> register_number(line& on, const reference_registration& registration,
                                       std::uint32_t wait_ms_max = wait_ms);

/// All six consents the same.
messages::consent_choices all(messages::choice c);
std::string person(int number); ///< 3 → SIM000000000003

/// The question of @p name's card over @p given.
card_question question_of(const std::string& name, const challenge& given,
                          messages::consent_choices choices = all(messages::choice::given),
                          messages::care kind = messages::care::outpatient);
typed_question typed(messages::insured_number who, messages::choice limit = messages::choice::given);

/// Where a function of one step is asked for over HTTPS.
inline std::string path_of(function what) { return facts::usual()->path_of({what, 1}); }

/// The code of an error, or none when there is a value: readable in a failed check.
template <class T> std::string code_of(const messages::result<T>& r) {
  return r ? "no error" : std::string(messages::describe(r.error().code).name);
}

} // namespace line_test
