# The story of the quick guide's first page, on two desks: a first visit with one wrong PIN, a card that is pulled too
# early, and the same patient coming back. WHO: WHAT, one line each; `see` waits until it is so.

story: say Two desks; both ask for a card.
desk-1: see place_card
desk-2: see place_card

story: say マイナンバーカードを置く。The first patient puts her card on desk 1.
desk-1: place SIM000000000001
desk-1: see choose_method
desk-1: choose pin
desk-1: see enter_pin tries 3
story: say She mistypes once: two tries are left, and the page says so.
desk-1: pin wrong
desk-1: see wrong_pin tries 2

story: say Meanwhile somebody changes his mind at desk 2: the desk is free again, no try is lost.
desk-2: place SIM000000000002
desk-2: see choose_method
desk-2: choose pin
desk-2: see enter_pin tries 3
desk-2: lift
desk-2: see place_card

desk-1: pin right
desk-1: see give_consents
story: say 同意: surgery yes, treatment and drugs yes, check-up no.
desk-1: consent surgery yes treatment yes drugs yes checkup no
desk-1: see provide_information
story: say 提供: high-cost limit yes, specified disease no.
desk-1: provide limit yes specified_disease no
reception: see desk-1 registration judged valid
story: say Eligibility is valid, no reference number yet: reception registers one.
reception: register desk-1 0001234
desk-1: see take_card
reception: see desk-1 taking_card number 0001234
desk-1: lift
desk-1: see place_card

story: say She comes back, at desk 2: the reference number comes with the answer.
desk-2: place SIM000000000001
desk-2: see choose_method
desk-2: choose pin
desk-2: see enter_pin tries 3
desk-2: pin right
desk-2: see give_consents
desk-2: consent surgery yes treatment yes drugs yes checkup yes
desk-2: see provide_information
desk-2: provide limit yes specified_disease no
desk-2: see take_card
reception: see desk-2 taking_card judged valid number 0001234
desk-2: lift
desk-2: see place_card
