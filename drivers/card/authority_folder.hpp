// The certificates of the authorities whose cards are accepted, from a folder: JPKI's of user authentication.
#pragma once

#include "drivers/card/port.hpp"
#include "messages/result.hpp"

#include <filesystem>

namespace drivers::card {

/// Every file of @p folder that ends in .cer, .crt, .der or .pem: one certificate each, DER or PEM, at most 64 files of
/// 64 KiB. `file_unreadable`; `certificate_problem` with the file when it is no authority's certificate, and with the
/// folder when there is none in it. Its validity in time is not asked: a card outlives its authority's certificate.
messages::result<authorities> read_authorities(const std::filesystem::path& folder);

} // namespace drivers::card
