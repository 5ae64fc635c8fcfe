// Replays a trace of CCID frames (libccid's, or one that our driver wrote) against our driver: what it writes is
// compared frame by frame, what the reader said is said again.
#pragma once

#include "drivers/card/apdu.hpp"
#include "drivers/card/ccid_link.hpp"
#include "drivers/card/t1.hpp"

#include <algorithm>
#include <cctype>
#include <deque>
#include <future>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace replay {

using namespace drivers::card;

/// One line. Bytes that are masked ("**") or cut off (a logger's line limit) are unknown.
struct traced_frame {
  bool out = false;
  wiped_bytes bytes;
  std::vector<bool> known;
};

/// A request and what the reader said to it.
struct exchanged {
  traced_frame request;
  std::vector<traced_frame> replies;
};

inline std::optional<traced_frame> parse_line(const std::string& line) {
  std::istringstream words{line};
  std::string word;
  if (!(words >> word) || (word != "->" && word != "<-")) return std::nullopt;
  traced_frame f;
  f.out = word == "->";
  words >> word; // which reader
  while (words >> word && word.size() == 2) {
    f.known.push_back(word != "**");
    f.bytes.push_back(word == "**" ? std::uint8_t{0} : static_cast<std::uint8_t>(std::stoi(word, nullptr, 16)));
  }
  if (f.bytes.size() < ccid::header_size) return std::nullopt;
  const auto whole = ccid::header_size + f.bytes[1] + (std::size_t{f.bytes[2]} << 8);
  f.known.resize(whole, false);
  f.bytes.resize(whole, 0);
  return f;
}

/// A T=1 block with unknown bytes gets a checksum that fits them.
inline void mend(traced_frame& f) {
  if (std::ranges::find(f.known, false) == f.known.end() || f.bytes.size() < ccid::header_size + 4) return;
  const octets block = octets{f.bytes}.subspan(ccid::header_size);
  const auto mended = t1::build(block[1], block.subspan(3, block.size() - 4), t1::checksum::lrc);
  std::copy(mended.begin(), mended.end(), f.bytes.begin() + ccid::header_size);
}

/// What a trace says of its reader, in the words of `uketsuke reader trace`; nothing when it does not say enough.
inline std::optional<reader_profile> profile_of(std::istream& trace) {
  const auto after = [](const std::string& line, const std::string& what) {
    const auto head = "# " + what + ": ";
    return line.starts_with(head) ? std::optional{line.substr(head.size())} : std::nullopt;
  };
  found_interface found{"the traced reader", 1, 2, 0, ccid_class, {}, true};
  std::vector<std::uint32_t> rates;
  for (std::string line; std::getline(trace, line);) {
    if (const auto by = after(line, "found by")) found.interface_class = by->starts_with("class FF") ? 0xFF : 0x0B;
    if (const auto hex = after(line, "descriptor")) {
      std::vector<std::uint8_t> bytes;
      for (std::size_t i = 0; i + 1 < hex->size() && std::isxdigit(static_cast<unsigned char>((*hex)[i])); i += 2)
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex->substr(i, 2), nullptr, 16)));
      found.descriptor = find_descriptor(bytes);
    }
    if (const auto told = after(line, "data rates")) {
      std::istringstream numbers{*told};
      rates.assign(std::istream_iterator<std::uint32_t>{numbers}, {});
    }
  }
  auto profile = decide_profile(found);
  if (!profile) return std::nullopt;
  profile->data_rates = rates;
  return *profile;
}

inline std::vector<exchanged> read_trace(std::istream& in, bool blocks) {
  std::vector<exchanged> all;
  for (std::string line; std::getline(in, line);) {
    auto f = parse_line(line);
    if (!f) continue;
    const bool body = f->bytes[0] == 0x6F || f->bytes[0] == 0x80;
    if (blocks && body) mend(*f);
    if (f->out)
      all.push_back({std::move(*f), {}});
    else if (!all.empty())
      all.back().replies.push_back(std::move(*f));
  }
  return all;
}

/// A reader that says what the trace says. Slot status and power off are answered as they come: who asks for them, and
/// when, is not the exchange.
class traced_pipe final : public pipe {
public:
  traced_pipe(event_loop& loop, std::vector<exchanged> trace) : loop_(loop), trace_(std::move(trace)) { skip(); }

