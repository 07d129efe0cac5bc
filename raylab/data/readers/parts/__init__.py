"""Arrays of a file become the parts of a Session.

`assemble.py` puts a session together from what the other files read: sampled activity
(`sampled.py`; `traces.py` and `trials.py` read the arrays, `choosing.py` chooses units) and its
clock (`clock/`), or spikes (`spiking/`); labels (`labels.py`, `align.py`, `features.py`), names
(`names.py`), groups, given splits and cuts (`ranges.py`), and the rule for NaN (`missing.py`).
`stated_paths.py` finds paths that do not exist, and `arrays.py` checks what kind of array a path
names.
"""
