"""The config of a trial as typed, frozen models; each section has a file.

An unknown key is an error. A choice (`kind`) selects one of the registered classes, so that a
parameter exists only where its choice was made.

- families, trial: the model families, and the sections they share.
- contrastive, encoders, losses, sampling, pairs: sections of the contrastive family.
- vqvae, quantizers: sections of the VQ-VAE family.
- decoder, networks, readouts: sections of the decoder family.
- training, view, splits: the optimizer and evaluation; how recordings are shown; who trains.
- base, parse, explain, yaml_files, dotted: how configs are read, and how errors are explained.
- plugins: packages of third parties that a config uses.
"""
