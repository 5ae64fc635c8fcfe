// How events change the view `accounts`.
#include "storage/views/accounts.hpp"

#include "storage/views/typed_rows.hpp"

namespace storage {

void fold_accounts(const folded_event& event, rows& into) {
  const auto key = messages::account_key_of(event);
  if (key.empty()) return;
  auto row = row_or_new<messages::account_record>(into, key);
  messages::apply(event, row);
  into.put(key, encode_row(row));
}

} // namespace storage
