"""Scores of several sessions and animals: medians, quartiles and counts, in the result and as
printed.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command import run
from helpers import dataset, session, small_study

from raylab.evaluation.summaries import summaries, summarised

SESSIONS = {
    "a1": {"position": {"r2": 0.1}, "choice": {"accuracy": 0.9}},
    "a2": {"position": {"r2": 0.5}},
    "a3": {"position": {"r2": 0.9}},
    "b1": {"position": {"r2": 0.2}},
    "lost": {"position": {"r2": -1.0}},
    "none": {},
}
ANIMALS = {"a1": "a", "a2": "a", "a3": "a", "b1": "b", "lost": "", "none": "b"}


def test_animals_are_summarised_over_their_sessions_and_all_over_animals() -> None:
    found = summaries(SESSIONS, ANIMALS)
    assert list(found["animals"]) == ["a", "b"]
    assert found["animals"]["a"]["position"]["r2"] == {
        "median": pytest.approx(0.5), "quartiles": pytest.approx([0.3, 0.7]), "n": 3,
    }  # fmt: skip
    assert found["animals"]["a"]["choice"]["accuracy"]["n"] == 1
    assert found["animals"]["b"]["position"]["r2"] == {
        "median": 0.2,
        "quartiles": [0.2, 0.2],
        "n": 1,
    }
    # A session whose animal is not known counts as a session, and as no animal.
    assert found["summary"]["sessions"]["position"]["r2"]["n"] == 5
    assert found["summary"]["sessions"]["position"]["r2"]["median"] == 0.2
    assert found["summary"]["animals"]["position"]["r2"] == {
        "median": pytest.approx(0.35), "quartiles": pytest.approx([0.275, 0.425]), "n": 2,
    }  # fmt: skip


def test_quartiles_are_those_of_numpy() -> None:
    values = np.random.default_rng(0).normal(size=11).tolist()
    found = summarised([{"x": {"r2": value}} for value in values])["x"]["r2"]
    assert [found["quartiles"][0], found["median"], found["quartiles"][1]] == np.quantile(
        values, [0.25, 0.5, 0.75]
    ).tolist()


def test_evaluate_prints_and_stores_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raylab.evaluation.baselines.SMOOTHING_SAMPLES", (0, 4))
    made = [
        session(name, seed=seed, animal=name[0]) for seed, name in enumerate(("x1", "x2", "y1"))
    ]
    study = small_study(tmp_path / "study", dataset(tmp_path / "ds", *made), scores=(0.5,))
    code, out, err = run(capsys, "evaluate", study.path)
    assert code == 0, err
    stored = json.loads(study.evaluation_path("valid").read_text())
    own = [stored["sessions"][name]["position"]["r2"] for name in ("x1", "x2")]
    assert stored["animals"]["x"]["position"]["r2"]["median"] == pytest.approx(np.median(own))
    assert [stored["summary"][of]["position"]["r2"]["n"] for of in ("sessions", "animals")] == [
        3,
        2,
    ]
    assert all(
        name in out
        for name in ("x1", "y1", "animal x", "animal y", "all sessions", "all animals", "), 3")
    )
