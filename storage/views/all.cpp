// The list of a hub's views.
#include "storage/views/all.hpp"

#include "storage/views/accounts.hpp"
#include "storage/views/batches.hpp"
#include "storage/views/consents.hpp"
#include "storage/views/desks.hpp"
#include "storage/views/face_failures.hpp"
#include "storage/views/face_files.hpp"
#include "storage/views/handovers.hpp"
#include "storage/views/open_checkins.hpp"
#include "storage/views/outage_ledger.hpp"
#include "storage/views/patients.hpp"
#include "storage/views/questions.hpp"
#include "storage/views/reference_numbers.hpp"
#include "storage/views/registrations.hpp"
#include "storage/views/visitors.hpp"

namespace storage {

std::vector<std::unique_ptr<view>> all_views() {
  std::vector<std::unique_ptr<view>> views;
  views.push_back(std::make_unique<open_checkins>());
  views.push_back(std::make_unique<questions>());
  views.push_back(std::make_unique<desks>());
  views.push_back(std::make_unique<reference_numbers>());
  views.push_back(std::make_unique<consents>());
  views.push_back(std::make_unique<outage_ledger>());
  views.push_back(std::make_unique<patients>());
  views.push_back(std::make_unique<handovers>());
  views.push_back(std::make_unique<registrations>());
  views.push_back(std::make_unique<face_files>());
  views.push_back(std::make_unique<accounts>());
  views.push_back(std::make_unique<face_failures>());
  views.push_back(std::make_unique<visitors>());
  views.push_back(std::make_unique<batches>());
  return views;
}

} // namespace storage
