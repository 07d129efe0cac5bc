"""What a search will be, before it starts.

- `study_plan`: a space that was checked against a dataset.
- `placement`: how many trials run at once on the nodes of a cluster.
- `probe`: short runs of a few draws, to measure what trials cost.
- `forecast`: time, memory and disk of a study, computed from the probes.
- `results`: what `raylab.plan` returns.
"""
