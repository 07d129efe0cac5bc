"""Drafted clocks that have more stamps than samples, and rates of settings; run as written."""

from __future__ import annotations

from pathlib import Path

import joblib
import numpy as np
import pytest
from lab_files import drafted_session
from numpy.typing import NDArray
from scipy.io import savemat

import raylab

TRACES = np.random.default_rng(0).uniform(100, 200, (300, 12)).astype(np.float32)


@pytest.mark.parametrize("per_second", [1.0, 1000.0])
def test_the_first_of_a_few_more_stamps_are_taken(per_second: float, tmp_path: Path) -> None:
    stamps = np.arange(305) * 0.05 * per_second
    stamps = stamps.astype(int) if per_second > 1 else stamps
    np.savez(tmp_path / "a.npz", dff=TRACES, frame_times=stamps, speed=TRACES[:, 0] ** 2)
    draft = raylab.draft(tmp_path / "a.npz")
    assert draft.recipe["time"]["take"] == "first"
    assert any("305 stamps" in check and "300 samples" in check for check in draft.checks)
    assert drafted_session(tmp_path / "a.npz").rate_hz == pytest.approx(20)


def test_the_stamps_of_labels_are_not_those_of_the_activity(tmp_path: Path) -> None:
    speed = np.random.default_rng(1).uniform(0, 9, 320)
    np.savez(tmp_path / "a.npz", dff=TRACES, speed=speed, time=np.arange(320) / 20)
    assert raylab.draft(tmp_path / "a.npz").recipe["time"] == {"rate_hz": 30.0}


@pytest.mark.parametrize(
    ("settings", "rate_hz", "doubtful"),
    [
        ({"plane0/ops": {"nplanes": 1}}, 30, True),
        ({"plane0/ops": {"nplanes": 1}, "ops1": [{"fs": 15.0}]}, 15, False),
        ({"ops1": [{"fs": np.float64(15)}, {"fs": 15.0}]}, 15, False),
        ({"plane0/ops": {"fs": 20.0}, "ops1": [{"fs": 15.0}]}, 20, False),
    ],
)
def test_the_rate_of_suite2p(
    settings: dict[str, object], rate_hz: float, doubtful: bool, tmp_path: Path
) -> None:
    folder = tmp_path / "suite2p"
    (folder / "plane0").mkdir(parents=True)
    np.save(folder / "plane0" / "F.npy", TRACES.T)
    np.save(folder / "plane0" / "iscell.npy", np.ones((12, 2)))
    for name, value in settings.items():
        array: NDArray[np.object_] = np.array(value, dtype=object)
        np.save(folder / f"{name}.npy", array, allow_pickle=True)
    assert drafted_session(folder).rate_hz == rate_hz
    assert any(check.startswith("fs") for check in raylab.draft(folder).checks) == doubtful


@pytest.mark.parametrize("ending", ["pkl", "npz", "mat"])
@pytest.mark.parametrize(
    ("name", "value", "doubtful"), [("fs", 20, False), ("dt", 0.05, True), ("dt_ms", 50, False)]
)
def test_a_lone_number_is_the_rate(
    name: str, value: float, doubtful: bool, ending: str, tmp_path: Path
) -> None:
    path, arrays = tmp_path / f"a.{ending}", {"dff": TRACES, name: value}
    if ending == "pkl":
        joblib.dump(arrays, path)
    elif ending == "mat":
        savemat(path, arrays)
    else:
        np.savez(path, **arrays)  # type: ignore[arg-type]
    assert drafted_session(path).rate_hz == pytest.approx(20)
    assert any(check.startswith("time") for check in raylab.draft(path).checks) == doubtful
