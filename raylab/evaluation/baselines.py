"""Matched baselines: what the decoder of embeddings scores on activity, without a model.

All settings of a baseline are chosen on the validation split. A model that decodes worse than its
own input, smoothed, must be reported as worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from raylab.config.readouts import ReadoutConfig
from raylab.config.training import EvaluationConfig
from raylab.config.view import SessionsConfig, ViewConfig
from raylab.data.dataset import Dataset
from raylab.data.datasets.recording import Recording
from raylab.data.datasets.specs import used_sessions
from raylab.data.splitting.splits import CODE
from raylab.data.views.view import Timeline, make_timeline, view_activity
from raylab.evaluation.decoding import Decoded, chance, decode, mean_scores
from raylab.evaluation.pooling import pool_samples
from raylab.evaluation.reading import Searches
from raylab.evaluation.readout_methods.components import principal_components

SMOOTHING_SAMPLES = (0, 1, 2, 4, 8, 12, 20)
COMPONENTS = (3, 8, 16, 32)
METRICS = ("euclidean", "cosine")
Scores = dict[str, dict[str, float]]
SEPARATE = SessionsConfig()
Best = tuple[Decoded, ViewConfig, np.ndarray]


class Baselines:
    """Baselines of a dataset's labels, fitted on train (or train and valid) and scored on one
    split.

    A session that is held out as a whole only has a chance level, from the labels of the other
    sessions: two sessions share no units, so a decoder of one session's activity does not apply to
    the other's.

    Attributes:
        settings: The chosen settings: baseline -> label -> session -> settings.
        held_out: The sessions that only have a chance level.
        decoded: The predictions behind `scores`: split -> baseline -> label -> session. The
            validation split is always there, since settings are chosen on it. Chance is a constant
            and has no predictions.
        by_session: The scores behind the means of the last `scores`: baseline -> label -> session
            -> metric.
    """

    def __init__(
        self,
        dataset: Dataset,
        config: EvaluationConfig,
        labels: Sequence[str],
        sessions: SessionsConfig = SEPARATE,
    ) -> None:
        self.dataset, self.config, self.labels = dataset, config, labels
        self.combination = sessions
        self.sessions = used_sessions(dataset.sessions, sessions)
        self.held_out = [name for name, spec in self.sessions.items() if not spec.splits["train"]]
        self.decoded: dict[str, dict[str, dict[str, dict[str, Decoded]]]] = {}
        self.by_session: dict[str, dict[str, dict[str, dict[str, float]]]] = {}
        self.settings: dict[str, dict[str, dict[str, Any]]] = {"raw": {}, "smoothed": {}, "pca": {}}

    def scores(self, split: str) -> dict[str, Scores]:
        """`raw`, `smoothed`, `pca`, `chance` -> label -> metric -> mean over sessions.

        The chosen settings are in `settings` afterwards.
        """
        entries: dict[str, dict[str, list[dict[str, float] | None]]] = {
            name: {label: [] for label in self.labels}
            for name in ("raw", "smoothed", "pca", "chance")
        }
        self.by_session = {}
        for session in self.sessions:
            scored = (
                self._chance_of(session, split)
                if session in self.held_out
                else self._session(session, split)
            )
            for name, by_label in scored.items():
                for label, entry in by_label.items():
                    entries[name][label].append(entry)
                    if entry is not None:
                        by_label_of = self.by_session.setdefault(name, {})
                        by_label_of.setdefault(label, {})[session] = entry
        return {
            name: {
                label: mean_scores(entries) for label, entries in by_label.items() if any(entries)
            }
            for name, by_label in entries.items()
        }

    def _session(self, session: str, split: str) -> dict[str, dict[str, dict[str, float] | None]]:
        recording = self._open(session)
        fit = ("train",) if split == "valid" else ("train", "valid")
        timeline = make_timeline(recording, ViewConfig())
        result: dict[str, dict[str, dict[str, float] | None]] = {
            name: {} for name in ("raw", "smoothed", "pca", "chance")
        }
        for label in self.labels:
            result["chance"][label] = chance(
                timeline, self.config, label=label, fit=fit, score=split
            )
        raw, smoothed = self._best_views(recording, timeline)
        for name, best in (("raw", raw), ("smoothed", smoothed)):
            for label, (decoded, view, activity) in best.items():
                result[name][label] = self._final(name, activity, timeline, label, split, decoded)
                self._note(name, session, label, decoded, view)
        for label, (_, view, activity) in smoothed.items():
            decoded, projected = self._components(activity, timeline, label)
            result["pca"][label] = self._final("pca", projected, timeline, label, split, decoded)
            self._note("pca", session, label, decoded, view, components=projected.shape[1])
        return result

    def _chance_of(self, session: str, split: str) -> dict[str, dict[str, dict[str, float] | None]]:
        fit = ("train",) if split == "valid" else ("train", "valid")
        timeline = self._timelines[session]
        scores = {}
        for label in self.labels:
            like = timeline.reference[label]
            pool = pool_samples(self._timelines, None, self.config, label=label, fit=fit, like=like)
            scores[label] = chance(
                timeline, self.config, label=label, fit=fit, score=split, pool=pool
            )
        return {"chance": scores}

    @cached_property
    def _timelines(self) -> dict[str, Timeline]:
        return {name: make_timeline(self._open(name), ViewConfig()) for name in self.sessions}

    def _open(self, session: str) -> Recording:
        return self.dataset.open(session).for_training(self.combination)

    def _best_views(
        self, recording: Recording, timeline: Timeline
    ) -> tuple[dict[str, Best], dict[str, Best]]:
        """The best unsmoothed and the best smoothed view of each label, by its validation score."""
        raw: dict[str, Best] = {}
        smoothed: dict[str, Best] = {}
        for samples in SMOOTHING_SAMPLES:
            for zscore in (False, True):
                view = ViewConfig(
                    smoothing_ms=1000 * samples / recording.rate_hz,
                    zscore=zscore,
                    scale=self.config.scale,
                )
                activity, _ = view_activity(recording, view)
                searches: Searches = {}
                for label in self.labels:
                    decoded = self._choose(activity, timeline, label, searches)
                    for table in (raw, smoothed) if samples == 0 else (smoothed,):
                        if decoded and (
                            label not in table or decoded.primary > table[label][0].primary
                        ):
                            table[label] = (decoded, view, activity)
        return raw, smoothed

    def _components(
        self, activity: np.ndarray, timeline: Timeline, label: str
    ) -> tuple[Decoded, np.ndarray]:
        """Principal components of the smoothed view, fitted on training rows; their number chosen
        on validation.
        """
        training = np.concatenate(
            [activity[a:b] for a, b, code in timeline.parts if code == CODE["train"]]
        )
        most = min(activity.shape[1], len(training))
        projected = principal_components(training, max(COMPONENTS)).project(activity)
        options = []
        for count in sorted({min(count, most) for count in COMPONENTS}):
            decoded = self._choose(projected[:, :count], timeline, label)
            assert decoded is not None  # the smoothed baseline had labelled samples on both sides
            options.append((decoded, projected[:, :count]))
        return max(options, key=lambda option: option[0].primary)

    def _choose(
        self, features: np.ndarray, timeline: Timeline, label: str, searches: Searches | None = None
    ) -> Decoded | None:
        return decode(
            features,
            timeline,
            self.config,
            label=label,
            fit=("train",),
            score="valid",
            metrics=METRICS,
            searches=searches,
        )

    def _final(
        self,
        name: str,
        features: np.ndarray,
        timeline: Timeline,
        label: str,
        split: str,
        chosen: Decoded,
    ) -> dict[str, float] | None:
        by_split = {"valid": chosen}
        if split == "test":
            decoded = decode(
                features,
                timeline,
                self.config,
                label=label,
                fit=("train", "valid"),
                score=split,
                choice=chosen.choice,
            )
            if decoded is not None:
                by_split[split] = decoded
        for each, scored in by_split.items():
            by_label = self.decoded.setdefault(each, {}).setdefault(name, {})
            by_label.setdefault(label, {})[timeline.session] = scored
        return by_split[split].scores if split in by_split else None

    def _note(
        self, name: str, session: str, label: str, decoded: Decoded, view: ViewConfig, **more: Any
    ) -> None:
        assert decoded.choice is not None
        chosen = {
            "smoothing_ms": view.smoothing_ms,
            "zscore": view.zscore,
            **settings_of(decoded.choice),
            **more,
        }
        self.settings[name].setdefault(label, {})[session] = chosen


def settings_of(choice: ReadoutConfig) -> dict[str, Any]:
    """A decoder's settings as they are recorded. Those of neighbours are recorded without the
    decoder's name, as in studies of older versions.
    """
    values = {name: value[0] if isinstance(value, tuple) else value for name, value in choice}
    weight = values.pop("class_weight", "none")
    weighted = {} if weight == "none" else {"class_weight": weight}
    if choice.kind == "knn":
        return {"neighbours": values["neighbours"], "distance": values["metric"], **weighted}
    return {"decoder": values.pop("kind"), **values, **weighted}
