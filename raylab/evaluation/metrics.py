"""The table of metrics: what a trial can be scored by, one entry per metric.

An entry states what a search may use as its objective, which direction is better, which metrics a
label has, which of them reports draw, and between which trials a metric compares. Packages of third
parties add entries through the entry points `raylab.metrics`; see docs/extending.md.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import entry_points
from typing import Literal

from raylab.data.session import LabelKind
from raylab.evaluation import formulas
from raylab.evaluation.formulas import Constant, Predictions
from raylab.registry import package_of

Mode = Literal["max", "min"]
Place = Literal["curves", "alternatives"]
GROUP = "raylab.metrics"  # of entry points
DECODING = "decoding."  # what the names of scores of predicted labels begin with
SCORE = "decoding.score"  # the label's primary score under a name that all labels share
STATISTICS = ("mean", "std", "max", "change")  # of a behaviour during a window; see tasks.behaviour


@dataclass(frozen=True)
class Incomparable:
    """Between which trials a metric does not compare.

    Attributes:
        paths: Beginnings of config paths; trials that differ in one of them do not compare.
        why: The reason, and `remedy` what to do, as an error message says them.
    """

    paths: tuple[str, ...]
    why: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric.

    Attributes:
        name: As in a trial's record, such as `decoding.r2`.
        mode: Whether models are better when it is higher (`max`) or lower (`min`).
        bounds: Its least and greatest possible value.
        unit: In words; empty where it is a pure number. "label": the label's own unit.
        shown: Which figures of reports show it, besides those of the objectives.
        objective: Whether a search may choose trials by it.
        incomparable: Between which trials it does not compare; None where it always does.
        complement: Whether `raylab scale` fits its law to 1 - value.
        kinds: The label kinds whose predictions have it; empty where a model family measures it.
        primary: Whether labels of these kinds are scored by it first (`decoding.score`). At 1 the
            prediction is perfect, and a model that knows nothing has 0 or the chance level.
        measure: Its formula, for a metric of predictions.
        chance: What the best constant prediction scores; None: `measure` of the fitted samples'
            mean or most frequent class.
        classes: It needs the decoder's score of each class, and more classes than this.
        frames: It needs classes that are frames of a movie.
    """

    name: str
    mode: Mode
    bounds: tuple[float, float] = (-math.inf, math.inf)
    unit: str = ""
    shown: tuple[Place, ...] = ()
    objective: bool = True
    incomparable: Incomparable | None = None
    complement: bool = False
    kinds: tuple[LabelKind, ...] = ()
    primary: bool = False
    measure: Callable[[Predictions], float] | None = None
    chance: Callable[[Constant], float] | None = None
    classes: int | None = None
    frames: bool = False

    @property
    def score(self) -> str:
        """Its name among the scores of one label: `r2` of `decoding.r2`."""
        return self.name.removeprefix(DECODING)

    def constant(self, constant: Constant) -> float:
        """What the best constant prediction scores."""
        assert self.measure is not None
        return self.chance(constant) if self.chance else self.measure(constant.predictions)


