"""Runs the code blocks of a page in order, in one folder, as a reader would.

Each `raylab` runs in this process, which saves the seconds in which a process starts. Python blocks
of a page share their names.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from page_blocks import ONE_RUN, Block, page_blocks
from page_output import differences, missing_words

from raylab.cli import main


def is_run(block: Block) -> bool:
    """Whether a block is run: it has no reason against it, or RAYLAB_PAGES names a word of the
    reason, such as `network`.
    """
    named = [word for word in os.environ.get("RAYLAB_PAGES", "").split(",") if word]
    return not block.reason or any(word in block.reason.split() for word in named)


class PageRun:
    """A page under way.

    Args:
        folder: Where its commands run.
        where: How an error names the page.
    """

    def __init__(self, folder: Path, where: str) -> None:
        self.folder = folder
        self.where = where
        self.names: dict[str, Any] = {"__name__": "__page__"}

    def run(self, page: str) -> None:
        """Run each block that is not marked, and compare what it prints with what is shown."""
        printed: str | None = ""
        for block in page_blocks(page):
            place = f"{self.where}, line {block.line}"
            if not is_run(block):
                printed = None
            elif block.is_output and printed is None:  # of a block that is not run
                continue
            elif block.is_output:
                compare = missing_words if block.title == ONE_RUN else differences
                lines = compare(shown=block.text, printed=printed)
                if lines:
                    pytest.fail(f"{place}: not printed:\n" + "\n".join(lines) + f"\nin\n{printed}")
            elif block.language == "bash":
                printed = self._bash(block, place)
            elif block.language == "python":
                printed = self._python(block, place)
            elif block.language == "yaml" and block.title:
                (self.folder / block.title).write_text(block.text)

    def _bash(self, block: Block, place: str) -> str:
        """What a block prints. Bash reads it: loops, variables, patterns and quotes are those of a
        shell, and each `raylab` that it meets is run here.
        """
        met = self.folder / ".commands"
        met.write_bytes(b"")
        # Each command is its words, each ended by a zero byte, and another zero byte.
        raylab = f"raylab() {{ printf '%s\\0' \"$@\" '' >>{shlex.quote(str(met))}; }}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"{raylab}\n{block.text}"],
            cwd=self.folder,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{place}: {done.stderr}"
        commands = met.read_bytes().decode().split("\0\0")
        met.unlink()
        return done.stdout + "".join(
            self._raylab(command.split("\0"), place) for command in commands if command
        )

    def _raylab(self, words: list[str], place: str) -> str:
        printed = io.StringIO()
        code: Any = 0
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            try:
                main(words)
            except SystemExit as end:
                code = end.code
        if code not in (0, None):
            line = shlex.join(["raylab", *words])
            pytest.fail(f"{place}: {line}\nends with {code}:\n{printed.getvalue()}")
        return printed.getvalue()

    def _python(self, block: Block, place: str) -> str:
        printed = io.StringIO()
        code = compile("\n" * block.line + block.text, place, "exec")
        with contextlib.redirect_stdout(printed):
            try:
                exec(code, self.names)
            except Exception as error:
                raise AssertionError(f"{place}: {type(error).__name__}: {error}") from error
        return printed.getvalue()
