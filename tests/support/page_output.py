"""Whether a command prints what a page shows: words exactly, numbers loosely.

Of a block that shows one run, a few words may differ, because another run has another best model.
"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
_NOISE = re.compile(r"[\s─│━┃┏┓┗┛┡┩├┤┬┴┼╇╈═]+")
NUMBER = "#"
MISSING = 0.5  # the share of the words of one run that another, small run need not print


def differences(*, shown: str, printed: str) -> list[str]:
    """The lines that are shown and not printed, in this order.

    Any number stands for any other: scores and seconds differ between machines. A line `...` stands
    for any lines. Lines of other tables, rules and spaces do not count.
    """
    lines = [_plain(line) for line in printed.split("\n")]
    missing, at = [], 0
    for line in shown.strip("\n").split("\n"):
        plain = _plain(line)
        if not plain or plain == "...":
            continue
        try:
            at = lines.index(plain, at) + 1
        except ValueError:
            missing.append(line)
    return missing


def _plain(line: str) -> str:
    """A line without its numbers, its rules and the width of its columns."""
    return _NOISE.sub(" ", _NUMBER.sub(NUMBER, line)).strip()


def missing_words(*, shown: str, printed: str) -> list[str]:
    """The words of one run that another run does not print; none where they are few."""
    words, others = _words(shown), _words(printed)
    missing = sorted(words - others)
    return missing if len(missing) > MISSING * len(words) else []


def _words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]{3,}", text))
