"""The sections of a recipe; docs/recipes.md explains every key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    PositiveFloat,
    StrictInt,
    StrictStr,
    StringConstraints,
    model_validator,
)

from raylab.config.base import Strict
from raylab.data.session import LabelKind, NeuralKind

NanRule = Literal["error", "drop_units", "interpolate", "zero"]
Count = Annotated[int, Field(gt=0, le=10**9)]
UnitRow = Annotated[StrictInt, Field(ge=0)]
Layout = Literal[
    "time_neuron",
    "neuron_time",
    "trial_time_neuron",
    "trial_neuron_time",
    "time_trial_neuron",
    "time_neuron_trial",
    "neuron_trial_time",
    "neuron_time_trial",
]
Take = Literal["first", "last"] | tuple[int, int]  # samples; [start, stop) counts from 0
Template = Annotated[str, StringConstraints(pattern=r"^\{\w+\}$")]  # a variable of `sessions`

FEATURE_FILES = (".npy", ".npz", ".csv", ".parquet", ".h5", ".hdf5")
Column = Annotated[int, Field(ge=0)] | Annotated[str, Field(min_length=1)]
Missing = int | float | str
TimeUnit = Literal["s", "ms", "us", "ns", "min"]
SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0}


class SessionSpec(Strict):
    """Names of the session, its animal and its area.

    A path inside the file wins over a text, so that files renamed by hand keep their identity.
    """

    id: str = Field(
        default="stem", description="`stem`, or a text with {stem} and the variables of `sessions`"
    )
    id_path: str | None = None
    animal: str = Field(default="", description="`stem`, or a text as for id")
    animal_path: str | None = None
    area: str = Field(default="", description="where in the brain its units lie: a text as for id")
    area_path: str | None = None


class NeuralSpec(Strict):
    path: str = Field(
        description="one array, or a pattern (*) that matches one vector per unit, or one array "
        "per trial"
    )
    layout: Layout = Field("time_neuron", description="the axes of the array, in their order")
    kind: NeuralKind
    nan: NanRule = "error"
    units: str | tuple[UnitRow, ...] | None = Field(
        None, description="path of a mask or of row numbers, or row numbers; default all units"
    )
    take: Take | None = Field(
        None, description="which samples: as many as there are time stamps, or [start, stop]"
    )

    @property
    def has_trials(self) -> bool:
        return "trial" in self.layout


class TimeSpec(Strict):
    """Time stamps, a sampling rate, or both.

    With both, the stamps only show where the recording paused. Spikes have a clock of their own:
    beside them, only `unit` says something, of the stamps of labels.
    """

    path: str | None = None
    column: int | None = Field(None, ge=0)
    unit: Literal["s", "ms", "us", "ns", "min"] = "s"
    tick_s: PositiveFloat | None = Field(
        None, description="seconds per unit of the stamps, where they count samples of a device"
    )
    every: Count = Field(
        1, description="every how many stamps a sample begins, such as planes per volume"
    )
    zero: str | None = Field(
        None, description="path of an array whose first value is second 0 of this clock"
    )
    rate_hz: PositiveFloat | None = None
    rate_path: str | None = Field(None, description="path of the rate in Hz, one number")
    gap_s: PositiveFloat | None = Field(
        None, description="a longer step ends a segment; default 1.5 samples"
    )
    jitter: float = Field(
        0.2, gt=0, le=1, description="share of a step by which steps may differ from the mean step"
    )
    resample: bool = Field(
        False, description="interpolate onto a uniform clock, inside segments; not for counts"
    )
    take: Take | None = Field(
        None, description="which stamps: as many as there are samples, or [start, stop]"
    )

    @model_validator(mode="after")
    def _consistent(self) -> TimeSpec:
        if self.rate_hz is not None and self.rate_path is not None:
            raise ValueError("give `rate_hz` or `rate_path`, not both")
        of_stamps = {"resample", "take", "tick_s", "every", "zero"} & self.model_fields_set
        if self.path is None and of_stamps:
            raise ValueError(f"`{min(of_stamps)}` needs `path`, the time stamps")
        if self.tick_s is not None and "unit" in self.model_fields_set:
            raise ValueError("give `unit` or `tick_s`, not both")
        if self.resample and self.has_rate:
            raise ValueError("`resample` goes by the stamps alone: remove the rate")
        return self

    @property
    def has_rate(self) -> bool:
        return self.rate_hz is not None or self.rate_path is not None

    @property
    def gives_a_clock(self) -> bool:
        return self.path is not None or self.has_rate


class SpikesSpec(Strict):
    """Spike times with the unit (and trial) of every spike, counted into bins."""

    times: str
    units: str
    trials: str | None = Field(
        None, description="trial number of every spike; labels then have one value per trial"
    )
    first_trial: int = Field(
        0,
        ge=-(10**9),
        le=10**9,
        description="number of the first trial (1 in files written by MATLAB)",
    )
    keep: str | tuple[StrictInt | StrictStr, ...] | None = Field(
        None, description="path of a mask or of the ids of units, or the ids; default all units"
    )
    tick_s: PositiveFloat = Field(1.0, description="seconds per unit of `times`")
    rate_hz: PositiveFloat | None = Field(
        None, description="instead of `tick_s`: units of `times`, such as samples, per second"
    )
    rate_path: str | None = Field(None, description="path of `rate_hz`, one number")
    window: tuple[float, float] | None = Field(
        None, description="[start, stop) in ticks; needed with trials"
    )
    bin_s: PositiveFloat

    @model_validator(mode="after")
    def _ordered(self) -> SpikesSpec:
        if self.trials is not None and self.window is None:
            raise ValueError(
                "`trials` needs `window: [start, stop]`, in ticks from the start of a trial"
            )
        stated = self.model_fields_set & {"tick_s", "rate_hz", "rate_path"}
        if len(stated) > 1:
            raise ValueError(f"give one of {', '.join(f'`{name}`' for name in sorted(stated))}")
        tick_s = self.tick_s if self.rate_hz is None else 1 / self.rate_hz
        if (
            self.window is not None
            and self.rate_path is None
            and (self.window[1] - self.window[0]) * tick_s < self.bin_s * 0.999
        ):
            raise ValueError("`window` is shorter than one bin of `bin_s`")
        if self.keep is not None and not self.keep:
            raise ValueError("`keep` names no unit")
        return self


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


class FeaturesSpec(Strict):
    """A table with features of every frame of a movie.

    It is joined to each session by the number of the frame.
    """

    path: str = Field(
        description=(
            "FILE.npy, FILE.csv, FILE.parquet, FILE.npz:key or FILE.h5:path, beside the recipe"
        )
    )
    frame: str = Field(description="the discrete label or group that holds the number of the frame")
    columns: tuple[int | str, ...] | None = Field(
        None, min_length=1, description="numbers of columns; names where a table has named columns"
    )
    unit: str = ""

    @model_validator(mode="after")
    def _known(self) -> FeaturesSpec:
        suffix = Path(self.file).suffix
        if suffix not in FEATURE_FILES:
            raise ValueError(f"`path` '{self.path}' is no file of {', '.join(FEATURE_FILES)}")
        if self.inside and suffix in (".npy", ".csv", ".parquet"):
            raise ValueError(
                f"`path` '{self.path}': a {suffix} file holds one table; remove ':{self.inside}'"
            )
        if any(isinstance(column, int) and column < 0 for column in self.columns or ()):
            raise ValueError("`columns` count from 0")
        return self

    @property
    def file(self) -> str:
        return self._parted[0]

    @property
    def inside(self) -> str:
        """The array of a file that holds several; empty where the path names none."""
        return self._parted[1]

    @property
    def _parted(self) -> tuple[str, str]:
        parts = re.fullmatch(r"(.*\.(?:npz|h5|hdf5)):(.*)", self.path)
        return (parts[1], parts[2]) if parts else (self.path, "")


class SegmentsSpec(Strict):
    """Where samples that follow each other in the file do not follow each other in time."""

    length: Count | Template | None = Field(
        None, description="length in samples of trials that follow each other without a gap"
    )
    first: Count | Template | None = Field(None, description="length of the first trial, if cut")
    changes: tuple[str, ...] = Field((), description="labels whose change starts a segment")
    jumps: dict[str, PositiveFloat] = Field(
        {}, description="label: largest step between two samples"
    )

    @model_validator(mode="after")
    def _first_of_what(self) -> SegmentsSpec:
        if self.first is not None and self.length is None:
            raise ValueError("`first` needs `length`")
        return self
