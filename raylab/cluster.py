"""Connecting to Ray: a local Ray of this process, or the cluster that RAY_ADDRESS names."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator

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
# Bytes of a socket's path, and of what Ray adds to the folder of temporary files.
LONGEST_SOCKET, BELOW_TEMPORARY = 107, 72


def connect(*, dashboard: bool = False, cpus: int | None = None) -> dict[str, float]:
    """Join the cluster of RAY_ADDRESS (set inside a Ray job), or start a local Ray.

    Both need a token, and so does a Ray that this process has started itself.

    Args:
        dashboard: Whether a local Ray gets a dashboard, on loopback. Ray Train needs it to find
            the workers that a dead trial left; without it their CPUs stay reserved.
        cpus: CPUs of a local Ray; default: those of the machine.

    Returns:
        The resources of the whole cluster, as Ray counts them.

    Raises:
        RaylabError: The cluster cannot be reached, or it needs no token and the user did not accept
            that.
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
            f"RAY_ADDRESS={address}: raylab cannot check from here whether that cluster "
            "requires a token",
            "Name its head (HOST:6379) from within its network, use `ray job submit`, or accept it "
            "with --insecure.",
        )
    # See `_own_address`: a machine of a cluster may run other clusters too.
    environment = {"env_vars": {"RAY_ADDRESS": address}} if plain else None
    ray.init(address=address, runtime_env=environment, log_to_driver=False, logging_level="ERROR")
    if not plain and "://" not in address:
        _leave_if_open(called=f"the Ray cluster at {_head()}")


def is_plain(address: str) -> bool:
    """Whether an address is the HOST:PORT of a head. Ray itself handles `auto` and other forms."""
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
            _temp_dir=_temporary_folder(),
        )
    _leave_if_open(called="the local Ray")


def _temporary_folder() -> str | None:
    """Where Ray keeps its sockets and logs; None for Ray's own choice.

    A socket's path has at most 107 bytes. Clusters and macOS set long `TMPDIR`s, below which Ray's
    sockets would not fit. RAY_TMPDIR is the user's word and stays.
    """
    stated = os.environ.get("TMPDIR", "")
    fits = len(os.fsencode(stated)) <= LONGEST_SOCKET - BELOW_TEMPORARY
    return None if fits or os.environ.get("RAY_TMPDIR") else "/tmp/ray"


def _leave_if_open(*, called: str) -> None:
    """Check a cluster that was joined or started before any work is given to it."""
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
    """Bytes of the object store: a tenth of the memory, within [256 MB, 2 GB].

    The store only moves shards; while they are used, shards are tensors of the worker processes.
    """
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(min(max(total // 10, 256_000_000), 2_000_000_000))
