"""Reading damaged or hostile files in a process of its own, within a limit of memory.

`isolated.py` is the side that asks, `servers.py` the processes that it keeps, `child.py` what they
do, `parcel.py` how a session comes back, and `limits.py` how large an array may be.
"""
