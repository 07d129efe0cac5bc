"""Readouts that are more than a penalised linear map, and what they share: `components` finds
principal components, `nearest` is knn, `wiener` the Wiener filter and cascade, and `kalman` the
Kalman filter.
"""
