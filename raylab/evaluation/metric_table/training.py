"""The metrics of training: the loss, and what is computed from it and from the clock."""

from __future__ import annotations

import math

from raylab.evaluation.metric_table.metric import Incomparable, Metric

LOSS = Metric(
    name="loss",
    mode="min",
    objective=False,
    incomparable=Incomparable(
        (),
        "depends on batch size and temperature: it cannot compare trials",
        "Use decoding.score or goodness_of_fit.",
    ),
)
GOODNESS_OF_FIT = Metric(
    name="goodness_of_fit",
    mode="max",
    unit="bits",
    shown=("alternatives",),
    # InfoNCE falls when inputs blur or positives get closer, whether or not the embedding got
    # better. At a lower temperature the same embedding has more bits: a search of temperatures
    # would choose the lowest.
    incomparable=Incomparable(
        (
            "view.",
            "sampling.",
            "model.encoder.kind",
            "model.encoder.receptive_field",
            "model.normalize",
            "loss.similarity",
            "loss.temperature",
            "loss.learnable_temperature",
            "loss.min_temperature",
            "evaluation.",
            "task.",
        ),
        "they change the positive pairs, the input or the scale of the loss",
        "Use decoding.score, or remove these from `search`.",
    ),
)
STEPS_PER_S = Metric(
    name="steps_per_s",
    mode="max",
    bounds=(0, math.inf),
    unit="steps per second",
    shown=("alternatives",),
    objective=False,
)
