"""The VQ-VAE family: windows of activity as discrete codes, with a head that predicts behaviour.

- `family` is the task; `model` is the torch module; `windows` is what a step trains on.
- `behaviour` holds the targets of the head; `coding` codes whole sessions.
- `scores` scores codes and reconstructions; `kept` picks the arrays that figures are drawn from.
"""
