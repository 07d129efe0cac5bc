"""Readers: a recording in a file of any format becomes a Session.

`registry.py` lists the formats and `formats/` has one file per format. `sources.py` lists the
sessions that there are to read (`source.py`), and `read.py` reads one. Formats of named arrays
share `store.py`, `files.py`, `guard.py`, `text.py`, `plain_pickle.py` and `object_arrays.py`;
`parts/` makes a session of their arrays. `suite2p/` and `phy/` are what these formats are made of.
`companions.py` finds the files that belong to a recording. `isolation/` reads damaged or hostile
files in a process of its own.
"""
