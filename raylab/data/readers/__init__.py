"""Readers: a recording in a file of any format becomes a Session.

`registry.py` lists the formats and `formats/` has one file per format. `sources.py` lists the
sessions that there are to read (`source.py`), and `read.py` reads one. Formats of named arrays
share `store.py`, `files.py`, `guard.py`, `text.py` and `plain_pickle.py`; `parts/` makes a session
of their arrays. `isolation/` reads damaged or hostile files in a process of its own.
"""
