"""A terminal that lacks a character prints another one instead of failing."""

from __future__ import annotations

import os
import subprocess
import sys


def test_a_terminal_in_latin_1() -> None:
    code = "import sys, click; from raylab.cli import main, cli\n" + (
        "@cli.command()\ndef odd(): click.echo('0.5 \\u2013 \\u03bc')\n"
        "cli.list_commands = lambda ctx: ['odd']; cli.get_command = lambda ctx, name: odd\n"
        "main(['odd'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout.decode("latin-1").split()) == (0, ["0.5", "?", "?"])
