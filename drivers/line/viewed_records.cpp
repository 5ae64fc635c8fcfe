// One kind of information out of what the national system sent.
#include "drivers/line/viewed_records.hpp"

namespace drivers::line {
namespace {

using messages::drug_source;
using messages::information_kind;

void add_drugs(const std::vector<wire::treated_month>& months, drug_source source, messages::medical_records& into) {
  for (const auto& month : months)
    for (const auto& day : month.days)
      for (const auto& d : day.drugs)
        into.drugs.push_back({source, month.institution, month.institution_name, day.dispensed_on, d.code, d.name,
                              d.ingredient, d.quantity, d.unit, d.usage, d.instruction, d.times, false});
}

void add_treatments(const std::vector<wire::treated_month>& months, bool surgery, const facts& names,
                    messages::medical_records& into) {
  for (const auto& month : months)
    for (const auto& day : month.days)
      for (const auto& t : day.treatments)
        if (names.surgery_classes.contains(t.treatment_class) == surgery)
          into.treatments.push_back({month.institution, month.institution_name, day.dispensed_on, t.treatment_class,
                                     t.code, t.name, t.quantity, t.unit, t.times});
}

} // namespace

records_question question_for(information_kind kind) {
  records_question q;
  q.checkup = kind == information_kind::checkup;
  const bool drugs_only = kind == information_kind::drugs || q.checkup; // of a check-up it means: XML
  q.category = drugs_only ? file_category::drugs_xml : file_category::drugs_and_treatment_xml;
  return q;
}

messages::medical_records viewed_records(const records& found, information_kind kind, const facts& names) {
  messages::medical_records seen;
  switch (kind) {
  case information_kind::drugs:
    add_drugs(found.drugs.claims, drug_source::claim, seen);
    add_drugs(found.drugs.prescriptions, drug_source::prescription, seen);
    add_drugs(found.drugs.dispensings, drug_source::dispensing, seen);
    break;
  case information_kind::treatment:
  case information_kind::surgery:
    for (const auto* months : {&found.drugs.claims, &found.drugs.prescriptions, &found.drugs.dispensings})
      add_treatments(*months, kind == information_kind::surgery, names, seen);
    break;
  case information_kind::checkup:
    for (const auto& one : found.checkups.checkups)
      for (const auto& i : one.items)
        seen.checkups.push_back({one.done_on, i.code, i.name, i.type, i.value, i.unit, i.value_name});
    break;
  }
  return seen;
}

} // namespace drivers::line
