// The element lists of every message part (oqs-interface.md §2): the one place where an element and a field meet.
#pragma once

#include "drivers/line/element_table.hpp"
#include "drivers/line/wire.hpp"

namespace drivers::line::tables {

// Each is made at its first use and never changes.
const element_table<wire::header>& header();
const element_table<wire::search>& search();
const element_table<wire::insurance>& insurance();
const element_table<wire::registration>& registration();

// Bodies of messages, and units.
const element_table<wire::question>& question();
const element_table<wire::confirmation>& confirmation();
const element_table<wire::confirmed_unit>& confirmed_unit();
const element_table<wire::registration_request>& registration_request();
const element_table<wire::registration_result>& registration_result();
const element_table<wire::registered_unit>& registered_unit();
const element_table<wire::acceptance>& acceptance();
const element_table<wire::collection>& collection();
const element_table<wire::url_request>& url_request();
const element_table<wire::url_result>& url_result();

// YZK and TKK: other names for the same things (§2.10), in header and body.
const element_table<wire::records_header>& records_header();
const element_table<wire::records_request>& records_request();
const element_table<wire::drug_history>& drug_header();
const element_table<wire::drug_history>& drug_history();
const element_table<wire::checkup_history>& checkup_header();
const element_table<wire::checkup_history>& checkup_history();

} // namespace drivers::line::tables
