"""The code blocks of a page, in their order.

A comment before a block says why CI does not run it:

    <!-- not run: needs a network; `make test-network` runs it -->

A comment at the top of a page says from which folders it starts (`page_materials.py`):

    <!-- starts from: ds study -->
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^>]*?) -->\n+)?"
    r"^```(?P<language>\w*)(?P<rest>[^\n]*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_TITLE = re.compile(r'title="([^"]+)"')
# Titles of a block that shows what the block before it prints. Another run may differ from ONE_RUN
# in more than its numbers: in the order of trials, the model that is best, the verdict.
OUTPUT, ONE_RUN = "Output", "Output of one run"


@dataclass(frozen=True)
class Block:
    """A code block of a page.

    Attributes:
        language: bash, python, yaml, toml or text.
        title: The file that the block is, or one of `OUTPUT` and `ONE_RUN`; empty where the page
            names none.
        text: The code.
        line: The line of the page on which the block begins.
        reason: Why the block is not run; empty where it is run.
    """

    language: str
    title: str
    text: str
    line: int
    reason: str

    @property
    def is_output(self) -> bool:
        return self.title in (OUTPUT, ONE_RUN)


def page_blocks(page: str) -> list[Block]:
    """All fenced blocks of a page."""
    return [
        Block(
            language=match["language"],
            title=(_TITLE.findall(match["rest"]) or [""])[0],
            text=match["text"],
            line=page.count("\n", 0, match.start("language")) + 1,
            reason=" ".join((match["reason"] or "").split()),
        )
        for match in _BLOCK.finditer(page)
    ]


def starts_from(page: str) -> list[str]:
    """The names of the folders and files from which a page starts."""
    match = re.search(r"<!-- starts from: (.*?) -->", page, re.DOTALL)
    return match[1].split() if match else []


def run_elsewhere(page: str) -> list[str]:
    """The test files that run the blocks of a page, where the page's runner does not."""
    match = re.search(r"<!-- run by: (.*?) -->", page, re.DOTALL)
    return match[1].split() if match else []
