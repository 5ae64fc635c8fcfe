// Face files as certified readers and other programs leave them (oqs-interface.md §1.2, §2.4, §10).
#include "tests/test.hpp"

#include "drivers/line/face_folder.hpp"
#include "drivers/line/folder_watch.hpp"
#include "drivers/line/text.hpp"
#include "drivers/line/zip_file.hpp"
#include "tests/drivers/line/support_examples.hpp"
#include "tests/drivers/line/support_rigs.hpp"

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
                    std::string work = "faces")
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

BOOST_AUTO_TEST_CASE(ten_thousand_files_among_four_other_programs_none_lost_none_twice_none_half_read) {
  constexpr int files = 10000;
  temporary_folder folder;
  watching w{folder};
  bool stop = false;
  std::mutex stopping;
  const auto going_on = [&] {
    const std::lock_guard lock{stopping};
    return !stop;
  };
  std::vector<std::thread> others;
  for (unsigned program = 0; program < 4; ++program)
    others.emplace_back([&, program] { // creates, renames and deletes files of its own, one of them with our prefix
      std::mt19937 chance{program};
      const auto own = [&](const std::string& end) { return w.folder() / ("other" + std::to_string(program) + end); };
      for (unsigned n = 0; going_on(); ++n) {
        std::error_code ignored;
        std::ofstream{own(std::to_string(n % 50) + ".tmp")} << std::string(chance() % 5000, 'x');
        fs::rename(own(std::to_string(n % 50) + ".tmp"), own(std::to_string(n % 50) + ".xml"), ignored);
        fs::remove(own(std::to_string(chance() % 50) + ".xml"), ignored);
        std::ofstream{w.folder() / ("OQSsiquc01res_face_" + std::to_string(program) + ".part")} << "half";
        std::this_thread::sleep_for(std::chrono::microseconds(500));
      }
    });
  for (int n = 0; n < files; ++n) {
    char number[16];
    std::snprintf(number, sizeof number, "%07d", n % 10000000);
    const auto text = replaced(examples::check_in, "0001234", number);
    const auto path = w.folder() / name_at(number, "20261122084210");
    if (n % 3 != 0) {
      w.put(path.filename().string(), text);
      continue;
    }
    std::ofstream to{path}; // a reader that writes in place
    to << text.substr(0, text.size() / 3) << std::flush << text.substr(text.size() / 3);
  }
  const auto came = w.wait_for(files);
  {
    const std::lock_guard lock{stopping};
    stop = true;
  }
  for (auto& other : others)
    other.join();
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
