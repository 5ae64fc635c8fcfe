# Drill: the face is not confirmed at the desk. Once the machine cannot tell and staff decide, looking at the patient;
# once it is somebody else's card, and the PIN is asked for; once staff cannot confirm it either, and the PIN is right.

desk-1: see place_card
story: say The photo on the card is ten years old: the machine cannot tell, staff can.
desk-1: place SIM000000000002 photo hanako
desk-1: see choose_method
desk-1: show ~hanako
desk-1: choose face
desk-1: see wait_for_staff
reception: see desk-1 deciding
story: say 窓口で患者さんの顔とカードの写真を見比べて決める: it is recorded who decided.
reception: decide desk-1 same
desk-1: see give_consents
desk-1: consent surgery yes treatment yes drugs yes checkup yes
desk-1: see provide_information
desk-1: provide limit yes specified_disease no
reception: see desk-1 registration judged valid
reception: register desk-1 0004001
desk-1: see take_card
desk-1: lift
desk-1: see place_card

story: say A daughter brought her mother's card: another face is never accepted. The card stays where it is, and the PIN is asked for.
desk-1: place SIM000000000003 photo kimi
desk-1: see choose_method
desk-1: show akiko
desk-1: choose face
desk-1: see enter_pin tries 3
desk-1: stop
desk-1: see take_card
desk-1: lift
desk-1: see place_card

story: say Here staff cannot confirm who it is either: the PIN decides.
desk-1: place SIM000000000009 photo ichiro
desk-1: see choose_method
desk-1: show ~ichiro
desk-1: choose face
desk-1: see wait_for_staff
reception: see desk-1 deciding
reception: decide desk-1 other
desk-1: see enter_pin tries 3
desk-1: pin right
desk-1: see give_consents
desk-1: consent surgery no treatment no drugs no checkup no
desk-1: see provide_information
desk-1: provide limit no specified_disease no
reception: see desk-1 registration judged valid
reception: register desk-1 0004002
desk-1: see take_card
desk-1: lift
desk-1: see place_card
