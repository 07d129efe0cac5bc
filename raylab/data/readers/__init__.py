"""Readers: a recording in a file of any format becomes a Session.

`registry.py` lists the formats, and `formats/` has one file per format; `nwb/`, `suite2p/`, `phy/`
and `tables/` are what larger formats are made of. `sources.py` lists the sessions that there are to
read (`source.py`), `companions.py` finds the files that belong to each, and `read.py` reads one.
Formats of named arrays share `store.py`, `files.py`, `containers.py`, `cells.py`, `text.py`,
`searching.py`, `plain_pickle.py` and `object_arrays.py`. `parts/` and `labelling/` make a session
of their arrays. `guard.py` and `causes.py` explain why a file cannot be read. `isolation/` reads
damaged or hostile files in a process of its own.
"""
