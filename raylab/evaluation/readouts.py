"""Readouts: classical decoders of any features, fitted at once, stored as plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from raylab.config.readouts import READOUTS, ReadoutConfig
from raylab.config.view import ScaleRule
from raylab.data.session import Label
from raylab.errors import ConfigError, TrainingError
from raylab.evaluation.readout_method import (
    Arrays,
    Examples,
    Features,
    Predicted,
    Readout,
    finite,
    method_of,
)


def supports(kind: str, label_kind: str) -> bool:
    """Whether readouts of `kind` decode labels of `label_kind`."""
    model = READOUTS.model(kind)
    if model is None:
        return True
    return not (model.only_values if label_kind == "discrete" else model.only_classes)


def require_support(
    kind: str, label_kind: str, *, label: str = "", key: str = "model.kind"
) -> None:
    """ConfigError where a readout does not decode such labels: `key` says where the kind was given,
    `label` is the label's name where it has one.
    """
    if not supports(kind, label_kind):
        able = ", ".join(each for each in READOUTS.names if supports(each, label_kind))
        only = "values" if label_kind == "discrete" else "classes"
        named = f"the label '{label}'" if label else "the label"
        raise ConfigError(
            f"{key} {kind} decodes {only} only, and {named} is {label_kind}",
            f"Use one of: {able}.",
        )


def require_settings(
    config: ReadoutConfig, label_kind: str, *, label: str = "", section: str = "model"
) -> None:
    """ConfigError where a readout with these settings does not decode such labels.

    Args:
        label: The label's name, where it has one.
        section: The config path of the readout.
    """
    require_support(config.kind, label_kind, label=label, key=f"{section}.kind")
    if label_kind != "discrete" and "balanced" in config.class_weights:
        named = f"the label '{label}'" if label else "the label"
        raise ConfigError(
            f"{section}.class_weight balanced: only classes have weights, and {named} is "
            f"{label_kind}",
            f"Leave {section}.class_weight out.",
        )


def fit_readout(
    config: ReadoutConfig, features: Features, label: Label, scale: ScaleRule = "floored"
) -> Readout:
    """Fit on those of n examples that have a label.

    Args:
        config: With one value for each setting; `choose_readout` is for several.
        features: (n, F), or their course for a readout that is sequential.
        label: Of the n examples.
        scale: The rule by which a readout that standardises features divides them.

    Raises:
        ConfigError: A setting has several values, or the readout does not decode such labels.
        TrainingError: Features are not finite, or there are too few examples or classes.
    """
    if len(config.candidates()) > 1:
        raise ConfigError(
            f"model.kind {config.kind}: a setting has several values and there is no validation to "
            "choose by",
            "Give each setting one value.",
        )
    return next(_fitted(config, features, label, scale))[1]


def choose_readout(
    config: ReadoutConfig,
    fit: tuple[Features, Label],
    validation: tuple[Features, Label],
    score: Callable[[Label, Predicted], float],
    scale: ScaleRule = "floored",
) -> tuple[ReadoutConfig, Readout]:
    """Fit on `fit` with every combination of the settings, and keep the best on `validation`.

    Args:
        fit: (n, F) features, or their course, and their label.
        validation: The same of other examples; unread where there is nothing to choose.
        score: Of labelled validation examples and their predictions; larger is better, the first
            listed wins a tie.
        scale: As of `fit_readout`.

    Returns:
        The config with the settings that were chosen, and the readout. Errors are those of
        `fit_readout`.
    """
    if len(config.candidates()) == 1:
        return next(_fitted(config, *fit, scale))
    examples = _labelled(*validation, config.kind)
    if not len(examples.label.values):
        raise TrainingError(
            f"model.kind {config.kind}: no labelled validation example to choose its settings by",
            "Give each setting one value, or choose other splits.",
        )
    best: tuple[float, ReadoutConfig, Readout] | None = None
    config = restricted(config, int(fit[1].labelled.sum()), fit[0].shape[1])
    for settings, readout, predicted in each_readout(config, fit, examples.source, scale):
        reached = score(examples.label, predicted)
        if best is None or reached > best[0] or np.isnan(best[0]):
            best = (reached, settings, readout)
    assert best is not None
    return best[1:]


def each_readout(
    config: ReadoutConfig,
    fit: tuple[Features, Label],
    features: Features,
    scale: ScaleRule = "floored",
) -> Iterator[tuple[ReadoutConfig, Readout, Predicted]]:
    """Every combination of the settings in the order of `config.candidates()`, fitted on examples
    and applied to others.

    Args:
        fit: As of `choose_readout`.
        features: (m, F) of the others, or their course.
        scale: As of `fit_readout`, whose errors these are.
    """
    fitted = _fitted(config, *fit, scale)
    return method_of(config.kind).predict_each(config, fitted, finite(features, config.kind))


def restricted(config: ReadoutConfig, count: int, width: int) -> ReadoutConfig:
    """The settings that make sense with `count` examples of `width` features to fit."""
    return method_of(config.kind).restricted(config, count, width)


def _fitted(
    config: ReadoutConfig, features: Features, label: Label, scale: ScaleRule
) -> Iterator[tuple[ReadoutConfig, Readout]]:
    require_settings(config, label.kind)
    examples = replace(_labelled(features, label, config.kind), scale=scale)
    shared = _classes(config.kind, examples) if label.kind == "discrete" else {}
    if not len(examples.features):
        raise TrainingError(
            f"model.kind {config.kind}: no labelled example to fit",
            "Choose another label or splits.",
        )
    for settings, arrays in method_of(config.kind).fit_each(config, examples):
        yield settings, Readout(config.kind, label.kind, {**arrays, **shared})


def _classes(kind: str, examples: Examples) -> Arrays:
    """How many classes the label has, and the codes of those to fit."""
    seen, _ = examples.codes
    if len(seen) < 2:
        raise TrainingError(
            f"model.kind {kind}: the examples to fit are of {len(seen)} class, at least 2 are "
            "needed",
            "Choose another label or splits.",
        )
    return {"seen": seen, "classes": np.array([max(len(examples.label.classes), seen.max() + 1)])}


def _labelled(features: Features, label: Label, kind: str) -> Examples:
    keep = label.labelled
    kept = Label(kind=label.kind, values=label.values[keep], unit=label.unit, classes=label.classes)
    return Examples(finite(features, kind)[keep], kept)
