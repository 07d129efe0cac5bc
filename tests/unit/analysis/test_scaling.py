"""Tables of a scaling study, from made-up records, and what is refused before anything starts. No
Ray.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from helpers import dataset, session

import raylab
from raylab.analysis.scaling.axes import FRACTION, Axes, Sizes
from raylab.analysis.scaling.laws import error_of, laws_of, width_number
from raylab.analysis.scaling.points import points_of, steps_per_second
from raylab.analysis.scaling.results import FittedLaw, RefusedLaw, Scaling
from raylab.cli import cli
from raylab.data.dataset import Dataset
from raylab.errors import ConfigError, StudyError
from raylab.reporting.figures.scaling import keep_scaling, scaling_figure
from raylab.reporting.tables.scaling import law_text
from raylab.space.settings import Resources
from raylab.tracking.records import TrialRecord

PATH = "model.encoder.hidden_units"
AXES = Axes(fractions=(0.125, 0.25, 0.5, 1.0), path=PATH, widths=(16, 32), workers=(1, 2), seeds=2)
SIZES = Sizes(
    samples={0.125: 100, 0.25: 200, 0.5: 400, 1.0: 800}, learnt={16: 1000, 32: 4000}, batch=64
)
SPACE: dict[str, Any] = {
    "task": {"kind": "contrastive"},
    "base": {"model.encoder.kind": "offset1", "training.max_steps": 4, "training.device": "cpu"},
    "search": {"optimizer.learning_rate": {"float": [1e-4, 1e-2]}},
}


def record(
    trial: str, score: float | None, rate: float, begin: float = 40.0, **params: Any
) -> TrialRecord:
    """Reports each 10 steps at a rate, the first `begin` seconds after the start."""
    history = tuple(
        (begin + 10 * at / rate, 10 * (at + 1), {"decoding.r2": 0.5}) for at in range(4)
    )
    state = "failed" if score is None else "completed"
    return TrialRecord(
        trial=trial, state=state, score=score, step=40, params=params, history=history, started=0.0
    )  # type: ignore[arg-type]


def made_up(workers: int) -> list[TrialRecord]:
    """R2 = 1 - 2 n^-0.5; a step of 16 units takes 0.1 s, of 32 units 0.2 s; two workers are 1.6
    times as fast.
    """
    speed = 1.0 if workers == 1 else 1.6
    return [
        record(
            f"{fraction}-{width}-{seed}",
            1 - 2 * SIZES.samples[fraction] ** -0.5,
            speed * 160 / width,
            **{FRACTION: fraction, PATH: width, "training.seed": seed},
        )
        for fraction in AXES.fractions
        for width in (16, 32)
        for seed in (0, 1)
    ]


@pytest.fixture(scope="module")
def result() -> Scaling:
    error, floor = error_of("decoding.r2", "max")
    records = {1: made_up(1), 2: made_up(2)}
    records[2][-1] = record("last", None, 9.0, **records[2][-1].params)
    points = points_of(records, AXES, SIZES, error)
    return Scaling(
        metric="decoding.r2",
        error=error,
        width_path=PATH,
        seeds=2,
        steps=40,
        batch=64,
        one_at_a_time=True,
        points=points,
        laws=laws_of(points, AXES, floor),
    )


def test_speeds_leave_the_start_and_a_pause_out() -> None:
    assert steps_per_second(record("a", 0.5, 5.0, begin=900.0)) == pytest.approx(5)
    whole = record("b", 0.5, 5.0).history
    paused = tuple(
        (time + (3600 if at > 1 else 0), step, metrics)
        for at, (time, step, metrics) in enumerate(whole)
    )
    assert steps_per_second(TrialRecord("b", history=paused)) == pytest.approx(5)
    assert steps_per_second(TrialRecord("b", history=whole[:1])) is None


def test_the_table(result: Scaling) -> None:
    by_place = {(point.workers, point.width, point.fraction): point for point in result.points}
    assert len(by_place) == 16
    one, two = by_place[1, 16, 0.25], by_place[2, 16, 0.25]
    assert (one.samples, one.learnt, one.completed, one.failed) == (200, 1000, 2, 0)
    assert one.score.mean == pytest.approx(1 - 2 * 200**-0.5)
    assert one.error.mean == pytest.approx(2 * 200**-0.5)
    assert one.steps_per_s.mean == pytest.approx(10)
    assert one.samples_per_s.mean == pytest.approx(640)
    assert (one.speed_up.mean, one.efficiency.mean) == (1, 1)
    assert two.speed_up.mean == pytest.approx(1.6)
    assert two.efficiency.mean == pytest.approx(0.8)
    assert two.efficiency.interval == pytest.approx([0.8, 0.8])
    failed = by_place[2, 32, 1.0]
    assert (failed.completed, failed.failed) == (1, 1)
    assert (
        failed.efficiency.interval is None
    )  # of one seed; the failed trial's own speed is not counted
    assert failed.efficiency.mean == pytest.approx(0.8)


def test_the_laws(result: Scaling) -> None:
    law = result.laws.data["16"]
    assert isinstance(law, FittedLaw)
    assert (law.a, law.b, law.c) == pytest.approx((2, 0.5, 0), rel=1e-3, abs=1e-4)
    assert isinstance(result.laws.width, RefusedLaw)
    assert "2 sizes" in result.laws.width.refused
    assert law_text(law.to_dict()).startswith("2 n^-0.5 (0.5 ... 0.5) + ")


def test_what_an_error_is() -> None:
    assert error_of("decoding.score", "max") == ("1 - decoding.score", 0.0)
    assert error_of("reconstruction.mse", "min") == ("reconstruction.mse", 0.0)
    assert error_of("goodness_of_fit", "max") == ("-goodness_of_fit", float("-inf"))
    assert [width_number(width) for width in (32, "8x64x16")] == [32, 64]
    (bits,) = points_of(
        {1: made_up(1)}, Axes((1.0,), PATH, (16,), (1,), 2), SIZES, "-goodness_of_fit"
    )
    assert bits.error is not None
    assert bits.score is not None
    assert bits.error.mean == -bits.score.mean


def test_table_and_figure_are_written(result: Scaling, tmp_path: Path) -> None:
    keep_scaling(tmp_path, result.to_dict())
    rows = list(csv.DictReader((tmp_path / "scaling.csv").open()))
    assert len(rows) == 16
    row = next(
        row
        for row in rows
        if (row["workers"], row["width"], row["fraction"]) == ("2", "16", "0.25")
    )
    assert float(row["efficiency"]) == pytest.approx(0.8)
    assert (tmp_path / "scaling.png").stat().st_size > 10_000
    panels = scaling_figure(result.to_dict()).axes
    assert [panel.get_xscale() for panel in panels] == ["log", "log", "linear"]
    assert len(panels[2].patches) == 4  # bars: two widths, one and two workers


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset(tmp_path_factory.mktemp("scaling") / "ds", session())


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"data_fractions": (0, 1)}, "each must be above 0 and at most 1"),
        ({"workers": (0,)}, "at least one worker"),
        ({"width": ("wide",)}, "whole numbers are needed"),
        ({"width_path": PATH}, "has no values"),
        ({"width_path": "model.encoder.hiden", "width": (8,)}, "hiden"),
        ({"overrides": {"task.kind": "decoder"}, "width": (8,)}, "needs a width for each layer"),
    ],
    ids=str,
)
def test_axes_that_make_no_sense(
    data: Dataset, tmp_path: Path, asked: dict[str, Any], what: str
) -> None:
    space = {"task": {"kind": "decoder"}} if "overrides" in asked else SPACE
    with pytest.raises(ConfigError, match=what):
        raylab.scale(space, data=data.path, out=tmp_path / "out", **asked)
    assert not (tmp_path / "out").exists()


def test_workers_that_do_not_fit_are_refused_before_anything_starts(
    data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def connect_for(resources: Resources, trials: int) -> int:
        asked.append((resources.workers, resources.concurrent, trials))
        raise StudyError(
            "one trial needs 4 CPU, the whole cluster has 2", "Lower resources.workers."
        )

    monkeypatch.setattr("raylab.analysis.scale.connect_for", connect_for)
    with pytest.raises(StudyError, match=r"--workers 4: .*4 CPU"):
        raylab.scale(SPACE, data=data.path, out=tmp_path / "out", workers=(1, 4))
    assert asked == [(4, None, 12)]  # not one at a time, which would vouch for a cluster
    assert not (tmp_path / "out").exists()


def test_another_folder_is_left_alone(data: Dataset, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StudyError, match="no scaling study"):
        raylab.scale(SPACE, data=data.path, out=tmp_path)


@pytest.mark.parametrize(
    ("options", "path", "width"),
    [
        (["--width", "16,32"], None, (16, 32)),
        (["--width", "model.channels=8x16,16x32"], "model.channels", ("8x16", "16x32")),
        ([], None, ()),
    ],
)
def test_the_verb(
    options: list[str],
    path: str | None,
    width: tuple[Any, ...],
    result: dict[str, Any],
    data: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text(json.dumps(SPACE))
    asked: dict[str, Any] = {}
    monkeypatch.setattr(
        raylab, "scale", lambda space, **given: asked.update(given) or result, raising=False
    )
    shown = CliRunner().invoke(
        cli,
        ["scale", "s.yaml", "--data", str(data.path), "--out", "o", "--workers", "1,2", *options],
    )
    assert shown.exit_code == 0, shown.output
    assert (asked["width_path"], asked["width"], asked["workers"], asked["seeds"]) == (
        path,
        width,
        (1, 2),
        3,
    )
    assert asked["data_fractions"] == (0.125, 0.25, 0.5, 1.0)
    assert "(1 failed)" in shown.output
    assert (
        CliRunner()
        .invoke(cli, ["scale", "s", "--data", "d", "--out", "o", "--workers", "two"])
        .exit_code
        == 2
    )
