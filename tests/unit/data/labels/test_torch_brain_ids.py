"""Stored numbers of stimuli that stand for none are unlabelled and never wrap around."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from raylab.data.readers.read import read_source
from raylab.data.readers.source import Source
from raylab.data.session import Label, Session
from raylab.data.synth import write_session


def changed(folder: Path, column: str, change: Any) -> tuple[Session, Session]:
    """A synthetic session as it is written, and with one column of its stimuli changed."""
    path = write_session(folder / "a.h5", samples=3000, units=3)
    whole = read_source(Source(path))
    with h5py.File(path, "r+") as file:
        attributes, values = dict(file[column].attrs), file[column][:]
        del file[column]
        file[column] = change(values)
        file[column].attrs.update(attributes)
    return whole, read_source(Source(path))


def names(label: Label) -> list[str | None]:
    """The class of each sample, None where unlabelled."""
    return [label.classes[code] if code >= 0 else None for code in label.values]


@pytest.mark.parametrize(
    ("label", "column", "bad"),
    [
        ("orientation", "drifting_gratings/orientation_id", -1),
        ("orientation", "drifting_gratings/orientation_id", 8),
        ("temporal_frequency", "drifting_gratings/temporal_frequency_id", -1),
        ("temporal_frequency", "drifting_gratings/temporal_frequency_id", np.nan),
        ("temporal_frequency", "drifting_gratings/temporal_frequency_id", 5),
        ("movie_frame", "natural_movie_one/frame", -1),
        ("movie_frame", "natural_movie_one/frame", 0.5),
    ],
)
def test_ids_beyond_the_table(tmp_path: Path, label: str, column: str, bad: float) -> None:
    whole, session = changed(tmp_path, column, lambda ids: np.where(ids == 0, bad, ids))
    first = whole.labels[label].classes[0]
    expected = [None if name == first else name for name in names(whole.labels[label])]
    assert first in names(whole.labels[label])
    assert names(session.labels[label]) == expected
    assert any(f"`{label}` is unlabelled there" in note for note in session.notes)
    assert not any("unlabelled" in note for note in whole.notes)


def test_a_repeat_without_number_is_no_group(tmp_path: Path) -> None:
    whole, session = changed(
        tmp_path, "natural_movie_one/repeat", lambda ids: np.where(ids == 0, np.nan, ids)
    )
    group = whole.groups["movie_repeat"]
    np.testing.assert_array_equal(session.groups["movie_repeat"], np.where(group == 0, -1, group))
