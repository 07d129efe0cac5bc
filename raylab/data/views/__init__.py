"""Views: what a model sees of a recording.

`view.py` bins, smooths and scales, `grid.py` relates samples to rows, `selection.py` chooses units
by training samples, `variation.py` says what varies at all, `cache.py` shares large views between
processes, and `training_samples.py` gives the training samples alone.
"""
