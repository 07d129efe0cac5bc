"""The command as it was typed, and whether its progress is to be plain lines."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextvars import ContextVar

_WORDS: ContextVar[tuple[str, ...] | None] = ContextVar("words", default=None)
_PLAIN: ContextVar[bool] = ContextVar("plain", default=False)


@contextlib.contextmanager
def invoked(words: Sequence[str], *, plain: bool) -> Iterator[None]:
    """Remember the words after `raylab`, and whether one of them was `--plain`."""
    typed_before, plain_before = _WORDS.set(tuple(words)), _PLAIN.set(plain)
    try:
        yield
    finally:
        _WORDS.reset(typed_before)
        _PLAIN.reset(plain_before)


def command(*words: object) -> str:
    """A `raylab` command, quoted for a shell; without words, the command as it was typed."""
    typed = _WORDS.get()
    own = words or (sys.argv[1:] if typed is None else typed)
    return shlex.join(["raylab", *map(str, own)])


def wants_plain() -> bool:
    """Whether `--plain` was given."""
    return _PLAIN.get()
