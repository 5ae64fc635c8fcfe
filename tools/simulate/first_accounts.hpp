// SIMULATED: the accounts of a clinic that did not exist a moment ago. Real ones, made as a real clinic makes them;
// only their passwords lie in a file.
#pragma once

#include "messages/values.hpp"
#include "storage/journal.hpp"

#include <string>

namespace tools {

struct clinic_account {
  std::string account, password;
};

/// One account of each kind that a person signs in to, its password changed from the initial one.
struct clinic_accounts {
  clinic_account master, administration, general, medical_viewing;
  clinic_account master_reset; ///< its `password` is the secret that is kept offline
};

/// Makes the accounts in the journal of @p options when there are none, and writes them to @p file (0600); otherwise
/// reads them from there. Nothing else may have that journal open.
messages::result<clinic_accounts> first_accounts(storage::journal_options options, const std::filesystem::path& key,
                                                 const std::filesystem::path& file);

} // namespace tools
