"""Settings of a decoder's trial that the rest of its config leaves without effect."""

from __future__ import annotations

from collections.abc import Mapping

from raylab.config.base import defaults
from raylab.config.decoder import DecoderTraining, DecoderTrial, PlainLoss
from raylab.config.readouts import KnnConfig, ReadoutConfig
from raylab.config.training import OptimizerConfig
from raylab.data.datasets.specs import SessionSpec
from raylab.data.examples import SAMPLE
from raylab.tasks.decoder.targets import target_of

# What steps, and the batches that they are trained on, depend on: a readout takes none.
_OF_STEPS = (
    "batch_size",
    "accumulate",
    "validate_every",
    "keep",
    "early_stopping",
    "monitor",
    "precision",
    "fast",
)


def canonical_decoder(config: DecoderTrial, sessions: Mapping[str, SessionSpec]) -> DecoderTrial:
    """The config with each setting without effect at its default; see `Task.canonical`.

    A readout is fitted at once, without an optimizer, batches, a loss or a random number. Weights
    of classes and label smoothing are of discrete labels. A single row is its own mean.
    """
    changes: dict[str, object] = {}
    if config.at_once:
        changes |= {"optimizer": OptimizerConfig(), "loss": PlainLoss()}
        changes["training"] = _of_readout(config)
    elif isinstance(config.loss, PlainLoss) and target_of(config, sessions).kind != "discrete":
        changes["loss"] = PlainLoss()
    if config.evaluation.per == SAMPLE and config.input.window == 1:
        changes["input"] = config.input.model_copy(update={"pool": "none"})
    if isinstance(config.model, KnnConfig):
        changes["model"] = _of_so_many(config.model, _samples(config, sessions))
    return config.model_copy(update=changes)


def overruled_by_readout(config: DecoderTrial) -> tuple[str, ...]:
    """What a readout overrules; see `Task.overruled`. It takes no steps. One that standardises its
    features undoes the z-score of a view, apart from rounding and from the scale of units that are
    almost silent in training (docs/views.md). So the z-score is no setting to be searched with it,
    but `canonical_decoder`, which is exact, does not merge the two.
    """
    if not isinstance(config.model, ReadoutConfig):
        return ()
    steps = tuple(f"training.{name}" for name in _OF_STEPS)
    standardised = ("view.zscore", "view.scale") if config.model.standardises else ()
    return ("optimizer.", "loss.", *steps, *standardised)


def _of_readout(config: DecoderTrial) -> DecoderTraining:
    """Training without what is of steps; of its seed only few examples (`shots`) depend on it."""
    seed = () if config.training.shots is not None else ("seed",)
    return config.training.model_copy(update=defaults(config.training, *_OF_STEPS, *seed))


def _of_so_many(model: KnnConfig, samples: int) -> KnnConfig:
    """As many neighbours as there are samples, or more, are all of them: a readout with one number
    takes what there is, and numbers beyond it are no choices of a readout with several.
    """
    within = tuple(k for k in model.neighbours if k < samples)
    if not within and len(model.neighbours) == 1:
        within = (samples,)
    return model.model_copy(update={"neighbours": within or model.neighbours})


def _samples(config: DecoderTrial, sessions: Mapping[str, SessionSpec]) -> int:
    """The most samples that a readout can be fitted on: those of all splits of all sessions."""
    return sum(sum(spec.splits.values()) for spec in sessions.values())
