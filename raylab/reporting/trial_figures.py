"""The figures of one trial, for MLflow and for the files beside its embedding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from raylab.errors import DataError
from raylab.evaluation.metrics import shown_in
from raylab.reporting.canvas import Figure
from raylab.reporting.figures.codes import code_figures
from raylab.reporting.figures.embedding import embedding_figure
from raylab.reporting.figures.files import save_figure
from raylab.reporting.figures.frames import frame_figures
from raylab.reporting.figures.loss_curve import loss_curve
from raylab.reporting.figures.predictions import predictions_figure
from raylab.reporting.saved.embedding import load_embedding
from raylab.reporting.saved.predictions import load_predictions
from raylab.reporting.sections.predictions import DECODER
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder

# Each gives the figures of one kind by file name; none where the trial saved nothing of the kind.
_SAVED = (code_figures, frame_figures)


def trial_figures(study: StudyFolder) -> Callable[[TrialRecord], dict[str, Figure]]:
    """What `tracking.mlflow.mirror.Mirror` draws of an ended trial: file name -> figure."""

    def draw(record: TrialRecord) -> dict[str, Figure]:
        figures: dict[str, Figure] = {}
        if record.history:
            figures["loss_curve.png"] = loss_curve(record, *study.metrics, *shown_in("curves"))
        path = study.embedding_path(record.trial)
        if path.is_file():
            figures |= _sight(record, path)
            for figures_of in _SAVED:
                figures |= figures_of(path)
        return figures

    return draw


def _sight(record: TrialRecord, path: Path) -> dict[str, Figure]:
    """The predictions of a decoder; else the embedding, unless it has a single dimension."""
    title = f"trial {record.trial}"
    shown = load_predictions(path)
    if shown is not None:
        return {"predictions.png": predictions_figure(shown, title=title)}
    saved = load_embedding(path)
    if (record.config.get("task") or {}).get("kind") == DECODER or saved.points.shape[1] < 2:
        return {}
    return {"embedding.png": embedding_figure(saved, title=title)}


def keep_figures(path: Path) -> None:
    """Write the figures of an `embedding.safetensors` into the folder `figures` beside it. Of what
    is damaged nothing is written; the report's section says that it is damaged.
    """
    for figures_of in _SAVED:
        try:
            figures = figures_of(path)
        except DataError:
            continue
        for name, figure in figures.items():
            save_figure(path.parent / "figures" / name, figure)
