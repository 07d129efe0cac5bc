"""Facts about Rays: those on this machine, and the cluster that this process joined."""

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
    """The heads of Ray on this machine, found by their processes."""
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
    """The value of `--name=value` on a command line; empty where it is not there."""
    return next((word.partition("=")[2] for word in words if word.startswith(f"{name}=")), "")


def cluster(address: str) -> Iterator[Finding]:
    """The cluster that RAY_ADDRESS names: whether it asks for a token, its dashboard, its nodes'
    clocks.
    """
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
    """Whether it asks for a token; None, and why, where that cannot be seen."""
    try:
        return asks_for_token(address), ""
    except ConnectionError as error:
        return None, str(error)


def _joined() -> Iterator[Finding]:
    import ray

    context = ray.init(
        ignore_reinit_error=True, logging_level="ERROR"
    )  # tells of the connection there is
    url = context.address_info.get("webui_url") or ""
    yield dashboard(url, answer(f"http://{url}/api/jobs/") if url else 0)
    yield from clocks()


def dashboard(url: str, status: int) -> Finding:
    """What the cluster's dashboard answers to a stranger who asks for its jobs.

    Args:
        url: HOST:PORT; empty where the cluster has none.
        status: Of HTTP; 0 where nothing answered.
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
        return Finding("dashboard", "ok", f"{url} answers and asks for a token")
    return Finding("dashboard", "problem", f"{url} shows its jobs to anyone (HTTP {status}), and "
                                           "runs what they send",
                   "Start the cluster with RAY_AUTH_MODE=token (docs/security.md).")  # fmt: skip


def answer(url: str) -> int:
    """HTTP status of a GET that shows no token; 0 where nothing answers."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        return int(direct.open(url, timeout=REACH_S).status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def clocks() -> Iterator[Finding]:
    """Each node's clock beside this machine's: it is read by a task there, within the time that the
    answer takes.
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
            found = ray.get(there.remote(), timeout=_NODE_S)
            after = time.time()
        except (
            Exception
        ) as error:  # whatever keeps a node from answering is what we are here to tell
            yield Finding(
                "clock",
                "problem",
                f"{name} runs no task: {type(error).__name__}",
                "Look at its logs.",
            )
            continue
        yield clock(found - (before + after) / 2, name, slack_s=(after - before) / 2)
