"""What `raylab answer` was asked: the part of study.json from which an answer is resumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from raylab.data.dataset import Dataset
from raylab.errors import StudyError
from raylab.space.settings import Resources
from raylab.tracking.study import ANSWER, StudyFolder
from raylab.tuning.entrants.entrant import Entrant
from raylab.tuning.entrants.entrants_for import entrants_and_reasons


@dataclass(frozen=True)
class Question:
    """The arguments of an answer, with its folds.

    Attributes:
        label: The label to decode.
        minutes: The budget.
        folds: The folders of the folds' datasets: relative to the study where they lie in it.
        fingerprints: Of these datasets.
        families: The names of families or entrants that take part; None for the default ones.
        spaces: The files of the user's own spaces, relative to the study.
        per: What one decoding example is; see `evaluation.per`.
        seeds: How many fits of a model with random numbers are averaged.
        resources: What each trial reserves, as the section `resources` of a space.
        notes: What the user should know of the plan, one sentence each.
        left_out: Which shipped entrants take no part, and why, one sentence for each reason.
    """

    label: str
    minutes: float
    folds: Sequence[str]
    fingerprints: Sequence[str]
    families: Sequence[str] | None = None
    spaces: Sequence[str] = ()
    per: str = "sample"
    seeds: int = 3
    resources: Mapping[str, Any] | None = None
    notes: Sequence[str] = ()
    left_out: Sequence[str] = ()

    @classmethod
    def of(cls, study: StudyFolder) -> Self:
        """The question of an existing study."""
        return cls(label=study.description["label"], **study.description[ANSWER])

    def described(self) -> dict[str, Any]:
        """The section of study.json, which states the label elsewhere."""
        return {name: value for name, value in asdict(self).items() if name != "label"}

    def fold_paths(self, study: StudyFolder) -> list[Path]:
        """The datasets of the folds.

        Raises:
            StudyError: One has changed since the study began.
        """
        paths = [study.path / fold for fold in self.folds]  # an absolute path stays as it is
        for path, fingerprint in zip(paths, self.fingerprints, strict=True):
            if Dataset(path).fingerprint != fingerprint:
                raise StudyError(
                    f"{path}: not the data this study began with (other fingerprint)",
                    "Restore that dataset, or start another study.",
                )
        return paths

    def entrants(self, dataset: Dataset, folder: Path) -> tuple[list[Entrant], dict[str, str]]:
        """The entrants; and why others were left out.

        Args:
            folder: The study's, which has the user's own spaces.
        """
        return entrants_and_reasons(
            dataset,
            self.label,
            families=self.families,
            space=[folder / space for space in self.spaces],
            per=self.per,
        )

    @property
    def reserved(self) -> Resources:
        return Resources(**(self.resources or {}))
