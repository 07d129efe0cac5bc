"""Readouts that are more than a penalised linear map, and what they share: `components` finds
principal components, `nearest` is knn, and `wiener` the Wiener filter and cascade.
"""
