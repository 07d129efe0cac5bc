"""What a prepared dataset gives, without reading the dataset itself.

- `specs` is what its manifest says of sessions and labels.
- `recording` is a session as trials see it, with its splits; `session_arrays` is a session as users
  see it. Both are mapped into memory.
- `other_libraries` gives the same to pynapple and xarray.
"""
