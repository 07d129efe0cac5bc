"""The units of spikes: those that the spikes name, those that the file lists, those kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from raylab.data.readers.files import Files
from raylab.data.readers.parts.choosing import (
    Identity,
    identities,
    mask_of,
    read_choice,
    refuse_twice,
)
from raylab.data.recipe_sections.spike_times import SpikesSpec
from raylab.errors import DataError


@dataclass(frozen=True, kw_only=True)
class SpikeUnits:
    """The units of a session, and the unit of every spike.

    Attributes:
        ids: (N,) the ids of the units, as the file states them.
        of_spike: (K,) the number of each spike's unit in `ids`; -1 where the unit is not kept.
        rows: (N,) the rows of the units among all units of the file.
        all_units: The number of all units of the file.
        notes: What was left out, one sentence each.
    """

    ids: np.ndarray
    of_spike: np.ndarray
    rows: np.ndarray
    all_units: int
    notes: tuple[str, ...] = ()


def units_of(files: Files, spec: SpikesSpec, columns: Sequence[str] = ()) -> SpikeUnits:
    """The units that `spikes.units` and `spikes.keep` name, those without a spike included.

    Args:
        columns: Paths of columns of units; `unit_ids` beside them says which rows they have.

    Raises:
        DataError: An array is of the wrong type, or `keep` names what the file does not have.
    """
    named = files.read(spec.units, "spikes.units").reshape(-1)
    if named.dtype.kind not in "biufUS":
        raise DataError(
            f"`spikes.units` names an array of type {named.dtype}", "Check `spikes.units`."
        )
    notes = []
    nameless = np.isnan(named) if named.dtype.kind == "f" else np.zeros(len(named), bool)
    if nameless.any():
        notes.append(f"Spikes of no unit (NaN), which were left out: {nameless.sum()}.")
    spiking, spiking_of = np.unique(named[~nameless], return_inverse=True)
    beside = [spec.units, *([spec.keep] if isinstance(spec.keep, str) else []), *columns]
    lists = (_listed(files, path, spiking) for path in beside)
    everyone = next((ids for ids in lists if ids is not None), None)
    is_listed = everyone is not None
    if everyone is None:
        everyone = spiking
    ids, rows = everyone, np.arange(len(everyone))
    if spec.keep is not None:
        everyone, rows, ids = _kept(files, spec.keep, everyone, is_listed=is_listed)
        notes.append(f"{len(ids)} of {max(len(everyone), len(ids))} units were kept.")
    place = {identity: index for index, identity in enumerate(identities(ids))}
    known = np.array([place.get(identity, -1) for identity in identities(spiking)], np.int64)
    of_spike = np.full(len(named), -1, np.int64)
    of_spike[~nameless] = known[spiking_of] if len(known) else -1
    silent = np.setdiff1d(np.arange(len(ids)), known)
    if len(silent) == len(ids) and len(named):
        key = "spikes.units" if spec.keep is None else "spikes.keep"
        raise DataError(
            f"`{key}` names {len(ids)} units, none of which has a spike",
            f"Units with spikes: {_some(spiking) or 'none'}.",
        )
    if len(silent):
        notes.append(f"Units without a spike: {_some(ids[silent])}.")
    return SpikeUnits(
        ids=ids, of_spike=of_spike, rows=rows, all_units=len(everyone), notes=tuple(notes)
    )


def _listed(files: Files, path: str, spiking: np.ndarray) -> np.ndarray | None:
    """The ids of all units, where the file has them as `unit_ids` beside the array at `path`."""
    companion, colon, inside = path.rpartition(":")
    group, slash, _ = inside.rpartition("/")
    listed = f"{companion}{colon}{group}{slash}unit_ids"
    if listed == path or not files.has(listed):
        return None
    ids = files.read(listed, "spikes.units").reshape(-1)
    names = set(identities(ids))
    return ids if len(names) == len(ids) and names >= set(identities(spiking)) else None


def _kept(
    files: Files,
    keep: str | Sequence[int | str],
    everyone: np.ndarray,
    *,
    is_listed: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All units as far as they are known now; the rows of those kept; the ids of those kept."""
    key = "spikes.keep"
    stated = read_choice(files, keep, key) if isinstance(keep, str) else np.array(keep)
    if stated.dtype.kind not in "biufUS":
        raise DataError(f"`{key}` names an array of type {stated.dtype}", f"Check `{key}`.")
    mask = mask_of(stated, len(everyone)) if isinstance(keep, str) else None
    if mask is not None:
        if len(mask) != len(everyone) and not is_listed:
            everyone = _numbered(everyone, len(mask))
        if len(mask) != len(everyone):
            raise DataError(
                f"`{key}` names a mask of {len(mask)} units, the spikes have {len(everyone)}",
                f"Check `{key}` and `spikes.units`; or give the ids of the units.",
            )
        rows = np.flatnonzero(mask)
        return everyone, rows, everyone[rows]
    is_column = isinstance(keep, str) and len(stated) == len(everyone) and "=" not in keep
    if is_column and stated.dtype.kind in "US" and everyone.dtype.kind not in "US":
        value = str(stated[0]) if len(stated) else "good"
        raise DataError(
            f"`{key}` names a column of texts, which are no ids of units",
            f"State which value units have to have: `keep: {keep}={value}`.",
        )
    wanted = _as_type(stated, everyone, key)
    place = {identity: row for row, identity in enumerate(identities(everyone))}
    absent = [identity for identity in wanted if identity not in place]
    if absent and is_listed:
        raise DataError(
            f"`{key}` names unit {absent[0]}, which the file does not list",
            f"It lists {_some(everyone)}.",
        )
    if absent:  # of texts only the kind: they may be longer than those of the file
        kind: Any = everyone.dtype.kind if everyone.dtype.kind in "US" else everyone.dtype
        if any(isinstance(identity, float) for identity in absent):
            kind = np.float64
        everyone = np.unique(np.concatenate([everyone, np.array(absent).astype(kind)]))
        place = {identity: row for row, identity in enumerate(identities(everyone))}
    rows = np.array([place[identity] for identity in wanted], np.int64)
    return everyone, rows, everyone[rows]


def _numbered(spiking: np.ndarray, units: int) -> np.ndarray:
    """0 ... units - 1, where the ids of the units with spikes are row numbers of a mask."""
    is_row = spiking.dtype.kind in "iuf" and all(
        isinstance(unit, int) and 0 <= unit < units for unit in identities(spiking)
    )
    return np.arange(units) if is_row else spiking


def _as_type(stated: np.ndarray, ids: np.ndarray, key: str) -> list[Identity]:
    """The stated ids in the type of the file's: 7 names the unit `7` of a file of texts."""
    wanted = identities(stated)
    if ids.dtype.kind in "US":
        wanted = [str(value) for value in wanted]
    elif stated.dtype.kind in "US":
        texts = [value for value in wanted if not str(value).removeprefix("-").isdecimal()]
        if texts:
            raise DataError(
                f"`{key}` names unit '{texts[0]}', but the units of the spikes are numbers",
                f"They are {_some(ids)}.",
            )
        wanted = [int(value) for value in wanted]
    refuse_twice(wanted, key)
    return wanted


def _some(ids: np.ndarray) -> str:
    names = [str(identity) for identity in identities(ids)]
    return ", ".join(names[:5]) + (f" ... ({len(names)})" if len(names) > 5 else "")
