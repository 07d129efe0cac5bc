"""The group that every verb joins, and the options that several verbs share."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from raylab.paths import local_path
from raylab.version import __version__

# Verb `v` is the function `v` of the module raylab.cli.v, imported when the verb is used. ROOMS has
# the verbs whose modules are in a room of raylab.cli.
VERBS = (
    "adapt",
    "answer",
    "compare",
    "doctor",
    "evaluate",
    "export",
    "extend",
    "fetch",
    "inspect",
    "leaderboard",
    "pause",
    "plan",
    "prepare",
    "report",
    "reproduce",
    "resume",
    "scale",
    "search",
    "select",
    "spaces",
    "stop",
    "sync",
    "synth",
    "train",
    "ui",
    "watch",
)
ROOMS = {
    "extend": "running",
    "pause": "running",
    "spaces": "shipped",
    "stop": "running",
    "watch": "running",
}


class LocalPath(click.Path):
    """A path of this machine; a URL is refused before it becomes a folder called `s3:`."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Path:
        return local_path(os.fspath(value))


class FiniteRange(click.FloatRange):
    """Numbers of a range; `inf` and `nan`, which Python reads as numbers, are refused."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


PATH = LocalPath()
SET = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help="Override a config path; repeatable.",
)
COMPANIONS = click.option(
    "--companions",
    multiple=True,
    metavar="[NAME=]FOLDER",
    help="Where the recipe's companions lie, if not beside the files; NAME: only this one.",
)
SET_RECIPE = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help=(
        "Override a key of the recipe, such as labels.heading.kind=circular, or of a dataset's "
        "splits and filters; repeatable."
    ),
)
JSON = click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON value, and nothing else, to standard output.",
)
STUDY = click.argument("study", type=PATH)
DATA = click.option("--data", required=True, type=PATH, help="A prepared dataset.")
OUT = click.option(
    "--out",
    required=True,
    type=PATH,
    help="The study's folder, which must not exist yet.",
)
TRIAL = click.option(
    "--trial",
    help="The trial; default: the champion of `raylab select`, else the best trial by validation.",
)
ENTRANT = click.option(
    "--entrant", help="Of an answer: the entrant, such as ridge; default: the recommended one."
)
WORKERS = click.option(
    "--workers",
    type=click.IntRange(1),
    help="Data-parallel workers per trial, under Ray Train.",
)


class Verb(click.Command):
    """A verb of `raylab`, with examples below its options."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples keep their line breaks."""
        if self.epilog:
            formatter.write_paragraph()
            for line in self.epilog.splitlines():
                formatter.write_text(line.strip())


class Verbs(click.Group):
    """All verbs. A verb's module is imported when the verb is run or its help is shown."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        room = f"raylab.cli.{ROOMS[cmd_name]}" if cmd_name in ROOMS else "raylab.cli"
        command = getattr(import_module(f"{room}.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


def verb(example: str) -> Callable[[Callable[..., None]], click.Command]:
    """Make a function a verb; `example` holds one command per line."""
    return click.command(cls=Verb, epilog=f"Example:\n{example}")


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="raylab")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.option(
    "--insecure", is_flag=True, help="Also use a Ray cluster that does not require a token."
)
@click.option("--plain", is_flag=True, help="Show progress as plain lines, also on a terminal.")
def cli(debug: bool, insecure: bool, plain: bool) -> None:
    """Search, train and compare neural-data models. Every trial is recorded, every score is
    comparable.
    """


def parsed(overrides: Sequence[str], *, workers: int | None = None) -> dict[str, Any]:
    """The options `--set a.b=1` as {"a.b": 1}, with `--workers` where that is given."""
    from raylab.config.parse import parse_override

    values = dict(parse_override(text) for text in overrides)
    return values | ({"resources.workers": workers} if workers else {})


def folders_by_name(companions: Sequence[str]) -> dict[str, str | Path]:
    """The options `--companions NAME=FOLDER` as {NAME: FOLDER}, and `--companions FOLDER` as {"":
    FOLDER}.
    """
    folders: dict[str, str | Path] = {}
    for text in companions:
        name, separator, folder = text.partition("=")
        is_named = bool(separator) and "/" not in name  # `./a=b` is a folder
        folders[name if is_named else ""] = folder if is_named else text
    return folders


def view_section(overrides: Sequence[str]) -> dict[str, Any] | None:
    """The `view` section that `--set view.KEY=VALUE` states, or None where nothing is set.

    Raises:
        ConfigError: an option sets something other than the view.
    """
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
