"""Checks of a search space before anything starts: every path, type and bound.

- `space`: `check_space`, which calls all other checks.
- `configs`: one config on a dataset.
- `paths`: one searched path at a time, against the config and the dataset.
- `overruled`: paths that some choices overrule.
- `objectives`: whether the objectives are measured and can compare the trials.
- `points`: points to try first, and which of them the dataset can use.
- `repeats`: which draws are the same trial.
- `draws`: shared draws, constraints, and what the sampler cannot do.
"""
