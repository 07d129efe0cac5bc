"""Tokens of Ray clusters. A cluster without a token runs the code of anyone who can reach it."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from raylab.errors import RaylabError

REACH_S = 5.0  # Ray itself tries an address where nothing listens for more than two minutes
_INSECURE = "RAYLAB_INSECURE"
# Any call would do: the head checks the token of each before it looks at what was asked.
_CALL = "/ray.rpc.NodeInfoGcsService/GetClusterId"


def insecure() -> bool:
    """Whether the user accepts clusters without a token (`--insecure`, RAYLAB_INSECURE=1)."""
    return os.environ.get(_INSECURE, "0").lower() not in ("", "0", "false", "no")


@contextlib.contextmanager
def accepting_insecure() -> Iterator[None]:
    """Accept clusters without a token, in this process and in those that it starts meanwhile."""
    before = os.environ.get(_INSECURE)
    os.environ[_INSECURE] = "1"
    try:
        yield
    finally:
        os.environ.pop(_INSECURE)
        if before is not None:
            os.environ[_INSECURE] = before


def asks_for_token(address: str) -> bool:
    """Whether the head at HOST:PORT refuses a call without a token. It is called to find out.

    A head behind Ray's TLS (RAY_USE_TLS=1) counts as asking for a token, since it talks only to
    holders of a certificate.

    Raises:
        ConnectionError: Nothing at this address answers like the head of a Ray cluster.
    """
    import grpc

    with grpc.insecure_channel(
        address, options=[("grpc.enable_http_proxy", 0)]
    ) as channel:  # as Ray calls it
        try:
            channel.unary_unary(_CALL)(b"", timeout=REACH_S)
        except grpc.RpcError as error:
            code = error.code()
            if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
                return True
            if code == grpc.StatusCode.UNAVAILABLE and os.environ.get(
                "RAY_USE_TLS", "0"
            ).lower() in ("1", "true"):
                return True
            raise ConnectionError(
                f"it does not answer like the head of a Ray cluster ({code.name})"
            ) from None
    return False


def refuse_open(address: str, *, called: str) -> None:
    """Raise RaylabError if the head at HOST:PORT asks for no token and the user does not accept
    that.

    Args:
        called: What the error calls the cluster.
    """
    if not insecure() and not asks_for_token(address):
        raise RaylabError(
            f"{called} requires no token: anybody who can reach it can run code there, and "
            "read and change your studies",
            "Start it with a token (`ray get-auth-token --generate`, then RAY_AUTH_MODE=token on "
            "every node; docs/security.md), or accept it with --insecure (RAYLAB_INSECURE=1).",
        )


def refuse_disabled() -> None:
    """Raise RaylabError if the environment tells Ray to start a cluster without a token."""
    mode = os.environ.get("RAY_AUTH_MODE", "token")
    if mode.lower() != "token" and not insecure():
        raise RaylabError(
            f"RAY_AUTH_MODE={mode}: the local Ray would require no token, and its ports are "
            "open to the network",
            "Unset RAY_AUTH_MODE, or accept it with --insecure (RAYLAB_INSECURE=1).",
        )


def token_path() -> Path:
    """The file from which Ray reads the token, unless RAY_AUTH_TOKEN holds the token itself."""
    return Path(os.environ.get("RAY_AUTH_TOKEN_PATH", "~/.ray/auth_token")).expanduser()


def make_token() -> None:
    """Make the token's file, readable only by its owner. `ray.init` would make it readable by
    everyone on the machine.
    """
    if (
        "RAY_AUTH_TOKEN" in os.environ
        or os.environ.get("RAY_AUTH_MODE", "token").lower() != "token"
    ):
        return
    token = token_path()
    token.parent.mkdir(parents=True, exist_ok=True)
    with (
        contextlib.suppress(FileExistsError),
        os.fdopen(os.open(token, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file,
    ):
        file.write(secrets.token_hex(32))
    if token.stat().st_mode & 0o077:
        token.chmod(0o600)
