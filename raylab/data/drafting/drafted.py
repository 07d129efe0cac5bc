"""A recipe from what is in a path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from raylab.data.drafting.activity import Activity, activity_of
from raylab.data.drafting.arrays import Array, arrays_of, by_length
from raylab.data.drafting.behaviour import behaviour_of
from raylab.data.drafting.chosen_units import units_of_traces
from raylab.data.drafting.clock import clock_of
from raylab.data.drafting.guess import Guess, Section
from raylab.data.drafting.identity import session_of
from raylab.data.drafting.nwb_arrays import nwb_arrays
from raylab.data.drafting.parts import Parts, parts_of_file, parts_of_folder, used_companions
from raylab.data.drafting.reasons import no_activity
from raylab.data.drafting.spikes import keep_of, spikes_of
from raylab.data.drafting.splits import splits_of
from raylab.data.drafting.tables import tables_of
from raylab.data.drafting.tools.known_formats import caiman_draft, draft_known
from raylab.data.drafting.trial_labels import left_out
from raylab.data.looking.contents import Contents
from raylab.data.looking.item import FileContents
from raylab.data.looking.recognise import file_seen
from raylab.data.recipe import Recipe
from raylab.errors import DataError


def drafted(contents: Contents, beside: Sequence[FileContents] = ()) -> Section:
    """The recipe of a path, as guesses.

    Args:
        beside: Files in the folder of a lone file, which may hold its labels.

    Raises:
        DataError: Nothing in it looks like activity, or raylab reads no such files.
    """
    where = contents.path
    readable = contents.readable
    if not readable:
        raise DataError(f"{where}: holds no file that raylab reads", "See docs/recipes.md.")
    known = draft_known(contents, beside)
    if known is not None:
        return known
    if Path(where).is_dir() or len(contents.files) > 1:
        parts = parts_of_folder(readable, where)
        what = file_seen(parts.main)
        if what[0] == "caiman":
            return caiman_draft(
                parts.main, what[1], parts.companions, parts.patterns, files=parts.files
            )
        return _recipe(parts, where)
    parts = parts_of_file(readable[0], beside)
    alone = _recipe(Parts(parts.main), where)
    return (
        alone
        if alone.keys() & {"labels", "intervals"} or not parts.companions
        else _recipe(parts, where)
    )


def _recipe(parts: Parts, where: str) -> Section:
    arrays = nwb_arrays(parts.main) if parts.main.format == "nwb" else arrays_of(parts.main)
    for name, file in parts.companions.items():
        arrays += arrays_of(file, name)
    rows = tables_of(arrays, 0, set()).used  # of trials: their number is not that of samples
    activity = activity_of(arrays, by_length(array for array in arrays if array not in rows))
    recipe: Section = {"format": Guess(parts.main.format, parts.main.what)}
    if parts.files:
        recipe["files"] = parts.files
    recipe["companions"] = {}
    if parts.main.item("") is not None and parts.main.format == "csv":
        recipe["header"] = Guess(False, "the first row has numbers, no names")
    recipe["session"] = session_of(parts.main)
    if activity is None:
        _add_spikes(recipe, arrays, parts.main, where)
    else:
        _add_samples(recipe, activity, arrays, parts.main)
    return _finished(recipe, parts)


def _add_samples(
    recipe: Section, activity: Activity, arrays: Sequence[Array], file: FileContents
) -> None:
    """Add sampled activity, its clock, labels, tables of intervals and splits."""
    clock = clock_of(activity, arrays, file)
    chosen = units_of_traces(file.items, activity.units) if activity.units else {}
    recipe |= {"neural": activity.section | chosen, "time": clock.section}
    tables = tables_of(arrays, activity.samples, set()) if not activity.trials else None
    free = [array for array in arrays if tables is None or array not in tables.used]
    behaviour = behaviour_of(activity, clock, free)
    if tables is not None and tables.section:
        tables = tables_of(arrays, activity.samples, {*behaviour.labels, *behaviour.groups})
        recipe["intervals"] = tables.section
    recipe["neural"] |= left_out(activity, arrays, behaviour.labels)
    recipe |= {"labels": behaviour.labels, "groups": behaviour.groups}
    seconds = activity.samples / clock.rate_hz
    recipe["splits"] = splits_of(seconds, trials=bool(activity.trials), groups=behaviour.groups)


def _add_spikes(recipe: Section, arrays: Sequence[Array], file: FileContents, where: str) -> None:
    """Add spike times, labels with clocks of their own, tables of intervals and splits."""
    spikes = spikes_of(arrays)
    if spikes is None:
        raise no_activity(where, file, arrays)
    free = [array for array in arrays if array not in spikes.arrays]
    tables = tables_of(free, spikes.trials, set())
    free = [array for array in free if array not in tables.used]
    activity = Activity(spikes.arrays[0], -1, spikes.trials, {"kind": Guess("counts")})
    behaviour = behaviour_of(activity, None, free)
    recipe["spikes"] = spikes.section | keep_of(spikes, file)
    if tables.section:
        recipe["intervals"] = tables.section
    recipe |= {
        "labels": behaviour.labels,
        "splits": splits_of(None, trials=bool(spikes.trials), groups={}),
    }


def _finished(recipe: Section, parts: Parts) -> Section:
    """The recipe with the companions that it uses, and without empty sections."""
    recipe["companions"] = used_companions(parts.patterns, recipe)
    known = (*Recipe.model_fields, "header")
    return {
        key: value for key, value in recipe.items() if value not in ({}, "", None) and key in known
    }
