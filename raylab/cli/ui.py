"""The verb `ui`: MLflow's pages."""

from __future__ import annotations

import contextlib
import webbrowser
from pathlib import Path

import click

from raylab.cli.group import PATH, verb


@verb("raylab ui\nraylab ui study --port 5001")
@click.argument("study", required=False, type=PATH)
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535))
def ui(study: Path | None, port: int) -> None:
    """Open the MLflow UI on this machine (loopback), on the store that searches write to.

    With STUDY: on the store of that study, at the page of its runs. The address is printed as soon
    as the server answers; Ctrl-C ends the server.
    """
    from raylab.tracking.mlflow.addresses import default_uri
    from raylab.tracking.mlflow.ui_server import experiment_of, runs_page, serving
    from raylab.tracking.study import StudyFolder

    opened = StudyFolder.open(study) if study else None
    stored = (opened.description.get("tracking") or {}).get("uri") if opened else None
    uri = str(stored or default_uri())
    if uri.startswith(("http://", "https://")):
        page = runs_page(uri, experiment_of(opened), opened)
        click.echo(f"MLflow at {page}")
        webbrowser.open_new_tab(page)
        return
    click.echo(f"MLflow's server begins, on {uri}", err=True)
    with serving(uri, port=port) as server, contextlib.suppress(KeyboardInterrupt):
        page = runs_page(f"http://127.0.0.1:{port}", experiment_of(opened), opened)
        click.echo(f"MLflow at {page} (Ctrl-C ends it)")
        server.wait()
