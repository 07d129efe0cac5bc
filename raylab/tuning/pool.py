"""A pool of processes that run jobs: each process runs one job at a time and stays warm, since it
has loaded torch already.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from raylab.space.settings import Resources
from raylab.tuning.outcome import Deaths

if TYPE_CHECKING:
    from ray import ObjectRef
    from ray.actor import ActorHandle

Function = Callable[[Any], Any]  # of a module, so that another process can import it
OnLost = Callable[[str, str], None]  # called with the key of a job whose process died, and why


class ProcessDied(Exception):
    """The process of a job died each time that the job was tried."""


@dataclass(frozen=True)
class Ended:
    """A job that ended: `value` is what its function returned, or the exception that it raised."""

    key: str
    value: Any


class Pool(Protocol):
    """Runs jobs. Use it in a `with` statement, at whose end all of its processes are ended."""

    slots: int  # how many jobs run at the same time

    def submit(self, key: str, function: Function, job: Any) -> None:
        """Begin a job. The caller begins no more than `slots` at a time."""

    def next(self, timeout_s: float | None = None) -> Ended | None:
        """Wait for the next job that ends; None after `timeout_s` seconds, or without jobs."""

    def stop(self, key: str) -> None:
        """End a job before it is done, with its process; it is not reported by `next`."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


@dataclass
class _Running:
    """A job at work, and the actor whose process runs it."""

    key: str
    function: Function
    job: Any
    actor: ActorHandle


class RayPool:
    """A pool of Ray actors.

    A job whose process dies is run again, up to three times; then it ends with `ProcessDied`.

    Args:
        slots: How many jobs run at the same time.
        resources: What each process reserves.
        on_lost: Called when the process of a job died and the job is run again.
        prepare: Called once in each process, before its first job.
    """

    def __init__(
        self,
        slots: int,
        resources: Resources,
        on_lost: OnLost = lambda key, reason: None,
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        self.slots, self._resources, self._on_lost = slots, resources, on_lost
        self._prepare = prepare
        self._idle: list[ActorHandle] = []
        self._running: dict[ObjectRef, _Running] = {}
        self._deaths = Deaths()

    def submit(self, key: str, function: Function, job: Any) -> None:
        actor = self._idle.pop() if self._idle else self._actor()
        self._begin(_Running(key, function, job, actor))

    def next(self, timeout_s: float | None = None) -> Ended | None:
        import ray

        while self._running:
            done, _ = ray.wait(list(self._running), num_returns=1, timeout=timeout_s)
            if not done:
                return None
            ended = self._ended(done[0])
            if ended is not None:
                return ended
        return None

    def stop(self, key: str) -> None:
        import ray

        for reference, running in list(self._running.items()):
            if running.key == key:
                del self._running[reference]
                ray.kill(running.actor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        import ray

        for actor in [*self._idle, *(running.actor for running in self._running.values())]:
            ray.kill(actor)
        self._idle, self._running = [], {}

    def _begin(self, running: _Running) -> None:
        self._running[running.actor.run.remote(running.function, running.job)] = running

    def _ended(self, reference: ObjectRef) -> Ended | None:
        """The end of a job; None where its process died and the job runs again."""
        import ray
        from ray.exceptions import RayError, RayTaskError

        running = self._running.pop(reference)
        value: object
        try:
            value = ray.get(reference)
        except RayTaskError as error:
            value = error.cause or error
        except RayError as error:
            return self._lost(running, error)
        self._idle.append(running.actor)
        return Ended(running.key, value)

    def _lost(self, running: _Running, error: Exception) -> Ended | None:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        reason = f"the trial's process died: {lines[-1][:300]}"
        running.actor = self._actor()
        if not self._deaths.again(running.key):
            self._idle.append(running.actor)
            return Ended(running.key, ProcessDied(reason))
        self._on_lost(running.key, reason)
        self._begin(running)
        return None

    def _actor(self) -> ActorHandle:
        import ray

        memory = self._resources.memory_gb
        options = {"memory": memory * 1e9} if memory else {}
        kind = ray.remote(_Process).options(
            num_cpus=self._resources.cpus, num_gpus=self._resources.gpus, **options
        )
        return kind.remote(self._prepare)


class _Process:
    """What an actor runs."""

    def __init__(self, prepare: Callable[[], None]) -> None:
        prepare()

    def run(self, function: Function, job: object) -> object:
        return function(job)
