"""The contrastive family: encoders trained with an InfoNCE loss, as in CEBRA.

- `family` is the task; `model` is the torch module, with what it minimises on rows of this process.
- `pairs` draws the samples that a step compares; `pair_checks` checks their labels before any data
  is read.
- `shares` is the loss over several workers; `goodness_of_fit` is the validation score.
"""
