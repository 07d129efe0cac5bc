"""Runs the tutorial and writes what its commands print, and the picture of its embedding.

    python -m tests.tools.tutorial

README's tour has the same blocks. A test compares their words with what the commands print today,
and the commands that the picture names with those of the page.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import textwrap
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from page_blocks import Block, page_blocks  # noqa: E402
from page_run import PageRun  # noqa: E402

TUTORIAL, README = ROOT / "docs" / "tutorial.md", ROOT / "README.md"
EMBEDDING = ROOT / "docs" / "pictures" / "embedding.png"
LABEL = "running_speed"  # by which the picture is coloured
TERMINAL, WIDTH, ROWS = 120, 90, 5  # characters of a table and of a sentence, rows of a table
_TABLE = re.compile(r"[│┃┏┡└├─┗┩]|\w+ +\w+ {3,}|\d{4} |–")
_OUTPUT = r'```text title="Output[\w ]*"\n'
_CLOCK = re.compile(r"\[\d\d:\d\d:\d\d\] ")


def tour(page: str) -> list[tuple[str, str]]:
    """The commands of a page that are followed by what they print."""
    blocks = page_blocks(page)
    return [
        (block.text, shown.text)
        for block, shown in pairwise(blocks)
        if block.language == "bash" and shown.is_output
    ]


def commands(page: str) -> str:
    """The commands of a page up to its first search, on which the picture depends."""
    made = [command.strip() for command, _ in tour(page)]
    (last,) = (at for at, command in enumerate(made) if command.startswith("raylab search "))
    return "\n".join(made[: last + 1])


def brief(printed: str) -> str:
    """What a page shows of an output: no progress, the first rows of tables, lines that fit."""
    lines: list[str] = []
    rows = 0
    for line in printed.split("\n"):
        rows = rows + 1 if line.startswith("│") else 0
        if _CLOCK.match(line) or rows > ROWS:
            lines += ["..."] * (lines[-1:] != ["..."])
        elif len(line) > WIDTH and not _TABLE.match(line):
            lines += textwrap.wrap(line, WIDTH)
        else:
            lines.append(line.rstrip())
    return "\n".join(lines).strip("\n") + "\n"


def draw_embedding(study: Path, out: Path, made_by: str) -> None:
    """The embedding of the best trial of the tutorial's search, which names its commands."""
    from raylab.reporting.figures.embedding import embedding_figure
    from raylab.reporting.saved.embedding import load_embedding
    from raylab.tracking.records import best
    from raylab.tracking.study import StudyFolder

    opened = StudyFolder.open(study)
    record = best(opened.records(), "max")
    assert record is not None
    saved = load_embedding(opened.embedding_path(record.trial))
    figure = embedding_figure(saved, label=LABEL)
    figure.savefig(out, format="png", metadata={"Source": made_by})


class Recorder(PageRun):
    """Keeps what each block of commands prints."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "the tutorial")
        self.printed: dict[str, str] = {}

    def _bash(self, block: Block, place: str) -> str:
        text = super()._bash(block, place)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", text).replace(f"{self.folder}/", "")
        self.printed[block.text] = brief(plain)
        print(self.printed[block.text], flush=True)
        return text


def main() -> None:
    """Run the tutorial without its outputs, then write them."""
    folder = Path(tempfile.mkdtemp())
    os.environ["RAYLAB_HOME"] = str(folder)
    os.environ["COLUMNS"] = str(TERMINAL)
    os.chdir(folder)
    page = TUTORIAL.read_text()
    recorder = Recorder(folder)
    recorder.run(re.sub(f"(?ms)^{_OUTPUT}.*?^```$", "", page))
    for path in (TUTORIAL, README):
        text = path.read_text()
        for command, printed in recorder.printed.items():
            place = rf"(```bash\n{re.escape(command)}```\n\n{_OUTPUT}).*?^```$"
            text = re.sub(f"(?ms){place}", lambda match, new=printed: f"{match[1]}{new}```", text)
        path.write_text(text)
    draw_embedding(folder / "study", EMBEDDING, commands(page))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
