"""Training steps for CPUs that are faster than torch's layers under autograd; tests compare the
two.

The config key `training.fast: false` turns all of this off.

- contrastive_step: loss and gradients of a contrastive step in one pass.
- encoder_gradients: encoders forwards and backwards without autograd.
- channels_last: convolutions of the VQ-VAE with channels last in memory.
- winograd, winograd_points: convolutions with fewer multiplications, and their matrices.
"""
