"""The verb `ui`: MLflow's pages."""

from __future__ import annotations

import os
import sys

import click

from raylab.cli.group import verb


@verb("raylab ui")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535))
def ui(port: int) -> None:
    """Open the MLflow UI on this machine (loopback), on the store that searches write to."""
    from raylab.tracking.mlflow.addresses import default_uri, ui_command

    uri = default_uri()
    click.echo(f"MLflow at http://127.0.0.1:{port} (Ctrl-C ends it)")
    # MLflow's job runner would cost 240 MB and serve nothing here.
    quiet = {
        **os.environ,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    command = ui_command(uri, port=port)
    sys.stdout.flush()
    os.execvpe(command[0], command, quiet)  # becomes the server: whoever ends this process ends it
