"""Arrays of a file become the parts of a Session.

`assemble.py` puts a session together from what the other files read: activity and its clock
(`activity.py`, `spikes.py`), labels (`labels.py`, `align.py`, `features.py`), names (`names.py`),
groups, given splits and cuts (`ranges.py`), and the rule for NaN (`missing.py`). `arrays.py` checks
what kind of array a path names.
"""