_BOTH_FIGURES: tuple[Place, ...] = ("curves", "alternatives")
_NUMBERS: tuple[LabelKind, ...] = ("continuous", "circular")
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
# Adding a metric: one entry here. A metric of predictions needs a formula and is then measured,
# reported and accepted as an objective; one of a family is measured by the family's `validate`.
_OWN = (
    Metric(
        name="loss",
        mode="min",
        objective=False,
        incomparable=Incomparable(
            (),
            "depends on batch size and temperature: it cannot compare trials",
            "Use decoding.score or goodness_of_fit.",
        ),
    ),
    Metric(
        name="reconstruction.mse",
        mode="min",
        bounds=(0, math.inf),
        unit="variance of the training samples",
        shown=_BOTH_FIGURES,
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
    Metric(name="codes.usage", mode="max", bounds=(0, 1), unit="fraction", shown=_BOTH_FIGURES),
    Metric(name="codes.usage_least", mode="max", bounds=(0, 1), unit="fraction"),
    Metric(
        name="codes.perplexity",
        mode="max",
        bounds=(1, math.inf),
        unit="codes",
        shown=_BOTH_FIGURES,
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
    Metric(
        name="behaviour.r2",
        mode="max",
        bounds=(-math.inf, 1),
        shown=_BOTH_FIGURES,
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
    Metric(
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
    ),
    Metric(
        name="steps_per_s",
        mode="max",
        bounds=(0, math.inf),
        unit="steps per second",
        shown=("alternatives",),
        objective=False,
    ),
)


def table() -> tuple[Metric, ...]:
    """All metrics: raylab's own in the order of this file, then those of installed packages."""
    return (*_OWN, *(metric for metric, _ in _added()))


def bounds_of(name: str) -> tuple[float, float]:
    """The least and greatest possible value of a metric; without limits where it is not known."""
    metric = find(name)
    return metric.bounds if metric is not None else (-math.inf, math.inf)


def package_of_metric(name: str) -> str:
    """Name and version of the package that provides a metric; empty for raylab's own."""
    metric = find(name)
    return next((package for added, package in _added() if added is metric), "")


@cache
def _added() -> tuple[tuple[Metric, str], ...]:
    """The metrics of installed packages, each with the name and version of its package."""
    names = {metric.name for metric in _OWN}
    added: list[tuple[Metric, str]] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            metric = point.load()
            problem = _problem(metric, names)
        except Exception as error:  # a broken package of somebody else must not stop a search
            problem = f"it cannot be imported ({type(error).__name__}: {error})"
        if problem:
            text = f"{GROUP}: '{point.name}' of {package_of(point)} is left out: {problem}"
            warnings.warn(text, stacklevel=2)
        else:
            names.add(metric.name)
            added.append((metric, package_of(point)))
    return tuple(added)


def _problem(metric: object, names: set[str]) -> str:
    if not isinstance(metric, Metric):
        return "it is no raylab.evaluation.metrics.Metric"
    if metric.name in names:
        return f"'{metric.name}' exists already"
    if metric.primary:
        return f"'{metric.name}' is primary; the primary score of a label is raylab's"
    if metric.kinds and not (metric.measure and metric.name.startswith(DECODING)):
        return (
            f"'{metric.name}' has kinds, so its name begins with '{DECODING}' and it has a measure"
        )
    return ""


def find(name: str) -> Metric | None:
    """The metric of that name; `decoding.<label>.r2` of one label is `decoding.r2`."""
    plain = f"{DECODING}{name.rpartition('.')[2]}" if name.startswith(DECODING) else name
    return next((metric for metric in table() if metric.name in (name, plain)), None)


def is_objective(name: str) -> bool:
    """Whether a search may choose trials by it; yes of a metric that only its family knows."""
    metric = find(name)
    return metric is None or metric.objective


def directions(*patterns: str) -> dict[str, str]:
    """Name -> max or min of the metrics that match (`codes.*`) and may be declared by a family; in
    the order of the table.
    """
    return {
        metric.name: metric.mode
        for metric in table()
        if any(fnmatchcase(metric.name, pattern) for pattern in patterns)
        and (metric.objective or metric.name in patterns)
    }


@cache
def scores_of(kind: str, *, classes: int = 0, frames: bool = False) -> tuple[Metric, ...]:
    """The metrics of predictions of one label.

    Args:
        kind: Of the label.
        classes: How many classes the decoder scores; 0 where it names a class only.
        frames: Whether the classes are frames of a movie.
    """
    return tuple(
        metric
        for metric in table()
        if kind in metric.kinds
        and (metric.classes is None or classes > metric.classes)
        and (frames or not metric.frames)
    )


def primary(kind: str) -> str:
    """The score that a label of this kind is chosen by, such as `r2`."""
    return next(metric.score for metric in scores_of(kind) if metric.primary)


def primary_among(scores: Iterable[str]) -> str:
    """The primary score among the scores of one label whose kind is not known; empty where there is
    none.
    """
    known = set(scores)
    return next((each.score for each in table() if each.primary and each.score in known), "")


def shown_in(place: Place) -> Iterator[str]:
    """The metrics that figures of reports show besides the objectives, where trials have them."""
    return (metric.name for metric in table() if place in metric.shown)


def lower_is_better(score: str) -> bool:
    """Whether a score of a label, such as `median_abs_error`, is better when lower."""
    metric = find(f"{DECODING}{score}")
    return metric is not None and metric.mode == "min"
