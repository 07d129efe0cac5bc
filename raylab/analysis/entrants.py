"""Models that a leaderboard of several studies compares, and whether they can be compared at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from raylab.analysis.winner import model_and_data, winner
from raylab.config.explain import did_you_mean
from raylab.config.trial import TrialConfig
from raylab.data.dataset import Dataset
from raylab.errors import ConfigError, StudyError
from raylab.evaluation.readouts import require_support
from raylab.tracking.records import TrialRecord, best
from raylab.tracking.study import StudyFolder
from raylab.training.model import Model

By = Literal["study", "family"]


@dataclass(frozen=True)
class Entrant:
    """A completed trial that its study's own objective chose on validation, over seeds where there
    was a selection.

    Attributes:
        name: Of its study.
    """

    name: str
    study: StudyFolder
    record: TrialRecord

    @cached_property
    def _loaded(self) -> tuple[Model, Dataset]:
        return model_and_data(self.study, self.record)

    @property
    def model(self) -> Model:
        return self._loaded[0]

    @property
    def dataset(self) -> Dataset:
        return self._loaded[1]

    @property
    def config(self) -> TrialConfig:
        return self.model.config

    @property
    def family(self) -> str:
        return family_of(self.record.config)

    @property
    def decodes_itself(self) -> bool:
        return self.config.decodes_itself


def family_of(config: Mapping[str, Any]) -> str:
    """`contrastive`, `vqvae`, or a decoder with its kind, as `decoder: ridge`."""
    task, kind = str(config["task"]["kind"]), (config.get("model") or {}).get("kind")
    return f"{task}: {kind}" if kind else task


def entrants_of(paths: Sequence[str | Path], by: By) -> list[Entrant]:
    """The winner of each study; `by` family: the best trial of each family that a study has.

    Raises:
        StudyError: no such study, one named twice, or none of its trials completed.
    """
    studies = [StudyFolder.open(Path(path)) for path in paths]
    if len({study.path for study in studies}) < len(studies):
        raise StudyError("a study is named twice", "Name each study once.")
    names = [study.path.name for study in studies]
    found = []
    for study in studies:
        name = study.path.name if names.count(study.path.name) == 1 else str(study.path)
        found += [Entrant(name, study, record) for record in _chosen(study, by)]
    return found


def _chosen(study: StudyFolder, by: By) -> list[TrialRecord]:
    first = winner(study)
    if by == "study":
        return [first]
    records = [record for record in study.records() if record.state == "completed"]
    families = dict.fromkeys(family_of(record.config) for record in records)
    groups = [
        [record for record in records if family_of(record.config) == family] for family in families
    ]
    chosen = [found for group in groups if (found := best(group, *study.modes)) is not None]
    return [first if family_of(one.config) == family_of(first.config) else one for one in chosen]


def label_of(entrants: Sequence[Entrant], label: str | None) -> str:
    """The label to be compared by; where none is named, the one that all studies decode.

    Raises:
        StudyError: they decode different ones, or a decoder was trained on another.
        ConfigError: the dataset has no such label, or a study's decoder of embeddings has no
            meaning for it.
    """
    first, label = entrants[0], label or _shared_label(entrants)
    known = first.dataset.labels
    if label not in known:
        raise ConfigError(
            f"label '{label}' is not in {first.dataset.path}", did_you_mean(label, known)
        )
    for one in entrants:
        own = one.study.description["label"]
        if one.decodes_itself and own != label:
            raise StudyError(
                f"{one.name}: its decoder was trained on '{own}' and knows nothing of '{label}'",
                f"Leave that study out, or use --label {own}.",
            )
        if not one.decodes_itself:
            key = f"{one.name}: evaluation.decoder.kind"
            require_support(
                one.config.evaluation.decoder.kind, known[label].kind, label=label, key=key
            )
    return label


def _shared_label(entrants: Sequence[Entrant]) -> str:
    first = entrants[0]
    for one in entrants:
        own = one.study.description["label"]
        if own is None:
            raise StudyError(f"{one.name}: the study decodes no label", "Name one with --label.")
        if own != first.study.description["label"]:
            raise StudyError(
                f"{first.name} decodes '{first.study.description['label']}', {one.name} '{own}'",
                "Name one label with --label.",
            )
    return str(first.study.description["label"])


# What must be the same, how it is read, and what helps where it is not.
_ALIKE: tuple[tuple[str, Callable[[Entrant], Any], str], ...] = (
    (
        "data or splits (fingerprint)",
        lambda one: one.study.description["data"]["fingerprint"][:12],
        "Scores of different data, or other splits of the same, do not compare: run both on one "
        "prepared dataset.",
    ),
    (
        "sessions",
        lambda one: ", ".join(one.config.sessions.used(one.dataset.sessions)),
        "Use the same sessions.combine: 'first' takes one session, the others all.",
    ),
    (
        "evaluation.per",
        lambda one: one.config.evaluation.per,
        "Run both with the same --set evaluation.per=...",
    ),
    (
        "evaluation.max_samples",
        lambda one: one.config.evaluation.max_samples,
        "Run both with the same --set evaluation.max_samples=...",
    ),
)


def check_alike(entrants: Sequence[Entrant]) -> None:
    """StudyError where two of them would be scored on different examples: names both and what
    differs.
    """
    first = entrants[0]
    for other in entrants[1:]:
        for what, read, remedy in _ALIKE:
            if read(first) != read(other):
                raise StudyError(
                    f"{_named(first)} and {_named(other)} differ in {what}: {read(first)} and "
                    f"{read(other)}",
                    remedy,
                )


def _named(one: Entrant) -> str:
    return f"{one.name} (trial {one.record.trial})"
