// What the tests of sealing, forgetting and auditing share: a patient's story, and a search through raw files.
#pragma once

#include "tests/storage/support.hpp"

namespace storage_test {

/// Everything the journal keeps of a patient, with @p mark as name, number, request and reply: an answered question, a
/// proof, an effect that is owed (of the owner "gateway") and a remembered reply.
void tell_of(storage::journal& journal, const messages::id& patient, const std::string& mark);
/// The same without the effect that is owed.
void tell_settled(storage::journal& journal, const messages::id& patient, const std::string& mark);

/// The name in the patient's answer; "(forgotten)" or "(redacted)".
std::string name_read_by(const storage::journal& journal, const messages::id& patient);

void append_many(storage::journal& journal, std::size_t events);

/// Names of the files in @p folder whose raw bytes hold @p text.
std::vector<std::string> files_that_hold(const std::filesystem::path& folder, const std::string& text);

void copy_folder(const std::filesystem::path& from, const std::filesystem::path& to);

} // namespace storage_test
