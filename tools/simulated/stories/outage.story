# The centre goes: once in the middle of a question (unknown, settled by itself), once before anything was signed
# (not asked, the staff's way on).

desk-1: see place_card
desk-1: place SIM000000000001
desk-1: see choose_method
desk-1: choose pin
desk-1: see enter_pin tries 3
desk-1: pin right
desk-1: see give_consents
desk-1: consent surgery yes treatment yes drugs yes checkup yes
desk-1: see provide_information
story: say The centre falls silent in the middle of the question, and then dies.
story: freeze centre
desk-1: provide limit yes specified_disease no
desk-1: see come_to_window
reception: see desk-1 at_window outcome unknown
story: stop centre
story: say The centre is back: the same question is asked again under the same identifier.
story: start centre
reception: see desk-1 at_window outcome answered judged valid
reception: finish desk-1
desk-1: see take_card
desk-1: lift
desk-1: see place_card

story: say Now it is down before anything was signed.
story: stop centre
desk-1: place SIM000000000002
desk-1: see choose_method
desk-1: choose pin
desk-1: see come_to_window
reception: see desk-1 at_window outcome not_asked
story: say 資格確認書等: staff record the insurance details; the patient is not held.
reception: keep-walk-in desk-1 06999902 123 7654321 19660912
reception: finish desk-1
desk-1: see take_card
desk-1: lift
desk-1: see place_card
story: start centre
