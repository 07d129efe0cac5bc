"""Connecting to Ray: a local one made for this process, or the cluster that the environment names."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from raylab.errors import RaylabError

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "1",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # A result without a metric is a failed trial, which we record ourselves.
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    # The controller of Ray Train looks after its workers every two seconds: too slow for short trials.
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.1",
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",
}
_REACH_S = 5.0  # Ray itself tries an address where nothing listens for more than two minutes


def connect(*, dashboard: bool = False, cpus: int | None = None) -> dict[str, Any]:
    """Join the cluster of RAY_ADDRESS (set inside a job), or start a local Ray; return its resources.

    Args:
        dashboard: Of a local Ray, on loopback. Ray Train finds workers that a dead trial left through the State
            API, which needs the dashboard: without it their CPUs stay reserved.
        cpus: Of a local Ray; default: the machine's.

    Raises:
        RaylabError: the named cluster cannot be reached.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    import ray
    from ray.exceptions import RayError

    if ray.is_initialized():
        return dict(ray.cluster_resources())
    address = os.environ.get("RAY_ADDRESS")
    try:
        if address:
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

    host, _, port = address.rpartition(":")
    plain = port.isdigit() and "://" not in address
    if plain:  # `auto` and other forms are Ray's to explain
        _check_reachable(host, int(port))
    # See `_own_address`: a machine of a cluster may run other clusters too.
    environment = {"env_vars": {"RAY_ADDRESS": address}} if plain else None
    ray.init(address=address, runtime_env=environment, log_to_driver=False, logging_level="ERROR")


def _start_local(*, dashboard: bool, cpus: int | None) -> None:
    import ray

    _make_token()
    with _own_address():
        ray.init(
            # Without it `ray.init` joins whatever `ray start` left running on this machine.
            address="local",
            num_cpus=cpus,
            include_dashboard=dashboard,
            dashboard_host="127.0.0.1",
            log_to_driver=False,
            logging_level="ERROR",
            object_store_memory=_store_bytes(),
        )


@contextlib.contextmanager
def _own_address() -> Iterator[None]:
    """Ray's processes inherit the address of their own cluster; ours must not keep it for the next `connect`.

    Its State API would else take the first cluster it finds on the machine, in which our workers do not exist, and
    Ray Train would free the CPUs of workers that it takes for dead.
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
        socket.create_connection((host, port), timeout=_REACH_S).close()
    except OSError as error:
        raise ConnectionError(f"nothing answers there ({error})") from error


def _store_bytes() -> int:
    """A tenth of memory, within [256 MB, 2 GB]: shards are resident tensors, the object store only moves them."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(min(max(total // 10, 256_000_000), 2_000_000_000))


def _make_token() -> None:
    """The token that `ray.init` would write readable by everyone on the machine, here for its owner only."""
    if "RAY_AUTH_TOKEN" in os.environ or os.environ.get("RAY_AUTH_MODE", "token").lower() != "token":
        return
    token = Path(os.environ.get("RAY_AUTH_TOKEN_PATH", "~/.ray/auth_token")).expanduser()
    token.parent.mkdir(parents=True, exist_ok=True)
    with (
        contextlib.suppress(FileExistsError),
        os.fdopen(os.open(token, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file,
    ):
        file.write(secrets.token_hex(32))
    if token.stat().st_mode & 0o077:
        token.chmod(0o600)
