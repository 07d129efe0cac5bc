"""What looks wrong in the activity of a recording is refused, or said in a note."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raylab.data.checks.reading import Reading
from raylab.data.checks.table import checked
from raylab.data.session import Session
from raylab.errors import DataError
from tests.support.recipes import read_arrays

SAMPLES = 120
RANDOM = np.random.default_rng(0)
RATES = RANDOM.normal(size=(SAMPLES, 5))
COUNTS = RANDOM.poisson(2.0, (SAMPLES, 5))


def notes_of(folder: Path, x: Any, kind: str = "rate", *, rate_hz: float = 10, **more: Any) -> str:
    """The notes on one array of activity; `more` are further keys of `neural`."""
    keys = {"neural": {"path": "x", "kind": kind, **more}, "time": {"rate_hz": rate_hz}}
    return " ".join(read_arrays(folder, {"x": x}, **keys).notes)


@pytest.mark.parametrize(("x", "kind"), [(RATES, "rate"), (RATES, "calcium"), (COUNTS, "counts")])
def test_nothing_is_said_of_good_activity(tmp_path: Path, x: np.ndarray, kind: str) -> None:
    assert notes_of(tmp_path, x, kind) == ""


def test_more_units_than_samples(tmp_path: Path) -> None:
    wide = RANDOM.normal(size=(60, 300))
    with pytest.raises(DataError, match=r"more units \(300\) than samples \(60\)") as error:
        notes_of(tmp_path, wide)
    assert "neural.layout: neuron_time" in error.value.remedy
    stated = notes_of(tmp_path, wide, layout="time_neuron")
    assert "more units (300) than samples (60), as `neural.layout: time_neuron` says" in stated
    assert notes_of(tmp_path, wide, layout="neuron_time") == ""


def test_a_pattern_of_many_vectors_has_no_layout(tmp_path: Path) -> None:
    vectors = {f"unit{number}": RATES[:40, 0] * number for number in range(1, 60)}
    keys = {"neural": {"path": "unit*", "kind": "rate"}, "time": {"rate_hz": 10}}
    assert read_arrays(tmp_path, vectors, **keys).neural.shape == (40, 59)


@pytest.mark.parametrize("x", [RATES, COUNTS - 1, COUNTS / 2], ids=["z", "negative", "halves"])
def test_counts_that_are_none(tmp_path: Path, x: np.ndarray) -> None:
    with pytest.raises(DataError, match="negative or not whole") as error:
        notes_of(tmp_path, x, "counts")
    assert "`neural.kind: calcium`" in error.value.remedy


def test_counts_that_no_neuron_has(tmp_path: Path) -> None:
    brightness = RANDOM.integers(200, 4000, (SAMPLES, 5))
    assert "5 units have more than 1000 counts per second" in notes_of(
        tmp_path, brightness, "counts"
    )
    assert notes_of(tmp_path, brightness, "calcium") == ""


@pytest.mark.parametrize("kind", ["calcium", "rate"])
def test_activity_that_is_rather_counts(tmp_path: Path, kind: str) -> None:
    assert "is the kind of the activity counts" in notes_of(tmp_path, COUNTS, kind)


def test_a_value_that_marks_missing_data(tmp_path: Path) -> None:
    x = RATES.copy()
    x[5, 1] = -1e20
    assert "1 of 5 units have a value as large as -1e+20" in notes_of(tmp_path, x)


def test_units_that_are_copies(tmp_path: Path) -> None:
    silent = np.zeros((SAMPLES, 2))
    x = np.concatenate([COUNTS, COUNTS[:, [3, 1]], silent], axis=1)
    assert notes_of(tmp_path, x, "counts") == (
        "2 of 9 units are copies of another unit: units 5 and 6."
    )


def test_statistics_do_not_depend_on_how_the_activity_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = Session(
        id="a",
        neural=np.concatenate([COUNTS, COUNTS], axis=1).astype(np.float32),
        kind="counts",
        time=np.arange(SAMPLES) / 10,
        rate_hz=10,
        segments=np.array([[0, SAMPLES]]),
    )
    assert "units 5, 6, 7, 8 and 9" in checked(session).notes[0]
    monkeypatch.setattr("raylab.data.checks.reading.CELLS", 70)
    small = Reading(session).units
    assert small.whole.all()
    assert small.mean == pytest.approx(session.neural.mean(axis=0), rel=1e-6)
    assert (small.hashes[:5] == small.hashes[5:]).all()
    assert len(set(small.hashes.tolist())) == 5
