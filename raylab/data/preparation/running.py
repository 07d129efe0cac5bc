"""Running the tasks of `prepare`: in processes of this machine, or on a cluster."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterable, Sequence
from typing import Any

from raylab.data.preparation.progress import Progress
from raylab.data.preparation.tasks import Failure, Outcome, dumped, outcome_of
from raylab.data.preparation.threads import map_in_threads
from raylab.data.readers.isolation.isolated import prepare_isolated
from raylab.data.readers.isolation.parcel import SourceTask
from raylab.data.readers.source import Source
from raylab.errors import RaylabError


def run_tasks(tasks: Sequence[SourceTask], at_once: int) -> Generator[Outcome, None, None]:
    """The outcomes of tasks, as they end; at most `at_once` run at a time.

    Every task runs in a reading process. On one machine threads wait for these processes: starting
    Ray would take longer than reading some files. On a cluster Ray tasks wait for them.
    """
    if len(tasks) == 1:
        yield prepare_apart(tasks[0])
    elif not on_cluster():
        yield from map_in_threads(prepare_apart, tasks, at_once=at_once)
    else:
        from raylab.cluster import connect
        from raylab.data.preparation.parallel import map_items

        connect()
        for place, record in map_items(_dumped, tasks, at_once=at_once):
            yield outcome_of(record) if record else _died(tasks[place])


def on_cluster() -> bool:
    """Whether this process belongs to a Ray of several machines, or RAY_ADDRESS names a Ray.

    While a local Ray starts beside this call, RAY_ADDRESS names that one, and so does its port.
    """
    own = f"127.0.0.1:{os.environ.get('RAY_GCS_SERVER_PORT', '')}"
    if (os.environ.get("RAY_ADDRESS") or own) != own:
        return True
    ray = sys.modules.get("ray")  # a process that has joined one has imported it
    return bool(ray and ray.is_initialized() and len(ray.nodes()) > 1)


def prepare_apart(task: SourceTask) -> Outcome:
    """Prepare a source in a process of its own, whose death is a failure of this source alone."""
    source = Source.of(task["source"])
    try:
        return outcome_of(prepare_isolated(task))
    except RaylabError as error:
        return Failure(source.name, error.what, error.remedy, error.cause or None)
    except Exception as error:
        what = f"{source}: {type(error).__name__}: {error}"
        return Failure(source.name, what, "Run it on this file alone with --debug and report it.")


def _dumped(task: SourceTask) -> dict[str, Any]:
    return dumped(prepare_apart(task))


def _died(task: SourceTask) -> Failure:
    """The process of a Ray task may die with its machine."""
    source = Source.of(task["source"])
    return Failure(
        source.name,
        f"{source}: the process that read it died",
        "The file needs more memory than there is (see --memory), or it is damaged.",
    )


def collect(
    outcomes: Iterable[Outcome], *, strict: bool, progress: Progress | None = None
) -> list[Outcome]:
    """All outcomes.

    Args:
        strict: Stop at the first failure.
        progress: Is shown each outcome.

    Raises:
        DataError: A failure, if `strict`.
    """
    collected = []
    for outcome in outcomes:
        if strict and isinstance(outcome, Failure):
            raise outcome.as_error()
        collected.append(outcome)
        if progress:
            progress.ended(outcome)
    return collected
