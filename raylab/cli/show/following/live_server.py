"""Serves the live page of a study until Ctrl-C."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from raylab.reporting.progress.follower import Follower

if TYPE_CHECKING:
    from raylab.reporting.live.server import LiveServer


def serve_live(study: Path, *, port: int) -> None:
    """Print the address of the page, and answer until Ctrl-C.

    Args:
        study: The study's folder; it may not exist yet.
        port: 0 for a free one.
    """
    server = live_server(study, port=port)
    click.echo(f"{server.address}  follows {study}; Ctrl-C ends it")
    with contextlib.suppress(KeyboardInterrupt):
        server.serve()
    server.release()


def live_server(study: Path, *, port: int) -> LiveServer:
    """The server of the live page of a study."""
    from raylab.reporting.live.page import live_page, live_values
    from raylab.reporting.live.server import LiveServer

    follower = Follower(study)
    return LiveServer(
        lambda: live_page(study.absolute().name),
        lambda: live_values(follower.progress(), follower.scores(), error=follower.error),
        report=study / "report.html",
        port=port,
    )
