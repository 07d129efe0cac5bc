"""Errors for users: what is wrong, where, and what to do about it."""

from __future__ import annotations


class RaylabError(Exception):
    """A problem the user can solve. Shown as one or two lines, never as a traceback.

    Args:
        what: What is wrong, in one sentence that names the file or key.
        remedy: What to do about it.
    """

    exit_code = 2

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  {self.remedy}" if self.remedy else self.what

    def __reduce__(self) -> tuple:
        # Ray carries exceptions between processes; both arguments must travel.
        return type(self), (self.what, self.remedy)


class DataError(RaylabError):
    """A recording, recipe or prepared dataset that cannot be used as it is."""


class ConfigError(RaylabError):
    """A config key, value or search space that is not valid."""


class StudyError(RaylabError):
    """A study folder that is missing, busy, or not in the state the verb needs."""


class TrainingError(RaylabError):
    """A trial that cannot go on: NaN loss, zero vectors, too little data."""
