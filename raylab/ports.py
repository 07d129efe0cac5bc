"""TCP ports of this machine."""

from __future__ import annotations

import contextlib
import random
import socket

# Below the ports that operating systems give to outgoing connections: one of those would otherwise
# take a port between its choice here and its use by a process that is only starting.
_QUIET = range(20_000, 32_000)


def free_port() -> int:
    """A port that nothing listens on, to be used at once."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def quiet_ports(count: int) -> list[int]:
    """Ports that nothing listens on, to be used within seconds."""
    free: list[int] = []
    for port in random.SystemRandom().sample(_QUIET, 50 * count):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("", port))
            free.append(port)
        if len(free) == count:
            return free
    raise OSError(f"too few free ports between {_QUIET.start} and {_QUIET.stop}")


def listens(address: str) -> bool:
    """Whether something listens at HOST:PORT; a host may be an IPv6 address in brackets."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=1.0).close()
    except OSError:
        return False
    return True
