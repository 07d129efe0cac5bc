"""One model of a predictor: a decoder, or an embedding with the readouts fitted on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from raylab.data.dataset import Dataset
from raylab.data.examples import SAMPLE, examples_of
from raylab.data.shard import whole_shard
from raylab.errors import DataError, StudyError
from raylab.training.model import Model
from raylab.training.predicting.prediction import Prediction
from raylab.training.predicting.readouts import SessionReadout, fit_session_readouts


@dataclass(frozen=True)
class Member:
    """One model of a predictor.

    Attributes:
        readouts: Of an embedding: the readout of each session that allows one.
        rows: Rows of the longest example of each session, where examples are trials or groups.
    """

    model: Model
    readouts: Mapping[str, SessionReadout] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def fitted(cls, model: Model, dataset: Dataset, label: str) -> Member:
        """A trained model made ready to predict a label.

        An embedding gets a readout for each session, fitted on the embeddings of the training
        samples with the settings of `evaluation.decoder`; of several values of a setting,
        validation chooses. A decoder needs none.

        Args:
            dataset: What the model was trained on.

        Raises:
            StudyError: No session has training samples that allow a readout of this label.
        """
        shard = whole_shard(dataset, model.config.view, model.config.sessions)
        per, rows = model.config.evaluation.per, {}
        if per != SAMPLE:
            rows = {
                name: examples_of(session.timeline, label, per=per).rows.shape[1]
                for name, session in shard.items()
                if label in session.timeline.reference
            }
        if model.config.decodes_itself:
            return cls(model, {}, rows)
        embeddings = {name: model.embed(session) for name, session in shard.items()}
        readouts = fit_session_readouts(model.config, shard, embeddings, label)
        if not readouts:
            raise StudyError(
                f"{dataset.path}: no session has training samples from which label '{label}' "
                "could be read, or validation samples that choose the settings of the readout",
                "Choose another label, splits in which it varies, or one value for each setting of "
                "evaluation.decoder.",
            )
        return cls(model, readouts, rows)

    def predict(
        self, activity: Any, session: str | None, groups: np.ndarray | None, verb: str
    ) -> Prediction:
        """What the model predicts of one continuous stretch; see `Predicts.predict`."""
        if self.model.config.decodes_itself:
            rows = self.rows.get(session or next(iter(self.model.sessions)))
            return self.model.prediction(
                activity, session=session, groups=groups, verb=verb, rows=rows
            )
        stretch = self.model.stretch(activity, session=session, verb=verb)
        readout = self.readouts.get(stretch.session)
        if readout is None:
            raise DataError(
                f"{verb}: session '{stretch.session}' has no readout, because its training samples "
                "do not say enough about the label",
                f"Sessions with one: {', '.join(self.readouts)}.",
            )
        embedding = self.model.encode(stretch.x, session=stretch.session)
        return readout.predict(embedding, stretch, self.model.per, groups)
