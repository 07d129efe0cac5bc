"""What is computed from a manifest.

`checks.py` checks it and the arrays that it describes, `fingerprint.py` makes the fingerprint, and
`notes.py` collects its notes.
"""
