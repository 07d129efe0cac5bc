"""The charts of a study's report by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import plotly.graph_objects as go

from raylab.config.explain import did_you_mean
from raylab.errors import ConfigError, StudyError
from raylab.reporting.answering.differences import differences_chart
from raylab.reporting.answering.facts import AnswerFacts, gather_answer
from raylab.reporting.answering.folds import folds_chart
from raylab.reporting.answering.tried import tried_chart
from raylab.reporting.charts.embedding import embedding_chart
from raylab.reporting.charts.front import front_chart
from raylab.reporting.charts.importance import importance_bars
from raylab.reporting.charts.learning_curves import learning_curves
from raylab.reporting.charts.parallel_coordinates import parallel_coordinates
from raylab.reporting.charts.progress import course, progress_chart
from raylab.reporting.charts.ranking import ranking_chart
from raylab.reporting.charts.slices import slices
from raylab.reporting.facts import StudyFacts, gather
from raylab.reporting.importance import FEWEST, importance
from raylab.reporting.saved.embedding import load_embedding
from raylab.reporting.studies.predicted_plots import (
    NEEDS,
    NEEDS_CLASSES,
    NEEDS_NUMBERS,
    confusion_plot,
    predictions_plot,
    scatter_plot,
)
from raylab.reporting.studies.standings import standings
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder


@dataclass(frozen=True)
class Wish:
    """What of a chart was asked for.

    Attributes:
        metric: Of learning curves; None for the first objective.
        label: That colours an embedding; None for the first.
        session: Whose predictions are drawn; None for the first.
    """

    metric: str | None = None
    label: str | None = None
    session: str | None = None


@dataclass(frozen=True)
class Plot:
    """A chart by name.

    Attributes:
        draw: Draws it; None where the study lacks what it shows.
        needs: What it shows, as the error says it that names what is missing.
        takes: The argument of `Study.plot` that it takes; empty where it takes none.
    """

    draw: Callable[[StudyFolder, Wish], go.Figure | None]
    needs: str
    takes: str = ""


def study_plot(study: StudyFolder, name: str, wish: Wish) -> go.Figure:
    """See `Study.plot`."""
    plots = ANSWER_PLOTS if study.is_answer else PLOTS
    if name not in plots:
        known = ", ".join(plots)
        guess = did_you_mean(name, plots) if name else ""
        remedy = guess if guess.startswith("Known") else f"{guess} Known: {known}."
        raise ConfigError(f"{study.path}: no chart is called '{name}'", remedy)
    plot = plots[name]
    for argument, value in asdict(wish).items():
        if value is not None and plot.takes != argument:
            raise ConfigError(f"the chart '{name}' has no {argument}", f"Leave {argument} out.")
    figure = plot.draw(study, wish)
    if figure is None:
        raise StudyError(f"{study.path}: the chart '{name}' cannot be drawn: it needs {plot.needs}")
    return figure


def _learning_curves(study: StudyFolder, wish: Wish) -> go.Figure | None:
    facts = gather(study, importance=None)
    shown = wish.metric or facts.metric
    winner = facts.winner
    trials = [*facts.records, *([winner] if winner and winner.of else [])]
    name = winner.trial if winner else None
    figure = learning_curves(trials, metric=shown, winner=name, rungs=facts.rungs)
    if figure is None and wish.metric is not None:
        raise ConfigError(
            f"{study.path}: no trial reported the metric '{shown}'",
            did_you_mean(shown, _reported(trials)),
        )
    return figure


def _reported(trials: list[TrialRecord]) -> list[str]:
    """The metrics that trials reported while they ran."""
    reports = (metrics for record in trials for _, _, metrics in record.history)
    return list(dict.fromkeys(name for metrics in reports for name in metrics))


def _ranking(study: StudyFolder, wish: Wish) -> go.Figure | None:
    ranking = standings(gather(study, importance=None))
    return ranking_chart(ranking) if ranking["rows"] else None


def _progress(study: StudyFolder, wish: Wish) -> go.Figure | None:
    steps = course(study.name, study.records(), metric=study.metrics[0], mode=study.modes[0])
    return progress_chart([steps], along="trials") if steps.best else None


def _importance(study: StudyFolder, wish: Wish) -> go.Figure | None:
    shares = importance(study.records(), study.modes[0])
    return importance_bars(shares) if shares else None


def _parallel_coordinates(study: StudyFolder, wish: Wish) -> go.Figure | None:
    facts = gather(study, importance=None)
    return parallel_coordinates(
        facts.records, metric=facts.metric, mode=facts.mode, logs=facts.logs
    )


def _slices(study: StudyFolder, wish: Wish) -> go.Figure | None:
    facts = gather(study, importance=None)
    return slices(facts.records, metric=facts.metric, logs=facts.logs)


def _front(study: StudyFolder, wish: Wish) -> go.Figure | None:
    if len(study.metrics) < 2:
        return None
    return front_chart(study.records(), metrics=study.metrics, modes=study.modes)


def _embedding(study: StudyFolder, wish: Wish) -> go.Figure | None:
    facts: StudyFacts = gather(study, importance=None)
    if facts.embedding is None or not facts.embedding.is_file():
        return None
    embedding = load_embedding(facts.embedding)
    by_name = {colouring.name: colouring for colouring in embedding.colourings}
    shown = wish.label or next(iter(by_name))
    if shown not in by_name:
        raise ConfigError(
            f"{study.path}: the embedding has no label '{shown}'", did_you_mean(shown, by_name)
        )
    return embedding_chart(embedding, by_name[shown])


def _of_answer(
    draw: Callable[[AnswerFacts], go.Figure | None],
) -> Callable[[StudyFolder, Wish], go.Figure | None]:
    """The chart of an answer that is concluded; None before."""

    def draw_concluded(study: StudyFolder, wish: Wish) -> go.Figure | None:
        facts = gather_answer(study)
        return None if facts.answer is None else draw(facts)

    return draw_concluded


_PREDICTED: Mapping[str, Plot] = {
    "predictions": Plot(
        lambda study, wish: predictions_plot(study, wish.session), NEEDS, takes="session"
    ),
    "scatter": Plot(lambda study, wish: scatter_plot(study), NEEDS_NUMBERS),
    "confusion": Plot(lambda study, wish: confusion_plot(study), NEEDS_CLASSES),
}
_SCORED = "a trial with a score"
PLOTS: Mapping[str, Plot] = {
    "learning_curves": Plot(_learning_curves, "a trial that reported the metric", takes="metric"),
    "ranking": Plot(_ranking, _SCORED),
    "progress": Plot(_progress, "a completed trial"),
    "importance": Plot(_importance, f"{FEWEST} completed trials that differ"),
    "parallel_coordinates": Plot(_parallel_coordinates, "two completed trials of a search"),
    "slices": Plot(_slices, f"{_SCORED}, and a searched path"),
    "front": Plot(_front, "several objectives, and a trial with scores"),
    "embedding": Plot(_embedding, "the saved embedding of the best trial", takes="label"),
    **_PREDICTED,
}
_CONCLUDED = "an answer that is concluded, with a scored entrant"
ANSWER_PLOTS: Mapping[str, Plot] = {
    "differences": Plot(
        _of_answer(lambda facts: facts.answer and differences_chart(facts.answer)), _CONCLUDED
    ),
    **_PREDICTED,
    "folds": Plot(_of_answer(lambda facts: facts.answer and folds_chart(facts.answer)), _CONCLUDED),
    "tried": Plot(
        _of_answer(lambda facts: facts.answer and tried_chart(facts.answer, facts.study.records)),
        _CONCLUDED,
    ),
}
