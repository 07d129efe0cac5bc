"""The table of metrics: one entry decides what a metric is, for every family and every report.

A metric of an installed package is the worked example of docs/extending.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_search import drive
from helpers import dataset, session
from plugin_packages import install

from raylab.config.parse import parse_trial
from raylab.data.dataset import Dataset
from raylab.errors import ConfigError
from raylab.evaluation import metrics
from raylab.evaluation.metrics import package_of_metric
from raylab.evaluation.scores import chance_scores, score_predictions
from raylab.reporting.tables.alternatives import shown_metrics
from raylab.tasks.families import get_task
from raylab.training.worker import TrialJob, run_round, start
from raylab.tuning.outcome import report
from raylab.tuning.planning.study_plan import make_plan
from raylab.tuning.run import create_study


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, *change: str) -> None:
    """The package of docs/extending.md, installed for this process; its code with one change."""
    install(folder, "A metric")
    module = folder / "label_correlation" / "metric.py"
    module.write_text(module.read_text().replace(*change) if change else module.read_text())
    monkeypatch.syspath_prepend(folder)
    for name in ("label_correlation", "label_correlation.metric"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    forget()


def forget() -> None:
    metrics._added.cache_clear()
    metrics.scores_of.cache_clear()


@pytest.fixture(autouse=True)
def _own_table() -> Iterator[None]:
    yield
    forget()


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    return dataset(tmp_path / "ds", session())


# -- the table -------------------------------------------------------------------------------------


def test_names_are_unique_and_directions_fit_bounds() -> None:
    names = [metric.name for metric in metrics.table()]
    assert len(names) == len(set(names))
    for metric in metrics.table():
        assert metric.bounds[0] < metric.bounds[1]
        assert bool(metric.kinds) == (metric.measure is not None)
        if metric.complement:
            assert (metric.mode, metric.bounds[1]) == ("max", 1)


@pytest.mark.parametrize("kind", ["contrastive", "vqvae", "decoder"])
def test_what_a_family_declares_is_in_the_table(kind: str, data: Dataset) -> None:
    sections: dict[str, Any] = {"task": {"kind": kind, "label": "position"}}
    if kind == "vqvae":
        sections["behaviour"] = {"label": "position"}
    config = parse_trial(sections, "test")
    for name, mode in get_task(config).metrics(config, data.sessions).items():
        metric = metrics.find(name)
        assert metric is not None, name
        assert metric.mode == mode


def test_each_label_kind_has_one_primary_score() -> None:
    for kind in ("continuous", "circular", "discrete"):
        assert sum(metric.primary for metric in metrics.scores_of(kind)) == 1
    assert metrics.primary("circular") == "r2"
    assert metrics.primary_among({"accuracy": 0.5, "balanced_accuracy": 0.4}) == "balanced_accuracy"
    assert metrics.primary_among({}) == ""


def test_a_metric_of_one_label_is_found_by_its_last_part() -> None:
    found = metrics.find("decoding.position.r2")
    assert found is not None
    assert found.name == "decoding.r2"
    assert metrics.find("goodness") is None
    assert metrics.is_objective("of_a_family_elsewhere")
    assert not metrics.is_objective("loss")


# -- a metric of an installed package --------------------------------------------------------------


def test_an_installed_metric_is_an_objective(
    tmp_path: Path, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = {
        "task": {"kind": "contrastive", "label": "position"},
        "base": {"training": {"max_steps": 5, "validate_every": 5, "batch_size": 32}},
        "objective": {"metric": "decoding.correlation"},
        "search": {"model.output_dimension": {"int": [2, 6]}},
        "sampler": {"kind": "random"},
        "budget": {"trials": 2},
    }
    with pytest.raises(ConfigError, match=r"decoding\.correlation' does not exist here"):
        make_plan(space, data.path)
    installed(tmp_path / "site", monkeypatch)
    plan = make_plan(space, data.path)
    assert plan.modes == {"decoding.correlation": "max"}
    study = create_study(tmp_path / "study", plan, "search")
    (plugin,) = study.description["plugins"]
    assert (plugin["group"], plugin["name"]) == ("raylab.metrics", "decoding.correlation")
    assert plugin["package"] == package_of_metric("decoding.correlation") != ""
    seen = []

    def train(params: dict[str, Any]) -> dict[str, Any]:
        config = plan.space.config(params).model_dump(mode="json")
        name = f"{len(seen):04d}"
        job = TrialJob(name, str(tmp_path / name), str(data.path), config)
        scores = run_round(start(job), job)
        seen.append(scores)
        return report({"metrics": scores}, objectives=plan.space.metrics)

    drive(plan.space, tmp_path, train, modes=["max"], trials=2)
    assert len(seen) == 2
    for scores in seen:
        assert -1 <= scores["decoding.correlation"] <= 1
        assert "decoding.r2" in scores
    shown = shown_metrics({"alternatives": {"a": {"metrics": seen[0]}}})
    assert "decoding.correlation" in shown


def test_chance_of_an_installed_metric_is_that_of_the_mean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path / "site", monkeypatch)
    values = np.random.default_rng(0).normal(size=(50, 2))
    assert chance_scores("continuous", values, values)["correlation"] == pytest.approx(0)
    assert score_predictions("continuous", values, 3 * values)["correlation"] == pytest.approx(1)
    assert "correlation" not in score_predictions("discrete", np.arange(3), np.arange(3))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("CORRELATION =", "OTHER ="), "cannot be imported"),
        (('"decoding.correlation"', '"decoding.r2"'), "'decoding.r2' exists already"),
        (('"decoding.correlation"', '"correlation"'), "its name begins with 'decoding.'"),
        (('mode="max"', 'mode="max", primary=True'), "is primary"),
        (("= Metric(", "= dict("), "it is no raylab.evaluation.metrics.Metric"),
    ],
)
def test_a_metric_that_does_not_fit_is_left_out_with_a_warning(
    change: tuple[str, str], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path / "site", monkeypatch, *change)
    with pytest.warns(UserWarning, match=reason):
        assert len(metrics.table()) == len(metrics._OWN)
