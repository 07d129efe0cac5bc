"""The options of `answer`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from raylab.cli.checks.data import check_label
from raylab.cli.checks.outputs import new_output
from raylab.config.explain import did_you_mean
from raylab.data.dataset import Dataset
from raylab.data.manifest import MANIFEST
from raylab.errors import ConfigError, DataError
from raylab.space.load_space import load_space
from raylab.tuning.entrants.shipped import chosen_names

_PER = ("sample", "segment")  # what an example can be in every dataset
_PATTERN = "*?["  # characters of a pattern of files


@dataclass(frozen=True)
class Question:
    """The options of `answer`."""

    data: Path
    label: str | None
    out: Path
    families: Sequence[str] | None
    spaces: Sequence[str | Path]
    per: str
    recipe: str | None
    overrides: Mapping[str, object]


def check_answer(question: Question) -> None:
    """Check the options of `answer`. What can only be known once recordings are read, such as
    their labels, is checked when they are prepared.

    Raises:
        RaylabError: The data, a label, family, space or group does not exist, or `out` cannot be
            written.
    """
    new_output(question.out)
    if question.families is not None:
        chosen_names(list(question.families))
    for space in question.spaces:
        load_space(space)
    if (question.data / MANIFEST).is_file():
        _check_dataset(question, Dataset(question.data))
    elif not question.data.exists() and not any(mark in str(question.data) for mark in _PATTERN):
        raise DataError(
            f"{question.data}: no such file or folder",
            "Name a prepared dataset, or recordings.",
        )


def _check_dataset(question: Question, dataset: Dataset) -> None:
    """Check what is asked of a prepared dataset."""
    if question.recipe is not None:
        raise ConfigError(
            f"--recipe {question.recipe}: {dataset.path} is a prepared dataset, which was made "
            "with a recipe already",
            "Leave --recipe out.",
        )
    check_label(dataset, question.label)
    known = [
        *_PER,
        *dict.fromkeys(name for each in dataset.sessions.values() for name in each.longest),
    ]
    if question.per not in known:
        raise ConfigError(
            f"--per {question.per}: {dataset.path} has no such groups",
            did_you_mean(question.per, known),
        )
