"""Where a file of the repository is on the site.

Pages link to files of the repository as GitHub wants them: relative to the page. The site has a
page for each of these files, so the same links work there once they are rewritten.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEVELOPMENT = ("ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
_CODE = re.compile(r"(^```.*?^```[^\n]*$|`[^`\n]+`)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s#]+)(#[^)\s]*)?\)")
_COMMENT = re.compile(r"^<!--.*?-->\n", re.DOTALL | re.MULTILINE)


def place(file: Path) -> Path:
    """The page of the site that shows a file or a folder of the repository.

    Args:
        file: A path below the root of the repository.

    Returns:
        The path of the page below the folder of all pages.
    """
    inside = file.relative_to(ROOT)
    if inside.name == "README.md" and len(inside.parts) == 1:
        return Path("index.md")
    if inside.name in DEVELOPMENT and len(inside.parts) == 1:
        return Path("development") / inside.name.lower()
    if inside.parts[0] == "docs":
        below = inside.relative_to("docs")
        return below.with_suffix(".md") if below.suffix == ".ipynb" else below
    return Path("files") / (inside / "index.md" if file.is_dir() else f"{inside}.md")


def prose(text: str, change: Callable[[str], str]) -> str:
    """A page with all that is not code changed."""
    pieces = _CODE.split(text)
    return "".join(piece if number % 2 else change(piece) for number, piece in enumerate(pieces))


def page(text: str, source: Path) -> tuple[str, set[Path]]:
    """A page as the site wants it: links rewritten, comments left out.

    Args:
        text: The page as it is in the repository.
        source: The file of the page.

    Returns:
        The text for the site, and the files of the repository to which it links.
    """
    named: set[Path] = set()

    def link(match: re.Match[str]) -> str:
        target, anchor = match[1], match[2] or ""
        if "://" in target or target.startswith("mailto:"):
            return match[0]
        file = (source.parent / target).resolve()
        named.add(file)
        return f"]({os.path.relpath(place(file), place(source).parent)}{anchor})"

    return prose(text, lambda piece: _LINK.sub(link, _COMMENT.sub("", piece))), named
