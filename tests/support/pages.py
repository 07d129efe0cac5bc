"""The commands and code blocks of README and docs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator


def code_lines(text: str) -> Iterator[str]:
    """Lines of code blocks (indented or fenced), continued lines joined."""
    fenced = False
    for line in text.replace("\\\n", " ").split("\n"):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            yield line.strip()


def commands(text: str) -> Iterator[list[str]]:
    """The words after `raylab` of each command in a page's code blocks, comments left out."""
    for line in code_lines(text):
        if not re.match(r"(\$ )?(\.venv/bin/)?raylab [a-z]", line):
            continue
        # `[--option VALUE]` in a synopsis may be left out; `splits.test=[a]` is a value.
        for command in re.sub(r"(?<=\s)\[(.*?)\](?=\s|$)", r"\1", line).split(" && "):
            yield shlex.split(command, comments=True)[1:]


def blocks(text: str, language: str) -> list[str]:
    """The fenced code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
