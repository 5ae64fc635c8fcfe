# Drill: two patients of the same name, born on the same day, at two desks at once. What is one's is never the other's.

desk-1: see place_card
desk-2: see place_card
desk-1: place SIM000000000002
desk-2: place SIM000000000009
desk-1: see choose_method
desk-2: see choose_method
desk-1: choose pin
desk-2: choose pin
desk-1: see enter_pin tries 3
desk-2: see enter_pin tries 3
desk-1: pin right
desk-2: pin right
desk-1: see give_consents
desk-2: see give_consents
desk-1: consent surgery yes treatment yes drugs yes checkup yes
desk-2: consent surgery no treatment no drugs no checkup no
desk-1: see provide_information
desk-2: see provide_information
desk-1: provide limit yes specified_disease no
desk-2: provide limit no specified_disease no
reception: see desk-1 registration judged valid
reception: see desk-2 registration judged valid
story: say Address and insurance tell them apart, the name does not: each gets a number of their own.
reception: register desk-1 0003001
reception: register desk-2 0003002
desk-1: see take_card
desk-2: see take_card
reception: see desk-1 taking_card number 0003001
reception: see desk-2 taking_card number 0003002
desk-1: lift
desk-2: lift
desk-1: see place_card
desk-2: see place_card
