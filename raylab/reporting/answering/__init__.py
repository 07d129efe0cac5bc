"""The report of an answer: `page.py` puts the sections together, `sections.py` writes them, and the
charts are `differences.py`, `folds.py` and `tried.py`.
"""
