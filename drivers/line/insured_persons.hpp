// The fictional people whom the simulated centre knows: tools/simulated/insured_persons.json, and how they are found.
#pragma once

#include "drivers/line/xml.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace drivers::line {

/// One insurance of a simulated person.
struct simulated_insurance {
  messages::insurance seen;
  insurance_details details;
  wire::insurance full;    ///< every element of it, also those that the two above do not know
  bool superseded = false; ///< a number of the past: asked by it, the answer is 3, a newer one exists
};

/// One simulated person. All of it is fictional.
struct simulated_person {
  std::string card_name; ///< subject CN of the card's certificate, and the person's id: SIM000000000001
  messages::validity judged{};
  std::string code, message;    ///< ProcessingResultCode and -Message that come with the answer; may be empty
  std::string reference_number; ///< already registered at the file's institution; may be empty
  std::vector<simulated_insurance> insurances;
  // Consents that were given elsewhere (マイナ在宅受付Web): yyyyMMddHHmmss, "" when never.
  std::string home_visit_consent, online_consent;
  std::string examined_on;    ///< 診療予約日 of the online consultation, yyyyMMdd
  std::string expired_reason; ///< OQSCD031: the consents have ended, and why
};

/// Read once and, in a simulation, changed by its centre under its lock.
class insured_persons {
public:
  /// At most this many persons and this large a file.
  static constexpr std::size_t persons_max = 300000;
  static constexpr std::size_t file_bytes_max = 16 * 1024 * 1024;

  struct found {
    const simulated_person* person;
    const simulated_insurance* insurance;
  };

  /// `file_unreadable` or `malformed` with the file and what is wrong in it.
  static messages::result<insured_persons> load(const std::filesystem::path& file);

  /// Adds @p count fictional persons made from @p seed: the same seed, the same persons.
  void populate(std::size_t count, std::uint64_t seed);
  /// Lets @p how change a person: what happens to people between two questions. False: there is nobody of that name.
  bool change(const std::string& card_name, const std::function<void(simulated_person&)>& how);
  /// Person @p n of a seed alone, without anything to look them up in.
  static simulated_person made_from(std::uint64_t seed, std::size_t n);

  const std::string& institution() const { return institution_; } ///< whose reference numbers the file holds
  const std::vector<simulated_person>& all() const { return persons_; }
  const simulated_person* find_card(const std::string& card_name) const;
  /// Everyone who has the number; compared normalised. Branch and birth date count when they are given.
  std::vector<found> find_number(const messages::insured_number& number) const;

private:
  bool add_to_indexes(std::size_t n);
  std::string institution_;
  std::vector<simulated_person> persons_;
  std::map<std::string, std::size_t> by_card_;
  std::multimap<std::string, std::pair<std::size_t, std::size_t>> by_number_; // person, insurance
};

} // namespace drivers::line
