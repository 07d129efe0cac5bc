"""Checks of who else can use what runs here: tokens, open clusters, dashboards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from raylab.health.finding import Finding

_LOOPBACK = ("127.", "localhost", "::1", "[::1]")
_TOKEN = "Start it with RAY_AUTH_MODE=token on every node (docs/security.md), or stop it."


@dataclass(frozen=True)
class Instance:
    """The head of a Ray cluster on this machine.

    Attributes:
        address: Its HOST:PORT.
        own: Whether it belongs to the user who runs the check.
        asks: Whether it asks for a token; None if it did not answer.
        dashboard: The address on which its dashboard listens; None without a dashboard.
    """

    address: str
    own: bool = True
    asks: bool | None = True
    dashboard: str | None = None


def mode(environment: Mapping[str, str]) -> Finding:
    """Whether a Ray started from here will ask for a token."""
    setting = environment.get("RAY_AUTH_MODE", "")
    if setting.lower() in ("", "token"):
        return Finding("token in force", "ok", "a local Ray that raylab starts requires a token")
    return Finding(
        "token in force",
        "problem",
        f"RAY_AUTH_MODE={setting}: Ray would require no token",
        "Unset RAY_AUTH_MODE.",
    )


def token(path: Path, permissions: int | None, environment: Mapping[str, str]) -> Finding:
    """The permissions of the token's file.

    Args:
        permissions: The mode bits of the file; None if there is no file.
    """
    if environment.get("RAY_AUTH_TOKEN"):
        return Finding(
            "token file",
            "warning",
            "the token is in RAY_AUTH_TOKEN, which every process started from here inherits",
            "Keep it in a file of mode 0600 and name that in RAY_AUTH_TOKEN_PATH.",
        )
    if permissions is None:
        if environment.get("RAY_AUTH_TOKEN_PATH") or environment.get("RAY_ADDRESS"):
            return Finding(
                "token file",
                "problem",
                f"{path}: no such file",
                "Copy the cluster's token there, mode 0600.",
            )
        return Finding(
            "token file", "ok", f"{path}: does not exist yet; the first local Ray makes it"
        )
    if permissions & 0o077:
        return Finding(
            "token file",
            "problem",
            f"{path}: other users may read or change it (mode {permissions:04o})",
            f"chmod 600 {path}; if others use this machine, make a new token.",
        )
    return Finding("token file", "ok", f"{path}: readable by its owner only")


def instances(rays: Sequence[Instance]) -> Finding:
    """Whether several clusters run on this machine. They share it without knowing of each other."""
    if len(rays) > 1:
        return Finding(
            "one Ray",
            "warning",
            f"{len(rays)} Ray clusters run on this machine "
            f"({', '.join(ray.address for ray in rays)}): each of them uses CPUs and memory "
            "as if it were alone",
            "Stop the clusters that nobody needs. `ray stop` ends all clusters of the user, "
            "so do not use it while one of them is needed.",
        )
    return Finding(
        "one Ray",
        "ok",
        f"Ray runs on this machine at {rays[0].address}" if rays else "no Ray runs here",
    )


def open_instances(rays: Sequence[Instance]) -> list[Finding]:
    """One finding per cluster that asks for no token, or a single one that there is none."""
    opened = [
        Finding(
            "open Ray",
            "problem" if ray.own else "warning",
            f"the Ray at {ray.address} {'' if ray.own else '(of another user) '}requires no "
            "token: anybody who can reach it can run code here",
            _TOKEN if ray.own else "Tell its owner.",
        )
        for ray in rays
        if ray.asks is False
    ]
    silent = [ray.address for ray in rays if ray.asks is None]
    if silent:
        opened.append(
            Finding(
                "open Ray",
                "warning",
                f"the Ray at {', '.join(silent)} does not answer",
                "Look at it.",
            )
        )
    return opened or [Finding("open Ray", "ok", "no Ray on this machine is open to others")]


def dashboards(rays: Sequence[Instance]) -> Finding:
    """Whether dashboards listen beyond loopback. A token there travels unencrypted."""
    wide = [
        f"{ray.dashboard} (of {ray.address})"
        for ray in rays
        if ray.dashboard and not is_loopback(ray.dashboard)
    ]
    if wide:
        return Finding(
            "dashboard binding",
            "warning" if all(ray.asks for ray in rays) else "problem",
            f"a dashboard listens on {', '.join(wide)}: it runs jobs for anybody who has the "
            "token, and the token is sent as plain text",
            "Start the head with --dashboard-host=127.0.0.1 and reach it through ssh -L "
            "8265:127.0.0.1:8265.",
        )
    return Finding(
        "dashboard binding", "ok", "no dashboard on this machine listens beyond loopback"
    )


def is_loopback(host: str) -> bool:
    return host.startswith(_LOOPBACK)


def cluster(address: str, asks: bool | None, trouble: str = "") -> Finding:
    """The cluster that RAY_ADDRESS names.

    Args:
        asks: Whether it asks for a token; None if that is unknown.
        trouble: Why it is unknown.
    """
    if asks is None:
        return Finding(
            "cluster", "problem", f"{address}: {trouble}", "Check RAY_ADDRESS, or unset it."
        )
    if not asks:
        return Finding(
            "cluster",
            "problem",
            f"{address} requires no token: anybody who can reach it can run code there",
            _TOKEN,
        )
    return Finding("cluster", "ok", f"{address} requires a token")
