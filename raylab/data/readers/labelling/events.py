"""Stamps of a label that are the starts of intervals, of which the nearest would be a guess."""

from __future__ import annotations

import re

from raylab.data.readers.files import Files
from raylab.errors import DataError

STARTS, STOPS = ("start", "begin", "onset", "on"), ("stop", "end", "offset", "off", "finish")
_BOUND = re.compile(f"({'|'.join((*STARTS, *STOPS))})")
_FILLERS = {"time", "timestamp", "stamp", "s", "ms", "us", "sec", "second", "t", "ts"}


def check_instantaneous(files: Files, path: str, rows: int, key: str) -> None:
    """Raise a DataError where `path` names one end of intervals, whose other end lies beside it.

    Args:
        rows: How many stamps `path` has; the other end has as many.
    """
    table, _, name = path.rpartition("/") if "/" in path else path.rpartition(":")
    for sibling in files.beside(path):
        if not _are_two_ends(name, sibling) or len(files.column(table, sibling, key)) != rows:
            continue
        start, stop = (name, sibling) if _bound(name)[0] == "start" else (sibling, name)
        raise DataError(
            f"`{key}` names '{path}', one end of intervals from '{start}' to '{stop}', and would "
            "take the nearest stamp",
            f"A value that holds from start to stop belongs into `intervals`: {{path: "
            f'"{table}", start: {start}, stop: {stop}, columns: ...}}.',
        )


def _are_two_ends(name: str, sibling: str) -> bool:
    first, second = _bound(name), _bound(sibling)
    return {first[0], second[0]} == {"start", "stop"} and first[1] == second[1]


def _bound(name: str) -> tuple[str, tuple[str, ...]]:
    """Which end of an interval a name is of, if any, and its other words.

    `stimStartTime` and `stim_end` are the start and the stop of `stim`.
    """
    words = re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()
    words = re.sub(r"(start|stop|begin|end|onset|offset|finish)", r" \1 ", words)
    parts = [part.removesuffix("s") or part for part in re.findall(r"[a-z]+|\d+", words)]
    ends = [part for part in parts if _BOUND.fullmatch(part)]
    rest = tuple(part for part in parts if part not in _FILLERS and part not in ends)
    if len(ends) != 1:
        return "", rest
    return ("start" if ends[0] in STARTS else "stop"), rest
