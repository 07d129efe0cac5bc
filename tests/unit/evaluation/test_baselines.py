"""Matched baselines: chosen on validation alone, refitted for the test figure, above chance where
there is signal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import dataset, session
from sklearn.neighbors import KNeighborsRegressor

from raylab.config.training import EvaluationConfig
from raylab.config.view import ViewConfig
from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.data.views.view import make_timeline, view_activity
from raylab.evaluation.baselines import Baselines

CONFIG = EvaluationConfig(neighbours=(1, 5, 25))
LABELS = ["position", "heading", "choice"]


@pytest.fixture(autouse=True)
def _few_views(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raylab.evaluation.baselines.SMOOTHING_SAMPLES", (0, 4))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(tmp_path_factory.mktemp("baselines") / "ds", session(samples=300))


def test_scores_have_the_published_shape(made: Dataset) -> None:
    found = Baselines(made, CONFIG, LABELS).scores("valid")
    assert set(found) == {"raw", "smoothed", "pca", "chance"}
    for entry in found.values():
        assert set(entry) == set(LABELS)
        assert set(entry["position"]) == set(entry["heading"]) == {"r2", "median_abs_error"}
        assert set(entry["choice"]) == {"balanced_accuracy", "accuracy"}
    assert found["raw"]["position"]["r2"] > found["chance"]["position"]["r2"] + 0.3
    assert (
        found["smoothed"]["position"]["r2"] >= found["raw"]["position"]["r2"]
    )  # raw is among its choices


def test_choices_are_made_without_the_test_split(made: Dataset, tmp_path: Path) -> None:
    original = session(samples=300)
    random = np.random.default_rng(5)
    neural = original.neural.copy()
    neural[240:] = random.normal(40, 9, neural[240:].shape)
    labels: dict[str, Label] = {}
    for name, label in original.labels.items():
        values = label.values.copy()
        values[240:] = random.permutation(values[240:])
        labels[name] = Label(kind=label.kind, values=values, unit=label.unit, classes=label.classes)
    changed = dataset(tmp_path / "ds", session(samples=300, neural=neural, labels=labels))
    settings: list[Any] = []
    for one in (made, changed):
        for split in ("valid", "test"):
            baselines = Baselines(one, CONFIG, LABELS)
            baselines.scores(split)
            settings.append(baselines.settings)
    assert settings[0] == settings[1] == settings[2] == settings[3]
    assert Baselines(made, CONFIG, LABELS).scores("valid") == Baselines(
        changed, CONFIG, LABELS
    ).scores("valid")


def test_test_scores_refit_the_choice_on_train_and_valid(made: Dataset) -> None:
    baselines = Baselines(made, CONFIG, ["position"])
    found = baselines.scores("test")["smoothed"]["position"]
    chosen = baselines.settings["smoothed"]["position"]["rat"]
    view = ViewConfig(smoothing_ms=chosen["smoothing_ms"], zscore=chosen["zscore"])
    one = made.open("rat")
    activity, _ = view_activity(one, view)
    truth = one.labels["position"].values
    oracle = KNeighborsRegressor(chosen["neighbours"], metric=chosen["distance"]).fit(
        activity[:240], truth[:240]
    )
    assert oracle.score(activity[240:], truth[240:]) == pytest.approx(found["r2"], abs=1e-4)


def test_components_are_fitted_on_training_samples(made: Dataset, tmp_path: Path) -> None:
    """PCA of data whose validation has another direction of variance must not turn towards it."""
    neural = session(samples=300).neural.copy()
    neural[180:240, 0] += 1000 * np.random.default_rng(0).normal(size=60)
    changed = dataset(tmp_path / "ds", session(samples=300, neural=neural))
    projected = []
    for one in (made, changed):
        baselines = Baselines(one, CONFIG, ["position"])
        activity = one.open("rat").neural
        _, found = baselines._components(
            activity, make_timeline(one.open("rat"), ViewConfig()), "position"
        )
        projected.append(found[:180, :1])
    np.testing.assert_allclose(projected[0], projected[1], atol=1e-4)


def test_sessions_are_averaged(tmp_path: Path) -> None:
    single = [
        dataset(tmp_path / name, session(name, samples=300, seed=seed))
        for seed, name in enumerate("ab")
    ]
    both = dataset(
        tmp_path / "both", session("a", samples=300, seed=0), session("b", samples=300, seed=1)
    )
    apart = [
        Baselines(one, CONFIG, ["position"]).scores("valid")["raw"]["position"]["r2"]
        for one in single
    ]
    together = Baselines(both, CONFIG, ["position"]).scores("valid")["raw"]["position"]["r2"]
    assert together == pytest.approx(np.mean(apart))


def test_a_label_unlabelled_in_validation_is_left_out(tmp_path: Path) -> None:
    values = session(samples=300).labels["position"].values.copy()
    values[180:240] = np.nan
    labels = {"position": Label.continuous(values), "choice": session(samples=300).labels["choice"]}
    made = dataset(tmp_path / "ds", session(samples=300, labels=labels))
    found = Baselines(made, CONFIG, ["position", "choice"]).scores("valid")
    assert "position" not in found["raw"]
    assert "choice" in found["raw"]
