// What every face engine promises, tried on each: the scripted one, and OpenCV in its own process.
#include "tests/drivers/face/support_engines.hpp"

using namespace face_test;
using messages::error_code;
using messages::face_sight;

namespace {

/// An engine, and pictures it understands.
struct rig {
  std::string name;
  std::unique_ptr<engine> e;
  wiped_bytes photo, same, other, nobody, faceless_photo;
};

rig scripted() {
  return {"scripted",          make_scripted_engine(), octets("photo A"), octets("frame A"), octets("frame B"),
          octets("frame"), octets("photo")};
}

/// A JPEG and a JPEG 2000 without a face are the project's own: grey.
rig opencv(const std::filesystem::path& folder) {
  auto opened = open_process_engine({.which = models_in(folder), .program = program()});
  BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : messages::to_sentence(opened.error())));
  const std::filesystem::path pictures = std::filesystem::path{UKETSUKE_SOURCE_DIR} / "tests/fuzz/corpus";
  return {"OpenCV in its process",
          std::move(*opened),
          file(folder / "cards/C001080_240x320_3000.j2k"),
          file(folder / "photos/C001080_b2024.jpg"),
          file(folder / "photos/M001163_b2024.jpg"),
          file(pictures / "jpeg_fuzz/grey"),
          file(pictures / "jpeg2000_fuzz/grey.j2k")};
}

std::vector<rig> rigs() {
  std::vector<rig> all;
  all.push_back(scripted());
#ifdef UKETSUKE_WITH_FACE_ENGINE
  if (const auto folder = face_folder())
    all.push_back(opencv(*folder));
  else
    BOOST_TEST_MESSAGE("skipped: OpenCV's engine: no models (UKETSUKE_FACE_DIR)");
#else
  BOOST_TEST_MESSAGE("skipped: OpenCV's engine: this build has no OpenCV");
#endif
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_same_person_scores_above_the_threshold_and_another_one_far_below) {
  for (auto& r : rigs())
    BOOST_TEST_CONTEXT(r.name) {
      const auto means = r.e->model().means;
      BOOST_REQUIRE(learn(*r.e, r.photo));
      const auto same = look(*r.e, r.same), other = look(*r.e, r.other);
      BOOST_REQUIRE(same && other);
      BOOST_TEST((same->seen == face_sight::good));
      BOOST_TEST((other->seen == face_sight::good));
      BOOST_TEST(same->score >= means.accept_at);
      BOOST_TEST(other->score < means.unsure_from);
    }
}

BOOST_AUTO_TEST_CASE(a_frame_without_a_face_and_one_that_is_none_are_told_apart_from_a_face) {
  for (auto& r : rigs())
    BOOST_TEST_CONTEXT(r.name) {
      BOOST_REQUIRE(learn(*r.e, r.photo));
      BOOST_TEST((look(*r.e, r.nobody)->seen == face_sight::no_face));
      for (const auto& garbage : {wiped_bytes{}, octets("nothing"), wiped_bytes(frame_bytes_max + 1, 0xFF)})
        BOOST_TEST((look(*r.e, garbage)->seen == face_sight::unreadable));
      BOOST_TEST((look(*r.e, r.same)->seen == face_sight::good)); // and it goes on
    }
}

BOOST_AUTO_TEST_CASE(a_photo_that_is_none_or_shows_nobody_is_refused_and_nothing_is_learnt) {
  for (auto& r : rigs())
    BOOST_TEST_CONTEXT(r.name) {
      BOOST_REQUIRE(learn(*r.e, r.photo));
      for (const auto& garbage : {wiped_bytes{}, octets("nothing"), wiped_bytes(photo_bytes_max + 1, 0xFF)})
        BOOST_TEST((learn(*r.e, garbage).error().code == error_code::picture_unfit));
      BOOST_TEST((learn(*r.e, r.faceless_photo).error().code == error_code::face_not_found));
      BOOST_TEST((look(*r.e, r.same).error().code == error_code::face_engine_lost));
    }
}

BOOST_AUTO_TEST_CASE(what_was_learnt_is_forgotten_and_another_face_can_be_learnt) {
  for (auto& r : rigs())
    BOOST_TEST_CONTEXT(r.name) {
      BOOST_TEST((look(*r.e, r.same).error().code == error_code::face_engine_lost)); // nobody was learnt yet
      BOOST_REQUIRE(learn(*r.e, r.photo));
      r.e->forget();
      BOOST_TEST((look(*r.e, r.same).error().code == error_code::face_engine_lost));
      BOOST_REQUIRE(learn(*r.e, r.photo));
      BOOST_TEST(look(*r.e, r.same)->score >= r.e->model().means.accept_at);
    }
}

BOOST_AUTO_TEST_CASE(every_call_is_answered_once_in_order_and_too_many_are_busy) {
  for (auto& r : rigs())
    BOOST_TEST_CONTEXT(r.name) {
      BOOST_REQUIRE(learn(*r.e, r.photo));
      std::mutex mutex;
      std::vector<int> order;
      int busy = 0;
      std::promise<void> all;
      constexpr int calls = 12;
      for (int n = 0; n < calls; ++n)
        r.e->look(r.same, [&, n](const auto& report) {
          const std::lock_guard lock{mutex};
          order.push_back(n);
          busy += !report && report.error().code == error_code::busy;
          if (order.size() == calls) all.set_value();
        });
      BOOST_REQUIRE(all.get_future().wait_for(std::chrono::seconds{60}) == std::future_status::ready);
      BOOST_TEST(std::ranges::is_sorted(order));
      if (r.name != "scripted")
        BOOST_TEST(busy >= calls - engine::waiting_max - 1); // which is too quick to be waited for
    }
}

BOOST_AUTO_TEST_CASE(an_engine_that_ends_answers_what_waits) {
  for (auto& r : rigs())
    BOOST_TEST_CONTEXT(r.name) {
      BOOST_REQUIRE(learn(*r.e, r.photo));
      std::atomic<int> answered{0};
      for (int n = 0; n < engine::waiting_max; ++n)
        r.e->look(r.same, [&](const auto&) { ++answered; });
      r.e->stop();
      BOOST_TEST(answered == engine::waiting_max);
    }
}
