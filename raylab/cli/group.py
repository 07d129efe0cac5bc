"""The group that every verb joins, and the options that several verbs share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

import raylab

SET = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help="Override a config path; repeatable.",
)
JSON = click.option(
    "--json", "as_json", is_flag=True, help="One JSON value on standard output, nothing else there."
)
STUDY = click.argument("study", type=click.Path(path_type=Path))
DATA = click.option(
    "--data", required=True, type=click.Path(path_type=Path), help="A prepared dataset."
)
OUT = click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="The study's folder; must not exist.",
)
WORKERS = click.option(
    "--workers", type=click.IntRange(1), help="Data-parallel workers of a trial, under Ray Train."
)


class Verb(click.Command):
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples keep their line breaks."""
        if self.epilog:
            formatter.write_paragraph()
            for line in self.epilog.splitlines():
                formatter.write_text(line.strip())


def verb(example: str) -> Any:
    return cli.command(cls=Verb, epilog=f"Example:\n{example}")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(raylab.__version__, prog_name="raylab")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.option("--insecure", is_flag=True, help="Use a Ray cluster that asks for no token, too.")
def cli(debug: bool, insecure: bool) -> None:
    """Search, train and compare neural-data models; every trial recorded, every score comparable."""


def parsed(overrides: Sequence[str]) -> dict[str, Any]:
    """`--set a.b=1` as {"a.b": 1}."""
    from raylab.config.parse import parse_override

    return dict(parse_override(text) for text in overrides)


def viewed(overrides: Sequence[str]) -> dict[str, Any] | None:
    """The `view` section that `--set view.KEY=VALUE` states; None where it states none."""
    from raylab.config.dotted import set_path
    from raylab.errors import ConfigError

    section: dict[str, Any] = {}
    for path, value in parsed(overrides).items():
        if not path.startswith("view."):
            raise ConfigError(
                f"--set {path}: only the view can be set here",
                "For example: --set view.smoothing_ms=100",
            )
        section = set_path(section, path, value)
    return section.get("view")
