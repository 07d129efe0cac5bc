"""Views: what a model sees of a recording.

`view.py` bins, smooths and scales, `grid.py` relates samples to rows, `selection.py` chooses units
by training samples, `cache.py` shares large views between processes, and `training_samples.py`
gives the training samples alone.
"""
