"""Running the tasks of `prepare`: in this process where there is one, else in parallel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from raylab.data.preparation.tasks import (
    Failure,
    Outcome,
    ReadSession,
    SourceTask,
    SplitSession,
    prepare_source,
)
from raylab.data.readers.source import Source

Progress = Callable[[int, int], None]
_KINDS: dict[str, type[Outcome]] = {
    kind.__name__: kind for kind in (Failure, ReadSession, SplitSession)
}


def run_tasks(tasks: Sequence[SourceTask], at_once: int) -> Iterator[Outcome]:
    """The outcomes of tasks, as they end; at most `at_once` run at a time."""
    if len(tasks) == 1:  # starting Ray for one file would take longer than reading it
        yield prepare_source(tasks[0])
        return
    from raylab.cluster import connect
    from raylab.data.preparation.parallel import map_items

    connect()
    for place, encoded in map_items(_encoded, tasks, at_once=at_once):
        yield _KINDS[encoded["kind"]](**encoded["fields"]) if encoded else _died(tasks[place])


def _encoded(task: SourceTask) -> dict[str, Any]:
    """The outcome of a task as JSON, in which it travels between processes."""
    outcome = prepare_source(task)
    return {"kind": type(outcome).__name__, "fields": asdict(outcome)}


def _died(task: SourceTask) -> Failure:
    """A task can take its process with it: out of memory, or a file that kills its parser."""
    source = Source.of(task["source"])
    return Failure(
        source.name,
        f"{source}: the process that read it died",
        "The file needs more memory than there is (see --memory), or it is damaged.",
    )


def collect(
    outcomes: Iterable[Outcome], total: int, strict: bool, progress: Progress | None
) -> list[Outcome]:
    """All outcomes.

    Args:
        strict: Stop at the first failure.
        progress: Called with (outcomes so far, outcomes in all).

    Raises:
        DataError: A failure, if `strict`.
    """
    collected = []
    for outcome in outcomes:
        if strict and isinstance(outcome, Failure):
            raise outcome.as_error()
        collected.append(outcome)
        if progress:
            progress(len(collected), total)
    return collected
