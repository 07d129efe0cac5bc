"""What raylab needs of Ray's private API to start a local Ray in a second instead of seven.

`ray.init` starts a monitor for autoscaling, a monitor of logs and a server for the dashboard, and
waits until that server and two helpers of the node are up. raylab does not need them. It looks for
the node once a second, and ends each process in turn with a second of grace. With a Ray that has
another private API, `local_ray` starts it in its public way; `tests/ray/test_local_ray.py` then
fails, and this file is to be mended.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psutil
import ray
from ray._private import node as ray_node
from ray._private import services
from ray._private.parameter import RayParams
from ray._raylet import (  # type: ignore[attr-defined]
    DASHBOARD_AGENT_LISTEN_PORT_NAME,
    persist_port,
)

from raylab.ports import listens, quiet_ports
from raylab.processes import end_trees

_LOOK_S = 0.02  # between two looks at whether a process of Ray is up
_UP_S = 60.0
# The ports of the scheduler's helpers.
_HELPERS = (
    "metrics_agent_port",
    "metrics_export_port",
    "runtime_env_agent_port",
    "dashboard_agent_listen_port",
)
_CALM = 15  # the niceness of helpers that nobody waits for


class StartGivenUp(Exception):
    """The start of a local Ray was given up while it was under way."""


@dataclass(frozen=True)
class Wish:
    """What is wanted of a local Ray.

    Attributes:
        workers: How many processes it begins before there is work; None for one per CPU.
        given_up: Whether its start is given up; asked again and again.
        began: Called with its node before that starts its first process.
    """

    workers: int | None
    given_up: Callable[[], bool]
    began: Callable[[LocalNode], None]


class LocalNode(ray_node.Node):
    """The processes of a local Ray: a server for its state, a scheduler and its workers; with a
    dashboard, also the dashboard's server.

    Args:
        wish: What is wanted of it.
    """

    def __init__(self, wish: Wish, ray_params: RayParams, **settings: Any) -> None:
        self._wish = wish
        self.all_processes: dict[str, list[Any]] = {}
        wish.began(self)
        # The scheduler waits for its helpers, to learn their ports, unless it is told the ports.
        ray_params.update(**dict(zip(_HELPERS, quiet_ports(len(_HELPERS)))))
        ray_params.update(no_monitor=True, include_log_monitor=False)
        super().__init__(ray_params, **settings)
        self._calm_helpers()

    def start_gcs_server(self) -> None:
        """Start the server of the cluster's state, which Ray would look for once a second."""
        self._go_on()
        super().start_gcs_server()
        self._wait(lambda: listens(self.gcs_address))

    def start_api_server(self, *, include_dashboard: bool | None, raise_on_failure: bool) -> None:
        """Start the dashboard's server where a dashboard is wanted; Ray would always start it."""
        self._go_on()
        if include_dashboard:
            super().start_api_server(
                include_dashboard=include_dashboard, raise_on_failure=raise_on_failure
            )

    def start_ray_processes(self) -> None:
        """Start the scheduler, which Ray would look for once a second."""
        self._go_on()
        # Ray does not hand over this port: the scheduler reads it from a file that a helper writes.
        port = self._ray_params.dashboard_agent_listen_port
        persist_port(self._session_dir, self._node_id, DASHBOARD_AGENT_LISTEN_PORT_NAME, port)
        super().start_ray_processes()
        state = self.get_gcs_client()
        self._wait(lambda: bool(state.get_all_node_info(timeout=_UP_S)))

    def start_raylet(self, *arguments: Any, **settings: Any) -> None:
        """Start the scheduler, which would begin as many workers as there are CPUs."""
        if self._wish.workers is None:
            super().start_raylet(*arguments, **settings)
            return
        with _flag("num_prestart_python_workers", self._wish.workers):
            super().start_raylet(*arguments, **settings)

    def kill_all_processes(self, *_: object, **__: object) -> None:
        """End every process of this Ray at once. Ray would give each of them a second in turn."""
        end_trees(info.process.pid for info in self._infos() if info.process.poll() is None)
        self.all_processes.clear()

    def _calm_helpers(self) -> None:
        """Let the scheduler's helpers start when nothing else has work. It has no workers yet."""
        for info in self.all_processes.get("raylet", ()):
            with contextlib.suppress(psutil.Error):
                for helper in psutil.Process(info.process.pid).children():
                    with contextlib.suppress(psutil.Error):
                        helper.nice(_CALM)

    def _wait(self, up: Callable[[], bool]) -> None:
        over = time.monotonic() + _UP_S
        while not up():
            self._go_on()
            if any(info.process.poll() is not None for info in self._infos()):
                raise RuntimeError(
                    f"a process of Ray ended while Ray started: see {self._logs_dir}"
                )
            if time.monotonic() > over:
                raise TimeoutError(f"Ray has not started within {_UP_S:.0f} s")
            time.sleep(_LOOK_S)

    def _infos(self) -> Iterator[Any]:
        for infos in list(self.all_processes.values()):
            yield from infos

    def _go_on(self) -> None:
        if self._wish.given_up():
            raise StartGivenUp


@contextlib.contextmanager
def local_nodes(wish: Wish) -> Iterator[None]:
    """Within this context, `ray.init(address="local")` makes its processes a `LocalNode`."""

    def make(ray_params: RayParams, **settings: Any) -> LocalNode:
        return LocalNode(wish, ray_params, **settings)

    kept = ray_node.Node
    ray_node.Node = make
    try:
        yield
    finally:
        ray_node.Node = kept


@contextlib.contextmanager
def _flag(name: str, value: int) -> Iterator[None]:
    """Within this context, processes of Ray are started with another value of a flag."""
    kept = services.start_ray_process

    def start(command: list[str], *arguments: Any, **settings: Any) -> Any:
        words = [word for word in command if not word.startswith(f"--{name}=")]
        return kept([*words, f"--{name}={value}"], *arguments, **settings)

    services.start_ray_process = start
    try:
        yield
    finally:
        services.start_ray_process = kept


def current_node() -> object | None:
    """The node of the Ray that this process uses; None where it uses none."""
    node: object | None = getattr(ray._private.worker, "_global_node", None)
    return node
