"""The folder of pages from which the site is built."""

from __future__ import annotations

import shutil
from pathlib import Path

from docs.site.commands import commands_page
from docs.site.places import DEVELOPMENT, ROOT, page, place

DOCS = ROOT / "docs"
_COPIED = (".png", ".svg", ".css")
_LANGUAGES = {".py": "python", ".yaml": "yaml", ".toml": "toml", ".sh": "bash", ".json": "json"}


def assemble(out: Path) -> None:
    """Write every page of the site, except the notebooks, into a folder that is made anew.

    Args:
        out: The folder of pages, in which MkDocs then finds its sources.
    """
    shutil.rmtree(out, ignore_errors=True)
    named: set[Path] = set()
    pages = sorted(DOCS.rglob("*.md")) + [ROOT / name for name in DEVELOPMENT]
    for source in pages:
        text, links = page(source.read_text(), source)
        _write(out / place(source), text)
        named |= links
    for source in DOCS.rglob("*"):
        if source.suffix in _COPIED:
            target = out / place(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    _write(out / "commands.md", commands_page())
    _files(out, {file for file in named if place(file).parts[0] == "files"})


def _files(out: Path, files: set[Path]) -> None:
    """A page for each file to which pages link, and for each folder with what is in it."""
    for file in files:
        if not file.exists():
            raise FileNotFoundError(f"a page links to {file}, which does not exist")
        inside = file.relative_to(ROOT)
        if file.is_dir():
            below = sorted(path for path in file.iterdir() if path.is_file())
            _files(out, set(below) - files)
            lines = [f"- [{path.name}]({path.name}.md)" for path in below]
            _write(out / place(file), "\n".join([f"# {inside}", "", *lines, ""]))
            continue
        language = _LANGUAGES.get(file.suffix, "text")
        text = f"# {inside}\n\n````{language}\n{file.read_text().rstrip()}\n````\n"
        _write(out / place(file), text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
