"""Which samples a training step sees; every draw is a pure function of a seed and the step.

- source: the rows of a session that pairs may be drawn from.
- conditionals, neighbours, classes: what makes two samples a positive pair.
- contrastive, across: samplers of pairs within one session, and across sessions.
- windows: windows for the VQ-VAE.
- epochs, few_shot: examples for decoders.
- shuffling: labels shifted in time, as a control.
"""
