"""Predictions of held-out examples, and their scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from raylab.config.decoder import DecoderTrial
from raylab.data.examples import Examples
from raylab.data.shard import SessionShard
from raylab.evaluation.decoding import Decoded
from raylab.evaluation.obstacles import obstacle_to_scoring
from raylab.evaluation.scores import frames_of, score_predictions
from raylab.tasks.decoder.courses import course_of
from raylab.tasks.decoder.examples import all_examples, example_activity, owned_examples
from raylab.tasks.decoder.model import DecoderModel
from raylab.tasks.protocol import Comm

BATCH = 1024  # examples predicted per pass


def scored_examples(
    config: DecoderTrial, session: SessionShard, label: str, split: str
) -> Examples:
    """The labelled examples of a split on which decoders are scored."""
    return all_examples(config, session.timeline, label).labelled(
        (split,), config.evaluation.max_samples
    )


def outputs_of(
    config: DecoderTrial,
    model: DecoderModel,
    session: SessionShard,
    rows: np.ndarray,
    comm: Comm | None = None,
) -> np.ndarray:
    """(n, outputs) of the examples at (n, L) rows, gathered from the workers that own them."""
    if config.sequential:
        return model.outputs_along(
            session.timeline.session, course_of(config, model, session, rows)
        )
    dtype = torch.float64 if model.target.kind == "continuous" else None
    outputs = session.x.new_zeros(len(rows), model.target.outputs, dtype=dtype)
    with torch.no_grad():
        for at in np.array_split(
            mine := owned_examples(config, session, rows), max(1, len(mine) // BATCH)
        ):
            x = example_activity(config, session, rows[at])
            outputs[torch.from_numpy(at).to(outputs.device)] = model.outputs(
                session.timeline.session, x
            ).to(outputs)
        return (comm or Comm()).gather_rows(outputs).cpu().numpy()


def decoded_examples(
    model: DecoderModel, examples: Examples, outputs: np.ndarray
) -> Decoded | None:
    """The predictions of one session with their scores. None where there is nothing to tell apart:
    fewer than two labelled examples, or all with the same label.
    """
    target, truth = model.target, examples.label.values
    if obstacle_to_scoring(examples.label):
        return None
    predicted, class_scores = target.decode(outputs, examples.label)
    known = examples.label.classes
    classes = (*known, *(name for name in target.classes if name not in known))
    frames = frames_of(replace(examples.label, classes=classes))
    scores = score_predictions(target.kind, truth, predicted, class_scores, frames=frames)
    if model.frames is not None:
        scores |= model.frames.scores(outputs, truth, mean=model.mean)
    return Decoded(
        target.kind,
        scores,
        truth,
        predicted,
        classes=classes,
        frames=frames,
        class_scores=class_scores,
        belongs=examples.belongs,
    )
