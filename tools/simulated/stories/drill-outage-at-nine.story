# Drill: nine in the morning, the national system cannot be reached, and two patients are there already. Nobody is held;
# what is written down is asked when the line is back.

story: stop centre
desk-1: see place_card
desk-2: see place_card
desk-1: place SIM000000000001
desk-2: place SIM000000000002
desk-1: see choose_method
desk-2: see choose_method
desk-1: choose pin
desk-2: choose pin
desk-1: see come_to_window
desk-2: see come_to_window
reception: see desk-1 at_window outcome not_asked
reception: see desk-2 at_window outcome not_asked
story: say 資格確認書等 are looked at and written down: one after the other, nobody waits for the line.
reception: keep-walk-in desk-1 999901 見本12 3456 19840229
reception: finish desk-1
desk-1: see take_card
reception: keep-walk-in desk-2 06999902 123 7654321 19660912
reception: finish desk-2
desk-2: see take_card
desk-1: lift
desk-2: lift
desk-1: see place_card
desk-2: see place_card
story: say The line is back: what was written down is asked by itself (障害時の受付 on reception's page shows it).
story: start centre
desk-1: place SIM000000000001
desk-1: see choose_method
desk-1: choose pin
desk-1: see enter_pin
desk-1: lift
desk-1: see place_card
