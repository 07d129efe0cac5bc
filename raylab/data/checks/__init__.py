"""What looks wrong in a recording: refused, or said in a note.

`table.py` lists the checks of a session as it was read, `split_table.py` those of its splits and
`dataset_table.py` those of all sessions together; a new check is a function and its line there.
`reading.py` is what a check of a session gets. `activity.py`, `units.py`, `angles.py` and
`labels.py` check a session, `splits.py` its splits, `dealt.py` and `copies.py` a dataset.
`label_clock.py` is called where a label is laid onto the clock of the activity. `wording.py` has
the words of notes.
"""
