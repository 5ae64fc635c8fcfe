// The list of a hub's views.
#include "storage/views/all.hpp"

#include "storage/views/consents.hpp"
#include "storage/views/desks.hpp"
#include "storage/views/open_checkins.hpp"
#include "storage/views/questions.hpp"
#include "storage/views/reference_numbers.hpp"

namespace storage {

std::vector<std::unique_ptr<view>> all_views() {
  std::vector<std::unique_ptr<view>> views;
  views.push_back(std::make_unique<open_checkins>());
  views.push_back(std::make_unique<questions>());
  views.push_back(std::make_unique<desks>());
  views.push_back(std::make_unique<reference_numbers>());
  views.push_back(std::make_unique<consents>());
  return views;
}

} // namespace storage
