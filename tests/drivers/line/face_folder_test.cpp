// Face files as certified readers and other programs leave them (oqs-interface.md §1.2, §2.4, §10).
#include "tests/test.hpp"

#include "drivers/line/face_folder.hpp"
#include "drivers/line/folder_watch.hpp"
#include "drivers/line/text.hpp"
#include "drivers/line/zip_file.hpp"
#include "tests/drivers/line/support_examples.hpp"
#include "tests/drivers/line/support_rigs.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <thread>

using namespace line_test;
namespace fs = std::filesystem;

namespace {

/// A source on one folder, and everything it brings.
class watching {
public:
  explicit watching(const temporary_folder& folder, std::string desk = "desk-1", std::string holder = "hub@here 1",
                    std::string work = "faces", const std::function<void(face_options&, facts&)>& change = {})
      : folder_(folder / "Face") {
    fs::create_directories(folder_);
    face_options options;
    options.folders = {{folder_, std::move(desk)}};
    options.work = folder / work;
    options.institution = institution;
    options.holder = std::move(holder);
    options.zip_password = "password";
    auto names = quick_facts();
    names->lease_ms = 1000;
    options.names = names;
    if (change) change(options, *names);
    source_ = std::move(open_face_folders(options).value());
    source_->start([this](face_arrival a) {
      const std::lock_guard lock{mutex_};
      ++times_[a.arrival];
      arrivals_.push_back(std::move(a));
    });
  }

  void put(const std::string& name, const std::string& octets) { BOOST_REQUIRE(write_file(folder_ / name, octets)); }
  std::vector<face_arrival> wait_for(std::size_t count) {
    for (int n = 0; n < 60000; ++n) {
      {
        const std::lock_guard lock{mutex_};
        if (arrivals_.size() >= count) return arrivals_;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    BOOST_REQUIRE_MESSAGE(false, "too few arrivals");
    return {};
  }
  std::map<messages::id, int> times() {
    const std::lock_guard lock{mutex_};
    return times_;
  }
  face_source& source() { return *source_; }
  const fs::path& folder() const { return folder_; }

private:
  fs::path folder_;
  std::mutex mutex_;
  std::vector<face_arrival> arrivals_;
  std::map<messages::id, int> times_;
  std::unique_ptr<face_source> source_; // last: it calls
};

std::string name_at(const std::string& middle, const std::string& time) {
  return "OQSsiquc01res_face_" + middle + '_' + time + ".xml";
}
std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  BOOST_REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}
std::string code_in(const face_arrival& a) { return code_of(a.read); }

template <class F> void until(F&& so) {
  for (int n = 0; n < 60000 && !so(); ++n)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  BOOST_REQUIRE(so());
}

/// The next free descriptor is the last one this process gets: what opens two at once fails at the second.
class one_descriptor_left {
public:
  one_descriptor_left() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::open("/", O_RDONLY | O_CLOEXEC);
    ::close(next);
    auto now = before_;
    now.rlim_cur = static_cast<rlim_t>(next) + 1;
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  ~one_descriptor_left() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  one_descriptor_left(const one_descriptor_left&) = delete;
  one_descriptor_left& operator=(const one_descriptor_left&) = delete;

private:
  rlimit before_{};
};

/// A slow share beside a rival that wants its lease: the clock stands still but for the reads, each of which takes
/// `read_ms`, and the rival looks at the lease around each. Everything happens on the source's thread.
struct slow_share {
  explicit slow_share(const temporary_folder& folder, int files)
      : rival{folder / "Face" / "uketsuke-importer.lease", "rival@there 2", 1000} {
    fs::create_directories(folder / "Face");
    for (int n = 0; n < files; ++n)
      std::ofstream{folder / "Face" / name_at(std::to_string(n), "20261122084210")}
          << replaced(examples::check_in, "0001234", "000123" + std::to_string(n));
  }
  std::function<void(face_options&, facts&)> as_options() {
    return [this](face_options& o, facts&) {
      o.sight.clock = [this] { return now_ms.load(); };
      o.sight.read = [this](const fs::path& file, std::size_t bytes_max) {
        if (rival_looks && rival.hold(now_ms)) rival_had_it = true;
        now_ms += ++reads == slow_read ? 5000 : 100;
        if (rival_looks && rival.hold(now_ms)) rival_had_it = true;
        return read_file(file, bytes_max);
      };
    };
  }

