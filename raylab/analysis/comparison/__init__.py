"""Embeddings that are compared with a model: of other methods, and of files."""
