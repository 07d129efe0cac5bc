"""Recordings whose clock jitters, interpolated onto a uniform clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raylab.errors import DataError
from tests.support.recipes import read_arrays

JITTER = np.random.default_rng(0).uniform(-0.3, 0.3, 400)
STAMPS = (np.arange(400) + JITTER) / 20 + np.where(np.arange(400) < 150, 0, 30)
PAUSE = 20.0  # a time between the two segments


def recording(kind: str = "rate") -> tuple[dict[str, Any], dict[str, Any]]:
    arrays = {
        "x": np.stack([np.abs(STAMPS - PAUSE), np.sin(STAMPS)], axis=1),
        "t": STAMPS,
        "angle": STAMPS % (2 * np.pi),
        "side": np.where(STAMPS < 35, "left", "right"),
        "trial": (STAMPS > 35).astype(int),
    }
    keys = {
        "neural": {"path": "x", "kind": kind},
        "time": {"path": "t", "resample": True},
        "labels": {
            "angle": {"path": "angle", "kind": "circular"},
            "side": {"path": "side", "kind": "discrete"},
        },
        "groups": {"trial": "trial"},
        "given": {"train": "trial"},
    }
    return arrays, keys


def test_activity_and_labels_lie_on_a_uniform_clock(tmp_path: Path) -> None:
    arrays, keys = recording()
    session = read_arrays(tmp_path, arrays, **keys)
    assert session.rate_hz == pytest.approx(20, rel=0.01)
    cut = session.segments[1, 0]
    assert session.segments.tolist() == [[0, cut], [cut, len(session.time)]]
    for start, stop in session.segments:
        np.testing.assert_allclose(np.diff(session.time[start:stop]), 1 / session.rate_hz)
    np.testing.assert_allclose(session.neural[:, 0], np.abs(session.time - PAUSE), atol=1e-4)
    np.testing.assert_allclose(session.neural[:, 1], np.sin(session.time), atol=2e-3)
    angle = session.labels["angle"].values[:, 0]
    assert np.abs(np.angle(np.exp(1j * (angle - session.time)))).max() < 1e-6
    assert session.given is not None
    begin = session.given["train"][0, 0]
    assert session.time[begin] > 34.9 >= session.time[begin - 2]
    assert (session.groups["trial"] == (np.arange(len(session.time)) >= begin)).all()
    assert "interpolated onto a uniform clock" in session.notes[-1]


def test_counts_are_not_interpolated(tmp_path: Path) -> None:
    arrays, keys = recording("counts")
    with pytest.raises(DataError, match="cannot interpolate counts"):
        read_arrays(tmp_path, arrays, **keys)
