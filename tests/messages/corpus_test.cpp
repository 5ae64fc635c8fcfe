// The frozen corpus: bytes of every topic and version as they once stood in a journal or on the bus. Every later build
// reads them. UKETSUKE_WRITE_CORPUS=1 writes the files that are missing and never touches one that is there.
#include "tests/test.hpp"

#include "messages/json.hpp"
#include "tests/messages/filler.hpp"

#include <fstream>
#include <set>

using namespace messages;

namespace {

const std::filesystem::path folder = std::filesystem::path{UKETSUKE_SOURCE_DIR} / "tests/messages/corpus";

template <class M> std::filesystem::path file_of(std::uint64_t version) {
  return folder / (std::string{M::topic} + ".v" + std::to_string(version) + ".hex");
}

template <class M> constexpr bool is_an_event() {
  bool found = false;
  for_each_message(all_events{}, [&]<class E>() { found = found || std::is_same_v<E, M>; });
  return found;
}

template <class M> constexpr bool is_a_reply() {
  bool found = false;
  for_each_message(all_replies{}, [&]<class E>() { found = found || std::is_same_v<E, M>; });
  return found;
}

/// The frame that a file is made of: the envelope with everything in it, from a seed.
template <class M> std::string frame_of(std::uint64_t seed) {
  filler::source from{seed};
  const auto m = from.make<M>();
  if constexpr (is_an_event<M>())
    return encode(filler::event_of(m, from));
  else if constexpr (is_a_reply<M>())
    return encode(filler::reply_of(m, from));
  else
    return encode(filler::command_of(m, from));
}

void write_frame(std::ostream& out, std::string_view title, std::string_view frame) {
  static constexpr char digits[] = "0123456789abcdef";
  out << "# " << title << '\n';
  for (std::size_t n = 0; n < frame.size(); ++n) {
    const auto byte = static_cast<unsigned char>(frame[n]);
    out << digits[byte >> 4] << digits[byte & 15];
    if (n % 48 == 47 || n + 1 == frame.size()) out << '\n';
  }
}

/// The frames of a file: each after a line that begins with '#', in lines of hexadecimal digits.
std::vector<std::string> frames_in(const std::filesystem::path& file) {
  std::vector<std::string> frames;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#'))
      frames.emplace_back();
    else
      for (std::size_t n = 0; n + 1 < line.size(); n += 2)
        frames.back() += static_cast<char>(std::stoi(line.substr(n, 2), nullptr, 16));
  }
  return frames;
}

/// What @p frame is after it was read down to its last field and written again.
template <class M> std::optional<std::string> again(std::string_view frame) {
  const auto body_again = [](std::string_view body, std::uint64_t v) -> std::optional<std::string> {
    const auto m = decode_body<M>(body, v);
    if (!m) return std::nullopt;
    return encode_body(*m);
  };
  if constexpr (is_an_event<M>()) {
    auto e = decode_event(frame);
    const auto body = e ? body_again(e->body, e->v) : std::nullopt;
    if (!body) return std::nullopt;
    e->body = *body;
    return encode(*e);
  } else {
    auto c = decode_command(frame);
    if (!c) return std::nullopt;
    const auto ok = is_a_reply<M>() ? reply_body(*c) : result<std::string>{c->body};
    const auto body = ok ? body_again(*ok, c->v) : std::nullopt;
    if (!body) return std::nullopt;
    c->body = is_a_reply<M>() ? reply_ok(*c, *body).body : *body;
    return encode(*c);
  }
}

template <class M> void write_if_missing() {
  const auto file = file_of<M>(M::version);
  if (std::filesystem::exists(file)) return;
  std::ofstream out(file);
  write_frame(out, "from seed 1", frame_of<M>(1));
  write_frame(out, "from seed 2", frame_of<M>(2));
}

} // namespace

BOOST_AUTO_TEST_CASE(every_topic_and_version_has_its_file_and_is_still_read) {
  if (std::getenv("UKETSUKE_WRITE_CORPUS")) filler::for_every_message([]<class M>() { write_if_missing<M>(); });
  filler::for_every_message([]<class M>() {
    for (std::uint64_t v = 1; v <= M::version; ++v) {
      const auto frames = frames_in(file_of<M>(v));
      BOOST_TEST(!frames.empty(), file_of<M>(v) << " is missing: run this test with UKETSUKE_WRITE_CORPUS=1");
      for (const auto& frame : frames) {
        const auto written = again<M>(frame);
        BOOST_TEST(written.has_value(), M::topic << " v" << v << " is no longer read");
        if (v == M::version) BOOST_TEST((written == frame), M::topic << " is no longer written as it was");
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(no_file_is_left_of_a_topic_that_nobody_reads) {
  std::set<std::filesystem::path> known;
  filler::for_every_message([&]<class M>() {
    for (std::uint64_t v = 1; v <= M::version; ++v)
      known.insert(file_of<M>(v).filename());
  });
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    BOOST_TEST(known.contains(entry.path().filename()), entry.path().filename());
}

BOOST_AUTO_TEST_CASE(an_answer_packed_by_another_program_means_what_it_says) {
  // The third frame of this file was packed with Python's msgpack from the README's words, not by this codec.
  const auto frames = frames_in(file_of<eligibility_answered>(1));
  BOOST_REQUIRE(frames.size() == 3U);
  const auto event = decode_event(frames[2]);
  BOOST_REQUIRE(event);
  BOOST_TEST(event->index == 42U);
  BOOST_TEST(event->time_ms == 1'764'547'200'000U);
  BOOST_TEST(event->desk == "desk-1");
  BOOST_TEST(event->checkin.text() == "019ad73584000000000000000000000c");
  BOOST_TEST(event->account.empty());
  const auto m = body_as<eligibility_answered>(*event);
  BOOST_REQUIRE(m);
  BOOST_TEST(m->answer.segment == 1);
  BOOST_TEST((m->answer.judged == validity::valid));
  BOOST_TEST((m->answer.message.seen() == visibility::clear && m->answer.message.reveal().empty()));
  BOOST_REQUIRE(m->answer.insurances.reveal().size() == 1U);
  const auto& card = m->answer.insurances.reveal().front();
  BOOST_TEST(card.insurer == "06140100");
  BOOST_TEST(card.name == "受付　花子");
  BOOST_TEST(card.burden_ratio == "030");
  BOOST_TEST(card.reference_number == "A-1");
  BOOST_TEST(m->answer.drugs.flag == 1);
  BOOST_TEST(m->answer.drugs.available_until == "20251202090000");
  BOOST_TEST(m->answer.surgery.flag == 0);
  BOOST_TEST((m->original.seen() == visibility::forgotten));
  BOOST_TEST(
      to_json(*event).starts_with(R"({"v":1,"index":42,"time_ms":1764547200000,"topic":"eligibility.answered",)"));
}
