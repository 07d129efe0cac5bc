"""A model beside other embeddings of the same samples: PCA, UMAP, t-SNE and saved ones, by the same
scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from raylab.analysis.saved import Saved
from raylab.analysis.scorer import resampled
from raylab.analysis.trained import Trained, one_trained
from raylab.config.explain import did_you_mean
from raylab.config.training import EvaluationConfig
from raylab.data.session import Label
from raylab.data.shard import SessionShard
from raylab.errors import ConfigError, StudyError
from raylab.evaluation.bootstrap import interval
from raylab.evaluation.comparison import METHODS, linear_r2
from raylab.evaluation.decoding import (
    Decoded,
    decode,
    labelled_samples,
    mean_scores,
    reference_samples,
)
from raylab.evaluation.reading import Searches
from raylab.reporting.figures.comparison import comparison_figure
from raylab.reporting.figures.files import keep_score
from raylab.reporting.saved.embedding import Embedding, colourings_of

METRICS = ("euclidean", "cosine")
DRAWN = 2000
Features = dict[str, np.ndarray]  # by session: (rows of the view, D), NaN where no sample is scored
Found = dict[
    str, tuple[Decoded, float | None]
]  # by label: decoded, and R2 of a linear map where there is one


def compare_embeddings(
    path: str | Path,
    *,
    against: Sequence[str | Path] = ("pca", "umap", "tsne"),
    trial: str | None = None,
    split: str = "valid",
    samples: int = 2000,
    seed: int = 0,
) -> dict[str, Any]:
    """Score a model and other embeddings by decoding every label, on the same samples of each
    split.

    The others are given what the model's encoder sees: its view, in windows of its receptive field.
    k and distance of the nearest-neighbour decoder are chosen on validation for each. The result
    and a figure are written to the study's `scores` folder.

    Args:
        against: Of pca, umap, tsne, and files of embeddings (see `Saved`).
        samples: Of each split and session, evenly spaced; t-SNE and UMAP take long for many.

    Returns:
        {"split", "trial", "samples", "sessions", "methods": {name: {"dimensions", "transductive":
        True, False or None (not known, of a file), "scores": {label: {metric: value}}, "intervals":
        {label: {metric: [low, high]}}}}}. `linear_r2` is that of a linear map to a continuous or
        circular label, fitted on training samples.

    Raises:
        ConfigError: no such method. StudyError: umap-learn is not installed. DataError: a file
            lacks samples.
    """
    methods, files = _sorted_out(against)
    trained = one_trained(path, trial)
    trained.read(split, "comparison")
    config = trained.model.config.evaluation.model_copy(update={"max_samples": samples})
    comparison = _Comparison(trained, split, config)
    comparison.add(f"trial {trained.trial}", comparison.of_model(), transductive=False)
    for name in methods:
        comparison.add(
            name, comparison.of_method(name, seed), transductive=METHODS[name].transductive
        )
    for file in files:
        comparison.add(file.name, comparison.of_file(file), transductive=None)
    found = {
        "samples": samples,
        "sessions": list(comparison.sessions),
        "methods": comparison.methods,
    }
    result = {"split": split, "trial": trained.trial, **found}
    fitted_on_all = [name for name, one in comparison.methods.items() if one["transductive"]]
    keep_score(
        trained.study,
        f"comparison-{split}",
        result,
        comparison_figure(comparison.drawn, fitted_on_all),
    )
    return result


def _sorted_out(against: Sequence[str | Path]) -> tuple[list[str], list[Saved]]:
    methods, files = [], []
    names = [Path(name).name for name in against]
    if len(set(names)) < len(names):
        raise ConfigError(
            f"'{max(names, key=names.count)}' is named twice",
            "Give each method, and each file name, once.",
        )
    for name in against:
        if str(name) in METHODS:
            methods.append(str(name))
        elif Path(name).suffix in (".parquet", ".npz"):
            files.append(Saved.read(Path(name)))
        else:
            raise ConfigError(
                f"no method '{name}' to compare with",
                did_you_mean(str(name), METHODS) + " Or a .parquet or .npz file.",
            )
    return methods, files


class _Comparison:
    """Scores of embeddings of the same samples of one trial's sessions."""

    def __init__(self, trained: Trained, split: str, config: EvaluationConfig) -> None:
        self.trained, self.split, self.config = trained, split, config
        self.splits = ("train", "valid") if split == "valid" else ("train", "valid", "test")
        self.methods: dict[str, dict[str, Any]] = {}
        self.drawn: dict[str, Embedding] = {}
        shards = trained.shard.items()
        self.sessions = {
            name: shard
            for name, shard in shards
            if all(len(self.rows(shard, s)) for s in self.splits)
        }
        if not self.sessions:
            raise StudyError(
                f"{trained.study.path}: no session has training, validation and {split} samples"
            )

    def rows(self, shard: SessionShard, *splits: str) -> np.ndarray:
        """Rows of the view of the samples used."""
        timeline = shard.timeline
        samples = reference_samples(timeline, splits or self.splits, self.config.max_samples)
        return np.asarray(timeline.rows[samples])

    def of_model(self) -> Features:
        return {name: self.trained.embed(name, self.splits) for name in self.sessions}

    @cached_property
    def dimensions(self) -> int:
        """Of the model's embedding."""
        shard = next(iter(self.sessions.values()))
        embedded = self.trained.model.encode(shard.x[:1].numpy(), session=shard.timeline.session)
        return int(embedded.shape[1])

    def of_method(self, name: str, seed: int) -> Features:
        return {
            session: self._reduced(name, shard, seed) for session, shard in self.sessions.items()
        }

    def of_file(self, file: Saved) -> Features:
        return {
            name: file.on_rows(shard.timeline, self.rows(shard))
            for name, shard in self.sessions.items()
        }

    def add(self, name: str, features: Features, *, transductive: bool | None) -> None:
        """Score an embedding, and keep what is drawn of it."""
        each = [self._session(session, found) for session, found in features.items()]
        labels = list(dict.fromkeys(label for found in each for label in found))
        by_label = {label: [found[label] for found in each if label in found] for label in labels}
        self.methods[name] = {
            "dimensions": next(iter(features.values())).shape[1],
            "transductive": transductive,
            "scores": {
                label: mean_scores([_numbers(*one) for one in found])
                for label, found in by_label.items()
            },
            "intervals": {
                key: interval([resampled(one) for one, _ in found])
                for key, found in by_label.items()
            },
        }
        self.drawn[name] = self._sight(features)

    def _sight(self, features: Features) -> Embedding:
        """The scored samples of the first session, with the study's label."""
        session, found = next(iter(features.items()))
        timeline = self.sessions[session].timeline
        at = reference_samples(timeline, (self.split,), min(self.config.max_samples, DRAWN))
        name = self.trained.study.description["label"]
        label = timeline.reference.get(name) or Label.discrete(
            np.full(len(timeline.samples), session)
        )
        colourings = colourings_of(
            name or "session",
            label.kind,
            label.values[at],
            unit=label.unit,
            classes=label.classes,
        )
        return Embedding(found[timeline.rows[at]], tuple(colourings))

    def _reduced(self, name: str, shard: SessionShard, seed: int) -> np.ndarray:
        training, others = (
            np.unique(self.rows(shard, *splits)) for splits in (("train",), self.splits[1:])
        )
        seen = [
            _windows(shard, rows, *self.trained.model.receptive_field)
            for rows in (training, others)
        ]
        reduced = METHODS[name].reduce(seen[0], seen[1], self.dimensions, seed)
        found = np.full((shard.timeline.length, reduced[0].shape[1]), np.nan)
        found[training], found[others] = reduced
        return found

    def _session(self, session: str, features: np.ndarray) -> Found:
        timeline, searches = self.sessions[session].timeline, Searches()
        fit = ("train",) if self.split == "valid" else ("train", "valid")
        found: Found = {}
        for label in timeline.reference:
            how: dict[str, Any] = {"label": label, "searches": searches}
            chosen = decode(
                features,
                timeline,
                self.config,
                fit=("train",),
                score="valid",
                metrics=METRICS,
                **how,
            )
            if chosen and self.split == "test":
                how["choice"] = chosen.choice
                chosen = decode(features, timeline, self.config, fit=fit, score="test", **how)
            if chosen:
                found[label] = chosen, self._linear(session, features, label)
        return found

    def _linear(self, session: str, features: np.ndarray, name: str) -> float | None:
        timeline = self.sessions[session].timeline
        if timeline.reference[name].kind == "discrete":
            return None
        (label, fit), (truth, score) = (
            labelled_samples(timeline, name, (split,), self.config.max_samples)
            for split in ("train", self.split)
        )
        return linear_r2(features[timeline.rows[fit]], label, features[timeline.rows[score]], truth)


def _numbers(decoded: Decoded, linear: float | None) -> dict[str, float]:
    return decoded.scores if linear is None else {**decoded.scores, "linear_r2": linear}


def _windows(shard: SessionShard, rows: np.ndarray, left: int, right: int) -> np.ndarray:
    """(len(rows), width * K) windows of the view; at the ends of a part its first or last row
    repeats.
    """
    starts, stops, _ = shard.timeline.parts.T
    part = np.searchsorted(starts, rows, side="right") - 1
    index = np.clip(
        rows[:, None] + np.arange(-left, right), starts[part, None], stops[part, None] - 1
    )
    return shard.x.numpy()[index].reshape(len(rows), -1)
