"""The section `labels`: what a label's values are, and where they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import Field, PositiveFloat, model_validator

from raylab.config.base import Strict
from raylab.data.recipe_sections.types import Column, Missing, TimeUnit
from raylab.data.session import LabelKind


class LabelValues(Strict):
    """What stored values mean as a label."""

    kind: LabelKind
    unit: str = ""
    missing: Missing | tuple[Missing, ...] | None = Field(
        None, description="the value or values that mean unlabelled; NaN always does"
    )
    period: PositiveFloat | None = Field(
        None, description="one turn of a circular label, in `unit`, such as 100 for a 100 cm track"
    )

    @model_validator(mode="before")
    @classmethod
    def _missing_is_text(cls, value: object) -> object:
        """YAML reads no, off and true as truth values."""
        missing = value.get("missing") if isinstance(value, Mapping) else None
        if any(
            isinstance(each, bool)
            for each in (missing if isinstance(missing, list | tuple) else (missing,))
        ):
            raise ValueError("`missing` is a truth value in YAML; for a text write it in quotes")
        return value

    @model_validator(mode="after")
    def _on_a_circle(self) -> Self:
        is_angle = self.unit in ("rad", "deg")
        if self.period is not None and (self.kind != "circular" or is_angle):
            raise ValueError("`period` needs `kind: circular`, and a unit that is no angle")
        if self.kind == "circular" and self.period is None and self.unit and not is_angle:
            raise ValueError(
                "a circular label is in `rad` or `deg`; in another unit it needs `period`, the "
                "length of one turn"
            )
        return self

    @property
    def missing_values(self) -> tuple[int | float | str, ...]:
        if self.missing is None:
            return ()
        return self.missing if isinstance(self.missing, tuple) else (self.missing,)


class LabelSpec(LabelValues):
    """A label with one row per sample or trial, or on a clock of its own."""

    path: str = Field("", description="an array, or the table of the named columns")
    column: Column | None = Field(None, description="a number from 0, or the name of a column")
    columns: tuple[Column, ...] | None = Field(None, min_length=1)
    one_hot: bool = Field(False, description="a discrete label stored as one column per class")
    transpose: bool = Field(False, description="stored as (D, T)")
    time: str | None = Field(None, description="the label's own time stamps")
    time_unit: TimeUnit | None = Field(None, description="of `time`; default time.unit")
    time_zero: str | None = Field(
        None, description="path of an array whose first value is second 0 of the label's clock"
    )
    rate_hz: PositiveFloat | None = Field(
        None, description="the label's own sampling rate, where the file has no stamps"
    )
    start_s: float = Field(0.0, description="with `rate_hz`: time of the label's first value")

    @model_validator(mode="after")
    def _consistent(self) -> LabelSpec:
        if self.column is not None and self.columns is not None:
            raise ValueError("give `column` or `columns`, not both")
        if not self.path and not self.chosen:
            raise ValueError("needs `path`, or `column` or `columns` of a table")
        if len({isinstance(column, str) for column in self.chosen}) > 1:
            raise ValueError("`columns` are numbers or names, not both")
        if self.transpose and self.column_names:
            raise ValueError("`transpose` is of one array, whose columns have numbers")
        if self.one_hot and self.kind != "discrete":
            raise ValueError("`one_hot` needs `kind: discrete`")
        self._check_clock()
        return self

    def _check_clock(self) -> None:
        if self.time is not None and self.rate_hz is not None:
            raise ValueError("give `time` or `rate_hz`, not both")
        if "start_s" in self.model_fields_set and self.rate_hz is None:
            raise ValueError("`start_s` needs `rate_hz`")
        if self.time_unit is not None and self.time is None:
            raise ValueError("`time_unit` needs `time`")

    @property
    def chosen(self) -> tuple[int | str, ...]:
        """The columns, by number or name; empty where all are taken."""
        return self.columns or (() if self.column is None else (self.column,))

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns of a table, by name.

        Without `path` the table is the file itself, whose columns have names only.
        """
        named = not self.path or any(isinstance(column, str) for column in self.chosen)
        return tuple(str(column) for column in self.chosen) if named else ()
