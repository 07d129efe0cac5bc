"""`Study.plot` of predictions: of a decoder, and of an answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import plotly.graph_objects as go
import pytest
from fake_answer_study import fake_answer_study
from fake_predictions import SESSIONS, write_predictions
from fake_study import ended, fake_study, started

from raylab.errors import ConfigError, StudyError
from raylab.reporting.study import Study

CLASSES = ("left", "right")


def decoder(folder: Path, kind: str) -> Study:
    """A study whose winner is a decoder with kept predictions."""
    made = fake_study(folder / "study", states=("failed",), end=False)
    config = {"task": {"kind": "decoder"}, "model": {"kind": "gru"}}
    made.ledger.append(replace(started("0001"), config=config))
    made.ledger.append(ended("0001", "completed", 0.8))
    classes = CLASSES if kind == "discrete" else ()
    write_predictions(made.embedding_path("0001"), kind, classes=classes)
    return Study(made.path)


def names(figure: go.Figure) -> set[str]:
    return {trace.name for trace in figure.data if trace.name}


def test_predictions_of_a_session_over_time(tmp_path: Path) -> None:
    study = decoder(tmp_path, "continuous")
    first, second = study.plot("predictions"), study.plot("predictions", session=SESSIONS[1])
    assert names(first) >= {"true", "predicted"}
    assert first.layout != second.layout
    with pytest.raises(ConfigError, match="no predictions of session 'rat-9'") as error:
        study.plot("predictions", session="rat-9")
    assert "rat-" in error.value.remedy
    with pytest.raises(ConfigError, match="the chart 'scatter' has no session"):
        study.plot("scatter", session=SESSIONS[0])


def test_numbers_have_a_scatter_and_classes_a_confusion_matrix(tmp_path: Path) -> None:
    numbers, classes = decoder(tmp_path / "a", "continuous"), decoder(tmp_path / "b", "discrete")
    assert "true" in numbers.plot("scatter").layout.xaxis.title.text
    assert classes.plot("confusion").data[0].type == "heatmap"
    with pytest.raises(StudyError, match=r"predictions .* of classes"):
        numbers.plot("confusion")
    with pytest.raises(StudyError, match=r"predictions .* of numbers"):
        classes.plot("scatter")


def test_an_answer_shows_the_best_baseline_beside_the_recommended_entrant(tmp_path: Path) -> None:
    made = fake_answer_study(tmp_path / "answer")
    for role, entrant in (("recommended", "gru"), ("baseline", "smoothed")):
        entrants = {"entrants": f'["{entrant}"]'}
        write_predictions(made.predictions_path(role), "continuous", metadata=entrants)
    shown = names(Study(made.path).plot("predictions"))
    assert {"recommended (gru)", "best baseline (smoothed)"} <= shown
    scatter = Study(made.path).plot("scatter")
    assert scatter.layout.title.text == "recommended (gru)"
