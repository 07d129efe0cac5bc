"""Figures with matplotlib, one kind per file, for PNG files and MLflow.

Every function returns a `matplotlib.figure.Figure`; none of them touches the global state of
pyplot. `files` writes figures to disk. Of a trial: `loss_curve`, `predictions`, `embedding`,
`codes`, `latent_map`, `frames`. Of scores in the folder `scores`: `alternatives`, `comparison`,
`confusion`, `consistency`, `scaling`, `selection`, `shuffles`, `topology`. Of a dataset:
`recording`, `unit_correlations`.
"""
