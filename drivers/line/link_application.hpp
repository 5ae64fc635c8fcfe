// 連携アプリ, simulated: it takes requests out of Req, asks the centre, puts results into Res and check-ins into Face.
//
// It misbehaves by script: slow, silent, down, half-written, zipped, CP932, out of order, wrong, or giving .err. A
// marker in each folder says that it is simulated.
#pragma once

#include "drivers/line/centre.hpp"
#include "drivers/line/facts.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace drivers::line {

struct link_behaviour {
  std::uint32_t answer_delay_ms = 0;
  bool silent = false;                                      ///< takes requests, and answers when it is silent no longer
  bool down = false;                                        ///< takes nothing: what lies in Req stays there
  bool zipped = false;                                      ///< results in zips; with a password, AES-256
  bool shift_jis = false;                                   ///< results in CP932
  bool out_of_order = false;                                ///< of what waits, the last is answered first
  bool errors = false;                                      ///< gives every request back with an .err
  bool other_institution = false, other_identifier = false; ///< wrong results
  std::uint32_t half_written_ms = 0;                        ///< writes half a result in place, waits, writes the rest
  std::string sub_folder{};                                 ///< results go there
};

struct link_options {
  std::filesystem::path requests, results, faces; ///< made when missing
  std::filesystem::path work;                     ///< requests that were taken and not answered yet
  std::string institution, zip_password;
  std::shared_ptr<const facts> names = facts::usual();
  std::uint32_t look_ms = 100; ///< how often it looks into Req
};

/// One thread of its own. @p to has to outlive it.
class link_application {
public:
  link_application(link_options options, centre& to);
  ~link_application();
  link_application(const link_application&) = delete;
  link_application& operator=(const link_application&) = delete;

  void behave(link_behaviour behaviour);
  /// A check-in at a certified reader: the file's name; "" for a card nobody has, or when it could not be written.
  std::string check_in(const std::string& card_name, const messages::consent_choices& choices,
                       const std::filesystem::path& face_folder = {});
  void stop();

private:
  struct result_file {
    std::string name, octets;
    std::uint64_t due_ms = 0;
  };
  void run();
  void take_requests(const link_behaviour& how);
  void answer(const std::filesystem::path& taken, const link_behaviour& how);
  void put_due(const link_behaviour& how);
  void put(const result_file& one, const link_behaviour& how);
  std::string spoiled(std::string xml, const link_behaviour& how) const;

  const link_options options_;
  centre& centre_;
  std::vector<result_file> waiting_; ///< the thread's own
  std::uint64_t faces_written_ = 0;
  std::mutex mutex_; ///< the rest
  link_behaviour behaviour_;
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace drivers::line
