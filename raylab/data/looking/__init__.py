"""What is in a file or a folder that nobody described to raylab.

`look.py` looks into one file, in the process that reads foreign files. Beside it is a file for each
kind of file (`hdf5_items.py`, `mat_items.py`, `array_items.py`, `table_items.py`,
`pickle_items.py`). `contents.py` collects the files of a path, `recognise.py` names what they seem
to be, `steps.py` what to do with them, and `families.py` joins arrays that differ by a number.
"""
