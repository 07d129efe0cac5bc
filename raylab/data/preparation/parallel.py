"""Applying a function to many items in parallel Ray tasks, each of which runs at most once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import ray

Item = TypeVar("Item")
Output = TypeVar("Output")


def map_items(
    function: Callable[[Item], Output],
    items: Sequence[Item],
    *,
    at_once: int,
) -> Iterator[tuple[int, Output | None]]:
    """Apply a function to items in parallel Ray tasks.

    Args:
        function: Takes and returns JSON values, because these travel between processes.
        items: Small values.
        at_once: The number of tasks that may run at a time.

    Yields:
        (index of an item, the function's value) in the order in which tasks end; None where the
        task failed or its process died. Such a task is not tried again: what killed its process (a
        parser that crashes, too little memory) would kill the next one too.
    """
    task = ray.remote(max_retries=0)(lambda text: json.dumps(function(json.loads(text))))
    waiting = iter(enumerate(items))
    running: dict[ray.ObjectRef[str], int] = {}
    while True:
        for at, item in waiting:
            running[task.remote(json.dumps(item))] = at
            if len(running) == at_once:
                break
        if not running:
            return
        (ended, *_), _ = ray.wait(list(running), num_returns=1)
        yield running.pop(ended), _value(ended)


def _value(ended: ray.ObjectRef[str]) -> Output | None:
    try:
        value: Output = json.loads(ray.get(ended))
    except ray.exceptions.RayError:
        return None
    return value
