"""Connecting to Ray: a local Ray of this process, or the cluster that RAY_ADDRESS names."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterator

from raylab.authentication import REACH_S, insecure, make_token, refuse_disabled, refuse_open
from raylab.errors import RaylabError
from raylab.local_ray import LocalRay, Warm

# Ray's own choice is 15: beside other work on the machine, trials then get a fraction of a core.
NICENESS = 0
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "1",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_worker_niceness": str(NICENESS),
    # Else a SIGTERM prints stacks of C++ that say nothing to a user.
    "RAY_DISABLE_FAILURE_SIGNAL_HANDLER": "1",
    # A result without a metric is a failed trial, which we record ourselves.
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    # Tune's snapshots are never restored, so it makes none while trials run.
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000",
    # The controller of Ray Train looks after its workers every two seconds: too slow for short
    # trials.
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.1",
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",
}
COLD = Warm()
_local: LocalRay | None = None  # the Ray that this process has begun to start


def begin(
    *, dashboard: bool = False, cpus: int | None = None, warm: Warm = COLD
) -> LocalRay | None:
    """Begin to start a local Ray beside what this process does next; `connect` waits for it.

    Does nothing where RAY_ADDRESS names a cluster, or where this process uses a Ray already. The
    arguments are those of `connect`.

    Returns:
        The Ray that was begun, now or before; None where this process will use another.
    """
    global _local
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    if _local is not None and _local.is_usable:
        return _local
    if _local is not None:
        _local.end()
        _local = None
    if os.environ.get("RAY_ADDRESS") or _is_connected():
        return None
    refuse_disabled()
    make_token()
    _local = LocalRay(dashboard=dashboard, cpus=cpus, warm=warm)
    return _local


@contextlib.contextmanager
def begun(*, dashboard: bool = False, warm: Warm = COLD) -> Iterator[None]:
    """Begin to start a local Ray beside the work in this context. If that work fails, the Ray that
    was begun for it is ended, and the error does not wait for that.
    """
    before = _local
    local = begin(dashboard=dashboard, warm=warm)
    try:
        yield
    except BaseException:
        if local is not None and local is not before:
            local.give_up()
        raise


def connect(
    *, dashboard: bool = False, cpus: int | None = None, warm: Warm = COLD
) -> dict[str, float]:
    """Join the cluster of RAY_ADDRESS (set inside a Ray job), or start a local Ray.

    Both need a token, and so does a Ray that this process has started itself.

    Args:
        dashboard: Whether a local Ray gets a dashboard, on loopback. Ray Train needs it to find
            the workers that a dead trial left; without it their CPUs stay reserved.
        cpus: CPUs of a local Ray; default: those of the machine.
        warm: The processes that a local Ray begins before there is work for them.

    Returns:
        The resources of the whole cluster, as Ray counts them.

    Raises:
        RaylabError: The cluster cannot be reached, or it needs no token and the user did not accept
            that.
    """
    local = begin(dashboard=dashboard, cpus=cpus, warm=warm)
    address = None if local is not None else os.environ.get("RAY_ADDRESS")
    import ray
    from ray.exceptions import RayError

    try:
        if local is not None:
            _wait(local)
        elif ray.is_initialized():
            refuse_open(_head(), called="the Ray that this process uses")
        elif address:
            _join(address)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError, RayError) as error:
        where = f"the Ray cluster at {address}" if address else "a local Ray"
        raise RaylabError(
            f"{where} cannot be used: {str(error).splitlines()[0]}",
            "Check RAY_ADDRESS and its token, or unset RAY_ADDRESS."
            if address
            else "Look into /tmp/ray/session_latest/logs.",
        ) from error
    return dict(ray.cluster_resources())


def _wait(local: LocalRay) -> None:
    """Wait until a local Ray is up. One that did not come up, or that nobody waits for any more, is
    ended.
    """
    try:
        local.wait()
    except BaseException:
        local.give_up()
        raise


def _is_connected() -> bool:
    """Whether this process uses a Ray; asked without importing Ray."""
    return "ray" in sys.modules and bool(sys.modules["ray"].is_initialized())


def _join(address: str) -> None:
    import ray

    plain = is_plain(address)
    if plain:
        host, _, port = address.rpartition(":")
        _check_reachable(host, int(port))
        refuse_open(address, called=f"the Ray cluster at {address}")
    elif "://" in address and not insecure():
        raise RaylabError(
            f"RAY_ADDRESS={address}: raylab cannot check from here whether that cluster "
            "requires a token",
            "Name its head (HOST:6379) from within its network, use `ray job submit`, or accept it "
            "with --insecure.",
        )
    # See `local_ray.own_address`: a machine of a cluster may run other clusters too.
    environment = {"env_vars": {"RAY_ADDRESS": address}} if plain else None
    ray.init(address=address, runtime_env=environment, log_to_driver=False, logging_level="ERROR")
    if not plain and "://" not in address:
        _leave_if_open(called=f"the Ray cluster at {_head()}")


def is_plain(address: str) -> bool:
    """Whether an address is the HOST:PORT of a head. Ray itself handles `auto` and other forms."""
    return address.rpartition(":")[2].isdigit() and "://" not in address


def _leave_if_open(*, called: str) -> None:
    """Check a cluster that was joined before any work is given to it."""
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


def _check_reachable(host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), timeout=REACH_S).close()
    except OSError as error:
        raise ConnectionError(f"nothing answers there ({error})") from error
