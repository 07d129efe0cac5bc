"""Which samples train, validate and test.

`splits.py` makes the parts of a session, `dealing.py` deals blocks, trials, groups, sessions and
animals to the splits, `spans.py` says which samples overlap in time or lie near another split, and
`split_codes.py` gives the code of every sample by the kind of split.
"""
