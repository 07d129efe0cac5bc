"""What a trial predicted, written beside the scores of a study for its report."""

from __future__ import annotations

from raylab.analysis.models.scorer import Scorer
from raylab.data.examples import examples_of
from raylab.files import write_tensors
from raylab.tasks.predictions import Places, kept_predictions
from raylab.tracking.study import StudyFolder


def write_predictions(study: StudyFolder, scorer: Scorer, *, split: str, trial: str) -> None:
    """Write what the scorer decoded of the study's label. Nothing is written where it has no
    score.

    Args:
        scorer: After its `scores`.
        trial: The trial that was scored.
    """
    label, config = scorer.label or "", scorer.config
    decoded = {name: labels[label] for name, labels in scorer.decoded.items() if label in labels}
    places, unit = {}, ""
    for name in decoded:
        session = scorer.shard[name]
        unit = session.timeline.reference[label].unit
        every = examples_of(session.timeline, label, per=config.per)
        places[name] = Places.of(session, every.labelled((split,), config.max_samples))
    arrays, metadata = kept_predictions(
        decoded, places, label=label, unit=unit, split=split, per=config.per
    )
    if arrays:
        write_tensors(study.predictions_path(split), arrays, {**metadata, "trial": trial})
