"""Builds the site: `make docs`. Warnings are errors.

The pages are assembled in build/docs, pictures are drawn, the notebooks are run, and MkDocs writes
build/site.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from docs.site.assemble import assemble
from docs.site.check import loaded_from_elsewhere
from docs.site.notebooks import run_notebooks
from docs.site.pictures import draw_pictures
from docs.site.places import ROOT

PAGES, SITE = ROOT / "build" / "docs", ROOT / "build" / "site"


def build(*, notebooks: bool = True) -> None:
    """Write the site.

    Args:
        notebooks: Whether notebooks are run. Without it they are shown without results, which is
            quick, for somebody who writes a page.
    """
    assemble(PAGES)
    draw_pictures(PAGES / "pictures")
    run_notebooks(ROOT / "docs" / "notebooks", PAGES / "notebooks", run=notebooks)
    _mkdocs("build", "--strict", "--quiet", "--clean", "--site-dir", SITE)
    elsewhere = loaded_from_elsewhere(SITE)
    if elsewhere:
        sys.exit("The site loads from other servers:\n" + "\n".join(elsewhere))
    print(f"{SITE / 'index.html'}: {len(list(SITE.rglob('*.html')))} pages")


def _mkdocs(*words: str | Path) -> None:
    # Material announces that MkDocs 2 will not support it; both are pinned.
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "true", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "mkdocs", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    build(notebooks="--without-notebooks" not in sys.argv)
