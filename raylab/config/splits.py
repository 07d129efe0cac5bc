"""Which samples train, validate and test, and which units and sessions a prepared dataset leaves
out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from raylab.config.base import Strict

FRACTIONS = (0.6, 0.2, 0.2)
# Three ways to deal samples to splits. A config has one of them: setting one replaces another.
SHARING = (("fractions",), ("folds", "fold", "valid_fold"), ("valid", "test"))


def _folds(value: object) -> object:
    if value is None or value == "leave_one_out" or (type(value) is int and value >= 3):
        return value
    raise ValueError("3 or more, or leave_one_out, is needed")


class DealtSplits(Strict):
    """Shares of train, valid and test; or folds, of which `fold` tests, `valid_fold` (by default
    the next one) validates and the others train.
    """

    fractions: tuple[float, float, float] | None = Field(
        None, description="train, valid, test; default 0.6, 0.2, 0.2"
    )
    folds: Annotated[int | Literal["leave_one_out"] | None, BeforeValidator(_folds)] = None
    fold: int | None = Field(None, ge=0, description="which of the folds tests, counted from 0")
    valid_fold: int | None = Field(
        None, ge=0, description="which of the folds validates; default: the next after `fold`"
    )

    @model_validator(mode="before")
    @classmethod
    def _default_fractions(cls, value: object) -> object:
        """Filled in only where fractions are what deals, so that the record says what ran."""
        if isinstance(value, Mapping) and not any(
            value.get(key) for key in ("fractions", "folds", "valid", "test")
        ):
            return {**value, "fractions": FRACTIONS}
        return value

    @model_validator(mode="after")
    def _exclusive(self) -> DealtSplits:
        stated = [
            name for name in ("fractions", "folds", "valid", "test") if getattr(self, name, None)
        ]
        if len({name if name in ("fractions", "folds") else "names" for name in stated}) > 1:
            raise ValueError(f"{' and '.join(stated)} exclude each other; keep one")
        shares = self.fractions
        if shares and (min(shares) < 0 or shares[0] <= 0 or abs(sum(shares) - 1) > 1e-6):
            raise ValueError("fractions (train, valid, test) must be positive and sum to 1")
        if (self.folds is None) != (self.fold is None):
            raise ValueError(
                "`folds` (their number) and `fold` (the fold that tests, from 0) must be "
                "given together"
            )
        for name, fold in (("fold", self.fold), ("valid_fold", self.valid_fold)):
            if isinstance(self.folds, int) and fold is not None and fold >= self.folds:
                raise ValueError(
                    f"{name} {fold} does not exist: {self.folds} folds are 0 to {self.folds - 1}"
                )
        if self.valid_fold is not None and self.fold in (None, self.valid_fold):
            raise ValueError(
                "`valid_fold` needs `folds` and `fold`, and must be another fold than `fold`"
            )
        if getattr(self, "seed", 0) and not self.fractions and not isinstance(self.folds, int):
            raise ValueError(
                "`seed` has no effect here: leave_one_out, or the names, determine all "
                "splits; leave it out"
            )
        return self


class _InsideSessions(DealtSplits):
    gap_s: float = Field(
        0.0, ge=0, description="seconds that two splits stay away from each other's samples"
    )


class ChronologicalSplits(_InsideSessions):
    """Contiguous stretches of the recorded samples, in the order of time."""

    kind: Literal["chronological"] = "chronological"

    @model_validator(mode="after")
    def _counted(self) -> ChronologicalSplits:
        if self.folds == "leave_one_out":
            raise ValueError(
                "a number of folds is needed: chronological splits have nothing to leave one out of"
            )
        return self


class BlockedSplits(_InsideSessions):
    """Contiguous blocks dealt at random to train, valid and test: for recordings that drift."""

    kind: Literal["blocked"] = "blocked"
    blocks: int = Field(10, ge=3)
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _blocks_for_all(self) -> BlockedSplits:
        if isinstance(self.folds, int) and self.folds > self.blocks:
            raise ValueError(
                f"{self.folds} folds need at least {self.folds} blocks, not {self.blocks}"
            )
        return self


class TrialSplits(_InsideSessions):
    """Whole segments (trials) dealt at random."""

    kind: Literal["trials"] = "trials"
    seed: int = Field(0, ge=0)
    stratify: str | None = Field(
        None, description="a discrete label whose classes all splits share"
    )


class GroupSplits(_InsideSessions):
    """Whole groups dealt at random: presentations, repeats of a movie, or the classes of a discrete
    label.
    """

    kind: Literal["groups"] = "groups"
    by: str = Field(
        description=(
            "a group of the recording, such as presentation or movie_repeat, or a discrete label"
        )
    )
    seed: int = Field(0, ge=0)
    stratify: str | None = Field(
        None, description="a discrete label whose classes all splits share"
    )


SessionName = Annotated[str, Field(coerce_numbers_to_str=True, min_length=1)]


class _WholeSessions(DealtSplits):
    valid: tuple[SessionName, ...] = Field(
        (), description="by name; what `valid` and `test` do not name trains"
    )
    test: tuple[SessionName, ...] = ()
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _named_once(self) -> _WholeSessions:
        twice = sorted(
            name for name in {*self.valid, *self.test} if (*self.valid, *self.test).count(name) > 1
        )
        if twice:
            raise ValueError(f"`valid` and `test` name {', '.join(twice)} twice")
        return self


class SessionSplits(_WholeSessions):
    """Whole sessions dealt at random, or by their id."""

    kind: Literal["sessions"] = "sessions"


class AnimalSplits(_WholeSessions):
    """All sessions of an animal dealt together, at random or by its name."""

    kind: Literal["animals"] = "animals"


class GivenSplits(Strict):
    """The splits the file itself states."""

    kind: Literal["given"] = "given"

    @model_validator(mode="before")
    @classmethod
    def _as_stated(cls, value: object) -> object:
        if isinstance(value, Mapping) and any(
            value.get(key) is not None for key in ("folds", "fold", "valid_fold", "fractions")
        ):
            raise ValueError(
                "the kind `given` uses the splits that the file states; folds and fractions "
                "need another kind"
            )
        return value


SplitsConfig = Annotated[
    ChronologicalSplits
    | BlockedSplits
    | TrialSplits
    | GroupSplits
    | SessionSplits
    | AnimalSplits
    | GivenSplits,
    Field(discriminator="kind"),
]


class FiltersConfig(Strict):
    """Units and sessions that a prepared dataset leaves out, besides silent and constant units."""

    min_rate_hz: float | None = Field(
        None, ge=0, description="of spike counts: least mean rate in training samples"
    )
    max_rate_hz: float | None = Field(
        None, gt=0, description="of spike counts: highest rate in any training sample"
    )
    min_units: int = Field(1, ge=1, description="sessions with fewer units left are left out")

    @property
    def rates(self) -> tuple[str, ...]:
        return tuple(
            name for name in ("min_rate_hz", "max_rate_hz") if getattr(self, name) is not None
        )
