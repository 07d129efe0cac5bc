"""A trial of a study as users hold it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path

from raylab.results import values_html
from raylab.tracking.records import TrialRecord, is_number


@dataclass(frozen=True, repr=False)
class Trial(TrialRecord):
    """The record of a trial, which knows its study: `raylab.load(trial)` gives its model.

    Attributes:
        study: The folder of the study.
    """

    study: Path = field(default=Path(), compare=False)

    @classmethod
    def from_record(cls, record: TrialRecord, study: Path) -> Trial:
        """The trial of a record of a study in this folder."""
        values = {each.name: getattr(record, each.name) for each in fields(TrialRecord)}
        return cls(**values, study=study)

    def __repr__(self) -> str:
        score = f", score {self.score:.4g}" if self.score is not None else ""
        return (
            f"Trial('{self.trial}' of {self.study.name}: {self.state}{score}, {self.step} steps, "
            f"{self.seconds:.0f} s)"
        )

    def _repr_html_(self) -> str:
        values = {
            "study": str(self.study),
            "state": self.state,
            "score": self.score if is_number(self.score) else None,
            "step": self.step,
            "seconds": self.seconds,
            "error": self.error,
            **self.params,
            **self.metrics,
        }
        return values_html(values, title=self.trial)
