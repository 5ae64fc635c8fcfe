# Drill: answers that are not simply valid: an insurance that has ended, a newer one, several. The patient only reads
# "please come to the window"; staff say what to do next.

desk-1: see place_card
desk-2: see place_card
desk-1: place SIM000000000004
desk-1: see choose_method
desk-1: choose pin
desk-1: see enter_pin tries 3
desk-1: pin right
desk-1: see give_consents
desk-1: consent surgery yes treatment yes drugs yes checkup yes
desk-1: see provide_information
desk-1: provide limit yes specified_disease no
desk-1: see come_to_window
reception: see desk-1 at_window judged invalid
story: say 資格 無効: the patient has a new 資格確認書 and shows it.
reception: finish desk-1
desk-1: see take_card
desk-1: lift
desk-1: see place_card

desk-2: place SIM000000000005
desk-2: see choose_method
desk-2: choose pin
desk-2: see enter_pin tries 3
desk-2: pin right
desk-2: see give_consents
desk-2: consent surgery yes treatment yes drugs yes checkup yes
desk-2: see provide_information
desk-2: provide limit yes specified_disease no
desk-2: see come_to_window
reception: see desk-2 at_window judged newer_exists
reception: finish desk-2
desk-2: see take_card
desk-2: lift
desk-2: see place_card

desk-1: place SIM000000000007
desk-1: see choose_method
desk-1: choose pin
desk-1: see enter_pin tries 3
desk-1: pin right
desk-1: see give_consents
desk-1: consent surgery yes treatment yes drugs yes checkup yes
desk-1: see provide_information
desk-1: provide limit yes specified_disease no
desk-1: see come_to_window
reception: see desk-1 at_window judged several
story: say 複数の資格: nothing is picked by itself; the patient says which one is used today.
reception: finish desk-1
desk-1: see take_card
desk-1: lift
desk-1: see place_card
