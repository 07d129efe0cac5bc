"""Facts about Ray clusters: those on this machine, and the one that RAY_ADDRESS names."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from raylab.authentication import REACH_S, asks_for_token, insecure
from raylab.cluster import connect, is_plain
from raylab.errors import RaylabError
from raylab.health import access
from raylab.health.access import Instance
from raylab.health.finding import Finding
from raylab.health.machine import clock

_NODE_S = 30.0  # for a task on a node to answer


def running() -> list[Instance]:
    """The heads of Ray clusters on this machine, identified by their processes."""
    import ray  # noqa: F401, I001  (brings psutil)
    import psutil

    heads, dashboards = {}, {}
    for process in psutil.process_iter(["cmdline", "uids"]):
        words = process.info["cmdline"] or []
        if words and words[0].endswith("gcs_server"):
            port = option(words, "--gcs_server_port")
            heads[f"{option(words, '--node-ip-address')}:{port}"] = process.info["uids"]
        elif any(word.endswith("dashboard/dashboard.py") for word in words[:3]):
            dashboards[option(words, "--gcs-address")] = (
                f"{option(words, '--host')}:{option(words, '--port')}"
            )
    own = psutil.Process().uids()
    return [
        Instance(
            address, own=uids == own, asks=_seen(address)[0], dashboard=dashboards.get(address)
        )
        for address, uids in heads.items()
    ]


def option(words: list[str], name: str) -> str:
    """The value of `--name=value` on a command line; empty if it is not there."""
    return next((word.partition("=")[2] for word in words if word.startswith(f"{name}=")), "")


def cluster(address: str) -> Iterator[Finding]:
    """Check the cluster that RAY_ADDRESS names: token, dashboard, and clocks of its nodes."""
    import ray

    if is_plain(address):
        yield (named := access.cluster(address, *_seen(address)))
        if named.level == "problem" and not insecure():
            return
    before = ray.is_initialized()
    try:
        connect()
    except RaylabError as error:
        yield Finding("cluster", "problem", error.what, error.remedy)
        return
    try:
        yield from _joined()
    finally:
        if not before:
            ray.shutdown()


def _seen(address: str) -> tuple[bool | None, str]:
    """Whether a head asks for a token; None and the reason if that is unknown."""
    try:
        return asks_for_token(address), ""
    except ConnectionError as error:
        return None, str(error)


def _joined() -> Iterator[Finding]:
    import ray

    context = ray.init(
        ignore_reinit_error=True, logging_level="ERROR"
    )  # describes the existing connection
    url = context.address_info.get("webui_url") or ""
    yield dashboard(url, answer(f"http://{url}/api/jobs/") if url else 0)
    yield from clocks()


def dashboard(url: str, status: int) -> Finding:
    """Whether the cluster's dashboard lists its jobs to anyone.

    Args:
        url: HOST:PORT of the dashboard; empty if the cluster has none.
        status: The HTTP status of a request without a token; 0 if nothing answered.
    """
    if not url:
        return Finding("dashboard", "warning", "the cluster has no dashboard: trials over several "
                                               "workers need it",
                       "Start its head with --include-dashboard=true.")  # fmt: skip
    if status == 0:
        where = " (the head's own loopback)" if access.is_loopback(url) else ""
        return Finding("dashboard", "warning", f"no dashboard answers from here at {url}{where}",
                       "From elsewhere: ssh -L 8265:127.0.0.1:8265 to the head.")  # fmt: skip
    if status in (401, 403):
        return Finding("dashboard", "ok", f"{url} answers and requires a token")
    return Finding(
        "dashboard",
        "problem",
        f"{url} answers without a token (HTTP {status}): anybody who can reach it can see and run "
        "jobs",
        "Start the cluster with RAY_AUTH_MODE=token (docs/security.md).",
    )


def answer(url: str) -> int:
    """The HTTP status of a GET without a token; 0 if nothing answers."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        return int(direct.open(url, timeout=REACH_S).status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def clocks() -> Iterator[Finding]:
    """Whether each node's clock agrees with that of this machine. A task on the node reads it; the
    time that the task takes is the uncertainty.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    read: Any = ray.remote(num_cpus=0)(lambda: time.time())
    for node in (node for node in ray.nodes() if node["Alive"]):
        there = read.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        )
        name = f"node {node['NodeManagerAddress']}"
        try:
            ray.get(there.remote(), timeout=_NODE_S)  # the first starts a process
            before = time.time()
            answered = ray.get(there.remote(), timeout=_NODE_S)
            after = time.time()
        except Exception as error:  # any reason why a node does not answer belongs into the finding
            yield Finding(
                "clock",
                "problem",
                f"{name} runs no task: {type(error).__name__}",
                "Look at its logs.",
            )
            continue
        yield clock(answered - (before + after) / 2, name, slack_s=(after - before) / 2)
