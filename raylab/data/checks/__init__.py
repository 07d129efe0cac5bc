"""What looks wrong in a recording: refused, or said in a note.

`table.py` lists the checks of a session as it was read and `split_table.py` those of its splits; a
new check is a function and its line there. `reading.py` is what a check gets. `activity.py`,
`units.py`, `angles.py` and `labels.py` check a session, `splits.py` its splits, `dealt.py` and
`copies.py` all sessions together. `wording.py` has the words of notes.
"""
