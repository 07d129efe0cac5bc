"""Runs the tutorial and writes what its commands print, and the picture of its embedding.

    python -m tests.tools.tutorial

A test compares both with what the commands do today. README's tour has the same blocks.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from page_blocks import Block, page_blocks  # noqa: E402
from page_run import PageRun  # noqa: E402

TUTORIAL, README = ROOT / "docs" / "tutorial.md", ROOT / "README.md"
EMBEDDING = ROOT / "docs" / "pictures" / "embedding.png"


def tour(page: str) -> list[tuple[str, str]]:
    """The commands of a page that are followed by what they print."""
    blocks = page_blocks(page)
    return [
        (block.text, shown.text)
        for block, shown in pairwise(blocks)
        if block.language == "bash" and shown.is_output
    ]


def draw_embedding(study: Path, out: Path) -> None:
    """The embedding of the best trial of the tutorial's search."""
    from raylab.reporting.figures.embedding import embedding_figure
    from raylab.reporting.figures.files import save_figure
    from raylab.reporting.saved.embedding import load_embedding
    from raylab.tracking.records import best
    from raylab.tracking.study import StudyFolder

    opened = StudyFolder.open(study)
    record = best(opened.records(), "max")
    assert record is not None
    saved = load_embedding(opened.embedding_path(record.trial))
    save_figure(out, embedding_figure(saved, title=f"trial {record.trial}"))


class Recorder(PageRun):
    """Keeps what each block of commands prints."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "the tutorial")
        self.printed: dict[str, str] = {}

    def _bash(self, block: Block, place: str) -> str:
        text = super()._bash(block, place)
        lines = (line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", text).split("\n"))
        self.printed[block.text] = "\n".join(lines).strip("\n") + "\n"
        print(self.printed[block.text], flush=True)
        return text


def main() -> None:
    """Run the tutorial without its outputs, then write them."""
    folder = Path(tempfile.mkdtemp())
    os.environ["RAYLAB_HOME"] = str(folder / "runs")
    os.environ.setdefault("COLUMNS", "100")
    os.chdir(folder)
    page = TUTORIAL.read_text()
    recorder = Recorder(folder)
    recorder.run(re.sub(r'(?ms)^```text title="Output"\n.*?^```$', "", page))
    for path in (TUTORIAL, README):
        text = path.read_text()
        for command, printed in recorder.printed.items():
            place = rf'(?ms)(```bash\n{re.escape(command)}```\n\n```text title="Output"\n).*?^```$'
            text = re.sub(place, lambda match, new=printed: f"{match[1]}{new}```", text)
        path.write_text(text)
    draw_embedding(folder / "study", EMBEDDING)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
