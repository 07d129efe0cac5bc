"""Whether a label can be scored on the samples there are: checked before training, in the same way
for every family.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from raylab.config.trial import TrialConfig
from raylab.data.dataset import Dataset
from raylab.data.views.variation import label_varies, value_text
from raylab.errors import DataError
from raylab.evaluation.obstacles import (
    NAMES,
    constant_columns,
    obstacle,
    obstacle_to_scoring,
    unseen_classes,
)
from raylab.tasks.families import get_task
from raylab.tasks.sides import Sides, first_reason, joined_labels, label_sides

SHOWN = 6  # classes that a note names


def check_samples(config: TrialConfig, dataset: Dataset, *, required: bool) -> list[str]:
    """Check the samples that every family needs: validation samples, labels to train with that
    vary, and a decoded label that can be scored.

    Args:
        required: Whether trials are chosen by the scores of the decoded label.

    Returns:
        Notes, one sentence each: sessions without a score, columns that R2 leaves out, classes
        that no training sample has.

    Raises:
        DataError: There are no validation samples, no label that training uses varies, or no
            session has a score and one is required.
    """
    used, label = config.sessions.used(dataset.sessions), config.task.label
    if not any(spec.splits["valid"] for spec in used.values()):
        raise DataError(
            f"{dataset.path}: no session has validation samples, so no trial can be scored",
            "Prepare the dataset with other splits (docs/splits.md).",
        )
    if not label:
        _check_training_labels(config, dataset)
        return []
    sessions = label_sides(config, dataset, label, ("valid", "test"))
    reasons = {name: obstacle(side.fitted, side.scored["valid"]) for name, side in sessions.items()}
    scored = [name for name, reason in reasons.items() if not reason]
    if required and not scored:
        raise no_score(dataset, label, reasons)
    _check_training_labels(config, dataset)
    notes = [
        f"label '{label}' has no score in session '{name}': {reason}"
        for name, reason in reasons.items()
        if reason and used[name].splits["valid"]  # a session that is held out whole has none
    ]
    notes += [
        f"label '{label}' has no test score in session '{name}': {reason}"
        for name, side in sessions.items()
        if len(side.scored["test"].values) > 1
        and (reason := obstacle_to_scoring(side.scored["test"], split="test"))
    ]
    for name, side in sessions.items():
        notes += _column_notes(label, name, side) + _class_notes(label, name, side)
    return notes


def _check_training_labels(config: TrialConfig, dataset: Dataset) -> None:
    """DataError where training uses labels, and none of them varies among the training samples."""
    constant = {}
    for name in get_task(config).training_labels(config, config.task.label):
        sides = label_sides(config, dataset, name, ()).values()
        fitted = [side.fitted for side in sides if len(side.fitted.values)]
        joined = joined_labels(fitted, fitted[0]) if fitted else None
        if joined is not None and label_varies(joined):
            return
        constant[name] = (
            f"it is {value_text(joined)} in all {len(joined.values)} training samples"
            if joined is not None
            else "no training sample has it"
        )
    if constant:
        name, reason = next(iter(constant.items()))
        raise DataError(
            f"{dataset.path}: label '{name}' cannot be trained with: {reason}",
            "Choose another label, or splits in which it varies.",
        )


def no_score(dataset: Dataset, label: str, reasons: Mapping[str, str]) -> DataError:
    """The error for a label that has a score in no session.

    Args:
        reasons: Why each session has none.
    """
    others = f" (and none of {len(reasons) - 1} others has a score)" if len(reasons) > 1 else ""
    why = f": {first_reason(reasons)}{others}" if reasons else ", no session has it"
    return DataError(
        f"{dataset.path}: label '{label}' cannot be scored{why}",
        "Choose another label (task.label), splits in which it varies, or an objective that needs "
        "no label.",
    )


def _column_notes(label: str, session: str, side: Sides) -> list[str]:
    """Columns without a variance to explain."""
    notes = []
    for split in ("valid", "test"):
        scored = side.scored[split]
        for column in constant_columns(scored):
            value = value_text(replace(scored, values=scored.values[:, [column]]))
            notes.append(
                f"label '{label}': column {column + 1} of {scored.values.shape[1]} is {value} in "
                f"all {NAMES[split]} samples of session '{session}': R2 leaves it out there"
            )
    return notes


def _class_notes(label: str, session: str, side: Sides) -> list[str]:
    """Classes that a decoder cannot know."""
    if side.fitted.kind != "discrete" or not len(side.fitted.values):
        return []
    splits: dict[str, list[str]] = {}
    for split, scored in side.scored.items():
        for name in unseen_classes(side.fitted, scored):
            splits.setdefault(name, []).append(NAMES[split])
    if not splits:
        return []
    named = [f"'{name}' ({', '.join(where)})" for name, where in list(splits.items())[:SHOWN]]
    more = f" and {len(splits) - SHOWN} more" if len(splits) > SHOWN else ""
    return [
        f"label '{label}' in session '{session}': no training sample has the class "
        f"{', '.join(named)}{more}: its samples count as errors"
    ]
