"""Drafting a recipe from what is in a file or a folder.

`drafted.py` puts a draft together. `arrays.py` lists the arrays that a recipe may name. `activity.py`
chooses the neural data, `clock.py` its time stamps or rate, `behaviour.py` the labels, `tables.py`
the tables of trials. `known_formats.py` drafts for formats that know where things are.
`field_names.py` has the names that laboratories give to such arrays, `guess.py` writes guesses as
YAML with a comment each.
"""
