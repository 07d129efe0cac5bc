"""The metrics of predicted labels, and of predicted movie frames."""

from __future__ import annotations

import math

from raylab.data.session import LabelKind
from raylab.evaluation import formulas
from raylab.evaluation.metric_table.metric import Incomparable, Metric

SCORE = "decoding.score"  # the label's primary score under a name that all labels share
_NUMBERS: tuple[LabelKind, ...] = ("continuous", "circular")
PREDICTIONS = (
    Metric(name=SCORE, mode="max", bounds=(-math.inf, 1), shown=("alternatives",), complement=True),
    Metric(
        name="decoding.r2",
        mode="max",
        bounds=(-math.inf, 1),
        complement=True,
        kinds=_NUMBERS,
        primary=True,
        measure=formulas.r2,
    ),
    Metric(
        name="decoding.median_abs_error",
        mode="min",
        bounds=(0, math.inf),
        unit="label",
        kinds=_NUMBERS,
        measure=formulas.median_abs_error,
        chance=formulas.error_of_constant,
    ),
    Metric(
        name="decoding.balanced_accuracy",
        mode="max",
        bounds=(0, 1),
        unit="fraction",
        complement=True,
        kinds=("discrete",),
        primary=True,
        measure=formulas.balanced_accuracy,
        chance=formulas.balanced_of_constant,
    ),
    Metric(
        name="decoding.accuracy",
        mode="max",
        bounds=(0, 1),
        unit="fraction",
        complement=True,
        kinds=("discrete",),
        measure=formulas.accuracy,
    ),
    Metric(
        name="decoding.top5_accuracy",
        mode="max",
        bounds=(0, 1),
        unit="fraction",
        kinds=("discrete",),
        classes=formulas.TOP,
        measure=formulas.top5_accuracy,
        chance=formulas.top5_of_constant,
    ),
    Metric(
        name="decoding.frame_error_median",
        mode="min",
        bounds=(0, math.inf),
        unit="frames",
        kinds=("discrete",),
        frames=True,
        measure=formulas.frame_error_median,
        chance=formulas.frame_error_of_constant,
    ),
    Metric(
        name="decoding.within_window",
        mode="max",
        bounds=(0, 1),
        unit="fraction",
        kinds=("discrete",),
        frames=True,
        measure=formulas.within_window,
        chance=formulas.within_window_of_constant,
    ),
)
FRAMES = (
    Metric(
        name="decoding.ssim",
        mode="max",
        bounds=(-1, 1),
        incomparable=Incomparable(
            ("loss.kind", "loss.window", "loss.height", "loss.width"),
            "they change what it measures, or whether there is any",
            "Use decoding.score, or remove these from `search`.",
        ),
    ),
    Metric(
        name="decoding.l1",
        mode="min",
        bounds=(0, math.inf),
        unit="range of the training frames",
        incomparable=Incomparable(
            ("loss.kind",), "only loss.kind frames measures it", "Use decoding.score."
        ),
    ),
)
