"""Model families: what each one trains on, minimises and validates.

- `protocol` is what every family implements; `families` finds the implementation of a config.
- `contrastive`, `vqvae` and `decoder` are the families of raylab; other packages may add more (see
  docs/extending.md).
- The other files are parts that families share or that one of them is made of.
"""
