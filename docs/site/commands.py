"""The page of all commands, made from their own help texts, so it cannot be out of date."""

from __future__ import annotations

import click

from raylab.cli import cli

WIDTH = 100  # characters of a line of help
_INTRODUCTION = """\
# Commands

This page shows what `raylab VERB --help` prints. The build of the site asks the commands
themselves. A verb of the command line and the function of the same name in Python do the same
(see the [Python reference](reference.md)).
"""


def commands_page() -> str:
    """The page in Markdown: a section for each verb with its help."""
    group = click.Context(cli, info_name="raylab")
    sections = [_INTRODUCTION]
    for name in cli.list_commands(group):
        command = cli.get_command(group, name)
        assert command is not None
        context = command.make_context(
            *(name, [], group),
            resilient_parsing=True,
            terminal_width=WIDTH,
            max_content_width=WIDTH,
        )
        sections.append(f"## raylab {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(sections)
