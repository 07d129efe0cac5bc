"""Connecting to Ray: a local one made for this process, or the cluster that the environment names."""

from __future__ import annotations

import os
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
    # `ray.train.report` blocks for about a second at the default poll.
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.1",
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",
}


def connect(*, dashboard: bool = False, cpus: int | None = None) -> dict[str, Any]:
    """Join the cluster of RAY_ADDRESS (set inside a job), or start a local Ray; return its resources.

    Args:
        dashboard: Ray Train inside Ray Tune removes a stopped trial's workers through the State API, which needs
            the dashboard: without it the next trial waits for ever.
        cpus: Of a local Ray; default: the machine's.

    Raises:
        RaylabError: the named cluster cannot be reached.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    import ray

    if ray.is_initialized():
        return dict(ray.cluster_resources())
    address = os.environ.get("RAY_ADDRESS")
    try:
        if address:
            ray.init(log_to_driver=False, logging_level="ERROR")
        else:
            ray.init(
                num_cpus=cpus,
                include_dashboard=dashboard,
                dashboard_host="127.0.0.1",
                log_to_driver=False,
                logging_level="ERROR",
                object_store_memory=_store_bytes(),
            )
            _protect_token()
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        where = f"the Ray cluster at {address}" if address else "a local Ray"
        raise RaylabError(
            f"{where} cannot be used: {str(error).splitlines()[0]}",
            "Check RAY_ADDRESS and its token, or unset RAY_ADDRESS.",
        ) from error
    return dict(ray.cluster_resources())


def _store_bytes() -> int:
    """A tenth of memory, within [256 MB, 2 GB]: shards are resident tensors, the object store only moves them."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(min(max(total // 10, 256_000_000), 2_000_000_000))


def _protect_token() -> None:
    """`ray.init` writes its token readable by everyone on the machine."""
    token = Path(os.environ.get("RAY_AUTH_TOKEN_PATH", "~/.ray/auth_token")).expanduser()
    if token.is_file() and token.stat().st_mode & 0o077:
        token.chmod(0o600)
