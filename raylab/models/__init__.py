"""Models as torch modules: encoders, networks, the VQ-VAE, and the losses they are trained with.

- base, encoders: the class that every encoder extends, and the encoder that a config names.
- convolution, subsampling, projector, attention: encoders.
- losses, objectives: InfoNCE, and the sum of several losses on one batch.
- vqvae, rows: the VQ-VAE, and the layers it is made of; quantizers/ has what it quantizes with.
- networks/: neural decoders.
- adaptation: a trained encoder for other sessions.
- stored: arrays of a fitted readout as buffers of a module.
- fast/: the same steps faster on CPUs (`training.fast`). Read the files above first.
"""
