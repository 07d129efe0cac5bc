"""Predicted labels beside the true ones, with the time of each, as files keep them for reports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from raylab.data.examples import SAMPLE, Examples, part_of
from raylab.data.shard import SessionShard
from raylab.errors import TrainingError
from raylab.evaluation.certainty.held_out import HeldOut
from raylab.evaluation.decoding import Decoded

MOST = 20_000  # examples that are kept, over all sessions
COLUMNS = 8  # of a label that is kept: a report draws no movie as curves


@dataclass(frozen=True)
class Places:
    """When the examples of a session were recorded.

    Attributes:
        seconds: (n,) by the clock of the recording; of a group, when it began.
        part: (n,) the continuous part of the recording that each example lies in.
    """

    seconds: np.ndarray
    part: np.ndarray

    @classmethod
    def of(cls, session: SessionShard, examples: Examples) -> Places | None:
        """The places of examples; None where the session does not know them."""
        if session.recording is None or examples.samples is None:
            return None
        time = np.asarray(session.recording.time[examples.samples], np.float64)
        middle = examples.rows.shape[1] // 2  # in the part, as every row of an example is
        return cls(time, part_of(session.timeline, examples.rows[:, middle]))


def kept_predictions(
    decoded: Mapping[str, Decoded],
    places: Mapping[str, Places | None],
    *,
    label: str,
    unit: str,
    split: str,
    per: str = SAMPLE,
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The predictions of all sessions as arrays and metadata of a safetensors file.

    Args:
        decoded: Of each session that has a score.
        places: Of each session, as many as it has examples.
        label: The name of the label.
        unit: Of the label.
        split: The split that was predicted.
        per: What one example is.

    Returns:
        (arrays, metadata) as `predictions_of` gives them; both empty where nothing was decoded, or
        sessions have no label in common.
    """
    try:
        held_out = HeldOut.of(decoded, per)
        predicted = held_out.align(decoded)
    except TrainingError:
        return {}, {}
    scores = {name: each.scores for name, each in decoded.items()}
    about = {"label": label, "unit": unit, "split": split, "per": per, "scores": scores}
    return predictions_of(held_out, predicted, [places.get(name) for name in decoded], about)


def predictions_of(
    held_out: HeldOut,
    predicted: np.ndarray,
    places: list[Places | None],
    about: Mapping[str, object],
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Predictions of held-out examples as arrays and metadata of a safetensors file.

    Args:
        predicted: As `HeldOut.losses` takes them.
        places: Of each session of `held_out`.
        about: What the metadata say besides.

    Returns:
        (arrays, metadata), both empty of a label with more than `COLUMNS` columns. The arrays are
        `predictions.truth` and `predictions.predicted` ((n, D) values or (n,) codes),
        `predictions.session` (n,) and, where every session knows them, `predictions.seconds` and
        `predictions.part` (n,). Of more than `MOST` examples, evenly spaced ones are kept.
    """
    truth = held_out.truth
    if truth.ndim == 2 and truth.shape[1] > COLUMNS:
        return {}, {}
    arrays = {"truth": truth, "predicted": predicted, "session": held_out.session}
    known = [each for each in places if each is not None]
    counts = np.bincount(held_out.session, minlength=len(held_out.sessions)).tolist()
    if [len(each.seconds) for each in known] == counts:
        arrays["seconds"] = np.concatenate([each.seconds for each in known])
        arrays["part"] = np.concatenate([each.part for each in known])
    if len(truth) > MOST:
        at = np.linspace(0, len(truth) - 1, MOST).round().astype(np.int64)
        arrays = {name: values[at] for name, values in arrays.items()}
    described = {
        "kind": held_out.kind,
        "classes": held_out.classes,
        "sessions": held_out.sessions,
        "samples": dict(zip(held_out.sessions, counts)),
        **about,
    }
    kept = {f"predictions.{name}": np.ascontiguousarray(values) for name, values in arrays.items()}
    return kept, {"predictions": json.dumps(described)}
