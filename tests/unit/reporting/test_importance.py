"""The importance of parameters is shown when enough trials completed."""

from __future__ import annotations

import numpy as np
import pytest
from fake_study import ended, started

from raylab.reporting.importance import FEWEST, importance
from raylab.tracking.events import Event
from raylab.tracking.records import TrialRecord, records


def trials(count: int) -> list[TrialRecord]:
    """The score depends on x and not on y."""
    events: list[Event] = []
    for number, (x, y) in enumerate(np.random.default_rng(0).random((count, 2))):
        name = f"{number:04d}"
        events += [started(name, x=float(x), y=float(y)), ended(name, "completed", float(x))]
    return records(events, live=False)


def test_few_trials_have_no_importance() -> None:
    assert FEWEST == 20
    assert importance(trials(FEWEST - 1), "max") is None


def test_the_parameter_that_decides_is_first() -> None:
    shares = importance(trials(40), "max")
    assert shares is not None
    assert list(shares) == ["x", "y"]
    assert shares["x"] == pytest.approx(1, abs=0.1)
