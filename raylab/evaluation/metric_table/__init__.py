"""The rows of the table of metrics, which `raylab/evaluation/metrics.py` reads.

- metric: what one row states.
- training, quantization, labels: the rows of raylab, by what they score.
- installed: the rows of installed packages.
"""
