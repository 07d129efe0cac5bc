"""The model of a trial, which predicts the label of its study even where it only embeds."""

from __future__ import annotations

from functools import partial

from raylab.analysis.models.winner import trial_dataset
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder
from raylab.training.model import Model
from raylab.training.predicting.embedding import EmbeddingModel


def readable_model(study: StudyFolder, record: TrialRecord, model: Model) -> Model:
    """The model with the dataset of its trial, which is opened when a readout is fitted on it. A
    decoder needs none.
    """
    if model.config.decodes_itself:
        return model
    label = model.config.task.label or study.description["label"]
    return EmbeddingModel.of(model, partial(trial_dataset, study, record), label)
