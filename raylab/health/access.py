"""Who else may use what runs here: tokens, open clusters, dashboards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from raylab.health.finding import Finding

_LOOPBACK = ("127.", "localhost", "::1", "[::1]")
_TOKEN = "Start it with RAY_AUTH_MODE=token on every node (docs/security.md), or stop it."


@dataclass(frozen=True)
class Instance:
    """A head of Ray on this machine.

    Attributes:
        address: HOST:PORT of it.
        own: Whether it is of the user who asks.
        asks: Whether it asks for a token; None where it did not answer.
        dashboard: The address its dashboard listens on; None without one.
    """

    address: str
    own: bool = True
    asks: bool | None = True
    dashboard: str | None = None


def mode(environment: Mapping[str, str]) -> Finding:
    """Whether a Ray started from here will ask for a token."""
    found = environment.get("RAY_AUTH_MODE", "")
    if found.lower() in ("", "token"):
        return Finding("token in force", "ok", "a local Ray started by raylab asks for a token")
    return Finding(
        "token in force",
        "problem",
        f"RAY_AUTH_MODE={found}: Ray would ask for no token",
        "Unset RAY_AUTH_MODE.",
    )


def token(path: Path, permissions: int | None, environment: Mapping[str, str]) -> Finding:
    """The token's file.

    Args:
        permissions: Its mode bits; None where there is no file.
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
                f"{path}: not there",
                "Copy the cluster's token there, mode 0600.",
            )
        return Finding("token file", "ok", f"{path}: not there yet; the first local Ray makes it")
    if permissions & 0o077:
        return Finding(
            "token file", "problem", f"{path}: others may read or change it (mode "
                                     f"{permissions:04o})",
            f"chmod 600 {path}; if others use this machine, make a new token.",
        )  # fmt: skip
    return Finding("token file", "ok", f"{path}: readable by its owner only")


def instances(found: Sequence[Instance]) -> Finding:
    """Several clusters on a machine look for each other's processes."""
    if len(found) > 1:
        return Finding(
            "one Ray",
            "warning",
            f"{len(found)} Ray clusters run on this machine "
            f"({', '.join(one.address for one in found)}): they share "
            "its CPUs and memory without knowing of each other",
            "Stop those that nobody needs; never with `ray stop` where others work, which ends all "
            "of the user's.",
        )
    return Finding(
        "one Ray",
        "ok",
        f"Ray runs on this machine at {found[0].address}" if found else "no Ray runs here",
    )


def open_instances(found: Sequence[Instance]) -> list[Finding]:
    """A finding for each that asks for no token, or one that there is none."""
    opened = [
        Finding(
            "open Ray",
            "problem" if one.own else "warning",
            f"the Ray at {one.address} {'' if one.own else '(of another user) '}asks for no "
            "token: whoever reaches it runs code here",
            _TOKEN if one.own else "Tell its owner.",
        )
        for one in found
        if one.asks is False
    ]
    silent = [one.address for one in found if one.asks is None]
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


def dashboards(found: Sequence[Instance]) -> Finding:
    """Where they listen: tokens are not encryption."""
    wide = [
        f"{one.dashboard} (of {one.address})"
        for one in found
        if one.dashboard and not is_loopback(one.dashboard)
    ]
    if wide:
        return Finding(
            "dashboard binding",
            "warning" if all(one.asks for one in found) else "problem",
            f"a dashboard listens on {', '.join(wide)}: it runs jobs for who shows the token, "
            "which travels as plain text",
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
        asks: Whether it asks for a token; None where that cannot be seen.
        trouble: Why not.
    """
    if asks is None:
        return Finding(
            "cluster", "problem", f"{address}: {trouble}", "Check RAY_ADDRESS, or unset it."
        )
    if not asks:
        return Finding(
            "cluster",
            "problem",
            f"{address} asks for no token: whoever reaches it runs code there",
            _TOKEN,
        )
    return Finding("cluster", "ok", f"{address} asks for a token")
