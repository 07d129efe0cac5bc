"""Connecting to Ray: a local one made for this process, or the cluster that the environment names."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from typing import Any

from raylab.authentication import REACH_S, insecure, make_token, refuse_disabled, refuse_open
from raylab.errors import RaylabError

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "1",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # A result without a metric is a failed trial, which we record ourselves.
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    # The controller of Ray Train looks after its workers every two seconds: too slow for short
    # trials.
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.1",
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",
}


def connect(*, dashboard: bool = False, cpus: int | None = None) -> dict[str, Any]:
    """Join the cluster of RAY_ADDRESS (set inside a job), or start a local Ray; return its
    resources.

    Either asks for a token, as does a Ray that this process began by itself.

    Args:
        dashboard: Of a local Ray, on loopback. Ray Train finds workers that a dead trial left
            through the State API, which needs the dashboard: without it their CPUs stay reserved.
        cpus: Of a local Ray; default: the machine's.

    Raises:
        RaylabError: the named cluster cannot be reached, or is open and that was not accepted.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    import ray
    from ray.exceptions import RayError

    address = os.environ.get("RAY_ADDRESS")
    try:
        if ray.is_initialized():
            refuse_open(_head(), called="the Ray that this process uses")
        elif address:
            _join(address)
        else:
            _start_local(dashboard=dashboard, cpus=cpus)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError, RayError) as error:
        where = f"the Ray cluster at {address}" if address else "a local Ray"
        raise RaylabError(
            f"{where} cannot be used: {str(error).splitlines()[0]}",
            "Check RAY_ADDRESS and its token, or unset RAY_ADDRESS."
            if address
            else "Look into /tmp/ray/session_latest/logs.",
        ) from error
    return dict(ray.cluster_resources())


def _join(address: str) -> None:
    import ray

    plain = is_plain(address)
    if plain:
        host, _, port = address.rpartition(":")
        _check_reachable(host, int(port))
        refuse_open(address, called=f"the Ray cluster at {address}")
    elif "://" in address and not insecure():
        raise RaylabError(
            f"RAY_ADDRESS={address}: it cannot be seen from here whether that cluster asks for a "
            "token",
            "Name its head (HOST:6379) from within its network, use `ray job submit`, or accept it "
            "with --insecure.",
        )
    # See `_own_address`: a machine of a cluster may run other clusters too.
    environment = {"env_vars": {"RAY_ADDRESS": address}} if plain else None
    ray.init(address=address, runtime_env=environment, log_to_driver=False, logging_level="ERROR")
    if not plain and "://" not in address:
        _leave_if_open(called=f"the Ray cluster at {_head()}")


def is_plain(address: str) -> bool:
    """Whether it is HOST:PORT of a head; `auto` and other forms are Ray's to explain."""
    return address.rpartition(":")[2].isdigit() and "://" not in address


def _start_local(*, dashboard: bool, cpus: int | None) -> None:
    import ray

    refuse_disabled()
    make_token()
    with _own_address():
        ray.init(
            # Without it `ray.init` joins whatever `ray start` left running on this machine.
            address="local",
            num_cpus=cpus,
            include_dashboard=dashboard,
            dashboard_host="127.0.0.1",
            log_to_driver=False,
            logging_level="ERROR",
            object_store_memory=store_bytes(),
        )
    _leave_if_open(called="the local Ray")


def _leave_if_open(*, called: str) -> None:
    """What was joined or started is looked at before any work is given to it."""
    import ray

    try:
        refuse_open(_head(), called=called)
    except BaseException:
        ray.shutdown()
        raise


def _head() -> str:
    """HOST:PORT of the head that this process is connected to."""
    import ray

    return str(ray.get_runtime_context().gcs_address)


@contextlib.contextmanager
def _own_address() -> Iterator[None]:
    """Ray's processes inherit the address of their own cluster; ours must not keep it for the next
    `connect`.

    Its State API would else take the first cluster it finds on the machine, in which our workers do
    not exist, and Ray Train would free the CPUs of workers that it takes for dead.
    """
    port = str(free_port())
    os.environ.update(RAY_GCS_SERVER_PORT=port, RAY_ADDRESS=f"127.0.0.1:{port}")
    try:
        yield
    finally:
        del os.environ["RAY_GCS_SERVER_PORT"], os.environ["RAY_ADDRESS"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def _check_reachable(host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), timeout=REACH_S).close()
    except OSError as error:
        raise ConnectionError(f"nothing answers there ({error})") from error


def store_bytes() -> int:
    """A tenth of memory, within [256 MB, 2 GB]: shards are resident tensors, the object store only
    moves them.
    """
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(min(max(total // 10, 256_000_000), 2_000_000_000))
