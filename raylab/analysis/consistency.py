"""Consistency of a study's models: between seeds, sessions and animals, on held-out samples."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from raylab.analysis.models.trained import Trained, seeds_of
from raylab.errors import ConfigError, StudyError
from raylab.evaluation.consistency import (
    BINS,
    align,
    chance_of_fit,
    consistency_matrix,
    group_means,
    off_diagonal,
)
from raylab.paths import AnyPath
from raylab.reporting.figures.consistency import consistency_figure
from raylab.reporting.figures.files import keep_score
from raylab.reporting.tables.cells import short_names
from raylab.results import Result
from raylab.tracking.study import StudyFolder
from raylab.tracking.winner import winner

Between = Literal["seeds", "sessions", "animals", "areas"]


Matrix = tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class Consistency(Result):
    """How well embeddings agree: R2 of linear maps between them.

    Attributes:
        between: seeds, sessions, animals or areas.
        split: valid or test.
        label: The label that aligned the embeddings; None between seeds.
        trials: The trials whose models were compared.
        names: The names of the rows and columns of the matrix.
        matrix: R2 of the column's embedding predicted from the row's; None where there is nothing
            to compare.
        mean, least, most: The mean and the extremes of R2 over pairs of different names.
        within: Mean over the diagonal, for animals and areas with several sessions; else None.
        chance: R2 expected of independent embeddings.
        samples: Samples, or bins of the label, that were compared.
        notes: Sessions and bins that were left out.
    """

    between: str
    split: str
    label: str | None
    trials: tuple[str, ...]
    names: tuple[str, ...]
    matrix: Matrix
    mean: float
    least: float
    most: float
    within: float | None
    chance: float
    samples: int
    notes: tuple[str, ...]


def consistency(
    path: AnyPath | Sequence[AnyPath],
    *,
    between: Between = "seeds",
    label: str | None = None,
    split: str = "valid",
    trials: Sequence[str] = (),
    bins: int = BINS,
) -> Consistency:
    """Measure how well embeddings of held-out samples agree: R2 of linear maps between them.

    Models of different seeds are compared on the same samples. The embeddings of different
    sessions, animals or areas are first aligned by a label: their means over bins of the label are
    compared. docs/evaluation.md has the formula, which is that of Schneider, Lee & Mathis (2023,
    Nature 617, 360-368). The result and a figure are written to the first study's `scores` folder.

    Args:
        path: A study, or several on the same data.
        between: What is compared.
        label: The label that aligns sessions, animals or areas: continuous or circular in one
            column, or discrete. Default: the study's label.
        split: `valid` or `test`. Each reading of the test split is counted.
        trials: Trials of the first study, whatever their configs. Default: the winner and the
            completed trials that differ from it only in `training.seed`. Of further studies, the
            winner is taken.
        bins: Bins of a continuous or circular label. Short sessions need fewer.

    Returns:
        The matrix of R2 values, and its mean and extremes over pairs.

    Raises:
        ConfigError: `between` has an unknown value.
        StudyError: A model, session, animal or area has nothing to be compared with, or the studies
            were made on different data.

    Example:
        >>> result = raylab.consistency("study")
        >>> result.names
        ('0001', '0000')
        >>> result.least <= result.mean <= result.most
        True
    """
    if between not in get_args(Between):
        raise ConfigError(
            f"consistency cannot be computed between '{between}'",
            "Choose seeds, sessions, animals or areas.",
        )
    models = _models([path] if isinstance(path, str | os.PathLike) else path, trials)
    if between == "seeds" and len(models) < 2:
        raise StudyError(
            f"{models[0].study.path}: trial {models[0].trial} has no other seed to be compared "
            "with",
            "Search training.seed: {int: [0, 4]} in a study, name trials (--trial, twice), or name "
            "studies (--beside).",
        )
    for model in models:
        model.read(split, "consistency")
    label = None if between == "seeds" else label or models[0].study.description["label"]
    if between == "seeds":
        agreement = _between_models(models, split)
    else:
        agreement = _between_sessions(models, between, label, split, bins)
    result = _result(agreement, between, split, label, _names(models))
    plain = result.to_dict()
    keep_score(models[0].study, f"consistency-{between}-{split}", plain, consistency_figure(plain))
    return result


@dataclass(frozen=True)
class _Agreement:
    """Mean matrix of R2 over sessions or models.

    Attributes:
        matrix: (names, names) R2; NaN where there is nothing to compare.
        grouped: Whether names are groups of sessions, so that the diagonal means something.
    """

    names: list[str]
    matrix: np.ndarray
    chance: float
    samples: int
    notes: list[str]
    grouped: bool = False


def _result(
    agreement: _Agreement, between: str, split: str, label: str | None, trials: list[str]
) -> Consistency:
    matrix = agreement.matrix
    pairs, own = off_diagonal(matrix), matrix.diagonal()
    own = own[np.isfinite(own)]
    return Consistency(
        between=between,
        split=split,
        label=label,
        trials=tuple(trials),
        names=tuple(agreement.names),
        matrix=tuple(
            tuple(float(value) if np.isfinite(value) else None for value in row) for row in matrix
        ),
        mean=float(pairs.mean()),
        least=float(pairs.min()),
        most=float(pairs.max()),
        within=float(own.mean()) if agreement.grouped and len(own) else None,
        chance=agreement.chance,
        samples=agreement.samples,
        notes=tuple(agreement.notes),
    )


def _models(paths: Sequence[AnyPath], trials: Sequence[str]) -> list[Trained]:
    studies = [StudyFolder.open(Path(path)) for path in paths]
    prints = {study.description["data"]["fingerprint"] for study in studies}
    if len(prints) > 1:
        raise StudyError(
            f"{studies[1].path}: this study was made on other data than {studies[0].path}",
            "Samples of different data do not correspond; name studies of one prepared dataset.",
        )
    first = [winner(studies[0], trial) for trial in dict.fromkeys(trials)] or seeds_of(studies[0])
    records = [(studies[0], record) for record in first] + [
        (study, winner(study)) for study in studies[1:]
    ]
    return [Trained.load(study, record) for study, record in records]


def _names(models: Sequence[Trained]) -> list[str]:
    names = short_names((str(model.study.path) for model in models), mark="/")
    several = len(names) > 1
    return [
        f"{names[str(model.study.path)]}/{model.trial}" if several else model.trial
        for model in models
    ]


def _between_models(models: Sequence[Trained], split: str) -> _Agreement:
    """Mean over the sessions that all models know."""
    matrices, counts, chances = [], 0, []
    for session in models[0].shard:
        if all(session in model.shard for model in models):
            embeddings = [model.held_out(session, split)[0] for model in models]
            if len(embeddings[0]) > max(each.shape[1] for each in embeddings) + 1:
                matrices.append(consistency_matrix(embeddings))
                counts += len(embeddings[0])
                chances.append(
                    chance_of_fit([each.shape[1] for each in embeddings], len(embeddings[0]))
                )
    if not matrices:
        raise StudyError(
            f"{models[0].study.path}: no session has enough {split} samples to compare its "
            "embeddings"
        )
    mean = np.mean(matrices, axis=0)
    return _Agreement(_names(models), mean, float(np.mean(chances)), counts, [])


def _between_sessions(
    models: Sequence[Trained], between: str, label: str | None, split: str, bins: int
) -> _Agreement:
    """Mean over the models, each with its own embeddings of the sessions."""
    if label is None:
        raise StudyError(f"{models[0].study.path}: the data has no label to align {between} by")
    known = [
        session for session in models[0].shard if all(session in model.shard for model in models)
    ]
    held = {
        session: [model.held_out(session, split, label) for model in models] for session in known
    }
    notes = [
        f"{session}: no {split} sample with label '{label}'"
        for session in known
        if not len(held[session][0][0])
    ]
    names = [session for session in known if len(held[session][0][0])]
    groups = (
        names if between == "sessions" else [_group(models[0], name, between) for name in names]
    )
    if len(set(groups)) < 2:
        raise StudyError(
            f"{models[0].study.path}: {len(set(groups))} of its {between} has {split} samples "
            f"with label '{label}'; at least 2 are needed",
            "Name a label that several of them share (--label).",
        )
    matrices, chances, used = [], [], 0
    for place in range(len(models)):
        points, labels = zip(*(held[name][place] for name in names))
        aligned, missing = align(points, [each for each in labels if each], bins=bins)
        used = len(aligned[0])
        chances.append(chance_of_fit([each.shape[1] for each in aligned], used))
        matrices.append(group_means(consistency_matrix(aligned), groups)[1])
    notes += [f"{missing} bins of '{label}' are not in all {between}"] if missing else []
    mean, chance = np.mean(matrices, axis=0), float(np.mean(chances))
    grouped = between in ("animals", "areas")
    return _Agreement(list(dict.fromkeys(groups)), mean, chance, used, notes, grouped)


def _group(model: Trained, session: str, between: str) -> str:
    """The animal or area of a session."""
    recording = model.dataset.recorded(session)
    if between == "areas" and not recording.area:
        raise StudyError(
            f"session '{session}' does not say in which area its units lie, or they lie in several",
            "Prepare one session per area (unit_filters.structures, session.area), or use "
            "--consistency sessions.",
        )
    if between == "animals" and not recording.animal:
        raise StudyError(
            f"session '{session}' does not say which animal it is of", "Use --consistency sessions."
        )
    return recording.area if between == "areas" else recording.animal
