// Who may do what: one row a command, one column a kind of account; and who administers whom. The README is printed
// from these tables, and every door asks them where the work is done. Pure.
//
// Sources: quick guide, アカウントの種類; oqs-interface.md §5. An administration account is for accounts, not for
// reception: what the guide does not give to a kind, it does not have.
#pragma once

#include "messages/account.hpp"

#include <array>
#include <optional>

namespace account_admin {

using messages::account_kind;

/// A set of kinds.
struct kinds {
  std::uint32_t bits = 0;
  constexpr bool has(account_kind k) const { return (bits >> static_cast<unsigned>(k) & 1u) != 0; }
  friend constexpr bool operator==(kinds, kinds) = default;
};
template <class... Ks> constexpr kinds of(Ks... ks) { return {((1u << static_cast<unsigned>(ks)) | ... | 0u)}; }

inline constexpr auto nobody = of();
inline constexpr auto reception = of(account_kind::general, account_kind::medical_viewing);
/// Reception, and programs that re-ask before a visit.
inline constexpr auto schedulers =
    of(account_kind::general, account_kind::medical_viewing, account_kind::web_api);
inline constexpr auto administrators = of(account_kind::master, account_kind::administration);
inline constexpr auto persons =
    of(account_kind::master, account_kind::administration, account_kind::general, account_kind::medical_viewing);
inline constexpr auto everybody =
    of(account_kind::master, account_kind::administration, account_kind::general, account_kind::medical_viewing,
       account_kind::link_application, account_kind::web_api, account_kind::face_authentication);

/// Who may give a command without an account.
enum class unnamed : std::uint8_t {
  no,
  house,   ///< an actor of this house on its own behalf: the reader, the patient's page
  node,    ///< any node: what reaches the bus (this host's own folder, a key) reads the redacted tail anyway
  stranger ///< anybody: it is how one gets an account's rights, or its secret proves itself
};

struct right {
  std::string_view topic;
  kinds may;
  unnamed without = unnamed::no;
};

namespace detail {
using namespace messages;
template <class M> constexpr right row(kinds may, unnamed without = unnamed::no) { return {M::topic, may, without}; }
} // namespace detail

// clang-format off
inline constexpr std::array rights{
    // the house among itself
    detail::row<messages::node_hello>(nobody, unnamed::house),
    detail::row<messages::verify_pin>(nobody, unnamed::house),
    detail::row<messages::forget_pin>(nobody, unnamed::house),
    detail::row<messages::ask_present>(nobody, unnamed::house),
    detail::row<messages::read_certificate>(nobody, unnamed::house),
    detail::row<messages::read_photo>(nobody, unnamed::house),
    detail::row<messages::prove_by_face>(nobody, unnamed::house),
    detail::row<messages::match_face>(nobody, unnamed::house),
    detail::row<messages::stop_matching>(nobody, unnamed::house),
    detail::row<messages::report_card_placed>(nobody, unnamed::house),
    detail::row<messages::report_card_removed>(nobody, unnamed::house),
    detail::row<messages::obtain_challenge>(nobody, unnamed::house),
    detail::row<messages::ask_eligibility>(nobody, unnamed::house),
    detail::row<messages::recall_answer>(nobody, unnamed::house),
    detail::row<messages::settle_checkin>(nobody, unnamed::house),
    detail::row<messages::show_prompt>(nobody, unnamed::house),
    detail::row<messages::show_at_reception>(nobody, unnamed::house),
    detail::row<messages::show_desk>(nobody, unnamed::house),
    detail::row<messages::show_visual_check>(nobody, unnamed::house),
    detail::row<messages::note_mode>(nobody, unnamed::house),
    detail::row<messages::show_sight>(nobody, unnamed::house),
    detail::row<messages::show_again>(nobody, unnamed::house),
    detail::row<messages::report_reader>(nobody, unnamed::house),
    detail::row<messages::hand_over>(nobody, unnamed::house),
    detail::row<messages::send_registrations>(nobody, unnamed::house),
    // the patient's page
    detail::row<messages::choose_method>(nobody, unnamed::house),
    detail::row<messages::enter_pin>(nobody, unnamed::house),
    detail::row<messages::enter_check_number>(nobody, unnamed::house),
    detail::row<messages::answer_consents>(nobody, unnamed::house),
    detail::row<messages::provide_information>(nobody, unnamed::house),
    detail::row<messages::extend_time>(nobody, unnamed::house),
    detail::row<messages::stop_checkin>(nobody, unnamed::house),
    detail::row<messages::call_staff>(nobody, unnamed::house),
    // reception
    detail::row<messages::register_reference_number>(reception),
    detail::row<messages::skip_reference_number>(reception),
    detail::row<messages::finish_at_window>(reception),
    detail::row<messages::begin_visual_check>(reception),
    detail::row<messages::vouch>(reception),
    detail::row<messages::end_visual_check>(reception),
    detail::row<messages::move_patient>(reception),
    detail::row<messages::decide_face>(reception),
    detail::row<messages::keep_walk_in>(reception),
    detail::row<messages::describe_desk>(reception),
    detail::row<messages::note_update>(reception),
    detail::row<messages::open_desk>(reception),
    detail::row<messages::close_desk>(reception),
    detail::row<messages::switch_mode>(reception),
    detail::row<messages::attend_desk>(reception),
    detail::row<messages::list_desks>(reception, unnamed::node),
    // questions, matching, hand-over
    detail::row<messages::ask_typed>(reception, unnamed::house),
    detail::row<messages::register_number>(reception, unnamed::house),
    detail::row<messages::list_waiting>(reception),
    detail::row<messages::print_declaration>(reception),
    detail::row<messages::claim_face_file>(reception),
    detail::row<messages::list_face_files>(reception),
    detail::row<messages::find_match>(reception),
    detail::row<messages::decide_match>(reception),
    detail::row<messages::list_handovers>(reception),
    detail::row<messages::register_numbers>(reception),
    detail::row<messages::list_registrations>(reception),
    // who is expected, and what changed about them; an outside scheduler asks the same under its own key
    detail::row<messages::take_visits>(schedulers),
    detail::row<messages::list_visits>(schedulers),
    detail::row<messages::plan_batches>(schedulers),
    detail::row<messages::send_batches>(schedulers),
    detail::row<messages::list_batches>(schedulers),
    detail::row<messages::collect_batch>(schedulers),
    detail::row<messages::settle_batch>(reception),
    detail::row<messages::list_changes>(schedulers),
    detail::row<messages::decide_change>(reception),
    detail::row<messages::obtain_url>(of(account_kind::administration, account_kind::general,
                                         account_kind::medical_viewing)),
    detail::row<messages::find_consented>(reception),
    // what a consent opens
    detail::row<messages::obtain_records>(of(account_kind::medical_viewing)),
    detail::row<messages::withdraw_consent>(reception),
    detail::row<messages::ask_status>(everybody, unnamed::node),
    // accounts
    detail::row<messages::init_accounts>(nobody, unnamed::stranger),
    detail::row<messages::sign_in>(nobody, unnamed::stranger),
    detail::row<messages::reset_master>(nobody, unnamed::stranger),
    detail::row<messages::sign_out>(everybody),
    detail::row<messages::change_password>(persons),
    detail::row<messages::enrol_code>(persons),
    detail::row<messages::register_account>(administrators),
    detail::row<messages::receive_password>(administrators),
    detail::row<messages::search_accounts>(administrators),
    detail::row<messages::update_account>(administrators),
    detail::row<messages::reset_account>(administrators),
    detail::row<messages::delete_account>(administrators),
};
// clang-format on

constexpr const right* find_right(std::string_view topic) {
  for (const auto& r : rights)
    if (r.topic == topic) return &r;
  return nullptr;
}

/// Whom an account of kind @p by registers, and whose password, standing and end it decides. The master and the account
/// that resets it come from `account init` only; the master is reset by the offline secret only.
constexpr kinds administered_by(account_kind by) {
  switch (by) {
  case account_kind::master: return of(account_kind::administration);
  case account_kind::administration:
    return of(account_kind::general, account_kind::medical_viewing, account_kind::link_application,
              account_kind::web_api, account_kind::face_authentication);
  default: return nobody;
  }
}

/// What is known of who gives a command.
struct giver {
  std::string_view account;                      ///< as the envelope says
  const messages::account_record* row = nullptr;  ///< of that account; none: there is no such account
  bool session = false;                          ///< one is in force at the node that sent the command
  bool of_the_house = false;                     ///< sent by an actor of the roster
  bool code_missing = false;                     ///< it has to enrol a code first; see needs_code()
};

/// Why @p topic may not be done for @p who; nothing: it may. Every door asks here.
std::optional<messages::error> refusal_of(std::string_view topic, const giver& who);

/// The tables as the README shows them (Markdown).
std::string printed_rights();
std::string printed_administration();

} // namespace account_admin
