"""The sections of a trial config that all model families share."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, model_validator

from raylab.config.base import Strict, section
from raylab.config.dotted import ConfigValues as ConfigValues
from raylab.config.training import EvaluationConfig, OptimizerConfig, TrainingConfig
from raylab.config.view import SessionsConfig, ViewConfig


class TaskConfig(Strict):
    """The model family, by its `kind`."""

    kind: str
    label: str | None = Field(None, description="the label to decode; default: the dataset's first")


class ControlsConfig(Strict):
    """What makes a trial a control rather than a model to be used."""

    shuffle: int | None = Field(
        None, ge=0, description="seed by which labels are shifted in time, in training only"
    )


class TrialConfig(Strict):
    """The sections that every family has; a family adds its own."""

    task: TaskConfig
    sessions: SessionsConfig = SessionsConfig()
    view: ViewConfig = ViewConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    training: TrainingConfig = TrainingConfig()
    evaluation: EvaluationConfig = Field(default_factory=EvaluationConfig)
    controls: ControlsConfig = ControlsConfig()

    @property
    def width_path(self) -> str | None:
        """The path of the model's width, which `raylab scale --width` varies; None where the family
        has no such path, so that the command must name one.
        """
        return None

    @property
    def decodes_itself(self) -> bool:
        """Whether the model itself predicts a label. Otherwise, `evaluation.decoder` decodes labels
        from its embeddings.
        """
        return False

    @property
    def at_once(self) -> bool:
        """Whether the model is fitted in one call instead of being trained step by step."""
        return False

    @property
    def random(self) -> bool:
        """Whether `training.seed` changes what is trained."""
        return True

    @property
    def adapts(self) -> bool:
        """Whether the trial begins from a trained model of other sessions (`raylab adapt`)."""
        return False

    @model_validator(mode="after")
    def _warmup_ends(self) -> TrialConfig:
        warmup, steps = self.optimizer.schedule.warmup, self.training.max_steps
        if warmup >= 1 and warmup >= steps:
            raise ValueError(
                f"optimizer.schedule.warmup {warmup:g} is not below training.max_steps {steps}"
            )
        return self

    @model_validator(mode="after")
    def _best_is_known(self) -> TrialConfig:
        if self.training.keep == "best" and not self.sessions.validates:
            raise ValueError(
                f"training.keep 'best': sessions.train_on '{self.sessions.train_on}' leaves no "
                "validation samples, so no model is known to be best: set keep: last, without "
                "early stopping"
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _label_of_selection(cls, value: object) -> object:
        """Fill in the default of view.selection.label, so that the record states what was used."""
        task, view = (section(value, name) for name in ("task", "view"))
        selection = section(view, "selection")
        if (
            not isinstance(value, Mapping)
            or task.get("label") is None
            or selection.get("kind") != "correlation"
            or selection.get("label") is not None
        ):
            return value
        return {**value, "view": {**view, "selection": {**selection, "label": task["label"]}}}
