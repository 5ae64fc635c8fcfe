// Every answer once to every receipt computer, however slow one of them is.
#include "actors/eligibility_gateway/file_names.hpp"
#include "actors/eligibility_gateway/questions.hpp"

#include <algorithm>

namespace eligibility_gateway {

using namespace messages;

void questions::hand_over(const question& q, const line_answer& came, std::string file, decision& out) {
  if (came.original.reveal().empty()) return;
  if (file.empty())
    file = q.kind == question_kind::typed ? typed_result_name(q.key, now_ms_)
                                          : face_result_name(options_.institution, q.key, now_ms_);
  for (const auto& computer : options_.receipt_computers) {
    const auto handed = make_id_();
    out.write(handover_begun{handed, q.key, q.patient, computer, file}, q.desk, q.checkin);
    const messages::hand_over row{q.key, q.patient, computer, file, came.original};
    out.journal.outbox.push_back(
        {handed, "eligibility_gateway", std::string{messages::hand_over::topic}, encode_body(row), q.checkin, q.desk});
    auto& kept = handovers_[handed];
    kept.file = {handed, computer, file, came.original};
    kept.again_ms = options_.again_ms_first;
    out.handovers.push_back(kept.file);
    kept.again_at_ms = never_ms; // until it is known how it went
  }
}

decision questions::on_handed_over(id handed, const result<void>& went, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  const auto found = handovers_.find(handed);
  if (found == handovers_.end() || found->second.written) return out;
  auto& h = found->second;
  if (!went) { // its folder is away, or full: the same file again under the same name
    h.again_at_ms = now_ms + h.again_ms;
    h.again_ms = std::min(2 * h.again_ms, options_.again_ms_max);
    return out;
  }
  h.written = true;
  h.file.octets = {};
  h.again_ms = options_.look_ms;
  h.again_at_ms = now_ms + h.again_ms;
  out.write(handover_written{handed}, {}, {});
  out.journal.settled.push_back(handed);
  return out;
}

decision questions::on_looked(id handed, bool still_there, std::uint64_t now_ms) {
  now_ms_ = now_ms;
  decision out;
  const auto found = handovers_.find(handed);
  if (found == handovers_.end() || !found->second.written) return out;
  if (still_there) {
    auto& h = found->second; // one that is switched off for a day is not looked at every second for each of its files
    h.again_ms = std::min(std::max(2 * h.again_ms, options_.look_ms), options_.again_ms_max);
    h.again_at_ms = now_ms + h.again_ms;
    return out;
  }
  out.write(handover_taken{handed}, {}, {});
  handovers_.erase(found);
  return out;
}

void questions::look_and_retry(decision& out) {
  for (auto& [handed, h] : handovers_) {
    if (h.again_at_ms > now_ms_) continue;
    h.again_at_ms = never_ms;
    (h.written ? out.looks : out.handovers).push_back(h.file);
  }
}

} // namespace eligibility_gateway
