"""`raylab.Study`: trials, table, best, charts, and how it looks."""

from __future__ import annotations

from pathlib import Path

import plotly.graph_objects as go
import pytest
from fake_answer_study import fake_answer_study
from fake_study import STATES, fake_study

import raylab
from raylab.errors import ConfigError, StudyError
from raylab.reporting.studies.plots import ANSWER_PLOTS, PLOTS
from raylab.reporting.study import Study
from raylab.tracking.events import Selected, SelectionStarted
from raylab.tracking.records import best
from raylab.tracking.study import StudyFolder

# Charts of several objectives, of many trials, and of predictions.
NOT_THERE = {"front", "importance", "predictions", "scatter", "confusion"}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return Study(fake_study(tmp_path_factory.mktemp("study") / "s").path)


def test_a_study_opens_by_its_folder(study: Study, tmp_path: Path) -> None:
    assert Study(str(study.path)).description == Study.open(study).description
    assert isinstance(study, StudyFolder)
    with pytest.raises(StudyError, match="not a study"):
        raylab.Study(tmp_path)


def test_trials_know_their_study(study: Study) -> None:
    assert [trial.state for trial in study.trials] == list(STATES)
    assert {trial.study for trial in study.trials} == {study.path}
    leading = best(StudyFolder.open(study).records(), "max")
    assert leading is not None
    assert (study.best.trial, study.best.score) == (leading.trial, leading.score)
    assert repr(study.best).startswith(f"Trial('{leading.trial}' of s: completed, score 0.")


def test_the_table_is_flat(study: Study) -> None:
    table = study.table()
    assert len(table) == len(STATES)
    assert list(table)[:5] == ["trial", "state", "score", "step", "seconds"]
    record = study.trials[0]
    row = table.iloc[0]
    assert row["params.view.smoothing_ms"] == record.params["view.smoothing_ms"]
    assert row["metrics.decoding.r2"] == record.metrics["decoding.r2"]
    units = table["params.model.encoder.hidden_units"]  # of some trials only
    assert units.dtype == "Int64"
    assert units.isna().tolist() == [
        "model.encoder.hidden_units" not in trial.params for trial in study.trials
    ]


def test_a_study_without_trials_has_an_empty_table(tmp_path: Path) -> None:
    empty = Study(fake_study(tmp_path / "s", states=()).path)
    assert list(empty.table()) == ["trial", "state", "score", "step", "seconds"]
    assert repr(empty).endswith("search: no trial yet)")
    assert "no trial yet" in empty._repr_html_()
    with pytest.raises(StudyError, match="no trial has completed"):
        empty.best  # noqa: B018
    for name in PLOTS:
        with pytest.raises(StudyError, match=f"the chart '{name}' cannot be drawn: it needs "):
            empty.plot(name)


@pytest.mark.parametrize("name", sorted(set(PLOTS) - NOT_THERE))
def test_charts_of_the_report_by_name(study: Study, name: str) -> None:
    figure = study.plot(name)
    assert isinstance(figure, go.Figure)
    assert len(figure.data) > 0


def test_what_a_chart_takes(study: Study) -> None:
    assert study.plot("learning_curves", metric="loss").layout.yaxis.title.text == "loss"
    assert study.plot("embedding", label="head").layout.title.text == "head"
    wrong = [
        ({"name": "lerning_curves"}, "no chart is called 'lerning_curves'"),
        ({"name": "slices", "metric": "loss"}, "has no metric"),
        ({"name": "learning_curves", "label": "head"}, "has no label"),
        ({"name": "learning_curves", "metric": "los"}, "no trial reported the metric 'los'"),
        ({"name": "embedding", "label": "hed"}, "has no label 'hed'"),
    ]
    for arguments, message in wrong:
        with pytest.raises(ConfigError, match=message) as error:
            study.plot(**arguments)
        assert error.value.remedy
    with pytest.raises(ConfigError) as error:
        study.plot("xyz")
    assert all(name in error.value.remedy for name in PLOTS)


def test_the_ranking_has_trials_and_baselines(study: Study) -> None:
    names = list(study.plot("ranking").data[0].y)
    assert any(study.best.trial in name for name in names)
    assert "chance" in names
    assert study.plot("ranking").layout.xaxis.title.text == "decoding.r2"


def test_it_is_short_and_a_table_in_notebooks(study: Study) -> None:
    text = repr(study)
    assert text.startswith(f"Study('{study.path}', search: 4 completed, 2 pruned")
    assert f"best {study.best.trial}: decoding.r2 0." in text
    html = study._repr_html_()
    assert html.count("<tr") == 1 + len(STATES)
    assert "loses to" in html or "wins" in html or "better" in html
    assert "<b>attention" not in html
    assert "<img" not in study.trials[3]._repr_html_()  # the text of its error


def test_the_champion_of_a_selection_is_best(tmp_path: Path) -> None:
    made = fake_study(tmp_path / "s")
    champion = Study(made.path).trials[0].trial
    begun = SelectionStarted(
        top=1, seeds=1, rule="best", shuffles=0, trials=(champion,), values=(1,)
    )
    made.ledger.append(begun, Selected(of=champion, trial=champion))
    assert Study(made.path).best.trial == champion


def test_an_answer_has_charts_of_its_own(tmp_path: Path) -> None:
    answer = Study(fake_answer_study(tmp_path / "a").path)
    shown = sorted(set(ANSWER_PLOTS) - NOT_THERE)
    assert [name for name in shown if answer.plot(name).data] == shown
    with pytest.raises(ConfigError, match="no chart is called 'ranking'"):
        answer.plot("ranking")
    with pytest.raises(StudyError, match="an answer has a best trial in each fold"):
        answer.best  # noqa: B018
    assert {"fold", "entrant"} <= set(answer.table())
    assert "answer" in repr(answer)
