"""A laboratory's files are drafted, prepared as drafted, and decode as their arrays do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import lab_forms
import numpy as np
import pytest
from lab_files import RATE, Recording, recording
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsRegressor

import raylab
from raylab.data.session import Session
from raylab.errors import DataError

pytestmark = pytest.mark.ray
Form = Callable[[Path, Recording], Path]
MADE = recording(1, frames=3000, cells=40)
CLOSE = 0.02
POSITIONS = ("position", "pos", "labels", "nose")


def prepared(source: Path, folder: Path) -> Session:
    """The only session of a dataset that is prepared with the drafted recipe, as it is written."""
    recipe = folder / "recipe.yaml"
    raylab.draft(source, out=recipe)
    dataset = raylab.prepare(source, recipe=recipe, out=folder / "dataset").dataset
    return dataset.recorded(next(iter(dataset.sessions)))


def expected(form: Form) -> tuple[np.ndarray, np.ndarray]:
    """(T, N) activity of the units that a form selects, and (T,) position, from the simulation."""
    counts = np.stack(
        [np.histogram(unit, np.arange(len(MADE.time) + 1) / RATE)[0] for unit in MADE.spikes],
        axis=1,
    )
    number = np.arange(MADE.traces.shape[1])
    if form in (lab_forms.phy, lab_forms.nwb_units):
        units = number[number % 4 != 3] if form is lab_forms.phy else number
        return counts[:, units], np.interp(MADE.time + 0.5 / RATE, MADE.time, MADE.position)
    if form is lab_forms.suite2p:  # dF/F is a scale and an offset of each trace that drifts slowly
        return MADE.traces[:, number % 5 != 0], MADE.position
    return MADE.traces[:, ::2] if form is lab_forms.caiman else MADE.traces, MADE.position


def score(neural: np.ndarray, position: np.ndarray) -> float:
    """R2 on the second half of a recording, of a decoder that is fitted on the first half."""
    known = np.isfinite(position)
    neural, angle = neural[known], position[known] / 100 * 2 * np.pi
    target = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    half = len(neural) // 2
    neural = (neural - neural[:half].mean(0)) / neural[:half].std(0)
    decoder = KNeighborsRegressor(9).fit(neural[:half], target[:half])
    return float(decoder.score(neural[half:], target[half:]))


@pytest.mark.parametrize("form", lab_forms.CONTINUOUS, ids=lambda form: form.__name__)
def test_a_form_is_decoded_as_its_arrays(form: Form, tmp_path: Path) -> None:
    session = prepared(form(tmp_path, MADE), tmp_path)
    neural, position = expected(form)
    assert session.neural.shape[1] == neural.shape[1]
    (name,) = (name for name in session.labels if name in POSITIONS)
    given = score(neural, position)
    assert given > 0.5
    drafted = score(session.neural, session.labels[name].values[:, 0])
    assert drafted == pytest.approx(given, abs=CLOSE)


def test_trials_are_decoded_as_their_arrays(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    condition = rng.integers(0, 4, 100)
    tuning = rng.normal(size=(4, 40))
    course = np.sin(np.linspace(0, np.pi, 30))[None, :, None]
    activity = (rng.normal(size=(100, 30, 40)) + course * tuning[condition][:, None]).astype("f4")
    folder = tmp_path / "trials"
    folder.mkdir()
    np.save(folder / "activity.npy", activity)
    np.save(folder / "condition.npy", condition)
    session = prepared(folder, tmp_path)
    assert np.array_equal(session.neural, activity.reshape(3000, 40))
    assert len(session.segments) == 100
    label = session.labels["condition"]
    classes = np.array(label.classes).astype(int)[label.values]
    scores = [
        LogisticRegression(max_iter=500)
        .fit(neural[:1500], label[:1500])
        .score(neural[1500:], label[1500:])
        for neural, label in (
            (activity.reshape(3000, 40), np.repeat(condition, 30)),
            (session.neural, classes),
        )
    ]
    assert scores[0] > 0.5
    assert scores[1] == pytest.approx(scores[0], abs=CLOSE)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = lab_forms.hdf5(tmp_path, MADE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    with pytest.raises(DataError, match=r"mouse0\.h5: is truncated"):
        raylab.draft(path)
    recipe = {
        "format": "hdf5",
        "neural": {"path": "dff", "kind": "calcium"},
        "time": {"path": "t"},
    }
    with pytest.raises(DataError, match=r"mouse0\.h5: is truncated"):
        raylab.prepare(path, recipe=recipe, out=tmp_path / "dataset")
