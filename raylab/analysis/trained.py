"""Trained models of studies, for scores that compare embeddings. Reading the test split is by name,
and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from raylab.analysis.winner import model_and_data, winner
from raylab.data.dataset import Dataset
from raylab.data.session import Label
from raylab.data.shard import Shard, whole_shard
from raylab.data.splitting.splits import CODE
from raylab.errors import StudyError
from raylab.evaluation.decoding import labelled_samples, reference_samples
from raylab.tracking.events import TestRead
from raylab.tracking.records import TrialRecord
from raylab.tracking.study import StudyFolder
from raylab.training.model import Model

HELD_OUT = ("valid", "test")


@dataclass(frozen=True)
class Trained:
    """A trial's model with the data it was made on, as its view shows it."""

    study: StudyFolder
    trial: str
    model: Model
    dataset: Dataset
    shard: Shard

    @classmethod
    def load(cls, study: StudyFolder, record: TrialRecord) -> Trained:
        model, dataset = model_and_data(study, record)
        return cls(
            study,
            record.trial,
            model,
            dataset,
            whole_shard(dataset, model.config.view, model.config.sessions),
        )

    def read(self, split: str, purpose: str) -> None:
        """To be called before scores of `split` are taken: a reading of the test split is an event
        of the ledger.
        """
        if split not in HELD_OUT:
            raise StudyError(
                f"split '{split}' cannot be evaluated", "Use --split valid or --split test."
            )
        if split == "test":
            self.study.ledger.append(TestRead(trial=self.trial, purpose=purpose))

    def embed(self, session: str, splits: Sequence[str]) -> np.ndarray:
        """(rows of the view, D); NaN in parts of other splits, which are not looked at."""
        shard, codes = self.shard[session], [CODE[split] for split in splits]
        held = [(a, b) for a, b, code in shard.timeline.parts.tolist() if code in codes]
        pieces = [self.model.encode(shard.x[a:b].numpy(), session=session) for a, b in held]
        found = np.full((shard.timeline.length, pieces[0].shape[1] if pieces else 1), np.nan)
        for (a, b), piece in zip(held, pieces):
            found[a:b] = piece
        return found

    def held_out(
        self, session: str, split: str, label: str | None = None
    ) -> tuple[np.ndarray, Label | None]:
        """(n, D) embedding of the reference samples of one split, those labelled where a label is
        named, with it.
        """
        timeline, limit = self.shard[session].timeline, self.model.config.evaluation.max_samples
        found: Label | None = None
        if label is None:
            at = reference_samples(timeline, (split,), limit)
        elif label in timeline.reference:
            found, at = labelled_samples(timeline, label, (split,), limit)
        else:
            at = np.zeros(0, np.int64)
        return self.embed(session, (split,))[timeline.rows[at]], found


def one_trained(path: str | Path, trial: str | None) -> Trained:
    """The winner of a study, or one of its trials."""
    study = StudyFolder.open(Path(path))
    return Trained.load(study, winner(study, trial))


def seeds_of(study: StudyFolder, trial: str | None = None) -> list[TrialRecord]:
    """The winner (or the trial named) and every completed trial that differs from it by
    `training.seed` only.
    """
    chosen = winner(study, trial)
    wanted = without_seed(chosen.config)
    others = [
        record
        for record in study.records()
        if record.state == "completed" and record.trial != chosen.trial
    ]
    return [chosen, *(record for record in others if without_seed(record.config) == wanted)]


def without_seed(config: dict[str, Any]) -> dict[str, Any]:
    training = {
        key: value for key, value in (config.get("training") or {}).items() if key != "seed"
    }
    return {**config, "training": training}


def plain(matrix: np.ndarray) -> list[list[float | None]]:
    """Nested lists with None for NaN, which JSON does not know."""
    return [[float(value) if np.isfinite(value) else None for value in row] for row in matrix]
