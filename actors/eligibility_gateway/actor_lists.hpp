// What the gateway's views say, as replies: the outage's list and its printed form, hand-over, registrations. And whom
// the clinic knows, read from the journal's view. Belongs to the shell: the pure part knows no storage.
#pragma once

#include "actors/eligibility_gateway/matching.hpp"
#include "messages/envelope.hpp"
#include "messages/result.hpp"
#include "messages/visits.hpp"
#include "storage/journal.hpp"

namespace eligibility_gateway {

/// The packed reply to @p command when it asks for a list; nothing when it asks for anything else.
std::optional<messages::result<std::string>> read_list(const messages::command_envelope& command,
                                                       const storage::journal& from, bool line_up,
                                                       const weights& weigh);

/// The same command; of `line.register_numbers`, rows that name a patient and no insurance get the one under which that
/// patient was last asked about before a visit.
messages::command_envelope with_known_insurance(messages::command_envelope command, const storage::journal& from);

/// Somebody who is expected, or of whom an answer came before a visit; nullopt for anybody else.
std::optional<messages::visitor> visitor_of(const messages::id& patient, const storage::journal& from);

/// Reads are as of the last durable entry: what is being written this moment is not seen yet.
class journal_book final : public patient_book {
public:
  explicit journal_book(const storage::journal& from) : from_(from) {}
  std::vector<messages::patient_record> of_handle(const messages::id& handle) const override;
  std::vector<messages::patient_record> of_reference(const std::string& number) const override;
  std::vector<messages::patient_record> of_kana(const std::string& kana, const std::string& birth) const override;
  std::optional<messages::undecided_answer> undecided(const messages::id& question) const override;
  std::optional<viewing_consent> consent(const messages::id& patient, messages::information_kind kind) const override;

private:
  std::vector<messages::patient_record> led_to(const std::string& prefix) const;
  std::optional<messages::patient_record> record(const std::string& key) const;
  const storage::journal& from_;
};

} // namespace eligibility_gateway
