# Drill: the PIN is locked at the desk, and staff's eyes take its place (目視確認, in the quick guide's order).

desk-1: see place_card
desk-1: place SIM000000000003
desk-1: see choose_method
desk-1: choose pin
desk-1: see enter_pin tries 3
desk-1: pin wrong
desk-1: see wrong_pin tries 2
desk-1: pin wrong
desk-1: see wrong_pin tries 1
story: say The last try is confirmed, and wrong too: the card's PIN is locked.
desk-1: pin wrong confirmed
desk-1: see come_to_window
reception: see desk-1 at_window
story: say 患者を窓口へ案内 → 目視確認モードに切替: one press, this patient only.
reception: visual desk-1
desk-1: see show_card
story: say The patient lifts the card and shows its photo.
desk-1: lift
desk-1: see show_card
reception: vouch desk-1
desk-1: see place_card
story: say Another card is not taken: the same one only.
desk-1: place SIM000000000002
desk-1: see not_same_card
desk-1: lift
desk-1: see place_card
desk-1: place SIM000000000003
desk-1: see give_consents
desk-1: consent surgery yes treatment yes drugs yes checkup yes
desk-1: see provide_information
desk-1: provide limit yes specified_disease no
desk-1: see take_card
reception: see desk-1 taking_card judged valid
desk-1: lift
desk-1: see place_card
story: say Back in 無人運転 by itself: the next patient chooses PIN again.
desk-1: place SIM000000000002
desk-1: see choose_method
desk-1: lift
desk-1: see place_card
