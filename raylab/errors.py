"""Errors for users: what is wrong, where, and what to do about it."""

from __future__ import annotations

LONGEST = 1200  # characters of a message; the middle of a longer one is cut out


class RaylabError(Exception):
    """A problem that the user can solve. The command line prints it without a traceback.

    Args:
        what: What is wrong, in one sentence that names the file or key.
        remedy: What to do about it.

    Example:
        >>> try:
        ...     raylab.Dataset("missing")
        ... except raylab.RaylabError as error:
        ...     print(error)
        missing: not a prepared dataset (no manifest.json)
          Make one with `raylab prepare`.
    """

    exit_code = 2
    cause = ""  # the traceback of an error in another process, which `--debug` shows

    def __init__(self, what: str, remedy: str = "") -> None:
        self.what, self.remedy = _shown(what), _shown(remedy)
        super().__init__(self.what)

    def __str__(self) -> str:
        return f"{self.what}\n  {self.remedy}" if self.remedy else self.what

    def __reduce__(self) -> tuple[type[RaylabError], tuple[str, str], dict[str, str]]:
        # Ray carries exceptions between processes; both arguments must travel.
        return type(self), (self.what, self.remedy), {"cause": self.cause}


def _shown(text: str) -> str:
    """Shorten and escape a text: names from files may be megabytes long or hold terminal codes."""
    shown = "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text)
    return (
        shown if len(shown) <= LONGEST else f"{shown[: LONGEST // 2]} ... {shown[-LONGEST // 2 :]}"
    )


class DataError(RaylabError):
    """A recording, recipe or prepared dataset that cannot be used as it is."""


class ConfigError(RaylabError):
    """A config key, value or search space that is not valid."""


class StudyError(RaylabError):
    """A study folder that is missing, busy, or not in the state that a command needs."""


class NothingCompleted(StudyError):
    """A study whose trials have ended, and none of them with a model."""

    exit_code = 1


class TrainingError(RaylabError):
    """A trial that cannot continue, for example with a NaN loss or too little data."""
