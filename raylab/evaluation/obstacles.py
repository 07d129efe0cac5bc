"""Why a label has no score in a session: the same rules for every family, baseline and chance."""

from __future__ import annotations

import numpy as np

from raylab.data.session import Label
from raylab.data.views.variation import columns_varying, label_varies, value_text

NAMES = {"train": "training", "valid": "validation", "test": "test"}  # of splits, in messages


def obstacle(fitted: Label, scored: Label, *, split: str = "valid") -> str:
    """Why the samples `scored` have no score of a decoder that saw `fitted`; empty where they have.

    A label that is constant among the scored samples has no score, because a constant would be
    perfect: R2 divides by its variance. A label that is constant among the fitted samples has
    none, because a decoder cannot learn anything.

    Args:
        fitted, scored: Labels of the two sides; their unlabelled samples do not count.
        split: The split that is scored.
    """
    name = NAMES.get(split, split)
    if not fitted.labelled.any():
        return "no training sample has it"
    if not label_varies(fitted):
        return f"it is {value_text(fitted)} in all {_count(fitted)} training samples"
    reason = obstacle_to_scoring(scored, split=split)
    if reason:
        return reason
    if scored.kind == "discrete" and not np.isin(scored.values, fitted.values).any():
        return f"none of its classes in {name} samples occurs in training samples"
    return ""


def obstacle_to_scoring(scored: Label, *, split: str = "valid") -> str:
    """`obstacle` of a decoder that other sessions trained: what the scored samples say alone."""
    name = NAMES.get(split, split)
    if _count(scored) < 2:  # R2 of one sample does not exist
        return f"{_count(scored)} {name} samples have it, at least 2 are needed"
    if not label_varies(scored):
        return f"it is {value_text(scored)} in all {_count(scored)} {name} samples"
    return ""


def constant_columns(label: Label) -> list[int]:
    """The columns of a label that do not vary, where others do: R2 leaves them out."""
    varies = columns_varying(label)
    return np.flatnonzero(~varies).tolist() if varies.any() else []


def unseen_classes(fitted: Label, scored: Label) -> list[str]:
    """The classes of a discrete label that only scored samples have, by name."""
    codes = np.setdiff1d(scored.values[scored.labelled], fitted.values[fitted.labelled])
    return [scored.classes[code] for code in codes if code < len(scored.classes)]


def _count(label: Label) -> int:
    return int(label.labelled.sum())
