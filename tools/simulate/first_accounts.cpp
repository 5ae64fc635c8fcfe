// Master, administration, general, medical-information viewing: each registered by the one above it.
#include "tools/simulate/first_accounts.hpp"

#include "tools/accounts_at_rest.hpp"

#include <sys/stat.h>

#include <array>
#include <fstream>

namespace tools {

using namespace messages;

namespace {

/// Signs in with the initial password and changes it.
result<clinic_account> settle(accounts_at_rest& house, const std::string& account, const credential& initial) {
  const auto fresh = drivers::secrets::fresh_password(3);
  if (auto in = house.say(sign_in{account, initial, {}, {}, false}); !in) return failure(in.error());
  if (auto done = house.say(change_password{initial, fresh}, account); !done) return failure(done.error());
  return clinic_account{account, fresh.reveal()};
}

result<clinic_account> make(accounts_at_rest& house, const std::string& account, account_kind kind,
                            const std::string& by) {
  if (auto done = house.say(register_account{account, kind}, by); !done) return failure(done.error());
  const auto initial = house.say(receive_password{account}, by);
  if (!initial) return failure(initial.error());
  return settle(house, account, initial->password);
}

result<clinic_accounts> make_all(accounts_at_rest& house) {
  const auto first = house.say(init_accounts{"Master01", "Reset01"});
  if (!first) return failure(first.error());
  clinic_accounts all;
  all.master_reset = {first->master_reset, first->reset_secret.reveal()};
  const auto into = [](clinic_account& place, result<clinic_account> made) -> result<void> {
    if (!made) return failure(made.error());
    place = std::move(*made);
    return {};
  };
  if (auto done = into(all.master, settle(house, first->master, first->password)); !done) return failure(done.error());
  if (auto done = into(all.administration, make(house, "Kanri01", account_kind::administration, "Master01")); !done)
    return failure(done.error());
  if (auto done = into(all.general, make(house, "Staff01", account_kind::general, "Kanri01")); !done)
    return failure(done.error());
  if (auto done = into(all.medical_viewing, make(house, "Iryou01", account_kind::medical_viewing, "Kanri01")); !done)
    return failure(done.error());
  for (const auto* account : {"Master01", "Kanri01", "Staff01", "Iryou01"})
    if (auto left = house.say(sign_out{{}, true}, account); !left) return failure(left.error());
  return all;
}

constexpr std::array places{&clinic_accounts::master, &clinic_accounts::administration, &clinic_accounts::general,
                            &clinic_accounts::medical_viewing, &clinic_accounts::master_reset};

} // namespace

result<clinic_accounts> first_accounts(storage::journal_options options, const std::filesystem::path& key,
                                       const std::filesystem::path& file) {
  clinic_accounts all;
  if (std::ifstream in{file}; in) {
    for (const auto place : places)
      in >> (all.*place).account >> (all.*place).password;
    if (in) return all;
    return failure(error_code::file_unreadable, file.string(), "it does not hold the accounts of this clinic");
  }
  auto house = accounts_at_rest::open(std::move(options), key);
  if (!house) return failure(house.error());
  if (!house->empty())
    return failure(error_code::file_unreadable, file.string(), "this clinic's accounts were made by somebody else");
  auto made = make_all(*house);
  if (!made) return made;
  const auto mask = ::umask(0077);
  std::ofstream out{file};
  ::umask(mask);
  for (const auto place : places)
    out << ((*made).*place).account << ' ' << ((*made).*place).password << '\n';
  if (!out.flush()) return failure(error_code::write_failed, file.string(), "the simulated clinic's accounts");
  return made;
}

} // namespace tools
