"""The models that a ranking of several studies compares, and whether they can be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from raylab.analysis.models.winner import model_and_data
from raylab.config.explain import did_you_mean
from raylab.config.trial import TrialConfig
from raylab.data.dataset import Dataset
from raylab.errors import ConfigError, StudyError
from raylab.evaluation.readouts import require_settings
from raylab.paths import AnyPath
from raylab.reporting.tables.cells import short_names
from raylab.tracking.records import TrialRecord, best
from raylab.tracking.study import StudyFolder
from raylab.tracking.winner import winner
from raylab.training.model import Model

By = Literal["study", "family"]


@dataclass(frozen=True)
class Entrant:
    """A completed trial that its study chose: the champion of a selection over seeds, or else the
    best trial by the study's own objective on validation.

    Attributes:
        name: Of the study.
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


def entrants_of(paths: Sequence[AnyPath], by: By) -> list[Entrant]:
    """The winner of each study; `by` family: the best trial of each family that a study has.

    Raises:
        StudyError: No such study, one named twice, or none of its trials completed.
    """
    studies = [StudyFolder.open(Path(path)) for path in paths]
    if len({study.path for study in studies}) < len(studies):
        raise StudyError("a study is named twice", "Name each study once.")
    names = short_names((str(study.path) for study in studies), mark="/")
    entrants = []
    for study in studies:
        name = names[str(study.path)]
        entrants += [Entrant(name, study, record) for record in _chosen(study, by)]
    return entrants


def _chosen(study: StudyFolder, by: By) -> list[TrialRecord]:
    first = winner(study)
    if by == "study":
        return [first]
    records = [record for record in study.records() if record.state == "completed"]
    families = dict.fromkeys(family_of(record.config) for record in records)
    groups = [
        [record for record in records if family_of(record.config) == family] for family in families
    ]
    chosen = [record for group in groups if (record := best(group, *study.modes)) is not None]
    own = family_of(first.config)
    return [first if family_of(record.config) == own else record for record in chosen]


def label_of(entrants: Sequence[Entrant], label: str | None) -> str:
    """The label to compare by. Where none is named, it is the label that all studies decode.

    Raises:
        StudyError: The studies decode different labels, or a decoder was trained on another.
        ConfigError: The dataset has no such label, or a study's decoder of embeddings cannot decode
            it.
    """
    first, label = entrants[0], label or _shared_label(entrants)
    known = first.dataset.labels
    if label not in known:
        raise ConfigError(
            f"label '{label}' is not in {first.dataset.path}", did_you_mean(label, known)
        )
    for entrant in entrants:
        own = entrant.study.description["label"]
        if entrant.decodes_itself and own != label:
            raise StudyError(
                f"{entrant.name}: its decoder was trained on '{own}' and cannot decode '{label}'",
                f"Leave that study out, or use --label {own}.",
            )
        if not entrant.decodes_itself:
            section = f"{entrant.name}: evaluation.decoder"
            decoder = entrant.config.evaluation.decoder
            require_settings(decoder, known[label].kind, label=label, section=section)
    return label


def _shared_label(entrants: Sequence[Entrant]) -> str:
    first = entrants[0]
    for entrant in entrants:
        own = entrant.study.description["label"]
        if own is None:
            raise StudyError(
                f"{entrant.name}: the study decodes no label", "Name a label with --label."
            )
        if own != first.study.description["label"]:
            raise StudyError(
                f"{first.name} decodes '{first.study.description['label']}', "
                f"{entrant.name} '{own}'",
                "Name one label with --label.",
            )
    return str(first.study.description["label"])


# What must be equal, how it is read of an entrant, and what to do where it differs.
_ALIKE: tuple[tuple[str, Callable[[Entrant], object], str], ...] = (
    (
        "data or splits (fingerprint)",
        lambda entrant: entrant.study.description["data"]["fingerprint"][:12],
        "Scores of different data, or of different splits, cannot be compared: run both on one "
        "prepared dataset.",
    ),
    (
        "sessions",
        lambda entrant: ", ".join(entrant.config.sessions.used(entrant.dataset.sessions)),
        "Use the same sessions.combine: 'first' takes one session, the other values take all.",
    ),
    (
        "evaluation.per",
        lambda entrant: entrant.config.evaluation.per,
        "Run both with the same --set evaluation.per=...",
    ),
    (
        "evaluation.max_samples",
        lambda entrant: entrant.config.evaluation.max_samples,
        "Run both with the same --set evaluation.max_samples=...",
    ),
)


def check_alike(entrants: Sequence[Entrant]) -> None:
    """Make sure that all entrants are scored on the same examples.

    Raises:
        StudyError: Two of them are not; it names both and what differs.
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


def _named(entrant: Entrant) -> str:
    return f"{entrant.name} (trial {entrant.record.trial})"
