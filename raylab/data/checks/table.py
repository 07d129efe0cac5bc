"""The checks of a session as it was read. A new check is a function and its line in `CHECKS`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

from raylab.data.checks import activity, angles, labels, rates, units
from raylab.data.checks.reading import Reading
from raylab.data.recipe import Recipe
from raylab.data.session import Session

# A check yields notes, each a sentence, and raises a DataError for what cannot be right.
Check = Callable[[Reading], Iterator[str]]
CHECKS: tuple[Check, ...] = (
    units.paths_of_others,
    activity.more_units_than_samples,
    activity.counts_are_counts,
    units.clock_among_units,
    units.labels_among_units,
    angles.angles_in_their_unit,
    activity.looks_like_counts,
    activity.huge_values,
    activity.equal_units,
    rates.odd_sampling_rate,
    rates.quiet_spikes,
    labels.few_labelled,
    labels.constant_labels,
    labels.many_classes,
    labels.few_numbers,
)


def checked(session: Session, recipe: Recipe | None = None) -> Session:
    """The session with a note on everything that looks wrong.

    Args:
        session: Whole, and not yet binned.
        recipe: Of this session; None where the file describes itself.

    Raises:
        DataError: Something cannot be right. The error does not name the file.
    """
    reading = Reading(session, recipe)
    notes = [note for check in CHECKS for note in check(reading)]
    return dataclasses.replace(session, notes=(*session.notes, *notes)) if notes else session
