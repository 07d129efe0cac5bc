"""Parts of a dataset in which a label hardly varies: R2 says little there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from raylab.config.trial import TrialConfig
from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.data.views.variation import label_varies
from raylab.evaluation.certainty.losses import columns_of
from raylab.tasks.sides import label_sides

LITTLE = 0.1  # of the variance in training: a part with less is called still


def note_on_still_parts(config: TrialConfig, folds: Sequence[Dataset], label: str) -> list[str]:
    """What to know where numbers hardly vary in parts that are scored; empty where they do.

    A part is the validation or test part of one session in one fold.
    """
    shares = [share for fold in folds for share in _shares(config, fold, label)]
    still = sum(share < LITTLE for share in shares)
    if not still:
        return []
    return [
        f"in {still} of {len(shares)} validation and test parts, '{label}' has less than a tenth "
        "of the variance that it has in training; R2 divides by the variance, so it may be far "
        "below 0 there even for a good prediction; more and shorter blocks may help, such as "
        "--set splits.kind=blocked --set splits.blocks=50"
    ]


def _shares(config: TrialConfig, fold: Dataset, label: str) -> Iterator[float]:
    """The variance in each scored part, as a share of that in training."""
    for side in label_sides(config, fold, label, ("valid", "test")).values():
        for scored in side.scored.values():
            if scored.kind != "discrete" and label_varies(scored) and label_varies(side.fitted):
                yield _variance_of(scored) / _variance_of(side.fitted)


def _variance_of(label: Label) -> float:
    """The sum of the variances of all columns, of an angle of its cosine and sine."""
    return float(columns_of(label.kind, label.values[label.labelled]).var(axis=0).sum())
