"""The plan of an answer: its dataset, label, entrants and folds, checked before anything runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from raylab.analysis.answering.planning.folds import deal_folds
from raylab.analysis.answering.planning.question import Question
from raylab.analysis.answering.planning.still import note_on_still_parts
from raylab.config.explain import did_you_mean
from raylab.config.parse import parse_trial
from raylab.data.dataset import Dataset
from raylab.data.load_recipe import RecipeSource
from raylab.data.manifest import MANIFEST
from raylab.data.prepare import prepare
from raylab.errors import ConfigError, DataError
from raylab.evaluation.obstacles import obstacle_to_scoring
from raylab.files import write_text
from raylab.paths import AnyPath, local_path
from raylab.space.shipped import named_space
from raylab.space.space import Space
from raylab.tasks.samples import check_samples, no_score
from raylab.tasks.sides import label_sides
from raylab.tuning.entrants.entrants_for import SpaceSource, SpaceSources, listed

DATA, FOLDS, SPACES = "data", "folds", "spaces"  # folders in the study


@dataclass(frozen=True)
class Source:
    """Where the samples of an answer come from.

    Attributes:
        data: A prepared dataset, or recordings.
        recipe: Of recordings.
        overrides: Values by dotted path of the recipe, or of a dataset's splits and filters.
    """

    data: AnyPath
    recipe: RecipeSource | None = None
    overrides: Mapping[str, Any] | None = None


def open_source(source: Source, folder: Path) -> Dataset:
    """The prepared dataset; it is made in `folder` where there are only recordings, or where its
    splits are to be changed.
    """
    path = local_path(source.data)
    if (path / MANIFEST).is_file() and source.recipe is None and not source.overrides:
        return Dataset(path)
    return prepare(
        path, out=folder / DATA, recipe=source.recipe, overrides=source.overrides
    ).dataset


def chosen_label(dataset: Dataset, label: str | None) -> str:
    """The named label, or the dataset's first.

    Raises:
        DataError: There is no such label.
    """
    if not dataset.labels:
        raise DataError(
            f"{dataset.path}: has no label that all of its sessions have",
            "Name one in the recipe, under `labels` (docs/your_data.md).",
        )
    if label is None:
        return next(iter(dataset.labels))
    if label not in dataset.labels:
        raise DataError(
            f"{dataset.path}: has no label '{label}'", did_you_mean(label, dataset.labels)
        )
    return label


def make_plan(
    question: Question,
    dataset: Dataset,
    folder: Path,
    *,
    folds: int | None,
    space: SpaceSources | None = None,
) -> Question:
    """Check a question against a dataset, and deal the folds.

    Args:
        folder: Where the folds and the user's own spaces go.
        folds: How many; see `deal_folds`.

    Returns:
        The question with its folds and notes.

    Raises:
        ConfigError, DataError: Something does not fit.
    """
    spaces = [_kept_space(each, folder) for each in listed(space)]
    question = replace(question, spaces=spaces)
    try:
        entrants, left_out = question.entrants(dataset, folder)
    except ConfigError as error:
        what = error.what
        for kept, own in zip(spaces, listed(space), strict=True):
            what = what.replace(str(folder / kept), _called(own))
        raise ConfigError(what, error.remedy) from error
    config = entrants[0].config(0) if entrants else None
    if config is None:
        # Nearly all entrants have the same reason; a line of each would hide it.
        reason, _ = Counter(left_out.values()).most_common(1)[0]
        raise ConfigError(f"no entrant can decode '{question.label}': {reason}")
    trial = parse_trial(config, f"entrant {entrants[0].name}")

    def check(fold: Dataset) -> Sequence[str]:
        notes = check_samples(trial, fold, required=True)
        sides = label_sides(trial, fold, question.label, ("test",))
        reasons = {
            name: obstacle_to_scoring(side.scored["test"], split="test")
            for name, side in sides.items()
        }
        if all(reasons.values()):
            raise no_score(fold, question.label, reasons)
        return notes

    paths, notes = deal_folds(dataset, folder / FOLDS, folds=folds, check=check)
    dealt = [Dataset(path) for path in paths]
    return replace(
        question,
        folds=[_relative(path, folder) for path in paths],
        fingerprints=[fold.fingerprint for fold in dealt],
        notes=[*notes, *note_on_still_parts(trial, dealt, question.label)],
        left_out=left_out_lines(left_out),
    )


def left_out_lines(reasons: Mapping[str, str]) -> list[str]:
    """Which entrants take no part, one line for all that have the same reason.

    Args:
        reasons: By the name of the entrant.
    """
    names: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        names.setdefault(reason.replace(f"model.kind {name} ", "model.kind "), []).append(name)
    return [f"no part for {', '.join(own)}: {reason}" for reason, own in names.items()]


def _relative(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path.resolve())


def _called(space: SpaceSource) -> str:
    return str(space) if isinstance(space, str | Path) else "space"


def _kept_space(space: SpaceSource, folder: Path) -> str:
    """Copy the user's own space into the study, under the name by which its entrant is called."""
    if isinstance(space, str | Path):
        path = named_space(space)
        if not path.is_file():
            raise ConfigError(f"{path}: no such file", "Name the YAML file of a search space.")
        name, text = path.name, path.read_text(encoding="utf-8")
    else:
        plain = (
            space.model_dump(mode="json", by_alias=True, exclude_none=True)
            if isinstance(space, Space)
            else dict(space)
        )
        name, text = "own.yaml", yaml.safe_dump(plain, sort_keys=False)
    write_text(folder / SPACES / name, text)
    return f"{SPACES}/{name}"
