"""Drafting a recipe from what is in a file or a folder.

`drafted.py` puts a draft together. `parts.py` says which files of a folder are recordings
(`array_folders.py`: of npy files), and `arrays.py` lists the arrays that a recipe may name.
`activity.py` chooses the neural data, `spikes.py` spike times, `clock.py` time stamps (`stamps.py`)
or a rate (`rates.py`), `behaviour.py` the labels, `trial_labels.py` those of each sample of a
trial, `label_clocks.py` their clocks, `kinds.py` their kinds, and `tables.py` the tables of trials.
`sides.py` says which side of an array is time, `chosen_units.py` which units people chose.
`trial_cells.py` reads trials from cell arrays, `reasons.py` says why there is no draft, and
`tools/` drafts for Suite2p, phy and CaImAn. `field_names.py` has the names that laboratories give
to such arrays, `guess.py` writes guesses as YAML with a comment each.
"""
