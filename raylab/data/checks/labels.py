"""Checks of labels: whether they have values, and whether their kind fits their values."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from raylab.data.checks.reading import Reading
from raylab.data.checks.wording import listed
from raylab.data.session import FRAME
from raylab.data.views.variation import columns_varying, value_text

ENOUGH = 50  # samples: fewer may look like anything
FEW_LABELLED = 0.1  # share of the samples
FEW_AFTER_RESAMPLING = 0.5  # likewise, where the label has a clock of its own
FEW_VALUES = 10


def few_labelled(reading: Reading) -> Iterator[str]:
    """A label without values, or with values on a small part of the recording."""
    for name, label in reading.session.labels.items():
        spec = reading.label_spec(name)
        share = float(label.labelled.mean())
        has_clock = spec is not None and (spec.time is not None or spec.rate_hz is not None)
        if share == 0:
            if not has_clock:  # else said where it is laid onto the clock of the activity
                yield f"Label '{name}' has no value at all."
        elif share < (FEW_AFTER_RESAMPLING if has_clock else FEW_LABELLED):
            yield f"Label '{name}' has a value on {share:.2g} of the samples."


def constant_labels(reading: Reading) -> Iterator[str]:
    """A label, or a column of it, that has one value."""
    for name, label in reading.session.labels.items():
        if label.labelled.sum() < ENOUGH:
            continue
        varies = columns_varying(label)
        constant = np.flatnonzero(~varies)
        if not varies.any():
            yield f"Label '{name}' is {value_text(label)} in all samples that have a value."
        elif len(constant):
            columns = f"column{'s' * (len(constant) > 1)} {listed(constant.tolist())}"
            yield f"Label '{name}' never varies in {columns}."


def many_classes(reading: Reading) -> Iterator[str]:
    """A number that was declared discrete: almost every sample is a class of its own."""
    for name, label in reading.session.labels.items():
        values = label.values[label.labelled]
        if label.kind != "discrete" or label.unit == FRAME or len(values) < ENOUGH:
            continue
        classes = len(np.unique(values))
        if classes > len(values) / 2:
            yield (
                f"Label '{name}' has {classes} classes on {len(values)} samples: is it continuous?"
            )


def few_numbers(reading: Reading) -> Iterator[str]:
    """Classes that were declared continuous: a few whole numbers on all samples."""
    for name, label in reading.session.labels.items():
        if label.kind != "continuous" or label.unit or reading.label_spec(name) is None:
            continue  # what has a unit is a quantity
        values = label.values[label.labelled]
        if len(values) < ENOUGH or (values != np.rint(values)).any():
            continue
        distinct = np.unique(values)
        if 1 < len(distinct) <= FEW_VALUES:
            numbers = ", ".join(f"{value:.0f}" for value in distinct)
            yield f"Label '{name}' has no values but {numbers}: is it discrete?"
