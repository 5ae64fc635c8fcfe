// Every view that a hub keeps, for those who open its journal: the node, and the commands that check or change it.
#pragma once

#include "storage/view.hpp"

#include <memory>
#include <vector>

namespace storage {

std::vector<std::unique_ptr<view>> all_views();

} // namespace storage
