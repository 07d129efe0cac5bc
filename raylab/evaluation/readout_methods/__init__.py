"""Readouts that are more than a penalised linear map, and what they share: `nearest` is knn,
`components` its principal components; `wiener` the Wiener filter and cascade; `kalman` the Kalman
filter; `boosting` and `extra_trees` are forests, kept as the arrays of `trees`.
"""
