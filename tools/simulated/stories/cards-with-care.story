# Cards that need a word of help: one that lies upside down, ones that are no My Number card, the last try, a certificate
# that expired a month ago. Nothing here loses a try without the patient's key press.

desk-1: see place_card
story: say The card lies upside down: the page asks to turn it, and reception reads why.
desk-1: place SIM000000000001 as upside_down
desk-1: see turn_card
desk-1: lift
desk-1: see place_card
story: say An old card of the residents' register, and a phone: another card is needed.
desk-1: place SIM000000000001 as juki_card
desk-1: see other_card
desk-1: lift
desk-1: see place_card
desk-1: place SIM000000000001 as phone
desk-1: see other_card
desk-1: lift
desk-1: see place_card

story: say Two wrong PINs: the third try is the last one, and is asked about once more.
desk-1: place SIM000000000001
desk-1: see choose_method
desk-1: choose pin
desk-1: see enter_pin tries 3
desk-1: pin wrong
desk-1: see wrong_pin tries 2
desk-1: pin wrong
desk-1: see wrong_pin tries 1
desk-1: pin right
desk-1: see last_try tries 1
desk-1: confirm
desk-1: see give_consents
desk-1: stop
desk-1: see take_card
desk-1: lift
desk-1: see place_card

story: say A certificate that expired a month ago: eligibility only, no medical information is offered.
desk-2: see place_card
desk-2: place SIM000000000002 as expired_lately
desk-2: see choose_method
desk-2: choose pin
desk-2: see enter_pin tries 3
desk-2: pin right
desk-2: see provide_information
desk-2: provide limit yes specified_disease no
reception: see desk-2 registration judged valid
reception: register desk-2 K-5512
desk-2: see take_card
desk-2: lift
desk-2: see place_card
story: say One that expired a year ago proves nothing: the patient comes to the window, and no PIN is asked for.
desk-2: place SIM000000000003 as expired
desk-2: see come_to_window
reception: see desk-2 at_window
reception: finish desk-2
desk-2: see take_card
desk-2: lift
desk-2: see place_card
