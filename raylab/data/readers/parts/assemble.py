"""A file of named arrays and a recipe -> a Session."""

from __future__ import annotations

import numpy as np

from raylab.data.readers.files import Files
from raylab.data.readers.labelling.intervals import read_intervals
from raylab.data.readers.parts.arrays import unit_column
from raylab.data.readers.parts.clock.resampling import onto_uniform_clock
from raylab.data.readers.parts.labels import label_of
from raylab.data.readers.parts.missing import without_nan
from raylab.data.readers.parts.names import name_of, stated_name
from raylab.data.readers.parts.ranges import cut_segments, given_ranges, groups_of
from raylab.data.readers.parts.sampled import sampled
from raylab.data.readers.parts.spiking.spikes import count_spikes
from raylab.data.readers.parts.stated_paths import check_paths
from raylab.data.recipe import Recipe
from raylab.data.session import Session


def assemble(files: Files, recipe: Recipe, *, stem: str) -> Session:
    """The session that `recipe` describes, before binning.

    Raises:
        DataError: A path, column or length does not fit the file; the message names the recipe's
            key.
    """
    check_paths(files, recipe)
    activity = sampled(files, recipe) if recipe.spikes is None else count_spikes(files, recipe)
    notes = list(activity.notes)
    labels = {}
    for name, spec in recipe.labels.items():
        labels[name], doubts = label_of(files, name, spec, activity, recipe.time)
        notes += doubts
    held = read_intervals(files, recipe.intervals, activity, recipe.time)
    labels |= held.labels
    notes += held.notes
    given: dict[str, np.ndarray] = {}
    for name, path in recipe.given.items():
        given[name], doubts = given_ranges(files, name, path, activity)
        notes += doubts
    units = activity.unit_columns | {
        name: activity.of_units(unit_column(files, name, path))
        for name, path in recipe.units.items()
    }
    notes += [
        f"The column '{name}' of the units does not hold numbers, so it is not stored."
        for name in recipe.units
        if units[name].dtype.kind not in "biuf"
    ]
    segments = activity.segments
    if recipe.segments is not None:
        segments = cut_segments(segments, recipe.segments, labels)
    neural, units, more = without_nan(activity.neural, units, segments, recipe.neural)
    session = Session(
        id=stated_name(files, recipe.session.id_path, recipe.session.id, "session.id_path", stem)
        or name_of(stem, "session.id"),
        animal=stated_name(
            files, recipe.session.animal_path, recipe.session.animal, "session.animal_path", stem
        ),
        area=stated_name(
            files, recipe.session.area_path, recipe.session.area, "session.area_path", stem
        ),
        neural=neural,
        kind="counts" if recipe.neural is None else recipe.neural.kind,
        time=activity.time - activity.origin_s,
        rate_hz=activity.rate_hz,
        segments=segments,
        labels=labels,
        given=given or None,
        groups=groups_of(files, recipe.groups, activity) | held.groups,
        units=units,
        notes=(*notes, *more),
    )
    is_resampled = recipe.time is not None and recipe.time.resample
    return onto_uniform_clock(session) if is_resampled else session
