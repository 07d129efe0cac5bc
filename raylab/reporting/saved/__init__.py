"""What a trial saved in its `embedding.safetensors`, read back and checked.

`embedding` reads the embedded samples and their labels, `predictions` predicted and true labels,
`codes` the codes and reconstructions of a VQ-VAE, `frames` the frames of a movie that a decoder
rebuilt. `tensors` opens the file for the last three.
"""
