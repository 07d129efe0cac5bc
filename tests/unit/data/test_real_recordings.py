"""The shipped recipes on the published recordings: sizes, labels and segments as their README
states them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from raylab.data.load_recipe import load_recipe, recipe_names
from raylab.data.readers.read import read_source
from raylab.data.readers.sources import list_sources
from raylab.data.session import Session

pytestmark = pytest.mark.real_data


def folder(real_data: Path, name: str) -> Path:
    """Where the recordings of a recipe are."""
    return real_data / {"worm_nwb": "nwb"}.get(name, name)


def read(real_data: Path, name: str) -> list[Session]:
    recipe = load_recipe(name)
    sources = list_sources(folder(real_data, name), recipe)
    return [read_source(source, recipe) for source in sources]


@pytest.mark.parametrize(
    "name", [name for name in recipe_names() if not name.startswith(("allen_", "synthetic_"))]
)
def test_folder_and_file_give_the_same_sources(real_data: Path, name: str) -> None:
    recipe = load_recipe(name)
    sources = list_sources(folder(real_data, name), recipe)
    assert sources
    assert [
        one for path in sorted({s.path for s in sources}) for one in list_sources(path, recipe)
    ] == sources


def test_hippocampus(real_data: Path) -> None:
    (session,) = read(real_data, "hippocampus")
    assert (session.id, session.neural.shape, session.rate_hz) == ("buddy", (6577, 48), 40)
    assert session.neural.max() == 4
    assert list(session.labels) == ["position", "direction"]
    position, direction = session.labels["position"], session.labels["direction"]
    assert position.values.shape == (6577, 1)
    assert (position.values.min(), position.values.max()) == pytest.approx((0, 1.6), abs=1e-3)
    assert np.bincount(direction.values).tolist() == [3454, 3123]
    assert session.segments.tolist() == [[0, 6577]]  # cut by lap, segments would tell the direction


def test_motor_cortex(real_data: Path) -> None:
    te, tr = read(real_data, "motor_cortex")
    assert (te.id, te.neural.shape) == ("chewie_demo_te", (1818, 71))
    assert (tr.id, tr.neural.shape) == ("chewie_demo_tr", (1200, 71))
    for session in (te, tr):
        velocity, target = session.labels["velocity"].values, session.labels["target"]
        assert velocity.shape[1] == 2
        assert target.classes == ("0", "1", "2", "3")
        steps = [np.abs(np.diff(velocity[a:b], axis=0)).max() for a, b in session.segments]
        assert max(steps) < 3  # across a joint it is 18 on average
        assert all(len(set(target.values[a:b])) == 1 for a, b in session.segments)


def test_head_direction(real_data: Path) -> None:
    (session,) = read(real_data, "head_direction")
    assert session.neural.shape == (21157, 19)  # 212,078 samples of 10 ms; bins do not cross pauses
    assert session.rate_hz == pytest.approx(10)
    angle = session.labels["angle"]
    assert angle.kind == "circular"
    assert 0 <= np.nanmin(angle.values) <= np.nanmax(angle.values) <= 2 * np.pi
    assert len(session.units["preferred_angle"]) == 19
    assert len(session.segments) == 105


def test_worm(real_data: Path) -> None:
    sessions = read(real_data, "worm")
    assert [session.neural.shape for session in sessions] == [
        (799, 130),
        (800, 146),
        (800, 145),
        (800, 130),
    ]
    for session in sessions:
        assert 1.3 < session.rate_hz < 1.7
        assert list(session.labels)[:3] == ["velocity", "reversal", "head_angle"]
        assert session.labels["reversal"].classes == ("0", "1")
        assert all(label.labelled.all() for label in session.labels.values())


def test_zebrafish(real_data: Path) -> None:
    (session,) = read(real_data, "zebrafish")
    assert (session.neural.shape, session.labels) == ((4245, 114), {})
    assert session.units["position"].shape == (114, 2)


def test_orbitofrontal(real_data: Path) -> None:
    (session,) = read(real_data, "orbitofrontal")
    assert session.neural.shape == (308 * 20, 15)
    assert session.segments.tolist() == [[20 * trial, 20 * trial + 20] for trial in range(308)]
    assert list(session.labels) == ["stim", "choice", "correct", "ratio"]
    assert session.labels["stim"].classes == ("1", "2")
    assert session.neural.sum() == 136474 - 107087
    for start, stop in session.segments:
        assert len(set(session.labels["stim"].values[start:stop])) == 1


def test_worm_nwb(real_data: Path) -> None:
    (session,) = read(real_data, "worm_nwb")
    assert (session.id, session.neural.shape) == ("BrainScanner20180223_141721", (2244, 62))
    assert session.rate_hz == pytest.approx(6, abs=0.001)  # frames by time between pauses
    assert session.labels["position"].values.shape == (2244, 2)
    assert len(session.segments) == 8  # pauses of 1 to 41 s


def test_fly(real_data: Path) -> None:
    sessions = read(real_data, "fly")
    assert len(sessions) == 10
    for session in sessions:
        assert session.neural.shape == (750, 16)
        assert session.rate_hz == pytest.approx(80 / 7, rel=1e-3)  # 7 frames of 12.5 ms a volume
    # The bump of activity follows the heading, up to a constant angle, at the same moment.
    session = next(each for each in sessions if "0425_Fly1" in each.id and "RROI" in each.id)
    activity = session.neural - session.neural.min(1, keepdims=True)
    bump = np.angle(activity @ np.exp(2j * np.pi * np.arange(16) / 16))
    heading = session.labels["heading"].values[:, 0]
    coherence = {
        lag: abs(np.nanmean(np.exp(1j * (bump - np.roll(heading, lag))))) for lag in range(-20, 21)
    }
    assert coherence[0] > 0.8
    assert abs(max(coherence, key=lambda lag: coherence[lag])) <= 1


def test_reaching(real_data: Path) -> None:
    (session,) = read(real_data, "reaching")
    assert (session.neural.shape, session.rate_hz, len(session.segments)) == ((18203, 98), 50, 800)
    lengths = np.diff(session.segments, axis=1)
    assert (lengths.min(), lengths.max()) == (19, 39)
    assert session.labels["direction"].classes == tuple("12345678")
    assert session.labels["hand"].values[0].tolist() == [-13.454, -8.0071, -17.89]
    assert any("copies" in note for note in session.notes)
