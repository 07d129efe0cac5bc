"""Entrants of `raylab answer`: the decoders that it compares, each with the configs it tries.

- `entrant`: one entrant and its configs, in the order in which they are tried.
- `entrants_for`: the entrants that can decode a label of a dataset.
- `shipped`: the entrants that raylab ships, by family.
"""
