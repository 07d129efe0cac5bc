"""A trained model with the data of its study. Readings of the test split are counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from raylab.analysis.models.winner import model_and_data
from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.data.shard import Shard, whole_shard
from raylab.data.splitting.splits import CODE
from raylab.errors import StudyError
from raylab.evaluation.decoding import labelled_samples, reference_samples
from raylab.paths import AnyPath
from raylab.tracking.events import TestRead
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder
from raylab.tracking.winner import winner
from raylab.training.model import Model

HELD_OUT = ("valid", "test")


@dataclass(frozen=True)
class Trained:
    """A trial's model with the data that it was trained on, as its view shows them."""

    study: StudyFolder
    trial: str
    model: Model
    dataset: Dataset
    shard: Shard

    @classmethod
    def load(cls, study: StudyFolder, record: TrialRecord) -> Trained:
        model, dataset = model_and_data(study, record)
        shard = whole_shard(dataset, model.config.view, model.config.sessions)
        return cls(study, record.trial, model, dataset, shard)

    def read(self, split: str, purpose: str) -> None:
        """Record a reading of the test split in the ledger. To be called before any score of
        `split` is computed, so that a reading counts even where the score fails.

        Raises:
            StudyError: `split` is neither valid nor test.
        """
        if split not in HELD_OUT:
            raise StudyError(
                f"split '{split}' cannot be evaluated", "Use --split valid or --split test."
            )
        if split == "test":
            self.study.ledger.append(TestRead(trial=self.trial, purpose=purpose))

    def embed(self, session: str, splits: Sequence[str]) -> np.ndarray:
        """(rows of the view, D) embedding; NaN in rows of other splits, which are not read."""
        shard, codes = self.shard[session], [CODE[split] for split in splits]
        held = [(a, b) for a, b, code in shard.timeline.parts.tolist() if code in codes]
        pieces = [self.model.encode(shard.x[a:b].numpy(), session=session) for a, b in held]
        width = pieces[0].shape[1] if pieces else 1
        embedding = np.full((shard.timeline.length, width), np.nan)
        for (a, b), piece in zip(held, pieces):
            embedding[a:b] = piece
        return embedding

    def held_out(
        self, session: str, split: str, label: str | None = None
    ) -> tuple[np.ndarray, Label | None]:
        """(n, D) embedding of the reference samples of one split.

        Where a label is named, of the labelled samples, with their labels.
        """
        timeline, limit = self.shard[session].timeline, self.model.config.evaluation.max_samples
        values: Label | None = None
        if label is None:
            at = reference_samples(timeline, (split,), limit)
        elif label in timeline.reference:
            values, at = labelled_samples(timeline, label, (split,), limit)
        else:
            at = np.zeros(0, np.int64)
        return self.embed(session, (split,))[timeline.rows[at]], values


def load_trained(path: AnyPath, trial: str | None) -> Trained:
    """The winner of a study, or one of its trials."""
    study = StudyFolder.open(Path(path))
    return Trained.load(study, winner(study, trial))


def seeds_of(study: StudyFolder, trial: str | None = None) -> list[TrialRecord]:
    """The winner, or the named trial, and every completed trial that differs from it only in
    `training.seed`.
    """
    chosen = winner(study, trial)
    wanted = without_seed(chosen.config)
    others = [
        record
        for record in study.records()
        if record.state == "completed" and record.trial != chosen.trial
    ]
    return [chosen, *(record for record in others if without_seed(record.config) == wanted)]


def without_seed(config: Mapping[str, Any]) -> dict[str, Any]:
    """A trial's config without `training.seed`."""
    training = {
        key: value for key, value in (config.get("training") or {}).items() if key != "seed"
    }
    return {**config, "training": training}
