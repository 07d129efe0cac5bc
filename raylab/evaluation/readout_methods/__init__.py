"""Readouts of several steps: neighbours of principal components, and others that a pair of weights
and bias does not describe. `components` finds principal components; `nearest` is knn.
"""