  importer_lease rival;
  std::atomic<std::uint64_t> now_ms{1};
  std::atomic<bool> rival_looks{true}, rival_had_it{false};
  std::atomic<int> reads{0};
  int slow_read = 0; ///< which one takes five seconds; 0: none
};

} // namespace

BOOST_AUTO_TEST_CASE(a_face_file_is_a_check_in_of_its_desk_with_its_bytes) {
  temporary_folder folder;
  watching w{folder};
  w.put(name_at("1319999999aaaaaaaaaaaaaaaaaaaa", "20261122084210"), examples::check_in);
  const auto came = w.wait_for(1).front();
  BOOST_REQUIRE_EQUAL(code_in(came), "no error");
  BOOST_CHECK_EQUAL(came.desk, "desk-1");
  const auto& one = came.read->typed.insurances.reveal().front();
  BOOST_CHECK_EQUAL(one.name, "見本　花●"); // as it came
  BOOST_CHECK_EQUAL(one.reference_number, "0001234");
  const auto& octets = came.original.reveal();
  BOOST_CHECK(std::string(octets.begin(), octets.end()) == examples::check_in);
}

BOOST_AUTO_TEST_CASE(a_shared_folder_leaves_the_desk_unknown_and_a_middle_of_any_form_is_read) {
  temporary_folder folder;
  watching w{folder, ""};
  w.put("OQSsiquc01res_face_20261122084210.xml", examples::check_in);
  BOOST_CHECK_EQUAL(w.wait_for(1).front().desk, "");
}

BOOST_AUTO_TEST_CASE(a_file_without_reference_number_and_one_with_two_blocks_are_read) {
  temporary_folder folder;
  watching w{folder};
  auto two = replaced(examples::check_in, "    </ResultList>", examples::assistance_block + "    </ResultList>");
  two = replaced(two, "        <ReferenceNumber>0001234</ReferenceNumber>\n", "");
  w.put(name_at("two", "20261122084210"), two);
  const auto came = w.wait_for(1).front();
  BOOST_REQUIRE_EQUAL(code_in(came), "no error");
  const auto& full = came.read->full.reveal();
  BOOST_REQUIRE_EQUAL(full.insurances.size(), 2u);
  BOOST_CHECK_EQUAL(full.insurances[0].reference_number, "");
  BOOST_CHECK_EQUAL(full.insurances[1].tickets.front().month, "202611");
  BOOST_CHECK_EQUAL(came.read->typed.drugs.flag, 1); // stated with the insurance, not with the assistance
}

BOOST_AUTO_TEST_CASE(an_expired_consent_says_why_and_a_validity_of_its_own_says_which) {
  temporary_folder folder;
  watching w{folder};
  const std::string given = "<PharmacistsInfoConsFlg>1</PharmacistsInfoConsFlg>";
  const auto expired = replaced(examples::check_in, given,
                                "<PharmacistsInfoConsFlg>2</PharmacistsInfoConsFlg>"
                                "<PharmacistsInfoConsExpirationReason>2</PharmacistsInfoConsExpirationReason>");
  w.put(name_at("a", "20261122084210"), expired);
  const auto first = w.wait_for(1).front();
  BOOST_CHECK(first.read->full.reveal().insurances.front().drugs.reason.is(expiry_reason::cancelled_by_patient));
  for (const char validity : {'2', '3', '5', '6'}) {
    const auto count = w.wait_for(1).size();
    w.put(name_at(std::string("v") + validity, "20261122084211"),
          replaced(examples::check_in, "<QualificationValidity>1", std::string("<QualificationValidity>") + validity));
    const auto came = w.wait_for(count + 1).back();
    BOOST_CHECK_EQUAL(static_cast<int>(came.read->typed.judged), validity - '0');
  }
}

BOOST_AUTO_TEST_CASE(a_refused_file_says_why_and_brings_its_bytes) {
  temporary_folder folder;
  watching w{folder};
  w.put(name_at("1310000000", "20261122084210"), replaced(examples::check_in, "1319999999", "1310000000"));
  const auto other = w.wait_for(1).front();
  BOOST_CHECK_EQUAL(code_in(other), "line_unreadable");
  BOOST_CHECK(other.read.error().args.front().find("MedicalInstitutionCode") != std::string::npos);
  BOOST_CHECK(!other.original.reveal().empty());
  w.put(name_at("segment9", "20261122084211"), examples::failure);
  const auto abnormal = w.wait_for(2).back();
  BOOST_CHECK_EQUAL(code_in(abnormal), "line_refused");
  BOOST_CHECK_EQUAL(w.source().state().refused, 2u);
}

BOOST_AUTO_TEST_CASE(files_in_shift_jis_and_in_zips_are_read) {
  temporary_folder folder;
  watching w{folder};
  const auto sjis = to_shift_jis(replaced(examples::check_in, "UTF-8", "Shift_JIS")).value();
  w.put(name_at("sjis", "20261122084210"), sjis);
  BOOST_CHECK_EQUAL(w.wait_for(1).back().read.value().typed.insurances.reveal().front().name, "見本　花●");
  w.put("OQSsiquc01res_face_zip_20261122084211.zip", zip("a.xml", examples::check_in, "password").value());
  BOOST_CHECK_EQUAL(code_in(w.wait_for(2).back()), "no error");
  w.put("OQSsiquc01res_face_bad_20261122084212.zip", zip("a.xml", examples::check_in, "another").value());
  BOOST_CHECK_EQUAL(code_in(w.wait_for(3).back()), "line_unreadable");
}

BOOST_AUTO_TEST_CASE(a_half_written_file_is_waited_for_and_a_damaged_one_told_in_the_end) {
  temporary_folder folder;
  watching w{folder};
  const auto file = w.folder() / name_at("half", "20261122084210");
  const auto half = examples::check_in.size() / 2;
  {
    std::ofstream to{file};
    to << examples::check_in.substr(0, half) << std::flush;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    to << examples::check_in.substr(half);
  }
  BOOST_CHECK_EQUAL(code_in(w.wait_for(1).front()), "no error");
  std::ofstream{w.folder() / name_at("cut", "20261122084211")} << examples::check_in.substr(0, half);
  BOOST_CHECK_EQUAL(code_in(w.wait_for(2).back()), "line_unreadable");
}

BOOST_AUTO_TEST_CASE(the_same_file_twice_is_one_arrival_also_after_a_restart) {
  temporary_folder folder;
  {
    watching w{folder};
    w.put(name_at("a", "20261122084210"), examples::check_in);
    w.put(name_at("b", "20261122084211"), examples::check_in); // a copy under another name
    const auto came = w.wait_for(1);
    w.put(name_at("c", "20261122084212"), replaced(examples::check_in, "0001234", "0001235"));
    BOOST_CHECK_EQUAL(w.wait_for(2).size(), 2u);
    w.source().taken(came.front().arrival);
  }
  watching again{folder};
  const auto came = again.wait_for(1); // the one that nobody took; the other does not come again
  BOOST_CHECK_EQUAL(came.size(), 1u);
  BOOST_CHECK_EQUAL(came.front().read->typed.insurances.reveal().front().reference_number, "0001235");
  BOOST_CHECK(fs::exists(again.folder() / name_at("a", "20261122084210"))); // not ours to delete
}

BOOST_AUTO_TEST_CASE(one_importer_is_active_and_the_other_knows_who) {
  temporary_folder folder;
  auto first = std::make_unique<watching>(folder, "desk-1", "first@here 1", "faces-1");
  first->put(name_at("a", "20261122084210"), examples::check_in);
  first->wait_for(1);
  watching second{folder, "desk-1", "second@there 2", "faces-2"};
  for (int n = 0; n < 5000 && second.source().state().holder.empty(); ++n)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  BOOST_CHECK(second.source().state().now == importing::standby);
  BOOST_CHECK_EQUAL(second.source().state().holder, "first@here 1");
  BOOST_CHECK(second.times().empty());
  first.reset();
  second.wait_for(1); // it takes over
  BOOST_CHECK(second.source().state().now == importing::active);
}

BOOST_AUTO_TEST_CASE(a_lease_of_somebody_dead_is_taken_after_its_time_and_the_dead_one_sees_it) {
  temporary_folder folder;
  importer_lease a{folder / "lease", "a", 1000}, b{folder / "lease", "b", 1000};
  BOOST_CHECK(a.hold(0));
  BOOST_CHECK(!b.hold(5));
  BOOST_CHECK(a.hold(300)); // renewed: b counts from here
  BOOST_CHECK(!b.hold(600));
  BOOST_CHECK(!b.hold(1500));
  BOOST_CHECK(b.hold(1700)); // a has not been seen for a second
  BOOST_CHECK(!a.hold(1800));
  BOOST_CHECK_EQUAL(a.holder(), "b");
}

BOOST_AUTO_TEST_CASE(a_listing_says_when_it_is_not_the_whole_folder) {
  temporary_folder folder;
  fs::create_directories(folder / "sub");
  for (const auto* name : {"a", "b", "c", "sub/d"})
    std::ofstream{folder / name} << name;
  const auto whole = files_in(folder.path());
  BOOST_CHECK(whole.complete);
  BOOST_CHECK_EQUAL(whole.files.size(), 4u);
  const auto full = files_in(folder.path(), {}, 3);
  BOOST_CHECK(!full.complete);
  BOOST_CHECK_EQUAL(full.files.size(), 3u);
  int asked = 0;
  BOOST_CHECK(!files_in(folder.path(), [&] { return ++asked < 3; }).complete);
  BOOST_CHECK_EQUAL(asked, 3);
  BOOST_CHECK(!files_in(folder / "absent").complete);
  BOOST_CHECK(files_in(folder / "sub").complete);
  {
    const one_descriptor_left scarce;
    BOOST_CHECK(!files_in(folder.path()).complete); // its sub-folder cannot be opened
  }
  BOOST_CHECK(files_in(folder.path()).complete);
}

BOOST_AUTO_TEST_CASE(what_was_taken_in_is_not_read_again_after_a_folder_was_not_seen_whole) {
  temporary_folder folder;
  std::atomic<bool> partly{false};
  std::atomic<int> listings{0}, reads{0};
  watching w{folder, "desk-1", "hub@here 1", "faces", [&](face_options& o, facts&) {
               o.sight.list = [&](const fs::path& at, const std::function<bool()>& go_on) {
                 auto listing = files_in(at, go_on);
                 if (partly) listing = {};
                 ++listings;
                 return listing;
               };
               o.sight.read = [&](const fs::path& file, std::size_t bytes_max) {
                 ++reads;
                 return read_file(file, bytes_max);
               };
             }};
  const auto listed = [&](int times) { until([&, end = listings + times] { return listings >= end; }); };
  w.put(name_at("a", "20261122084210"), examples::check_in);
  w.put(name_at("b", "20261122084211"), replaced(examples::check_in, "0001234", "0001235"));
  w.wait_for(2);
  const int read_so_far = reads;
  partly = true;
  listed(3); // the second of them was begun and ended in this state
  BOOST_CHECK(w.source().state().now == importing::unusable);
  partly = false;
  listed(3);
  BOOST_CHECK_EQUAL(reads, read_so_far);
  BOOST_CHECK(w.source().state().now == importing::active);
}

BOOST_AUTO_TEST_CASE(the_lease_is_kept_through_a_scan_that_lasts_longer_than_it) {
  temporary_folder folder;
  slow_share share{folder, 30}; // three seconds a scan, and a lease of one
  watching w{folder, "desk-1", "hub@here 1", "faces", share.as_options()};
  BOOST_CHECK_EQUAL(w.wait_for(30).size(), 30u);
  BOOST_CHECK(!share.rival_had_it);
}

BOOST_AUTO_TEST_CASE(a_scan_whose_lease_was_taken_delivers_nothing_more_and_loses_nothing) {
  temporary_folder folder;
  slow_share share{folder, 4};
  share.slow_read = 6; // the second file's second look: two files are complete, none is delivered yet
  watching w{folder, "desk-1", "hub@here 1", "faces", share.as_options()};
  until([&] { return w.source().state().now == importing::standby; });
  BOOST_CHECK(share.rival_had_it);
  BOOST_CHECK_EQUAL(w.source().state().holder, "rival@there 2");
  BOOST_CHECK_EQUAL(share.reads, 6);
  BOOST_CHECK(w.times().empty());
  share.rival_looks = false;
  share.rival.give_up();
  BOOST_CHECK_EQUAL(w.wait_for(4).size(), 4u);
  for (const auto& [arrival, times] : w.times())
    BOOST_CHECK_EQUAL(times, 1);
}

/// Creates, renames and deletes files of its own, one of them with our prefix: a round for every twenty files written.
/// Its work is bounded: programs that churn for as long as the writer is slow make it slower still.
void churn(const fs::path& folder, unsigned program, const std::atomic<int>& written, int files) {
  std::mt19937 chance{program};
  const auto own = [&](const std::string& end) { return folder / ("other" + std::to_string(program) + end); };
  for (int n = 0; n < files / 20; ++n) {
    for (int so_far = written; so_far < n * 20; so_far = written)
      written.wait(so_far);
    std::error_code ignored;
    std::ofstream{own(std::to_string(n % 50) + ".tmp")} << std::string(chance() % 5000, 'x');
    fs::rename(own(std::to_string(n % 50) + ".tmp"), own(std::to_string(n % 50) + ".xml"), ignored);
    fs::remove(own(std::to_string(chance() % 50) + ".xml"), ignored);
    std::ofstream{folder / ("OQSsiquc01res_face_" + std::to_string(program) + ".part")} << "half";
  }
}

BOOST_AUTO_TEST_CASE(ten_thousand_files_among_four_other_programs_none_lost_none_twice_none_half_read) {
  constexpr int files = 10000;
  temporary_folder folder{quick_place()};
  watching w{folder, "desk-1", "hub@here 1", "faces", [](face_options&, facts& names) {
               names.equal_reads_ms = 300; // as delivered: a writer kept from the processor is not a damaged file
             }};
  std::atomic<int> written{0};
  std::vector<std::thread> others;
  for (unsigned program = 0; program < 4; ++program)
    others.emplace_back([&, program] { churn(w.folder(), program, written, files); });
  for (int n = 0; n < files; ++n) {
    char number[16];
    std::snprintf(number, sizeof number, "%07d", n % 10000000);
    const auto text = replaced(examples::check_in, "0001234", number);
    const auto path = w.folder() / name_at(number, "20261122084210");
    if (n % 3 != 0) {
      const auto temporary = path.string() + ".tmp"; // whole, and not synced: ten thousand syncs are a disk's, not ours
      std::ofstream{temporary} << text;
      fs::rename(temporary, path);
    } else {
      std::ofstream to{path}; // a reader that writes in place
      to << text.substr(0, text.size() / 3) << std::flush << text.substr(text.size() / 3);
    }
    written = n + 1;
    written.notify_all();
  }
  for (auto& other : others)
    other.join();
  const auto came = w.wait_for(files);
  BOOST_CHECK_EQUAL(came.size(), static_cast<std::size_t>(files));
  std::map<std::string, int> numbers;
  int wrong = 0;
  for (const auto& a : came) {
    if (!a.read)
      ++wrong;
    else
      ++numbers[a.read->typed.insurances.reveal().front().reference_number];
  }
  BOOST_CHECK_EQUAL(wrong, 0);
  BOOST_CHECK_EQUAL(numbers.size(), static_cast<std::size_t>(files));
  for (const auto& [arrival, times] : w.times())
    if (times != 1) BOOST_ERROR("taken " << times << " times");
}
