"""A study as users hold it: its trials, their table, the best of them, and its charts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from raylab.reporting.studies.trial import Trial
from raylab.tracking.records import TrialRecord, best
from raylab.tracking.study import StudyFolder
from raylab.tracking.winner import winner

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


class Study(StudyFolder):
    """A study: the trials of a search or of a training, with everything that is recorded of them.

    `search`, `train`, `adapt` and `resume` return their study. `raylab.Study("folder")` opens one,
    also while it runs: each property reads the ledger anew.

    Args:
        path: The folder of the study.

    Attributes:
        path: That folder.
        description: The content of its `study.json`.

    Raises:
        StudyError: There is no study, or a later version of raylab wrote it.

    Example:
        >>> study = raylab.Study("study")
        >>> [trial.state for trial in study.trials]
        ['completed', 'completed']
        >>> study.table()[["trial", "state"]].values.tolist()
        [['0000', 'completed'], ['0001', 'completed']]
        >>> model = raylab.load(study.best)
        >>> figure = study.plot("learning_curves", metric="loss")
    """

    def __init__(
        self, path: str | os.PathLike[str], description: Mapping[str, Any] | None = None
    ) -> None:
        if description is None:
            opened = StudyFolder.open(path)
            path, description = opened.path, opened.description
        super().__init__(Path(path), description)

    def records(self) -> list[TrialRecord]:
        """Every trial of the ledger; see `trials`."""
        return [Trial.from_record(record, self.path) for record in super().records()]

    @property
    def trials(self) -> list[Trial]:
        """Every trial, in the order in which they began, repetitions over seeds included."""
        return cast("list[Trial]", self.records())

    @property
    def best(self) -> Trial:
        """The trial that is used where none is named: the champion of `raylab.select`, or else the
        completed trial with the best validation score. Of several objectives it is the trial of the
        Pareto front with the best first objective.

        Raises:
            StudyError: No trial has completed, or the study is an answer, which has no best trial.
        """
        return cast(Trial, winner(self))

    def table(self) -> pd.DataFrame:
        """The trials as a flat table, in the order in which they began.

        Returns:
            One row per trial. The columns are `trial`, `state`, `score` (the first objective on
            validation), `step` (the last step that it reached) and `seconds` (how long it worked),
            then `params.<path>` for each searched path and `metrics.<name>` for each metric. Trials
            of an answer also have `fold` and `entrant`, repetitions `of` (the repeated trial). With
            several objectives, `scores.<metric>` has each. A value that a trial lacks is missing.
        """
        from raylab.reporting.studies.table import trials_table

        return trials_table(self.records(), self.metrics)

    def plot(
        self,
        name: str,
        *,
        metric: str | None = None,
        label: str | None = None,
        session: str | None = None,
    ) -> go.Figure:
        """A chart of the study's report, as a figure of plotly.

        Args:
            name: `learning_curves`, `ranking`, `progress`, `importance`, `parallel_coordinates`,
                `slices`, `front` or `embedding`; of an answer `differences`, `folds` or `tried`;
                where predictions are kept (of decoders, of answers, and of what `raylab evaluate`
                read) `predictions`, `scatter` or `confusion`.
            metric: Of `learning_curves`: the metric that is drawn. Default: the first objective.
            label: Of `embedding`: the label that colours it. Default: the first.
            session: Of `predictions`: the session that is drawn over time. Default: the first.

        Raises:
            ConfigError: There is no such chart, metric, label or session.
            StudyError: The study has not what the chart shows; the message says what is missing.
        """
        from raylab.reporting.studies.plots import Wish, study_plot  # slow: it imports plotly

        return study_plot(self, name, Wish(metric, label, session))

    def __repr__(self) -> str:
        records = super().records()
        states = Counter(record.state for record in records)
        text = ", ".join(f"{count} {state}" for state, count in states.items()) or "no trial yet"
        leading = None if self.is_answer else best(records, *self.modes)
        if leading is not None:
            text += f"; best {leading.trial}: {self.metrics[0]} {leading.score:.4g}"
        return f"Study('{self.path}', {self.description.get('kind')}: {text})"

    def _repr_html_(self) -> str:
        from raylab.reporting.studies.card import study_card

        return study_card(self)
