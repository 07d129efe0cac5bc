"""Using a study: the winner as an object, its scores on a split, its embeddings as a table.

The test split is read by name only, and every reading is an event of the ledger.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median_low
from typing import Any

import numpy as np
import pandas as pd

from raylab.config import KnnConfig, ReadoutConfig
from raylab.data.dataset import Dataset
from raylab.data.shard import whole_shard
from raylab.data.splits import SPLITS
from raylab.errors import StudyError
from raylab.evaluation.baselines import Baselines
from raylab.evaluation.chance import chance_of, permuted_scores
from raylab.evaluation.decoding import Decoded, decode, mean_scores
from raylab.evaluation.reading import Searches
from raylab.evaluation.scores import block_bootstrap, group_bootstrap, interval, score_predictions
from raylab.evaluation.summaries import summaries
from raylab.files import atomic_path, write_json
from raylab.reporting.confusion import keep_confusions
from raylab.tasks import get_task
from raylab.tasks.embedding import session_pool
from raylab.tasks.labels import decoded_label
from raylab.tracking.records import TrialRecord, best, front, reads_of_test
from raylab.tracking.selections import drawn, ended_selection
from raylab.tracking.study import StudyFolder
from raylab.training.model import Model


def winner(study: StudyFolder, trial: str | None = None) -> TrialRecord:
    """The trial asked for; else the champion, where a selection (`raylab select`) has ended; else the best completed
    one by its validation score.

    Of several objectives: the one of the Pareto front with the best first objective (`said_choice` says so).
    """
    records = study.records()
    selection = ended_selection(study.ledger.read()) if trial is None else None
    trial = selection.champion if selection else trial
    if trial is None:
        found = best(records, *study.modes)
        if found is None:
            raise StudyError(
                f"{study.path}: no trial has completed",
                "Look at `raylab leaderboard` for the reasons.",
            )
        return found
    named = next((record for record in records if record.trial == trial), None)
    if named is None:
        raise StudyError(
            f"{study.path}: no trial '{trial}'",
            f"Its trials: {', '.join(r.trial for r in records)}.",
        )
    return named


def said_choice(study: StudyFolder) -> str | None:
    """Which trial `winner` takes where none is named, as a sentence; None where it goes without saying: the best by one
    objective, or no winner."""
    selection = ended_selection(study.ledger.read())
    if selection is not None:
        return (
            f"trial {selection.champion} is used: the champion of `raylab select` (rule {selection.rule}), the median "
            f"of the repetitions of trial {selection.of}"
        )
    if len(study.modes) < 2 or (found := best(records := study.records(), *study.modes)) is None:
        return None
    count = len(front(records, *study.modes))
    return f"trial {found.trial} is used: of {count} on the Pareto front, the one with the best {study.metrics[0]}"


def unselected(study: StudyFolder) -> str | None:
    """What to know of a winner before the test split is read, where no selection has ended; of one trial, nothing."""
    if ended_selection(study.ledger.read()) is not None or len(drawn(study.records())) < 2:
        return None
    return "the winner was chosen by one seed's validation score; `raylab select` comes first"


def evaluate(path: str | Path, *, split: str = "valid", trial: str | None = None) -> dict[str, Any]:
    """Decode every label of one split from the winner's embedding, beside chance and matched baselines.

    Decoder settings are chosen on validation. For the test figure what is fitted at once (the decoder of embeddings, a
    readout) is fitted on train and validation; networks stay as they were trained. Labels that
    `evaluation.decoder` has no meaning for have no score.

    Returns:
        {"split", "trial", "selected": whether it is the champion of a selection over seeds,
        "scores": {label: {metric: value}}, "intervals": {label: {metric: [low, high]}},
        "permuted": {label: {metric: {"mean", "low", "high", "p"}}} of the same predictions against permuted labels,
        "sessions": {session: {label: {metric: value}}}, "fitted": {label: [split]} that the decoder was fitted on,
        "animals", "summary": medians and quartiles (`summaries`), "baselines": {name: {label: {metric: value}}},
        "test_reads"};
        scores are means over sessions, errors in the label's own unit.
    """
    if split not in ("valid", "test"):
        raise StudyError(
            f"split '{split}' cannot be evaluated", "Use --split valid or --split test."
        )
    study = StudyFolder.open(Path(path))
    record = winner(study, trial)
    model, dataset = model_and_data(study, record)
    labels = list(dataset.labels)
    if not labels:
        raise StudyError(f"{study.path}: the dataset has no label to decode")
    if split == "test":
        study.ledger.append({"event": "test_read", "trial": record.trial, "purpose": "evaluate"})
    scorer = Scorer(model, dataset, split)
    baselines = Baselines(dataset, model.config.evaluation.matched, labels, model.config.sessions)
    selection = ended_selection(study.ledger.read())
    selected = selection is not None and selection.champion == record.trial
    result = {"split": split, "trial": record.trial, "selected": selected, **scorer.scores(labels)}
    result |= summaries(
        result["sessions"], {one["id"]: one["animal"] for one in dataset.manifest["sessions"]}
    )
    result["baselines"] = {**baselines.scores(split), "input": scorer.own_input(labels)}
    result["test_reads"] = len(reads_of_test(study.ledger.read()))
    write_json(study.evaluation_path(split), {**result, "settings": baselines.settings})
    keep_confusions(study, scorer.decoded, split=split, trial=record.trial)
    return result


def export_embeddings(
    path: str | Path,
    *,
    out: str | Path,
    splits: Sequence[str] = ("train", "valid"),
    trial: str | None = None,
) -> pd.DataFrame:
    """Write the winner's embedding of every reference sample as Parquet: session, sample, time, split, labels, e0...

    Test samples only where `splits` names them; that reading is counted.
    """
    unknown = [split for split in splits if split not in SPLITS]
    if unknown:
        raise StudyError(
            f"split '{unknown[0]}' does not exist", f"Use some of: {', '.join(SPLITS)}."
        )
    if Path(out).exists():
        raise StudyError(f"{out}: already there", "Choose another --out, or remove it.")
    study = StudyFolder.open(Path(path))
    record = winner(study, trial)
    model, dataset = model_and_data(study, record)
    if "test" in splits:
        study.ledger.append({"event": "test_read", "trial": record.trial, "purpose": "export"})
    table = pd.concat(
        [_embedding_table(model, dataset, name, splits) for name in model.sessions],
        ignore_index=True,
    )
    with atomic_path(Path(out)) as temporary:
        table.to_parquet(temporary, index=False)
    return table


def model_and_data(study: StudyFolder, record: TrialRecord) -> tuple[Model, Dataset]:
    dataset = Dataset(study.description["data"]["path"])
    if dataset.fingerprint != study.description["data"]["fingerprint"]:
        raise StudyError(
            f"{dataset.path}: not the data this study was made on (other fingerprint)",
            "Restore that dataset.",
        )
    return Model.load(study.model_folder(record.trial)), dataset


class Scorer:
    """Scores of one model on one split."""

    def __init__(self, model: Model, dataset: Dataset, split: str) -> None:
        self.model, self.split = model, split
        self.fit = ("train",) if split == "valid" else ("train", "valid")
        self.config = model.config.evaluation
        self.shard = whole_shard(dataset, model.config.view, model.config.sessions)
        task = get_task(model.config)
        first = next(iter(self.shard.values())).timeline
        self.label = decoded_label(model.config, first)
        self.said = task.predictions(model.config, model.module, self.shard, split)
        self.decoded: dict[str, dict[str, Decoded]] = {}
        embedded = self.said is None
        self.embeddings = (
            {name: model.embed(session) for name, session in self.shard.items()} if embedded else {}
        )

    def scores(self, labels: Sequence[str]) -> dict[str, Any]:
        self.decoded = sessions = self.read(labels)
        scored = {
            label: [found[label] for found in sessions.values() if label in found]
            for label in labels
            if any(label in found for found in sessions.values())
        }
        return {
            "scores": {
                label: mean_scores([one.scores for one in found]) for label, found in scored.items()
            },
            "intervals": {
                label: interval([resampled(one) for one in found])
                for label, found in scored.items()
            },
            "permuted": {label: permuted(found) for label, found in scored.items()},
            "sessions": {
                name: {label: one.scores for label, one in found.items()}
                for name, found in sessions.items()
            },
            "fitted": {label: list(found[0].fitted) for label, found in scored.items()},
        }

    def read(self, labels: Sequence[str]) -> dict[str, dict[str, Decoded]]:
        """Session -> label -> what the model says of it, or what is decoded from its embedding."""
        return (
            self._said(labels) if self.said is not None else self._decode(self.embeddings, labels)
        )

    def _said(self, labels: Sequence[str]) -> dict[str, dict[str, Decoded]]:
        """Of a decoder, which knows one label."""
        label, said = self.label or "", self.said or {}
        return {
            name: {label: said[name]} if label in labels and name in said else {}
            for name in self.shard
        }

    def own_input(self, labels: Sequence[str]) -> dict[str, dict[str, float]]:
        """The winner's own input without the model: its viewed windows, flattened. What the encoder must beat.

        Of sessions that have samples to fit: windows of different units share no space.
        """
        found: dict[str, list[dict[str, float]]] = {label: [] for label in labels}
        for name, session in self.shard.items():
            if session.timeline.training_rows:
                own = {name: session.x.numpy()}
                for label, one in self._decode(own, labels, self.model.receptive_field)[
                    name
                ].items():
                    found[label].append(one.scores)
        return {label: mean_scores(entries) for label, entries in found.items() if entries}

    def _decode(
        self,
        features: Mapping[str, np.ndarray],
        labels: Sequence[str],
        window: tuple[int, int] = (0, 1),
    ) -> dict[str, dict[str, Decoded]]:
        """Every label of every session in `features`, with settings chosen on validation."""
        searches: dict[str, Searches] = {name: {} for name in features}

        def valid(name: str, label: str) -> Decoded | None:
            return self._one(features, name, label, searches[name], window)

        chosen = self._each(features, labels, valid)
        if self.split == "valid":
            return chosen

        def test(name: str, label: str) -> Decoded | None:
            choice = _choice(chosen, name, label)
            return (
                self._one(features, name, label, searches[name], window, choice) if choice else None
            )

        return self._each(features, labels, test)

    def _each(
        self, names: Iterable[str], labels: Sequence[str], one: Callable[[str, str], Decoded | None]
    ) -> dict[str, dict[str, Decoded]]:
        found: dict[str, dict[str, Decoded]] = {}
        for name in names:
            known = (label for label in labels if label in self.shard[name].timeline.reference)
            found[name] = {
                label: decoded for label in known if (decoded := one(name, label)) is not None
            }
        return found

    def _one(
        self,
        features: Mapping[str, np.ndarray],
        name: str,
        label: str,
        searches: Searches,
        window: tuple[int, int],
        choice: ReadoutConfig | None = None,
    ) -> Decoded | None:
        split, fit = (self.split, self.fit) if choice else ("valid", ("train",))
        timelines = {each: session.timeline for each, session in self.shard.items()}
        pool = session_pool(
            self.model.config, timelines, features, session=name, label=label, fit=fit
        )
        return decode(
            features[name],
            timelines[name],
            self.config,
            label=label,
            fit=fit,
            score=split,
            choice=choice,
            searches=searches,
            pool=pool,
            window=window,
        )


def _choice(
    chosen: Mapping[str, Mapping[str, Decoded]], name: str, label: str
) -> ReadoutConfig | None:
    """What validation chose: for this session, or, where it has no validation samples, in the middle of the others (of
    settings that have no order, most often)."""
    own = chosen[name].get(label)
    if own is not None:
        return own.choice
    others = [found[label].choice for found in chosen.values() if label in found]
    neighbours = [one for one in others if isinstance(one, KnnConfig)]
    if neighbours:
        middle = median_low(one.neighbours for one in neighbours)
        return neighbours[0].model_copy(update={"neighbours": middle})
    return Counter(others).most_common(1)[0][0] if others else None


def resampled(decoded: Decoded) -> dict[str, np.ndarray]:
    """Scores of resampled examples: whole presentations and trials, or blocks of time."""

    def score(at: np.ndarray) -> dict[str, float]:
        return _scores(decoded, decoded.truth[at], at)

    if decoded.grouped:
        return group_bootstrap(score, decoded.groups)
    return block_bootstrap(score, len(decoded.truth))


def permuted(sessions: Sequence[Decoded]) -> dict[str, dict[str, float]]:
    """What the same predictions reach against labels of other presentations, trials or times; means over sessions."""
    draws = [permuted_scores(partial(_scores, one), one.truth, one.groups) for one in sessions]
    return chance_of(mean_scores([one.scores for one in sessions]), draws)


def _scores(
    decoded: Decoded, truth: np.ndarray, at: np.ndarray | slice = slice(None)
) -> dict[str, float]:
    likely = None if decoded.class_scores is None else decoded.class_scores[at]
    return score_predictions(
        decoded.kind, truth, decoded.predicted[at], likely, frames=decoded.frames
    )


def _embedding_table(
    model: Model, dataset: Dataset, name: str, splits: Sequence[str]
) -> pd.DataFrame:
    session = whole_shard(dataset, model.config.view, model.config.sessions)[name]
    timeline = session.timeline
    held = np.isin(timeline.splits, [SPLITS.index(split) for split in splits])
    columns: dict[str, Any] = {
        "session": name,
        "sample": timeline.samples[held],
        "time_s": np.asarray(dataset.open(name).time[timeline.samples[held]]),
        "split": np.array(SPLITS)[timeline.splits[held]],
    }
    for label_name, label in timeline.reference.items():
        values = label.values[held]
        # A label may be called as a column of ours.
        label_name = (
            f"label_{label_name}"
            if label_name in columns or re.fullmatch(r"e\d+", label_name)
            else label_name
        )
        if label.kind == "discrete":
            columns[label_name] = [label.classes[code] if code >= 0 else None for code in values]
        else:
            wide = values.shape[1] > 1
            columns |= {
                f"{label_name}_{d}" if wide else label_name: values[:, d]
                for d in range(values.shape[1])
            }
    embedding = model.embed(session)[timeline.rows[held]]
    columns |= {f"e{d}": embedding[:, d] for d in range(embedding.shape[1])}
    return pd.DataFrame(columns)
