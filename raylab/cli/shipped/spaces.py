"""The verb `spaces`: the search spaces that raylab ships."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import click

from raylab.cli.group import JSON, PATH, verb
from raylab.cli.show.screen import print_json

COLUMN = 20  # where the sentences begin
WIDTH = 100


@verb("raylab spaces\nraylab spaces decoder --out mine.yaml")
@click.argument("name", required=False)
@click.option("--out", type=PATH, help="Copy the space to this file, which must not exist yet.")
@JSON
def spaces(name: str | None, out: Path | None, as_json: bool) -> None:
    """List the search spaces that raylab ships, or print one of them.

    `search`, `plan`, `compare` and `scale` take such a name instead of a file. To change a space,
    copy it and give the path of the copy.
    """
    from raylab.errors import ConfigError
    from raylab.files import write_text
    from raylab.space.shipped import entrant_files, sentence_of, space_file, space_files

    if name is None and out is not None:
        raise click.UsageError("--out needs the name of a search space")
    if name is None:
        groups = {"searches": space_files(), "entrants": entrant_files()}
        listed = {
            group: {each: sentence_of(file) for each, file in files.items()}
            for group, files in groups.items()
        }
        if as_json:
            print_json(listed)
        else:
            click.echo("\n".join(lines(listed)))
        return
    text = space_file(name).read_text(encoding="utf-8")
    if out is not None and out.exists():
        raise ConfigError(f"{out}: already exists", "Choose another --out, or remove it.")
    if out is not None:
        write_text(out, text)
        click.echo(f"{name} copied to {out}")
    elif as_json:
        print_json({"name": name, "yaml": text})
    else:
        click.echo(text, nl=False)


def lines(listed: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The names with their sentences, as lines of text."""
    heads = {
        "searches": "Search spaces:",
        "entrants": "Search spaces of single decoders, which `raylab answer` compares:",
    }
    text: list[str] = []
    for group, sentences in listed.items():
        text += ["", heads[group]] if text else [heads[group]]
        for name, sentence in sentences.items():
            first = f"  {name}".ljust(COLUMN)
            text += textwrap.wrap(
                sentence, WIDTH, initial_indent=first, subsequent_indent=" " * COLUMN
            )
    return text
