// What every camera promises, tried on each: frames from the patient's page, and recorded ones.
#include "tests/test.hpp"

#include "drivers/camera/port.hpp"

#include <future>

using namespace drivers::camera;
using messages::wiped_bytes;

namespace {

/// A camera, and how one makes it see something.
struct rig {
  std::string name;
  std::shared_ptr<camera> eye;
  std::function<void(wiped_bytes)> show; ///< none: it shows what it was given, by itself
};

std::vector<rig> rigs() {
  const auto page = make_page_camera();
  return {{"page", page, [page](wiped_bytes f) { page->put(std::move(f)); }},
          {"recorded", make_recorded_camera({wiped_bytes{1}, wiped_bytes{2}}), {}}};
}

wiped_bytes next(const rig& r, std::uint8_t what) {
  std::promise<wiped_bytes> seen;
  auto frame = seen.get_future();
  r.eye->next([&](wiped_bytes f) { seen.set_value(std::move(f)); });
  if (r.show) r.show({what});
  BOOST_REQUIRE(frame.wait_for(std::chrono::seconds{20}) == std::future_status::ready);
  return frame.get();
}

} // namespace

BOOST_AUTO_TEST_CASE(each_call_gets_one_frame_the_one_that_comes_after_it) {
  for (const auto& r : rigs())
    BOOST_TEST_CONTEXT(r.name) {
      BOOST_TEST((next(r, 1) == wiped_bytes{1}));
      BOOST_TEST((next(r, 2) == wiped_bytes{2}));
    }
}

BOOST_AUTO_TEST_CASE(a_resting_camera_calls_nobody) {
  for (const auto& r : rigs()) {
    if (!r.show) continue; // a recorded one may have called before it is told to rest
    int called = 0;
    r.eye->next([&](const wiped_bytes&) { ++called; });
    r.eye->rest();
    r.show({1});
    BOOST_TEST(called == 0, r.name);
  }
}

BOOST_AUTO_TEST_CASE(a_page_that_sends_more_than_was_asked_for_is_not_heard) {
  const auto page = make_page_camera();
  int called = 0;
  page->put({9}); // nobody waits: it is not kept for whoever comes next
  page->next([&](const wiped_bytes& f) {
    ++called;
    BOOST_TEST((f == wiped_bytes{1}));
  });
  page->put({});
  page->put(wiped_bytes(frame_bytes_max + 1, 7));
  BOOST_TEST(called == 0);
  page->put({1});
  page->put({2});
  BOOST_TEST(called == 1);
}

BOOST_AUTO_TEST_CASE(a_later_call_replaces_an_earlier_one) {
  const auto page = make_page_camera();
  int first = 0, second = 0;
  page->next([&](const wiped_bytes&) { ++first; });
  page->next([&](const wiped_bytes&) { ++second; });
  page->put({1});
  BOOST_TEST((first == 0 && second == 1));
}
