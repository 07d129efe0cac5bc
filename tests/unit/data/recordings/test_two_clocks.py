"""Devices that stamp their own samples, and clocks that share one event."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recipes import read_arrays

from raylab.errors import RaylabError

VOLUMES, FRAMES = 100, 7
TICK = 1e-4
# Frames of 12.5 ms, stamped by a device that started 2 s before the first picture of the screen.
STAMPS = 20000 + 125 * np.arange(VOLUMES * FRAMES) + 500
SCREEN = 20000 + 83 * np.arange(2000)
BALL = 3.25 + np.arange(0, 9.5, 1 / 120)  # the ball's own seconds; 3.25 is the first picture
ARRAYS = {
    "x": np.random.default_rng(0).normal(size=(VOLUMES, 3)),
    "frames": STAMPS,
    "screen": SCREEN,
    "ball": BALL,
    "turn": BALL - BALL[0],
}
TIME: dict[str, Any] = {"path": "frames", "tick_s": TICK, "every": FRAMES, "zero": "screen"}
TURN = {"path": "turn", "kind": "continuous", "time": "ball", "time_zero": "ball"}


def test_frames_of_a_volume_and_a_ball_with_its_own_clock(tmp_path: Path) -> None:
    session = read_arrays(
        tmp_path,
        ARRAYS,
        neural={"path": "x", "kind": "calcium"},
        time=TIME,
        labels={"turn": TURN},
    )
    since_screen = (STAMPS[::FRAMES] - SCREEN[0]) * TICK
    assert np.allclose(session.time, since_screen)
    assert session.rate_hz == pytest.approx(1 / (FRAMES * 0.0125))
    label = session.labels["turn"]
    assert label.labelled.all()
    assert np.allclose(label.values[:, 0], since_screen)


@pytest.mark.parametrize(
    ("time", "message"),
    [
        ({"rate_hz": 80, "every": 7}, "`every` needs `path`"),
        ({"path": "frames", "tick_s": TICK, "unit": "ms"}, "`unit` or `tick_s`"),
        ({**TIME, "zero": "scren"}, "time.zero"),
        ({**TIME, "every": 5}, "140 time stamps, neural data 100 samples"),
    ],
)
def test_what_does_not_fit(tmp_path: Path, time: dict[str, Any], message: str) -> None:
    with pytest.raises(RaylabError, match=message):
        read_arrays(tmp_path, ARRAYS, neural={"path": "x", "kind": "calcium"}, time=time)
