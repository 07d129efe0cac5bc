"""Reading damaged or hostile files in a process of its own, within a limit of memory.

`isolated.py` is the side that asks, `child.py` the process that reads, `parcel.py` how a session
comes back, and `limits.py` how large an array may be.
"""
