"""Models of CEBRA as models of raylab, and the other way round. CEBRA itself is not needed.

- `from_cebra` reads a file of CEBRA's; `cebra_write` writes one.
- `architectures` pairs CEBRA's names of architectures with encoders of raylab.
"""
