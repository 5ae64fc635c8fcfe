// The view `accounts`: every account, deleted ones too, with its sessions; what a right is judged by.
#pragma once

#include "messages/account.hpp"
#include "storage/view.hpp"

namespace storage {

/// Folds one event in. Pure. A messages::account_record under account_key(ID).
void fold_accounts(const folded_event& event, rows& into);

class accounts final : public view {
public:
  std::string_view name() const override { return "accounts"; }
  void apply(const folded_event& event, rows& into) const override { fold_accounts(event, into); }
};

} // namespace storage
