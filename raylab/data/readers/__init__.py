"""Readers: a recording in a file of any format becomes a Session.

`sources.py` lists what there is to read, `read.py` reads it; `formats/` has a file a format, and
`isolation/` reads damaged or hostile files in a process of its own.
"""
