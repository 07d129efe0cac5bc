"""Charts of what a decoder, or the entrants of an answer, predicted."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from raylab.config.explain import did_you_mean
from raylab.errors import ConfigError
from raylab.reporting.answering.sections import predicted_by_roles
from raylab.reporting.charts.confusion import confusion_chart
from raylab.reporting.charts.predicted import Named, course_chart
from raylab.reporting.charts.predicted_scatter import scatter_chart
from raylab.reporting.facts import gather
from raylab.reporting.sections.predictions import matrix_of, saved_predictions
from raylab.tracking.study import StudyFolder

NEEDS = "predictions of the best trial on validation or test samples"
NEEDS_NUMBERS, NEEDS_CLASSES = f"{NEEDS}, of numbers", f"{NEEDS}, of classes"


def predictions_plot(study: StudyFolder, session: str | None) -> go.Figure | None:
    """The label of a session over time and what was predicted; of an answer also by the baseline.

    Raises:
        ConfigError: Nothing was predicted of such a session.
    """
    several = _predicted(study)
    if not several:
        return None
    sessions = several[0].predictions.sessions
    shown = session or sessions[0]
    if shown not in sessions:
        raise ConfigError(
            f"{study.path}: there are no predictions of session '{shown}'",
            did_you_mean(shown, sessions),
        )
    return course_chart(several, shown)


def scatter_plot(study: StudyFolder) -> go.Figure | None:
    """What was predicted against the truth; None of classes."""
    several = _predicted(study)
    if not several or several[0].predictions.kind == "discrete":
        return None
    return scatter_chart(several[0])


def confusion_plot(study: StudyFolder) -> go.Figure | None:
    """The confusion matrix; None of numbers."""
    several = _predicted(study)
    if not several or several[0].predictions.kind != "discrete":
        return None
    return confusion_chart(matrix_of(several[0].predictions), title=several[0].name)


def _predicted(study: StudyFolder) -> Sequence[Named]:
    if study.is_answer:
        return predicted_by_roles(study.predictions_path("recommended").parent)
    shown = saved_predictions(gather(study, importance=None))
    return [] if shown is None or not len(shown.truth) else [Named("predicted", shown)]
