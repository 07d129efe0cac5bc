"""Consistency of a study's models: between seeds, sessions and animals, on held-out samples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from raylab.analysis.trained import Trained, plain, seeds_of
from raylab.analysis.winner import winner
from raylab.errors import ConfigError, StudyError
from raylab.evaluation.consistency import (
    BINS,
    align,
    chance_of_fit,
    consistency_matrix,
    group_means,
    off_diagonal,
)
from raylab.reporting.figures.consistency import consistency_figure
from raylab.reporting.figures.files import keep_score
from raylab.tracking.study import StudyFolder

Between = Literal["seeds", "sessions", "animals", "areas"]


def consistency(
    path: str | Path | Sequence[str | Path],
    *,
    between: Between = "seeds",
    label: str | None = None,
    split: str = "valid",
    trials: Sequence[str] = (),
    bins: int = BINS,
) -> dict[str, Any]:
    """R2 of linear maps between embeddings of held-out samples (docs/evaluation.md has the
    formula).

    Between seeds, models are compared on the same samples; between sessions, animals and areas, the
    embeddings that each model gives them are aligned by a label. The result and a figure are
    written to the first study's `scores` folder.

    Args:
        path: A study, or several on the same data.
        label: Aligns sessions; default: the study's label. Of one column, continuous, circular or
            discrete.
        trials: Of the first study, whatever their configs. Default: the winner and its seeds, that
            is the completed trials that differ from it by `training.seed` only. Of further studies:
            their winners.
        bins: Of a continuous or circular label; short sessions need fewer.

    Returns:
        {"between", "split", "label", "trials", "names": of rows and columns, "matrix": R2 of the
        column predicted from the row, "mean", "least", "most": over pairs of different names,
        "within": mean over the diagonal, of animals and areas with several sessions, else None,
        "chance": expected of independent samples, "samples": compared, or bins of the label,
        "notes"}.

    Raises:
        StudyError: one model, session, animal or area has nothing to be compared with; studies of
            different data.
    """
    if between not in get_args(Between):
        raise ConfigError(
            f"consistency between '{between}'", "Choose seeds, sessions, animals or areas."
        )
    models = _models([path] if isinstance(path, str | Path) else path, trials)
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
        found = _between_models(models, split)
    else:
        found = _between_sessions(models, between, label, split, bins)
    result = {"between": between, "split": split, "label": label, "trials": _names(models), **found}
    keep_score(
        models[0].study, f"consistency-{between}-{split}", result, consistency_figure(result)
    )
    return result


def _models(paths: Sequence[str | Path], trials: Sequence[str]) -> list[Trained]:
    studies = [StudyFolder.open(Path(path)) for path in paths]
    prints = {study.description["data"]["fingerprint"] for study in studies}
    if len(prints) > 1:
        raise StudyError(
            f"{studies[1].path}: made on other data than {studies[0].path}",
            "Samples of different data do not correspond; name studies of one prepared dataset.",
        )
    first = [winner(studies[0], trial) for trial in dict.fromkeys(trials)] or seeds_of(studies[0])
    records = [(studies[0], record) for record in first] + [
        (study, winner(study)) for study in studies[1:]
    ]
    return [Trained.load(study, record) for study, record in records]


def _names(models: Sequence[Trained]) -> list[str]:
    several = len({model.study.path for model in models}) > 1
    return [f"{model.study.name}/{model.trial}" if several else model.trial for model in models]


def _between_models(models: Sequence[Trained], split: str) -> dict[str, Any]:
    """Mean over the sessions that all models know."""
    matrices, counts, chances = [], 0, []
    for session in models[0].shard:
        if all(session in model.shard for model in models):
            embeddings = [model.held_out(session, split)[0] for model in models]
            if len(embeddings[0]) > max(one.shape[1] for one in embeddings) + 1:
                matrices.append(consistency_matrix(embeddings))
                counts += len(embeddings[0])
                chances.append(
                    chance_of_fit([one.shape[1] for one in embeddings], len(embeddings[0]))
                )
    if not matrices:
        raise StudyError(
            f"{models[0].study.path}: no session has enough {split} samples to compare its "
            "embeddings"
        )
    mean = np.mean(matrices, axis=0)
    return _described(
        _names(models), mean, chance=float(np.mean(chances)), samples=counts, notes=[]
    )


def _between_sessions(
    models: Sequence[Trained], between: str, label: str | None, split: str, bins: int
) -> dict[str, Any]:
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
        chances.append(chance_of_fit([one.shape[1] for one in aligned], used))
        matrices.append(group_means(consistency_matrix(aligned), groups)[1])
    notes += [f"{missing} bins of '{label}' are not in all {between}"] if missing else []
    mean, chance = np.mean(matrices, axis=0), float(np.mean(chances))
    found, grouped = list(dict.fromkeys(groups)), between in ("animals", "areas")
    return _described(found, mean, chance=chance, samples=used, notes=notes, grouped=grouped)


def _group(model: Trained, session: str, between: str) -> str:
    """The animal or area of a session."""
    one = model.dataset.session(session)
    if between == "areas" and not one.area:
        raise StudyError(
            f"session '{session}' does not say in which area its units lie, or they lie in several",
            "Prepare a session an area (unit_filters.structures, session.area), or use "
            "--consistency sessions.",
        )
    if between == "animals" and not one.animal:
        raise StudyError(
            f"session '{session}' does not say which animal it is of", "Use --consistency sessions."
        )
    return one.area if between == "areas" else one.animal


def _described(
    names: list[str],
    matrix: np.ndarray,
    *,
    chance: float,
    samples: int,
    notes: list[str],
    grouped: bool = False,
) -> dict[str, Any]:
    pairs, own = off_diagonal(matrix), matrix.diagonal()
    own = own[np.isfinite(own)]
    return {
        "names": names,
        "matrix": plain(matrix),
        "mean": float(pairs.mean()),
        "least": float(pairs.min()),
        "most": float(pairs.max()),
        "within": float(own.mean()) if grouped and len(own) else None,
        "chance": chance,
        "samples": samples,
        "notes": notes,
    }
