// Splits a document at its units without building a tree of it.
#include "drivers/line/bulk.hpp"

#include <algorithm>

namespace drivers::line {
namespace {

constexpr std::size_t tag_bytes_max = 16 * 1024, depth_max = 64;

std::string_view name_in(std::string_view tag) { return tag.substr(0, tag.find_first_of(" \t\r\n/>")); }

/// Where the tag that opens at @p at ends (its >), quotes considered; npos when that has not come yet.
std::size_t tag_end(const std::string& text, std::size_t at) {
  for (auto from = at;;) {
    const auto end = text.find('>', from);
    if (end == std::string::npos) return end;
    const std::string_view before{text.data() + at, end - at};
    const auto doubles = std::count(before.begin(), before.end(), '"');
    const auto singles = std::count(before.begin(), before.end(), '\'');
    if (doubles % 2 == 0 && singles % 2 == 0) return end;
    if (before.size() > tag_bytes_max) return end; // it will be refused
    from = end + 1;
  }
}

} // namespace

unit_splitter::unit_splitter(std::string unit, std::size_t unit_bytes_max, std::size_t rest_bytes_max,
                             std::function<bool(std::string&)> each)
    : unit_name_(std::move(unit)), unit_bytes_max_(unit_bytes_max), rest_bytes_max_(rest_bytes_max),
      each_(std::move(each)) {}

void unit_splitter::complain(const char* why) {
  if (trouble_.empty()) trouble_ = why;
}

void unit_splitter::feed(std::string_view piece) {
  if (ended_ || !trouble_.empty()) return;
  pending_.erase(0, at_);
  at_ = 0;
  pending_ += piece;
  while (!ended_ && trouble_.empty() && token()) {
  }
}

/// Takes what stands at at_; false when it is not all there yet.
bool unit_splitter::token() {
  if (at_ == pending_.size()) return false;
  const std::string_view here{pending_.data() + at_, pending_.size() - at_};
  const auto up_to = [&](std::string_view mark, std::size_t from) {
    const auto end = here.find(mark, from);
    if (end != std::string_view::npos) return at_ + end + mark.size();
    if (here.size() > unit_bytes_max_) complain("a part that is too long");
    return std::string::npos;
  };
  if (here[0] != '<') {
    const auto next = here.find('<');
    text(next == std::string_view::npos ? pending_.size() : at_ + next);
    return true;
  }
  if (here.size() < 2) return false;
  if (here[1] == '!') {
    constexpr std::string_view comment = "<!--", data = "<![CDATA[";
    const bool could_be = comment.starts_with(here.substr(0, 4)) || data.starts_with(here.substr(0, 9));
    if (here.size() < data.size() && could_be && !here.starts_with(comment)) return false;
    if (!here.starts_with(comment) && !here.starts_with(data)) return complain("a DOCTYPE"), false;
    const auto end = here.starts_with(comment) ? up_to("-->", comment.size()) : up_to("]]>", data.size());
    if (end == std::string::npos) return false;
    pass(end);
    return true;
  }
  if (here[1] == '?') {
    const auto end = up_to("?>", 2);
    if (end == std::string::npos) return false;
    pass(end);
    return true;
  }
  const auto end = tag_end(pending_, at_);
  if ((end == std::string::npos ? here.size() : end - at_) > tag_bytes_max) return complain("a tag too long"), false;
  if (end == std::string::npos) return false;
  if (here[1] == '/')
    close_tag(end + 1);
  else
    open_tag(end + 1);
  return true;
}

void unit_splitter::open_tag(std::size_t end) {
  const std::string_view tag{pending_.data() + at_ + 1, end - at_ - 2};
  const auto name = name_in(tag);
  const bool closed = tag.ends_with('/');
  if (name.empty()) return complain("not well-formed");
  if (inside_ == 0 && open_.size() == 2 && open_[1] == "MessageBody" && name == unit_name_) {
    ++units_;
    inside_ = 1;
    pass(end);
    if (closed) {
      inside_ = 0;
      if (!each_(unit_)) ended_ = true;
      unit_.clear();
    }
    return;
  }
  if (inside_ > 0) {
    if (!closed && ++inside_ > depth_max) return complain("nested too deep");
    return pass(end);
  }
  if (open_.empty()) {
    if (root_seen_) return complain("more than one root");
    root_seen_ = true;
    if (name != "XmlMsg") return complain("the root is not XmlMsg");
  }
  if (!closed) open_.emplace_back(name);
  if (open_.size() > depth_max) return complain("nested too deep");
  pass(end);
}

void unit_splitter::close_tag(std::size_t end) {
  const auto name = name_in({pending_.data() + at_ + 2, end - at_ - 3});
  if (inside_ > 0) {
    --inside_;
    if (inside_ == 0 && name != unit_name_) return complain("not well-formed");
    if (inside_ > 0) return pass(end);
    unit_.append(pending_, at_, end - at_);
    at_ = end;
    if (unit_.size() > unit_bytes_max_) return complain("a unit that is too large");
    if (!each_(unit_)) ended_ = true;
    unit_.clear();
    return;
  }
  if (open_.empty() || open_.back() != name) return complain("not well-formed");
  open_.pop_back();
  pass(end);
}

/// Keeps what stands between at_ and @p end, in the unit or in the rest.
void unit_splitter::pass(std::size_t end) {
  auto& to = inside_ > 0 ? unit_ : rest_;
  to.append(pending_, at_, end - at_);
  at_ = end;
  if (unit_.size() > unit_bytes_max_) complain("a unit that is too large");
  if (rest_.size() > rest_bytes_max_) complain("too much beside the units");
}

void unit_splitter::text(std::size_t end) {
  const std::string_view said{pending_.data() + at_, end - at_};
  const bool blank = said.find_first_not_of(" \t\r\n") == std::string_view::npos;
  // the space between two units adds up, and says nothing
  if (inside_ == 0 && blank && open_.size() == 2 && units_ > 0)
    at_ = end;
  else
    pass(end);
}

void unit_splitter::finish() {
  if (ended_) return;
  if (at_ != pending_.size() || inside_ > 0 || !open_.empty() || !root_seen_) complain("its end is missing");
}

} // namespace drivers::line