  void ask(wiped_bytes frame, milliseconds, std::size_t size_max, milliseconds wait, ended then) override {
    if (beside(frame[0])) {
      auto answer = ccid::build(ccid::request{}, 0, frame[6], {}, {});
      answer[0] = 0x81;
      replies_.push_back(std::move(answer));
    } else if (at_ < trace_.size()) {
      compare(frame, trace_[at_].request);
      for (auto& reply : trace_[at_].replies) {
        auto bytes = reply.bytes;
        bytes[6] = frame[6];
        replies_.push_back(std::move(bytes));
      }
      ++at_;
      skip();
    }
    read(size_max, wait, std::move(then));
  }
  void read(std::size_t, milliseconds, ended then) override {
    if (replies_.empty()) return end(std::move(then), {pipe_status::timed_out, {}});
    end(std::move(then), {pipe_status::done, std::move(replies_.front())});
    replies_.pop_front();
  }
  bool listen(ended) override { return false; }
  void clear_halt() override {}
  void request_abort(std::uint8_t, std::uint8_t, ended then) override {
    end(std::move(then), {pipe_status::stalled, {}});
  }

  /// The request that must come next; nothing at the end.
  const exchanged* next() const { return at_ < trace_.size() ? &trace_[at_] : nullptr; }
  std::size_t place() const { return at_; }
  /// The APDU that begins with the next request, and which of its requests is the last.
  wiped_bytes next_apdu(bool blocks) const {
    wiped_bytes apdu;
    for (auto i = at_; i < trace_.size(); ++i) {
      const octets body = octets{trace_[i].request.bytes}.subspan(ccid::header_size);
      const auto& head = trace_[i].request.bytes;
      if (beside(head[0])) continue;
      if (head[0] != 0x6F) break;
      if (blocks && (body[1] & 0x80) != 0) continue; // a receipt or a request in between
      const auto part = blocks ? body.subspan(3, body.size() - 4) : body;
      apdu.insert(apdu.end(), part.begin(), part.end());
      const bool more = blocks ? (body[1] & 0x20) != 0 : head[8] == 1 || head[8] == 3;
      if (!more) break;
    }
    return apdu;
  }
  std::vector<std::string> differences;

private:
  static bool beside(std::uint8_t type) { return type == 0x65 || type == 0x63; }
  void skip() {
    while (at_ < trace_.size() && beside(trace_[at_].request.bytes[0]))
      ++at_;
  }
  void compare(const wiped_bytes& ours, const traced_frame& theirs) {
    bool same = ours.size() == theirs.bytes.size();
    for (std::size_t i = 0; same && i < ours.size(); ++i)
      same = i == 6 || !theirs.known[i] || ours[i] == theirs.bytes[i]; // 6: the sequence number
    if (!same) differences.push_back("ours " + apdu::hex(ours) + ", theirs " + apdu::hex(theirs.bytes));
  }
  void end(ended then, pipe_result result) {
    loop_.post([then = std::move(then), result] { then(result); });
  }

  event_loop& loop_;
  std::vector<exchanged> trace_;
  std::size_t at_ = 0;
  std::deque<wiped_bytes> replies_;
};

/// What came of a replay.
struct outcome {
  std::vector<std::string> differences;
  std::string captured; ///< our own trace of it
  int power_ons = 0, apdus = 0, lost = 0;
  bool to_the_end = false;
};

inline detached drive(std::shared_ptr<ccid_link> link, std::shared_ptr<traced_pipe> pipe, bool blocks, outcome& o,
                      std::promise<void>& done) {
  auto warming = link->warm_up();
  [[maybe_unused]] const auto present = co_await warming;
  while (const auto* next = pipe->next()) {
    const auto before = pipe->place();
    if (next->request.bytes[0] == 0x62) {
      auto powering = link->power_on();
      const auto atr = co_await powering;
      o.lost += !atr.has_value();
      ++o.power_ons;
    } else {
      auto sending = link->transmit(pipe->next_apdu(blocks));
      const auto answer = co_await sending;
      o.lost += !answer.has_value();
      ++o.apdus;
    }
    if (pipe->place() == before) break; // the driver has stopped following
  }
  o.to_the_end = pipe->next() == nullptr;
  o.differences = pipe->differences;
  done.set_value();
}

inline outcome run(std::istream& trace, const reader_profile& reader) {
  const auto loop = event_loop::shared();
  const bool blocks = reader.level == exchange_level::tpdu;
  const auto pipe = std::make_shared<traced_pipe>(*loop, read_trace(trace, blocks));
  outcome o;
  link_events events;
  events.frames = [&o](const std::string& line) { o.captured += line + "\n"; };
  const auto link = std::make_shared<ccid_link>(*loop, pipe, reader, link_limits{}, std::move(events));
  std::promise<void> done;
  auto waiting = done.get_future();
  loop->post([&] { drive(link, pipe, blocks, o, done); });
  waiting.wait();
  return o;
}

inline outcome run(const std::string& trace) {
  std::istringstream head{trace}, frames{trace};
  const auto reader = profile_of(head);
  outcome nothing;
  nothing.differences.push_back("the trace does not say what its reader is");
  return reader ? run(frames, *reader) : nothing;
}

} // namespace replay
