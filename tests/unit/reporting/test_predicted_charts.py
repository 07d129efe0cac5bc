"""Charts of predictions: gaps and wraps are no lines, the clock is the recording's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fake_predictions import GAP_S, PART, SESSIONS, write_outputs, write_predictions

from raylab.errors import DataError
from raylab.evaluation.confusion import Confusion
from raylab.files import write_tensors
from raylab.reporting.charts.confusion import confusion_chart
from raylab.reporting.charts.predicted import Named, broken_line, course_chart
from raylab.reporting.charts.predicted_scatter import scatter_chart
from raylab.reporting.charts.timeline import time_axis
from raylab.reporting.figures.predictions import predictions_figure
from raylab.reporting.saved.predictions import Predictions, load_outputs, load_predictions

CLASSES = ("a", "b", "c")


def loaded(path: Path, kind: str) -> Predictions:
    write_predictions(path, kind, classes=CLASSES if kind == "discrete" else (), unit="cm")
    shown = load_predictions(path)
    assert shown is not None
    return shown


def joined(trace: object) -> np.ndarray:
    """(m, 2) the steps (time, value) between points that a line joins."""
    points = np.stack([np.asarray(getattr(trace, axis), float) for axis in "xy"], axis=1)
    steps = np.diff(points, axis=0)
    return steps[np.isfinite(steps).all(axis=1)]


@pytest.mark.parametrize("kind", ["continuous", "circular"])
def test_a_line_joins_neither_gaps_nor_wraps(tmp_path: Path, kind: str) -> None:
    shown = loaded(tmp_path / "p.safetensors", kind)
    figure = course_chart([Named("predicted", shown)], SESSIONS[1])
    assert len(figure.data) == 2 * shown.columns
    for trace in figure.data:
        assert trace.mode == "lines"
        steps = joined(trace)
        assert (steps[:, 0] < 0.11).all()
        if kind == "circular":
            assert (np.abs(steps[:, 1]) < np.pi).all()
    assert {trace.name for trace in figure.data} == {"true", "predicted"}
    assert ("rad" if kind == "circular" else "cm") in figure.layout.yaxis.title.text


def test_long_gaps_are_shortened_and_ticks_say_the_time_of_the_recording(tmp_path: Path) -> None:
    shown = loaded(tmp_path / "p.safetensors", "circular")
    axis = time_axis(shown.seconds, shown.part, shown.of_session(0))
    assert axis.right - axis.left < 12  # of three parts of 3 s, 100 s apart
    assert len(axis.breaks) == 2
    assert (np.diff(axis.places) > 0).all()
    assert axis.ends.tolist() == [PART - 1, 2 * PART - 1]
    assert {"0", f"{GAP_S:g}", f"{2 * GAP_S:g}"} <= set(axis.texts)
    assert axis.ticks == sorted(axis.ticks)
    whole = time_axis(np.arange(50.0), np.zeros(50), np.arange(50))
    assert whole.places.tolist() == list(range(50))
    assert (whole.breaks, whole.title) == ([], "time (s)")


def test_a_line_is_broken_where_it_is_asked_to() -> None:
    x, y = broken_line(np.arange(4.0), np.array([3.0, -3.0, -2.9, 0.0]), np.array([2]), wraps=True)
    assert np.isnan(y).tolist() == [False, True, False, False, True, False]
    assert np.isnan(x).tolist() == np.isnan(y).tolist()
    assert not np.isnan(
        broken_line(np.arange(2.0), np.array([3.0, -3]), np.array([]), wraps=False)[1]
    ).any()


@pytest.mark.parametrize("count", [2, 12, 118])
def test_a_confusion_matrix_has_counts_shares_and_every_name(count: int) -> None:
    counts = np.eye(count, dtype=np.int64) * 4
    counts[0, 1] = 4
    counts[-1] = 0
    names = tuple(f"class {number} <b>" for number in range(count))
    figure = confusion_chart(Confusion(counts, names))
    left, right = figure.data
    assert left.z[0][1] == 4
    assert list(right.z[0][:2]) == [0.5, 0.5]
    assert right.z[-1][0] is None
    assert left.customdata[0][1].startswith(
        "true class 0 &lt;b&gt;, predicted class 1 &lt;b&gt;: 4"
    )
    assert (left.texttemplate is None) == (count > 12)
    assert 2 <= len(figure.layout.xaxis.ticktext) <= 40
    assert figure.layout.height < (1000 if count <= 40 else 1700)


def test_points_on_the_line_are_exact(tmp_path: Path) -> None:
    figure = scatter_chart(Named("gru", loaded(tmp_path / "p.safetensors", "continuous")))
    points = [trace for trace in figure.data if trace.mode == "markers"]
    assert {trace.name for trace in points} == set(SESSIONS)
    assert len(points) == 2 * len(SESSIONS)


@pytest.mark.parametrize("kind", ["continuous", "circular", "discrete"])
def test_decoders_of_earlier_versions_have_predictions(tmp_path: Path, kind: str) -> None:
    write_outputs(tmp_path / "e.safetensors", kind)
    assert load_predictions(tmp_path / "e.safetensors") is None
    shown = load_outputs(tmp_path / "e.safetensors")
    assert shown is not None
    error = np.abs(shown.predicted - shown.truth)
    assert np.allclose(error, 0 if kind == "discrete" else 0.1)
    figure = course_chart([Named("predicted", shown)], SESSIONS[0])
    assert {trace.mode for trace in figure.data} == {"markers"}  # their times are not known
    assert predictions_figure(shown, title="trial 0000").axes


@pytest.mark.parametrize("kind", ["continuous", "circular", "discrete"])
def test_predictions_have_a_picture(tmp_path: Path, kind: str) -> None:
    figure = predictions_figure(loaded(tmp_path / "p.safetensors", kind), title="trial 0001")
    assert len(figure.axes) == {"continuous": 4, "circular": 2, "discrete": 2}[kind]


def test_damaged_predictions_are_refused(tmp_path: Path) -> None:
    arrays = {"predictions.truth": np.zeros(3), "predictions.predicted": np.zeros(2)}
    write_tensors(tmp_path / "p.safetensors", arrays, {"predictions": "{}"})
    with pytest.raises(DataError, match="predictions that cannot be read"):
        load_predictions(tmp_path / "p.safetensors")
