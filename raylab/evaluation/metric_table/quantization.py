"""The metrics of models with codes: rebuilt activity, codebooks, and predicted behaviour."""

from __future__ import annotations

import math

from raylab.evaluation.metric_table.metric import BOTH_FIGURES, Incomparable, Metric

STATISTICS = ("mean", "std", "max", "change")  # of a behaviour during a window; see tasks.behaviour
_REBUILT = Incomparable(
    ("view.selection", "view.outlier_z", "view.lag_ms"),
    "they change what is rebuilt",
    "Remove these from `search`.",
)
_BEHAVIOUR = Incomparable(
    ("model.window", "view.bin_ms", "view.resample_hz", "behaviour."),
    "they change what is predicted",
    "Use decoding.score, or remove these from `search`.",
)
RECONSTRUCTION = (
    Metric(
        name="reconstruction.mse",
        mode="min",
        bounds=(0, math.inf),
        unit="variance of the training samples",
        shown=BOTH_FIGURES,
        incomparable=_REBUILT,
    ),
    Metric(
        name="reconstruction.explained_variance",
        mode="max",
        bounds=(-math.inf, 1),
        shown=("alternatives",),
        incomparable=_REBUILT,
        complement=True,
    ),
)
CODES = (
    Metric(name="codes.usage", mode="max", bounds=(0, 1), unit="fraction", shown=BOTH_FIGURES),
    Metric(name="codes.usage_least", mode="max", bounds=(0, 1), unit="fraction"),
    Metric(
        name="codes.perplexity",
        mode="max",
        bounds=(1, math.inf),
        unit="codes",
        shown=BOTH_FIGURES,
    ),
    Metric(
        name="codes.bits_per_window",
        mode="min",
        bounds=(0, math.inf),
        unit="bits",
        shown=("alternatives",),
        incomparable=Incomparable(
            ("model.window", "view.bin_ms", "view.resample_hz"),
            "their windows last differently long",
            "Use codes.bits_per_s, or remove these from `search`.",
        ),
    ),
    Metric(name="codes.bits_per_s", mode="min", bounds=(0, math.inf), unit="bits per second"),
    Metric(name="codes.capacity", mode="min", bounds=(0, math.inf), unit="bits"),
    Metric(
        name="codes.loss",
        mode="min",
        incomparable=Incomparable(
            ("quantizer.", "model.code_dimension"),
            "they change what it is the sum of",
            "Use another metric.",
        ),
    ),
)
BEHAVIOUR = (
    Metric(
        name="behaviour.r2",
        mode="max",
        bounds=(-math.inf, 1),
        shown=BOTH_FIGURES,
        incomparable=_BEHAVIOUR,
        complement=True,
    ),
    *(
        Metric(
            name=f"behaviour.r2_{statistic}",
            mode="max",
            bounds=(-math.inf, 1),
            incomparable=_BEHAVIOUR,
        )
        for statistic in STATISTICS
    ),
    Metric(name="behaviour.baseline_r2", mode="max", bounds=(-math.inf, 1), objective=False),
)
