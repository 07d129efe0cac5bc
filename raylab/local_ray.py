"""A local Ray that starts in a thread, beside what this process does meanwhile."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any

from raylab.authentication import refuse_open
from raylab.ports import free_port

if TYPE_CHECKING:
    from raylab.ray_private import LocalNode

# Bytes of a socket's path, and of what Ray adds to the folder of temporary files.
LONGEST_SOCKET, BELOW_TEMPORARY = 107, 72
_ENDING_S = 15.0
# What a Ray raises whose private API is another than `ray_private` knows.
_UNLIKE = (ImportError, AttributeError, KeyError, TypeError, ValueError)


@dataclass(frozen=True)
class Warm:
    """Processes that a local Ray begins before there is work for them.

    Attributes:
        modules: What every process of that Ray imports before it is given work.
        workers: How many processes are begun; None for one per CPU.
    """

    modules: Sequence[str] = ()
    workers: int | None = None


class LocalRay:
    """A Ray of this process. Its start begins at once, in a thread.

    Args:
        dashboard: Whether it has a dashboard, on loopback.
        cpus: The CPUs that it may give to work; default: those of the machine.
        warm: The processes that it begins at once.
    """

    def __init__(self, *, dashboard: bool, cpus: int | None, warm: Warm) -> None:
        self._dashboard, self._cpus, self._warm = dashboard, cpus, warm
        self._node: LocalNode | None = None  # of a quick start
        self._is_public = False  # whether Ray started in its public way
        self._error: BaseException | None = None
        self._up, self._ended, self._given_up = (threading.Event() for _ in range(3))
        _end_on_sigterm()
        atexit.register(self.end)
        # A daemon, because Python waits for other threads before it calls what `atexit` registered.
        self._thread = threading.Thread(target=self._run, name="local-ray", daemon=True)
        self._thread.start()

    @property
    def is_usable(self) -> bool:
        """Whether it is up or will be: nobody has given it up or called `ray.shutdown`."""
        return not self._ended.is_set() and (not self._up.is_set() or self._is_current())

    def wait(self) -> None:
        """Wait until it is up; raise the error that its start ended with."""
        self._up.wait()
        if self._error is not None:
            raise self._error

    def give_up(self) -> None:
        """Say that nobody wants it. Returns at once; its thread ends it."""
        self._given_up.set()
        self._ended.set()

    def end(self) -> None:
        """End it with all of its processes, and wait until they are gone."""
        self.give_up()
        self._thread.join(_ENDING_S)
        atexit.unregister(self.end)

    def _run(self) -> None:
        try:
            self._start()
        except BaseException as error:  # `wait` raises it in the thread that needs this Ray
            self._error = error
        self._up.set()
        # Linux kills the processes that a thread began when that thread ends.
        self._ended.wait()
        self._end()

    def _start(self) -> None:
        import ray

        # Called before what Ray registered on its import, which would sleep half a second.
        atexit.register(self.end)
        # Ray warns that a thread cannot handle SIGTERM; see `_end_on_sigterm`.
        logging.getLogger("ray").setLevel(logging.ERROR)
        try:
            self._start_quickly()
        except _UNLIKE:
            self._end()
            self._node, self._is_public = None, True
            with own_address():
                ray.init(**self._settings())
        refuse_open(str(ray.get_runtime_context().gcs_address), called="the local Ray")

    def _start_quickly(self) -> None:
        import ray

        from raylab.ray_private import Wish, local_nodes

        wish = Wish(self._warm.workers, self._given_up.is_set, self._keep)
        preloaded = {"preload_python_modules": list(self._warm.modules)}
        with local_nodes(wish), own_address():
            ray.init(**self._settings(), _system_config=preloaded)
        if not self._is_current():
            raise AttributeError("Ray keeps its node elsewhere")

    def _settings(self) -> dict[str, Any]:
        return {
            # Without it `ray.init` joins whatever `ray start` left running on this machine.
            "address": "local",
            "num_cpus": self._cpus,
            "include_dashboard": self._dashboard,
            "dashboard_host": "127.0.0.1",
            "log_to_driver": False,
            "logging_level": "ERROR",
            "object_store_memory": store_bytes(),
            "_temp_dir": temporary_folder(),
        }

    def _keep(self, node: LocalNode) -> None:
        self._node = node

    def _end(self) -> None:
        """End what has begun; nothing has where it was given up at once."""
        if self._is_current():
            import ray

            ray.shutdown()
        if self._node is not None:
            self._node.kill_all_processes()

    def _is_current(self) -> bool:
        """Whether it is the Ray that this process uses."""
        if self._is_public:
            import ray

            return bool(ray.is_initialized())
        if self._node is None:
            return False
        from raylab.ray_private import current_node

        return current_node() is self._node


def _end_on_sigterm() -> None:
    """Exit on SIGTERM as on an error, so that what is open is closed. `ray.init` does the same, but
    can do so in the main thread only.
    """
    main = threading.current_thread() is threading.main_thread()
    if main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _exit)


def _exit(number: int, frame: FrameType | None) -> None:
    sys.exit(number)


def temporary_folder() -> str | None:
    """Where Ray keeps its sockets and logs; None for Ray's own choice.

    A socket's path has at most 107 bytes. Clusters and macOS set long `TMPDIR`s, below which Ray's
    sockets would not fit. RAY_TMPDIR is the user's word and stays.
    """
    stated = os.environ.get("TMPDIR", "")
    fits = len(os.fsencode(stated)) <= LONGEST_SOCKET - BELOW_TEMPORARY
    return None if fits or os.environ.get("RAY_TMPDIR") else "/tmp/ray"


@contextlib.contextmanager
def own_address() -> Iterator[None]:
    """Give the processes of a local Ray the address of their own cluster; afterwards this process
    forgets it, so that the next `connect` does not join it.

    Without the address, Ray's State API takes the first cluster that it finds on the machine. Our
    workers do not exist there, so Ray Train would take them for dead and free their CPUs.
    """
    port = str(free_port())
    os.environ.update(RAY_GCS_SERVER_PORT=port, RAY_ADDRESS=f"127.0.0.1:{port}")
    try:
        yield
    finally:
        del os.environ["RAY_GCS_SERVER_PORT"], os.environ["RAY_ADDRESS"]


def store_bytes() -> int:
    """Bytes of the object store: a tenth of the memory, within [256 MB, 2 GB].

    The store only moves shards; while they are used, shards are tensors of the worker processes.
    """
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(min(max(total // 10, 256_000_000), 2_000_000_000))
