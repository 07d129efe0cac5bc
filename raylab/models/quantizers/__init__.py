"""Quantizers of the VQ-VAE: from vectors to codes, and from codes to the vectors they stand for.

- base: the class that every quantizer extends, and what several workers share of a step.
- build: the quantizer that a config names.
- choosing: which code a vector chooses, and how the gradient passes that choice.
- learnt: codes learnt by gradient.
- moving, codebooks, kmeans: codes that are moving averages, their buffers, and their first values.
- lattice: dimensions rounded one by one, without a codebook.
"""
